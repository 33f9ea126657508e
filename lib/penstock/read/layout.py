"""What a source file's first bytes tell of it: format, header, encoding. Pure; no Spark.

Files of equal layout are read together; columns are matched by header name, never by position.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from penstock.errors import FileUnreadable
from penstock.model import Column, Feed
from penstock.model.formats import format_of
from penstock.model.layout import LINEAGE, REKEYED_ID, data_columns
from penstock.read.head import decompress
from penstock.read.header import (
    HeaderCutShortError,
    has_crlf_line_ends,
    header_fields,
    line_separator,
)
from penstock.read.options import Dialect, dialect, lowered

MAX_DOCUMENT_BYTES = 512 * 1024 * 1024
"""One JSON document is parsed as one value, so it must fit in memory several times over."""

_TAIL_CHARS = 200
_FORBIDDEN = re.compile(r"[\s,;{}()=.`'\"\\%]+")
_MAX_NAME_BYTES = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one file is to be read.

    ``fields``: the header's names as they stand (CSV; for ``header: false``, the declared ones).
    ``document``: the file is one JSON document (an array or a pretty-printed object) rather than
    one object per line. ``crlf``: CSV lines end in CR LF, some or all. ``empty``: there are no
    records. ``tail``: the file's last characters, line ends as LF, or None if unknown; it tells a
    quote left open at the end and is no part of equality.
    """

    format: Literal["csv", "json"]
    fields: tuple[str, ...] = ()
    document: bool = False
    crlf: bool = False
    encoding: str = "UTF-8"
    empty: bool = False
    tail: str | None = field(default=None, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The header's names without surrounding white space."""
        return tuple(name.strip() for name in self.fields)


def inspect(feed: Feed, uri: str, data: bytes, size: int, tail: bytes | None = None) -> Layout:
    """Tell a file's layout.

    :param data: its first bytes as stored (compressed or not), ``head_bytes(uri)`` or more unless
        it is smaller.
    :param size: its size in bytes, as stored.
    :param tail: its last bytes (200 or more), where the caller has them; only of use for
        uncompressed CSV files larger than ``data``.
    :raises FileUnreadable: it cannot be read at all, with the reason.
    :raises ConfigError: an option is wrong.
    """
    kind = format_of(uri, feed.source.format)
    head = decompress(uri, kind.compression, data, size, tail)
    rules = dialect(feed)
    text, encoding = _decode(uri, head.data, rules, complete=head.complete)
    form = kind.format or ("json" if text.lstrip().startswith(("{", "[")) else "csv")
    if not text.strip():
        if not head.complete:
            raise FileUnreadable(uri, "it begins with nothing but blanks")
        return Layout(format=form, encoding=encoding, empty=True)
    if form == "json":
        if codecs.lookup(encoding).name != "utf-8":
            raise FileUnreadable(uri, f"JSON must be UTF-8 (RFC 8259), and it is {encoding}")
        document = _is_document(text, lowered(feed.source.options).get("multiline"))
        if document and size > MAX_DOCUMENT_BYTES:
            raise FileUnreadable(uri, "it is one JSON document of more than 512 MB, not JSON lines")
        return Layout(format="json", document=document)
    crlf = has_crlf_line_ends(text, rules)
    if crlf:
        text = text.replace("\r\n", "\n")
    fields = _header(feed, uri, text, rules, complete=head.complete)
    if not fields:
        return Layout(format="csv", encoding=encoding, empty=True)
    end = None
    if head.tail is not None and encoding == rules.encoding:
        newline = line_separator(text, rules.line_separator)
        end = head.tail.decode(encoding, "replace").replace(newline, "\n")[-_TAIL_CHARS:]
    return Layout(format="csv", fields=fields, crlf=crlf, encoding=encoding, tail=end)


def group(layouts: Mapping[int, Layout]) -> list[tuple[Layout, tuple[int, ...]]]:
    """Positions of files by equal layout, in the order of their first position; empty files,
    which have no records, are left out."""
    groups: dict[Layout, list[int]] = {}
    for position in sorted(layouts):
        if not layouts[position].empty:
            groups.setdefault(layouts[position], []).append(position)
    return [(layout, tuple(positions)) for layout, positions in groups.items()]


def source_columns(feed: Feed) -> tuple[Column, ...]:
    """The declared columns that are read from records, not captured from file names."""
    captured = {c.name for c in feed.captures}
    return tuple(c for c in feed.columns if c.name not in captured)


def matched(feed: Feed, names: Iterable[str]) -> dict[str, str]:
    """Declared source name by field name: equal ones, or equal but for case. Fields that are not
    in it are unknown. (No record has two fields that differ in case only.)"""
    sources = [c.source for c in source_columns(feed)]
    folded = {s.lower(): s for s in reversed(sources)}
    found = {name: name if name in sources else folded.get(name.lower()) for name in names}
    return {name: source for name, source in found.items() if source}


def unknown_fields(feed: Feed, names: Iterable[str]) -> tuple[str, ...]:
    """The field names no declared column is read from, in their order."""
    known = matched(feed, names := tuple(names))
    return tuple(name for name in names if name not in known)


def refuse_new(feed: Feed, uri: str, names: Iterable[str]) -> None:
    """Hold a file to ``evolution: fail_on_new_columns``; harmless under any other.

    :raises FileUnreadable: it has fields that the feed does not declare.
    """
    new = unknown_fields(feed, names)
    if new and feed.evolution == "fail_on_new_columns":
        raise FileUnreadable(
            uri, f"the feed declares no such columns, and they must not be new: {', '.join(new)}"
        )


def extend(feed: Feed, names: Iterable[str]) -> Feed:
    """The feed with a string column for each unknown field, for ``evolution: add_new_columns``.

    Names that differ in case only are one column, spelt as first met. Characters that tables
    cannot have in a name become ``_``; leading ones, which are kept for lineage, are taken off.
    """
    taken = {name.lower() for name, _ in (*data_columns(feed), *LINEAGE)} | {REKEYED_ID}
    added: dict[str, Column] = {}
    for source in unknown_fields(feed, dict.fromkeys(names)):
        if source.lower() not in added:
            name = _free_name(source, taken)
            taken.add(name.lower())
            added[source.lower()] = Column(name=name, type="string", source=source)
    return replace(feed, columns=(*feed.columns, *added.values())) if added else feed


def _free_name(source: str, taken: Iterable[str]) -> str:
    base = _FORBIDDEN.sub("_", source).strip("_") or "column"
    for number in range(1, len(set(taken)) + 2):
        suffix = f"_{number}" if number > 1 else ""
        cut = base.encode()[: _MAX_NAME_BYTES - len(suffix)].decode(errors="ignore")
        if (cut + suffix).lower() not in taken:
            return cut + suffix
    raise AssertionError("more names than are taken were tried")


def _decode(uri: str, data: bytes, rules: Dialect, *, complete: bool) -> tuple[str, str]:
    encoding = rules.encoding
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileUnreadable(uri, "it is UTF-32; save it as UTF-8")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "UTF-16"
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(data, final=complete).removeprefix("\ufeff"), encoding


def _header(feed: Feed, uri: str, text: str, rules: Dialect, *, complete: bool) -> tuple[str, ...]:
    declared = tuple(c.source for c in source_columns(feed))
    if not rules.header:
        return declared
    try:
        fields = header_fields(text, rules, complete=complete)
    except HeaderCutShortError:
        raise FileUnreadable(uri, "its header has no end; is a quote left open?") from None
    names = [name.strip() for name in fields]
    if not names:
        return ()
    if any("\0" in name for name in names):
        raise FileUnreadable(uri, "it is not text: its first line holds a NUL character")
    if any("\ufffd" in name for name in names):
        raise FileUnreadable(uri, f"its header is not valid {rules.encoding}")
    for number, name in enumerate(names, 1):
        if not name:
            raise FileUnreadable(uri, f"field {number} of its header has no name")
        if name.lower() in (other.lower() for other in names[: number - 1]):
            raise FileUnreadable(uri, f"its header has the name '{name}' twice")
    if declared and not matched(feed, names):
        raise FileUnreadable(
            uri, f"its header has none of the declared columns: {', '.join(names)[:200]}"
        )
    refuse_new(feed, uri, names)
    return fields


def _is_document(text: str, option: str | None) -> bool:
    """Whether the text is one JSON document rather than one object per line.

    It is JSON lines if the first line is a value by itself and others follow, and a document if
    the first value goes on over several lines or is an array and all there is.
    """
    start = text.strip()
    array = start.startswith("[")
    if option is not None and not array:
        return option.lower() == "true"
    if not start.startswith(("{", "[")):
        return False
    first = re.split(r"[\r\n]", start, maxsplit=1)[0].rstrip()
    if _is_json(first):
        return array and first == start
    try:
        _, end = json.JSONDecoder().raw_decode(start)
    except ValueError:
        return array or first.endswith(("{", ",", ":"))
    return array or "\n" in start[:end] or "\r" in start[:end]


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
