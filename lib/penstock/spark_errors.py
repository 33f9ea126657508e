"""Which file a failed Spark job could not read.

Spark wraps the error of the file source in that of the writer, and the wrapped error's condition
is reachable only through the text of the chain, on every Spark line: its name and its one
parameter, the path, are looked for there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

SPARK_ERRORS = (PySparkException, Py4JJavaError)

_UNREADABLE = re.compile(r"Encountered error while reading file (?P<path>\S.*?)\.(?:\s|\Z)")
_CAUSE = re.compile(r"^Caused by: (?:[\w$]+\.)*(?P<what>[\w$]+)(?:: (?P<why>.*))?$", re.MULTILINE)


def unreadable_file(error: Exception, paths: Collection[str]) -> tuple[str, str] | None:
    """(path as Spark was given it, reason), or None if the error names no file of ``paths``."""
    text = str(error)
    for found in _UNREADABLE.finditer(text):
        named = _bare(found["path"])
        for path in paths:
            if named in (_bare(path), _bare(unquote(path))) or _bare(unquote(named)) == _bare(path):
                return path, _reason(text)
    return None


def _bare(path: str) -> str:
    """Without scheme and slashes, in which Spark's spelling varies (``file:///a``, ``file:/a``)."""
    return path.split(":", 1)[-1].lstrip("/")


def _reason(text: str) -> str:
    causes = [(m["what"], m["why"] or "") for m in _CAUSE.finditer(text)]
    causes = [c for c in causes if not c[0].startswith(("SparkException", "Py4J"))]
    if not causes:
        return "cannot be read"
    what, why = causes[-1]
    return f"{why} ({what})" if why else what


def first_line(error: Exception) -> str:
    """The message without stack trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("An error occurred while calling")]
    return lines[0].lstrip(": ") if lines else type(error).__name__
