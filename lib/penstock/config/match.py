"""The syntax of ``source.match``: Spark's glob with ``<name>`` and ``<name:date pattern>``.

Only the names are taken out here, and mistakes found; ``penstock.discover`` does the matching.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from penstock.config.problems import SettingError
from penstock.model.formats import COMPRESSIONS

DATE_FIELDS = ("yyyy", "MM", "dd", "HH", "mm", "ss")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_EXTENSIONS = {"csv": ("csv", "CSV"), "json": ("json", "JSON", "jsonl", "ndjson")}
# Archives cannot be read; matched, they are reported, else they would lie there unnoticed.
_ENDINGS = (*sorted(COMPRESSIONS), "zip")


@dataclass(frozen=True, slots=True)
class Capture:
    """A column taken from the file's name; ``date`` is its Java date pattern, if it has one."""

    name: str
    date: str | None = None


def default_match(format_: str) -> str:
    """Files of a format by extension at any depth, compressed ones included."""
    families = _EXTENSIONS.values() if format_ == "auto" else [_EXTENSIONS[format_]]
    names = [extension for extensions in families for extension in extensions]
    return f"*.{{{','.join(names)}}}{{,.{',.'.join(_ENDINGS)}}}"


def captures(pattern: str) -> tuple[Capture, ...]:
    """The captures of a pattern, in its order.

    :raises SettingError: brackets that do not close, a wrong name or date, a name used twice.
    """
    if pattern.startswith("/"):
        raise SettingError("must not start with /", "write it relative to source.path")
    found: list[Capture] = []
    depth = position = 0
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\":
            position += 1
            if position == len(pattern):
                raise SettingError(f'ends in a \\: "{pattern}"', "write \\\\ for the text")
        elif sign == "[":
            position = _set_end(pattern, position)
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth < 0:
                sentence = f'has a }} with no {{ before it: "{pattern}"'
                raise SettingError(sentence, "write \\} for the text")
        elif sign == "<":
            end = _close(pattern, position, position + 1, ">")
            if depth:
                sentence = f'captures inside {{...}}: "{pattern}"'
                raise SettingError(sentence, "move the capture out of the braces")
            found.append(_capture(pattern[position + 1 : end], [c.name for c in found]))
            position = end
        position += 1
    if depth:
        sentence = f'has a {{ that is not closed: "{pattern}"'
        raise SettingError(sentence, "add }, or write \\{ for the text")
    return tuple(found)


def _set_end(pattern: str, start: int) -> int:
    first = start + 1 + (pattern[start + 1 : start + 2] in ("^", "!"))
    # The first sign of a set is itself, even if it is "]", as in every glob.
    end = _close(pattern, start, first + 1, "]")
    signs = pattern[first:end]
    for i in range(1, len(signs) - 1):
        if signs[i] == "-" and signs[i - 1] > signs[i + 1]:
            sentence = f"has a set {pattern[start : end + 1]} whose range runs backwards"
            raise SettingError(sentence, f"write {signs[i + 1]}-{signs[i - 1]}")
    return end


def _close(pattern: str, start: int, search: int, sign: str) -> int:
    end = pattern.find(sign, search)
    if end < 0:
        opened = pattern[start]
        sentence = f'has a {opened} that is not closed: "{pattern}"'
        raise SettingError(sentence, f"add {sign}, or write \\{opened} for the text")
    return end


def _capture(text: str, before: list[str]) -> Capture:
    name, colon, date = text.partition(":")
    if not _NAME.fullmatch(name):
        hint = "write letters, digits and _, a letter first"
        raise SettingError(f"captures <{text}>, which is not a name", hint)
    if name.lower() in (b.lower() for b in before):
        raise SettingError(f"captures <{name}> twice", "give one of them another name")
    if colon:
        _check_date(text, date)
    return Capture(name, date if colon else None)


def _check_date(text: str, date: str) -> None:
    unquoted = re.sub(r"'[^']*'", " ", date)
    runs = [m[0] for m in re.finditer(r"([A-Za-z])\1*", unquoted, re.ASCII)]
    wrong = next((run for run in runs if run not in DATE_FIELDS), None)
    if wrong:
        meant = wrong.replace("Y", "y").replace("D", "d")
        known = f"use {', '.join(DATE_FIELDS)}, and put letters that are text into '...'"
        hint = f"did you mean {meant}?" if meant in DATE_FIELDS else known
        raise SettingError(f'has "{wrong}" in <{text}>, which is no part of a date', hint)
    if "yyyy" not in runs or len(set(runs)) < len(runs):
        hint = "write for example yyyy_MM_dd"
        raise SettingError(f"needs yyyy, and each part once, in <{text}>", hint)
