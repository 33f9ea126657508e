"""Transforms for ``DataFrame.transform``: lazy, native expressions only, Spark-Connect-safe.

They stand alone: nothing else of Penstock is needed, nor columns that Penstock adds.
"""

from penstock.transform.cells import fill, null_values, trim
from penstock.transform.email import email_company
from penstock.transform.hashing import NAMESPACE, content_hash
from penstock.transform.records import dedupe, uuid_clash
from penstock.transform.windows import window

__all__ = [
    "NAMESPACE",
    "content_hash",
    "dedupe",
    "email_company",
    "fill",
    "null_values",
    "trim",
    "uuid_clash",
    "window",
]
