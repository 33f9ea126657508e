"""Find a feed's files in its drop zone. No Spark, no cloud SDK: everything goes by the ports."""

from penstock.discover.listing import changed_files, discover, discover_explicit, printable
from penstock.discover.pattern import Pattern, compile_match
from penstock.model.discovered import Discovered, FoundFile, Ignored, Rejected

__all__ = [
    "Discovered",
    "FoundFile",
    "Ignored",
    "Pattern",
    "Rejected",
    "changed_files",
    "compile_match",
    "discover",
    "discover_explicit",
    "printable",
]
