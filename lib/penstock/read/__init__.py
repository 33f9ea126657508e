"""read: files to records of text, each with its file, its content hash and its raw form."""

from penstock.read.head import head_bytes
from penstock.read.layout import Layout, extend, inspect
from penstock.read.paths import needs_safe_copy, safe_name
from penstock.read.reader import field_names, read_records

__all__ = [
    "Layout",
    "extend",
    "field_names",
    "head_bytes",
    "inspect",
    "needs_safe_copy",
    "read_records",
    "safe_name",
]
