"""The header record of a CSV file, parsed from its first characters.

The rules are those of RFC 4180 as Spark's parser (univocity) applies them, so that the names
found here are the names of the fields Spark will see: blank lines and comments before the header
are passed over, quoted names may hold separators, doubled quotes and line breaks.
"""

from __future__ import annotations

import re

from penstock.read.options import Dialect


class HeaderCutShortError(ValueError):
    """The text ends within the header record."""


def line_separator(text: str, given: str = "") -> str:
    """The line separator in use: the one given, or the first found."""
    found = re.search(r"\r\n|\n|\r", text)
    return given or (found[0] if found else "\n")


def has_crlf_line_ends(text: str, dialect: Dialect) -> bool:
    """Whether lines, quoted line breaks aside, end in CR LF, be it here and there."""
    if dialect.line_separator:
        return False
    quotes, position = 0, 0
    for match in re.finditer(r"\r\n", text):
        if dialect.quote:
            quotes += text.count(dialect.quote, position, match.start())
        position = match.end()
        if quotes % 2 == 0:
            return True
    return False


def header_fields(text: str, dialect: Dialect, *, complete: bool) -> tuple[str, ...]:
    """The fields of the first record; empty if there is none.

    :param text: the file's beginning, without byte order mark.
    :param complete: ``text`` is the whole file.
    :raises HeaderCutShortError: the record does not end within ``text``, or a quote never closes.
    """
    newline = line_separator(text, dialect.line_separator)
    position = 0
    while position < len(text):
        if text.startswith(newline, position):
            position += len(newline)
        elif dialect.comment and text.startswith(dialect.comment, position):
            end = text.find(newline, position)
            position = len(text) if end < 0 else end + len(newline)
        else:
            return _record(text, position, newline, dialect, complete)
    if not complete:
        raise HeaderCutShortError
    return ()


def _record(
    text: str, position: int, newline: str, dialect: Dialect, complete: bool
) -> tuple[str, ...]:
    stop = re.compile(f"{re.escape(dialect.separator)}|{re.escape(newline)}")
    fields: list[str] = []
    while True:
        value = ""
        if dialect.quote and text.startswith(dialect.quote, position):
            value, position = _quoted(text, position + len(dialect.quote), dialect)
        end = stop.search(text, position)
        if end is None and not complete:
            raise HeaderCutShortError
        fields.append(value + text[position : end.start() if end else len(text)])
        if end is None or end[0] == newline:
            return tuple(fields)
        position = end.end()


def _quoted(text: str, position: int, dialect: Dialect) -> tuple[str, int]:
    """The value of a quoted field and the position after its closing quote."""
    quote, escape = dialect.quote, dialect.escape
    value: list[str] = []
    while position < len(text):
        if escape and text.startswith(escape + quote, position):
            value.append(quote)
            position += len(escape + quote)
        elif text.startswith(quote, position):
            return "".join(value), position + len(quote)
        else:
            value.append(text[position])
            position += 1
    raise HeaderCutShortError
