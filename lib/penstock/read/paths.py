"""File names on their way through Spark and Hadoop, which glob, hide and escape them.

Pure. A name that may not come through unharmed is copied to a safe one before it is read.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_SAFE = re.compile(r"[A-Za-z0-9 !$&'()+,;=@~._/-]*")
_COMPRESSED = re.compile(r"\.(?:gz|bz2|deflate)$")
_KEPT_BY_HADOOP = "!$&'()+,;=@~._/-"


def needs_safe_copy(uri: str) -> bool:
    """Whether Spark might glob, hide, misread or not find a file under this name.

    Spaces, ``+``, ``=``, brackets of the round kind and letters of any script are fine. Patterns
    (``{}[]*?``), escapes (``%``, a backslash), ``#``, ``:``, quotes, control characters, empty or
    dot-only path segments and hidden names (``_`` or ``.`` first, ``._COPYING_`` last) are not.
    """
    path = uri.split("://", 1)[-1] if "://" in uri else uri
    segments = path.split("/")
    name = segments[-1]
    return (
        not name
        or "" in segments[1:]
        or not {".", ".."}.isdisjoint(segments)
        or name.startswith(("_", "."))
        or name.endswith("._COPYING_")
        or not all(_SAFE.fullmatch(c) or _is_visible(c) for c in path)
    )


def safe_name(uri: str, position: int) -> str:
    """A name for the copy of the file at ``position``, with the extension of its compression."""
    compressed = _COMPRESSED.search(uri)
    return f"{position:06d}{compressed[0] if compressed else ''}"


def path_keys(path: str) -> tuple[str, ...]:
    """Every spelling under which Spark may report a file that it was given as ``path``: escaped
    or not (this differs between versions), with one slash or three after ``file:``."""
    path = re.sub(r"^(?:file:/*)?/", "file:/", path)
    spellings = [path, _escaped(path)]
    if path.startswith("file:/"):
        spellings += ["file:///" + s.removeprefix("file:/") for s in spellings]
    return tuple(dict.fromkeys(spellings))


def _escaped(path: str) -> str:
    """As ``java.net.URI`` writes it: characters beyond ASCII stay."""
    return "".join(c if ord(c) > 127 else quote(c, safe=_KEPT_BY_HADOOP + ":") for c in path)


def _is_visible(character: str) -> bool:
    """A letter, mark, number, punctuation or symbol beyond ASCII, which URIs keep as it is."""
    return ord(character) > 127 and unicodedata.category(character)[0] in "LMNPS"
