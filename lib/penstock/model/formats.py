"""What kind of file a name promises, and how it is compressed. Pure; used before and while reading.

Spark picks a codec by the file's extension alone, in lower case, so the name decides here as well.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from penstock.errors import FileUnreadable
from penstock.model.feed import FileFormat

TextFormat = Literal["csv", "json"]

COMPRESSIONS = frozenset({"gz", "bz2", "deflate", "lz4", "snappy", "zst"})
"""Extensions of Hadoop's compression codecs, which Spark decompresses by itself."""

SNIFF_BYTES = 4096
"""How much of a file :func:`sniff` wants to see."""

_FORMATS: dict[str, TextFormat] = {"csv": "csv", "json": "json", "jsonl": "json", "ndjson": "json"}
_NOT_CODECS = frozenset(
    {"7z", "br", "lz", "lzma", "lzo", "rar", "tar", "tbz2", "tgz", "txz", "xz", "z", "zip"}
)
_OTHER_FORMATS = frozenset({"avro", "feather", "orc", "parquet", "pdf", "xls", "xlsx"})
_INFLATE = {"gz": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n\f\v"


@dataclass(frozen=True, slots=True)
class FileKind:
    """``format`` is None where only the content can tell (see :func:`sniff`); ``compression`` is
    one of :data:`COMPRESSIONS`, or None."""

    format: TextFormat | None
    compression: str | None


def format_of(uri: str, declared: FileFormat) -> FileKind:
    """The kind of a file by its name; nothing is read.

    ``declared`` ``csv`` or ``json`` holds whatever the extension; ``auto`` goes by the extension
    before that of the compression: ``.csv``, ``.json``, ``.jsonl``, ``.ndjson`` in either case.

    :raises FileUnreadable: Spark can't decompress it, or it is no text file, or ``auto`` would
        have to look inside a compression whose beginning cannot be read alone.
    """
    name = uri[uri.rfind("/") + 1 :]
    kind = _kind(tuple(name.rsplit(".", 2)[1:]), declared)
    if isinstance(kind, str):
        raise FileUnreadable(uri, kind)
    return kind


@lru_cache(maxsize=4096)
def _kind(extensions: tuple[str, ...], declared: FileFormat) -> FileKind | str:
    """The kind, or why there is none. Cached, as a million names share a few extensions."""
    last = extensions[-1] if extensions else ""
    compression = last if last in COMPRESSIONS else None
    if compression is None and last.lower() in COMPRESSIONS:
        return f"Spark decompresses only names in lower case: rename .{last} to .{last.lower()}"
    inner = extensions[:-1] if compression else extensions[-1:]
    extension = inner[-1].lower() if inner else ""
    if extension in _NOT_CODECS:
        known = ", ".join(f".{c}" for c in sorted(COMPRESSIONS))
        return f"Spark cannot unpack .{extension}: deliver it plain or as {known}"
    if extension in _OTHER_FORMATS:
        return f".{extension} is neither csv nor json"
    if declared != "auto":
        return FileKind(declared, compression)
    found = _FORMATS.get(extension)
    if found is None and compression is not None and compression not in _INFLATE:
        return (
            f"its name does not tell csv from json inside .{compression}: "
            f"name it .csv.{compression} or .json.{compression}, or set source.format"
        )
    return FileKind(found, compression)


def sniff(head: bytes, compression: str | None = None) -> TextFormat:
    """Tell JSON from CSV by the first character that is not blank: ``{`` or ``[`` is JSON.

    :param head: the first :data:`SNIFF_BYTES` of the file, as stored; an empty file is CSV.
    :param compression: gz, deflate or None, as :func:`format_of` found it.
    """
    text = _decompressed(head, compression).removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK)
    return "json" if text[:1] in (b"{", b"[") else "csv"


def _decompressed(head: bytes, compression: str | None) -> bytes:
    if compression not in _INFLATE:
        return head
    try:
        return zlib.decompressobj(_INFLATE[compression]).decompress(head, SNIFF_BYTES)
    except zlib.error:
        # Broken data is left to the reader, which names the file; it merely is not JSON.
        return b""
