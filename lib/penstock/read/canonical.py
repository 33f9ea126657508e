"""One text for nested JSON values that differ only in white space, escapes and order of keys."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

DEPTH = 3
"""Levels of nesting that are sorted; what lies deeper counts as text."""

_SCALAR = "\ufdd1"
# Strings get the mark at their end, numbers and literals at their beginning and turn into
# strings: so nothing is written anew by the parser, and `1`, `"1"` and `true`, `"true"` differ.
_TOKENS = (
    r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"|'
    r"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?=[\s,\]}])|true|false|null)"
)
_MARKED = f'"$1{_SCALAR}$2"'
_STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}


def canonical(text: Column) -> Column:
    """Canonical text of a JSON object or array; anything else, and what does not parse, as it is.

    An object becomes ``{`` and, for each key in code point order, the key and its value, each
    after its length in bytes and ``:``, and ``}``; an array likewise, with its values in their
    order. Numbers keep their source text. Below ``DEPTH`` levels, and where an object has a key
    twice, the text is kept as written (white space apart): such values may fail to be recognised
    as equal, but no two different values ever have one canonical text.
    """
    marked = F.regexp_replace(text, _TOKENS, _MARKED)
    wrapped = F.from_json(F.concat(F.lit("["), marked, F.lit(",{}]")), "array<string>", _STRICT)
    nested = text.startswith("{") | text.startswith("[")
    return F.when(nested & (F.size(wrapped) == 2), _level(marked, DEPTH)).otherwise(text)


def _level(value: Column, depth: int) -> Column:
    if depth == 0:
        return value
    fields = F.from_json(value, "map<string,string>")
    entries = F.transform(
        F.array_sort(F.map_entries(fields)),
        lambda e: F.concat(_sized(e["key"]), _sized(_level(e["value"], depth - 1))),
    )
    unique = F.size(F.json_object_keys(value)) == F.size(F.array_distinct(F.map_keys(fields)))
    items = F.transform(
        F.from_json(value, "array<string>"), lambda item: _sized(_level(item, depth - 1))
    )
    scalar = value.endswith(_SCALAR)
    return (
        F.when(~scalar & value.startswith("{") & unique, _joined("{", entries, "}"))
        .when(~scalar & value.startswith("["), _joined("[", items, "]"))
        .otherwise(value)
    )


def _sized(text: Column) -> Column:
    return F.concat(F.octet_length(text).cast("string"), F.lit(":"), text)


def _joined(start: str, parts: Column, end: str) -> Column:
    return F.concat(F.lit(start), F.concat_ws("", parts), F.lit(end))
