"""Dates in file names: a Java-style pattern as regular expressions that know the calendar.

A regular expression that matches real dates alone lets a glob around it choose its split rightly:
``*<date:yyyyMMdd>*`` finds 20240920 in ``x12024092055`` although 24092055 has eight digits too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from penstock.errors import ConfigError

_FIELDS = ("yyyy", "MM", "dd", "HH", "mm", "ss")
_TOKEN = re.compile(r"([A-Za-z])\1*|'((?:[^']|'')*)'|(.)", re.DOTALL)

_SHAPE = {f: f"[0-9]{{{len(f)}}}" for f in _FIELDS}
_YEAR = "(?!0000)[0-9]{4}"
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_RANGE = {
    "yyyy": _YEAR,
    "MM": "(?:0[1-9]|1[0-2])",
    "dd": "(?:0[1-9]|[12][0-9]|3[01])",
    "HH": "(?:[01][0-9]|2[0-3])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
}
_NO_SUCH_DAY: tuple[dict[str, str], ...] = (
    {"MM": "(?:0[469]|11)", "dd": "31"},
    {"MM": "02", "dd": "3[01]"},
    {"yyyy": f"(?!{_LEAP}){_YEAR}", "MM": "02", "dd": "29"},
)


@dataclass(frozen=True)
class DatePattern:
    """A date pattern of ``yyyy MM dd HH mm ss`` and literals; text in ``'...'`` is literal.

    A year is required. An absent month or day is the first one, as Spark's ``to_date`` has it;
    an absent hour, minute or second is 0. Years are 0001 to 9999, of the Gregorian calendar.
    """

    text: str
    parts: tuple[tuple[str, bool], ...]

    @classmethod
    def parse(cls, text: str) -> DatePattern:
        """
        :raises ConfigError: another pattern letter, a field twice, or no year.
        """
        parts: list[tuple[str, bool]] = []
        for token in _TOKEN.finditer(text):
            quoted, other = token[2], token[3]
            if other is not None:
                parts.append((other, False))
            elif quoted is not None:
                parts.append((quoted.replace("''", "'") or "'", False))
            elif token[0] in _FIELDS:
                parts.append((token[0], True))
            else:
                raise ConfigError(
                    f'match: "{token[0]}" in <...:{text}> is no part of a date',
                    hint=f"use {', '.join(_FIELDS)}, and put letters that are text into '...'",
                )
        fields = [part for part, is_field in parts if is_field]
        if "yyyy" not in fields or len(fields) > len(set(fields)):
            raise ConfigError(
                f"match: <...:{text}> needs yyyy, and each part of the date once",
                hint="write for example yyyy_MM_dd",
            )
        return cls(text, tuple(parts))

    @cached_property
    def has_time(self) -> bool:
        return any(is_field and part in ("HH", "mm", "ss") for part, is_field in self.parts)

    @cached_property
    def shape(self) -> str:
        """A regular expression of everything that has digits in the right places."""
        return self._expression(_SHAPE)

    @cached_property
    def real(self) -> str:
        """A regular expression of the dates that exist."""
        fields = {part for part, is_field in self.parts if is_field}
        impossible = [
            f"(?!{self._expression(_RANGE | days)})"
            for days in _NO_SUCH_DAY
            if days.keys() <= fields
        ]
        return "".join(impossible) + self._expression(_RANGE)

    def _expression(self, fields: Mapping[str, str]) -> str:
        return "".join(
            fields[part] if is_field else re.escape(part) for part, is_field in self.parts
        )

    def iso(self, text: str) -> str:
        """ISO 8601 text of a date that matches :attr:`real`: ``2024-09-20``, or with the time
        where the pattern has one, ``2024-09-20T10:00:00``."""
        return "".join([text[part] if type(part) is slice else part for part in self._iso])

    @cached_property
    def _iso(self) -> tuple[slice[int, int] | str, ...]:
        """The ISO form in parts of the text and of its own: computed once, used for every file."""
        found: dict[str, slice[int, int] | str] = {}
        position = 0
        for part, is_field in self.parts:
            if is_field:
                found[part] = slice(position, position + len(part))
            position += len(part)
        fields = zip(_FIELDS, ("", "-", "-", "T", ":", ":"), strict=True)
        wanted = list(fields)[: 6 if self.has_time else 3]
        absent = {"MM": "01", "dd": "01"}
        parts = [[sign, found.get(f, absent.get(f, "00"))] for f, sign in wanted]
        return tuple(part for pair in parts for part in pair if part)
