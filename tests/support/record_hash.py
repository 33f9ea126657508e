"""``content_hash`` computed a second time, by the words of ``penstock.read.hashing`` alone."""

from __future__ import annotations

import hashlib
import json
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
    """A number or literal of JSON, as it was written."""


def json_fields(line: str) -> dict[str, str | None]:
    """The text of each field of a JSON object, nested values in their canonical form."""
    value = json.loads(
        line, parse_int=Token, parse_float=Token, object_pairs_hook=lambda pairs: Pairs(pairs)
    )
    return {name: top_text(item) for name, item in value.items}


class Pairs:
    """A JSON object with its keys as they come."""

    def __init__(self, items: list[tuple[str, object]]) -> None:
        self.items = items


def top_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else canonical(value, DEPTH)


def canonical(value: object, depth: int) -> str:
    """Sorted and sized down to ``depth``; below it, compact and in the source's order."""
    if isinstance(value, Pairs):
        if depth == 0:
            inner = ",".join(f"{quoted(k + END)}:{compact(v)}" for k, v in value.items)
            return "{" + inner + "}"
        items = sorted(value.items)
        return (
            "{" + "".join(sized(k + END) + sized(canonical(v, depth - 1)) for k, v in items) + "}"
        )
    if isinstance(value, list):
        if depth == 0:
            return "[" + ",".join(compact(v) for v in value) + "]"
        return "[" + "".join(sized(canonical(v, depth - 1)) for v in value) + "]"
    return scalar(value)


def scalar(value: object) -> str:
    if isinstance(value, Token):
        return END + value
    if isinstance(value, str):
        return value + END
    return END + {None: "null", True: "true", False: "false"}[value]  # type: ignore[index]


def compact(value: object) -> str:
    return canonical(value, 0) if isinstance(value, Pairs | list) else quoted(scalar(value))


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def sized(text: str) -> str:
    return f"{len(text.encode())}:{text}"
