"""``source.match``: Spark's glob, with captures, as a regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from penstock.discover.dates import DatePattern
from penstock.errors import ConfigError

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NO_CAPTURES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Capture:
    """A column captured from the file's name; ``date`` is its pattern, if it is a date."""

    name: str
    date: DatePattern | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled ``match``; see :func:`compile_match`.

    :param literal_prefix: what every matching relative path begins with, to prune a listing.
    """

    text: str
    literal_prefix: str
    captures: tuple[Capture, ...]
    _readings: tuple[tuple[str, Callable[[str], str] | None], ...] = field(repr=False)
    _real: re.Pattern[str] = field(repr=False)
    _shape: re.Pattern[str] | None = field(repr=False)

    def match(self, path: str) -> Mapping[str, str] | None:
        """The captured texts by name, dates as ISO text; None if the path does not match.

        :param path: relative to the source's folder.
        """
        found = self._real.fullmatch(path)
        if found is None:
            return None
        if not self.captures:
            return _NO_CAPTURES
        return {
            name: iso(text) if iso else text
            for (name, iso), text in zip(self._readings, found.groups(), strict=True)
        }

    def complaint(self, path: str) -> str | None:
        """Why a path does not match that would if only its dates existed; None otherwise:
        ``name: 2024_02_31 is not a date of the form yyyy_MM_dd``."""
        if self._shape is None or self._real.fullmatch(path):
            return None
        found = self._shape.fullmatch(path)
        if found is None:
            return None
        for capture, text in zip(self.captures, found.groups(), strict=True):
            if capture.date and not re.fullmatch(capture.date.real, text):
                return f"name: {text} is not a date of the form {capture.date.text}"
        return None


def compile_match(match: str) -> Pattern:
    r"""Compile the pattern of a feed's files, relative to ``source.path``.

    | pattern | matches |
    |---|---|
    | ``*``, ``?`` | any characters, one character; never a ``/`` |
    | ``**`` | any characters, ``/`` included; ``**/`` also no folder at all |
    | ``[abc]``, ``[a-z]`` | one character of a set; never a ``/`` |
    | ``[^a]``, ``[!a]`` | one character that is not of the set; never a ``/`` |
    | ``{a,b*}`` | either; may be nested |
    | ``\x`` | x itself (in a set, ``\`` is one sign among others) |
    | ``<name>`` | captures as few characters as possible, at least one, never a ``/`` |
    | ``<name:yyyy_MM_dd>`` | captures a date that exists, see :class:`DatePattern` |

    A pattern without ``/`` matches the last part of the path, in any folder.

    :raises ConfigError: nothing at all, brackets that do not close, a wrong name or date, a name
        used twice.

    Source of the rules: ``org.apache.hadoop.fs.GlobPattern``; ``**`` and captures are additions.
    """
    if match.startswith("/"):
        raise ConfigError(
            f'match: "{match}" must not start with /', hint="write it relative to source.path"
        )
    if not match:
        raise ConfigError("match: is empty and matches no file", hint='write for example "*.csv"')
    return _Compiler(match).pattern()


class _Compiler:
    """One pass from left to right; ``_real`` and ``_shape`` differ in dates only."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._real: list[str] = []
        self._shape: list[str] = []
        self._captures: list[Capture] = []
        self._prefix: list[str] = []
        self._prefix_ended = False
        self._depth = 0
        self._position = 0
        self._anywhere = True

    def pattern(self) -> Pattern:
        while self._position < len(self._text):
            self._step(self._text[self._position])
        if self._depth:
            raise self._unclosed("{", "}")
        folders = "(?:.*/)?" if self._anywhere else ""
        dated = any(c.date for c in self._captures)
        return Pattern(
            text=self._text,
            literal_prefix="" if self._anywhere else "".join(self._prefix),
            captures=tuple(self._captures),
            _readings=tuple((c.name, c.date.iso if c.date else None) for c in self._captures),
            _real=re.compile(folders + "".join(self._real), re.DOTALL),
            _shape=re.compile(folders + "".join(self._shape), re.DOTALL) if dated else None,
        )

    def _step(self, sign: str) -> None:
        if sign == "\\":
            if self._position + 1 == len(self._text):
                raise self._wrong("ends in a \\", "write \\\\ for the text")
            self._literal(self._text[self._position + 1])
            self._position += 2
            return
        if sign in "*?[{<" or (self._depth and sign in ",}"):
            self._prefix_ended = True
        if sign == "*":
            self._stars()
        elif sign == "[":
            self._set()
        elif sign == "<":
            self._capture()
        else:
            self._simple(sign)
            self._position += 1

    def _simple(self, sign: str) -> None:
        if sign == "?":
            self._add("[^/]")
        elif sign == "{":
            self._depth += 1
            self._add("(?:")
        elif sign == "}" and self._depth:
            self._depth -= 1
            self._add(")")
        elif sign == "}":
            raise self._wrong("has a } with no { before it", "write \\} for the text")
        elif sign == "," and self._depth:
            self._add("|")
        else:
            self._literal(sign)

    def _literal(self, sign: str) -> None:
        self._anywhere &= sign != "/"
        self._add(re.escape(sign))
        if not self._prefix_ended:
            self._prefix.append(sign)

    def _stars(self) -> None:
        start = self._position
        while self._text[self._position : self._position + 1] == "*":
            self._position += 1
        if self._position - start == 1:
            self._add("[^/]*")
            return
        begins_segment = start == 0 or self._text[start - 1] == "/"
        if begins_segment and self._text[self._position : self._position + 1] == "/":
            self._position += 1
            self._add("(?:.*/)?")
        else:
            self._add(".*")
        self._anywhere = False

    def _set(self) -> None:
        start = self._position + 1
        negated = self._text[start : start + 1] in ("^", "!")
        start += negated
        # The first sign of a set is itself, even if it is "]", as in every glob.
        end = self._text.find("]", start + 1)
        if end < 0:
            raise self._unclosed("[", "]")
        signs = "".join(
            "-" if s == "-" and 0 < i < end - start - 1 else re.escape(s)
            for i, s in enumerate(self._text[start:end])
        )
        try:
            re.compile(f"[{signs}]")
        except re.error as error:
            raise self._wrong(
                f"has a set [{self._text[start:end]}] with a {error.msg}", "write it as [a-z]"
            ) from error
        self._add(f"(?!/)[{'^' if negated else ''}{signs}]")
        self._position = end + 1

    def _capture(self) -> None:
        end = self._text.find(">", self._position)
        if end < 0:
            raise self._unclosed("<", ">")
        text = self._text[self._position + 1 : end]
        name, colon, date = text.partition(":")
        if not _NAME.fullmatch(name):
            raise self._wrong(
                f"captures <{text}>, which is not a name", "write <name> in letters, digits and _"
            )
        if name in (c.name for c in self._captures):
            raise self._wrong(f"captures <{name}> twice", "give one of them another name")
        if self._depth:
            raise self._wrong(f"captures <{name}> inside {{...}}", "move it out of the braces")
        capture = Capture(name, DatePattern.parse(date) if colon else None)
        self._captures.append(capture)
        if capture.date:
            self._anywhere &= "/" not in date
            self._real.append(f"({capture.date.real})")
            self._shape.append(f"({capture.date.shape})")
        else:
            self._add("([^/]+?)")
        self._position = end + 1

    def _add(self, expression: str) -> None:
        self._real.append(expression)
        self._shape.append(expression)

    def _unclosed(self, opened: str, closing: str) -> ConfigError:
        return self._wrong(
            f"has a {opened} that is not closed", f"add {closing}, or write \\{opened} for the text"
        )

    def _wrong(self, what: str, hint: str) -> ConfigError:
        return ConfigError(f'match: "{self._text}" {what}', hint=hint)
