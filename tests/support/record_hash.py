"""``content_hash`` computed a second time, by the words of ``penstock.read.hashing`` alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping

DEPTH = 3
END = "\ufdd1"


def record_hash(fields: Mapping[str, str | None], ignore: Collection[str] = ()) -> str:
    """Of a record given as text by field name."""
    whole = b""
    for name in sorted(fields):
        text = fields[name]
        if text and name.lower() not in ignore:
            size, length = len(text.encode()), len(name.encode())
            whole += f"{size}:{length}:{name}{text}".encode()
    return "v1:" + hashlib.md5(whole, usedforsecurity=False).hexdigest()


def malformed_hash(text: str) -> str:
    whole = f"{len(text.encode())}:0:{text}".encode()
    return "v1:" + hashlib.md5(whole, usedforsecurity=False).hexdigest()


class Token(str):
    """A number of JSON, as it was written."""


class Pairs:
    """A JSON object with its keys as they come."""

    def __init__(self, items: list[tuple[str, object]]) -> None:
        self.items = items


def parsed(text: str) -> object:
    """
    :raises ValueError: it is not JSON (RFC 8259, so NaN is not).
    """

    def refuse(name: str) -> object:
        raise ValueError(name)

    return json.loads(
        text, parse_int=Token, parse_float=Token, parse_constant=refuse, object_pairs_hook=Pairs
    )


def json_fields(line: str) -> dict[str, str | None]:
    """The text of each field of a JSON object, nested values in their canonical form."""
    value = parsed(line)
    assert isinstance(value, Pairs)
    return {name: top_text(item) for name, item in value.items}


def top_text(value: object) -> str | None:
    """A field is its text: a string that holds an object is equal to that object."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return canonical(parsed(value), DEPTH)
        except ValueError:
            return value
    return value if isinstance(value, str) else canonical(value, DEPTH)


def canonical(value: object, depth: int) -> str:
    """Sorted and sized down to ``depth``; below it, compact and in the source's order."""
    if depth == 0:
        return compact(value)
    if isinstance(value, Pairs):
        items = sorted((k + END, canonical(v, depth - 1)) for k, v in value.items)
        return "{" + "".join(sized(k) + sized(v) for k, v in items) + "}"
    if isinstance(value, list):
        return "[" + "".join(sized(canonical(v, depth - 1)) for v in value) + "]"
    return scalar(value)


def scalar(value: object) -> str:
    if isinstance(value, Token):
        return END + value
    if isinstance(value, str):
        return value + END
    return END + ("null" if value is None else str(value).lower())


def compact(value: object, top: bool = True) -> str:
    if isinstance(value, Pairs):
        inner = ",".join(f"{quoted(k + END)}:{compact(v, False)}" for k, v in value.items)
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(v, False) for v in value) + "]"
    return scalar(value) if top else quoted(scalar(value))


def quoted(text: str) -> str:
    """As Jackson writes it: short escapes, upper case, surrogates one by one."""

    def escaped(match: re.Match[str]) -> str:
        units = match[0].encode("utf-16-be")
        return "".join(f"\\u{units[i : i + 2].hex().upper()}" for i in range(0, len(units), 2))

    plain = json.dumps(text, ensure_ascii=False)
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda m: f"\\u{m[1].upper()}", plain)
    return re.sub(r"[\U00010000-\U0010ffff]", escaped, plain)


def sized(text: str) -> str:
    return f"{len(text.encode())}:{text}"
