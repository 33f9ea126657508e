"""The first bytes of a source file, decompressed: enough to tell its layout, without Spark."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from penstock.errors import FileUnreadable

_KEPT = 1024 * 1024
_TAIL = 4096
_CHUNK = 1024 * 1024

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
}


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file's uncompressed bytes. ``tail``: the end of them, where it is known;
    ``complete``: ``data`` is all there is."""

    data: bytes
    complete: bool
    tail: bytes | None


def head_bytes(uri: str) -> int:
    """How many bytes of a file to read for ``inspect``. bzip2 yields nothing before the first
    whole block of up to 900 kB."""
    return 1024 * 1024 if uri.endswith(".bz2") else 256 * 1024


def decompress(
    uri: str, compression: str | None, data: bytes, size: int, tail: bytes | None = None
) -> Head:
    """The first bytes of a file as Spark will see them.

    :param compression: gz, bz2, deflate or another as the file's name tells; None for none.
    :param data: the first bytes of the object, ``head_bytes`` or more unless it is smaller.
    :param size: the object's size in bytes.
    :param tail: the last bytes of the object, if the caller has them.
    :raises FileUnreadable: the content is not what the name says, or is cut short.
    """
    whole = len(data) >= size
    if size == 0:
        return Head(b"", complete=True, tail=b"")
    if compression is None:
        for magic, what in _MAGIC.items():
            if data.startswith(magic):
                raise FileUnreadable(
                    uri, f"it is compressed by {what}, and its name does not say so"
                )
        return Head(data, complete=whole, tail=data[-_TAIL:] if whole else tail)
    if compression == "gz" and not data.startswith(b"\x1f\x8b"):
        raise FileUnreadable(uri, "it is not gzip, though its name ends in .gz")
    if compression == "bz2" and not data.startswith(b"BZh"):
        raise FileUnreadable(uri, "it is not bzip2, though its name ends in .bz2")
    if compression not in ("gz", "bz2", "deflate"):
        raise FileUnreadable(
            uri, f"its header cannot be seen inside .{compression}; use .gz or .bz2"
        )
    return _head(uri, compression, _chunks(compression, data), whole)


def _head(uri: str, compression: str, chunks: Iterator[bytes], whole: bool) -> Head:
    """The first and the last of what comes out; all of a file that is there is checked."""
    kept, tail, length = bytearray(), b"", 0
    try:
        for chunk in chunks:
            length += len(chunk)
            kept += chunk[: _KEPT - len(kept)]
            tail = (tail + chunk)[-_TAIL:]
            if length >= _KEPT and not whole:
                break
    except EOFError:
        if whole:
            raise FileUnreadable(uri, f"its .{compression} data is cut short") from None
    except (OSError, zlib.error) as error:
        raise FileUnreadable(uri, f"its .{compression} data is broken: {error}") from error
    return Head(bytes(kept), complete=whole and length <= _KEPT, tail=tail if whole else None)


def _chunks(compression: str, data: bytes) -> Iterator[bytes]:
    """Decompress in bounded pieces.

    :raises EOFError: the data ends too early.
    """
    if compression == "deflate":
        decoder = zlib.decompressobj()
        while data and not decoder.eof:
            yield decoder.decompress(data, _CHUNK)
            data = decoder.unconsumed_tail
        if not decoder.eof:
            raise EOFError
        return
    source = io.BytesIO(data)
    stream = gzip.GzipFile(fileobj=source) if compression == "gz" else bz2.BZ2File(source)
    while chunk := stream.read1(_CHUNK):
        yield chunk
