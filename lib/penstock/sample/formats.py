"""Bytes of a drop: CSV and JSON lines in the layouts that real senders use.

Written by hand rather than with ``csv`` and ``gzip``, whose output differs between versions:
one seed gives the same bytes everywhere.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from filecmp import cmp
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Literal

Encoder = Callable[[tuple[str, ...], str], str]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?", re.ASCII)
_BLOCK = 65_535
_LINES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file is written.

    ``reordered`` and ``missing`` concern declared fields, ``extra`` names an undeclared one.
    ``literals`` are the JSON fields written bare (numbers and booleans).
    """

    name: str
    suffix: str
    format: Literal["csv", "json"] = "csv"
    newline: str = "\n"
    bom: bool = False
    gzip: bool = False
    quote_all: bool = False
    reordered: bool = False
    empty: bool = False
    missing: str = ""
    extra: str = ""
    literals: frozenset[str] = frozenset()
    final_newline: bool = True
    blank_line: bool = False

    def order(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Positions of the fields in this file; ``len(columns)`` is the undeclared one."""
        order = [i for i, c in enumerate(columns) if c != self.missing]
        if self.reordered:
            order = order[::-1][1:] + order[-1:]
        if self.extra:
            order.insert(2, len(columns))
        return tuple(order)

    def header(self, columns: Sequence[str]) -> list[str]:
        """The lines before the first record."""
        if self.format == "json":
            return []
        names = (*columns, self.extra)
        return [self._join([names[i] for i in self.order(columns)])]

    def encoder(self, columns: Sequence[str]) -> Encoder:
        """Cells and the undeclared field's text to one record, without its line end."""
        if self.format == "json":
            return self._json_encoder(columns)
        order = self.order(columns)
        get = itemgetter(*order)
        return lambda cells, extra: self._join([quoted(c) for c in get((*cells, extra))])

    def plain_encoder(self, columns: Sequence[str]) -> Encoder:
        """As ``encoder``, for cells known to need no quoting; the hot path of a large drop."""
        if self.format == "json" or self.quote_all:
            return self.encoder(columns)
        order = self.order(columns)
        if order == tuple(range(len(columns))):
            return lambda cells, _: ",".join(cells)
        get = itemgetter(*order)
        return lambda cells, extra: ",".join(get((*cells, extra)))

    def damaged(self, columns: Sequence[str], cells: tuple[str, ...], damage: str) -> str:
        """A record that does not parse, made of cells that need no quoting: a CSV row with too
        few or too many fields, a JSON object without its end or its beginning."""
        if self.format == "json":
            line = self.encoder(columns)(cells, "")
            return line[: len(line) * 2 // 3] if damage != "too_many" else line[1:]
        fields = [(*cells, "")[i] for i in self.order(columns)]
        return self._join([*fields, "7", "surplus"] if damage == "too_many" else fields[:-2])

    def _join(self, fields: Sequence[str]) -> str:
        if not self.quote_all:
            return ",".join(fields)
        return ",".join(f if f.startswith('"') else f'"{f}"' for f in fields)

    def _json_encoder(self, columns: Sequence[str]) -> Encoder:
        order = self.order(columns)
        names = (*columns, self.extra)
        keys = [f"{json.dumps(n)}: " for n in names]

        def encode(cells: tuple[str, ...], extra: str) -> str:
            fields = []
            for i in order:
                cell = (*cells, extra)[i]
                if cell or i % 2:
                    fields.append(keys[i] + self._json_value(names[i], cell))
            return "{" + ", ".join(fields) + "}"

        return encode

    def _json_value(self, name: str, cell: str) -> str:
        if not cell:
            return "null"
        bare = name in self.literals
        if bare and (cell in ("true", "false") or _NUMBER.fullmatch(cell)):
            return cell
        # Senders differ in this: some escape what is not ASCII, some write UTF-8.
        return json.dumps(cell, ensure_ascii=len(cell) % 2 == 0)


def quoted(text: str) -> str:
    """One CSV cell by RFC 4180, quoted only where it must be."""
    if "," in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


class LineFile:
    """Collects lines and writes them in blocks. ``lines`` may be appended to directly as long as
    ``flush`` is called now and then."""

    def __init__(self, sink: BinaryIO, newline: str, *, gzip: bool = False) -> None:
        self.lines: list[str] = []
        self._sink = sink
        self._newline = newline
        self._gzip = gzip
        self._first = True
        self._crc = 0
        self._size = 0
        if gzip:
            sink.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")

    def write(self, data: bytes) -> None:
        if not self._gzip:
            self._sink.write(data)
            return
        # Stored, not compressed: compressed bytes depend on the zlib a platform happens to have.
        for start in range(0, len(data), _BLOCK):
            block = data[start : start + _BLOCK]
            self._sink.write(struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF) + block)
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)

    def flush(self, at: int = _LINES) -> None:
        """Write the lines collected if there are at least ``at``."""
        if len(self.lines) < at:
            return
        # Line ends go between lines, so that a file may lack the last one.
        text = self._newline.join(self.lines)
        self.write((text if self._first else self._newline + text).encode())
        self._first = False
        self.lines.clear()

    def close(self, *, final_newline: bool = True) -> None:
        self.flush(1)
        if final_newline and not self._first:
            self.write(self._newline.encode())
        if self._gzip:
            self._sink.write(struct.pack("<BHH", 1, 0, 0xFFFF))
            self._sink.write(struct.pack("<II", self._crc, self._size & 0xFFFFFFFF))


@contextmanager
def drop_file(path: Path, layout: Layout) -> Iterator[LineFile]:
    """A file that appears under its name when it is complete, never before.

    A file that is there already with the same bytes is left alone, modification time included,
    so that writing the same drop twice drops nothing new.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as sink:
            out = LineFile(sink, layout.newline, gzip=layout.gzip)
            if layout.bom:
                out.write(b"\xef\xbb\xbf")
            yield out
            if layout.blank_line:
                out.lines.append("")
            out.close(final_newline=layout.final_newline)
        if path.exists() and cmp(part, path, shallow=False):
            return
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
