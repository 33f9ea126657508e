"""``config_hash``: whether two configurations would load the same from the same files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from typing import TypeAlias

from penstock.model import Feed, Quality, Source, Target

_VERSION = 1
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

# Where files lie and how they are packed, and where and how the table is written, change nothing
# about the records that a batch loads.
_LEFT_OUT = {
    Source: ("path", "discovery"),
    Quality: ("expectations", "max_attempts"),
    Target: ("connection", "write", "dist", "sort"),
}


def config_hash(feed: Feed, expectations: bytes) -> str:
    """sha256 of everything that may change what a batch loads, as 64 hex digits.

    Order of keys, formatting, comments and defaults that are written out change nothing; nor does
    a setting that a later version adds, as long as it stays at its default.

    :param feed: the feed, whatever its present hash is.
    :param expectations: content of the suite, empty without one.
    """
    content: Json = {
        "version": _VERSION,
        "source": _plain(feed.source),
        "columns": {c.name: _plain(c) for c in feed.columns},
        "captures": {c.name: _plain(c) for c in feed.captures},
        "evolution": feed.evolution,
        "transform": [{type(step).__name__: _plain(step)} for step in feed.transform],
        "quality": _plain(feed.quality),
        "expectations": hashlib.sha256(expectations).hexdigest() if expectations else None,
        "target": _plain(feed.target),
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> Json:
    if is_dataclass(value) and not isinstance(value, type):
        left_out = _LEFT_OUT.get(type(value), ())
        pairs = [(f, getattr(value, f.name)) for f in fields(value) if f.name not in left_out]
        return {f.name: _plain(v) for f, v in pairs if v != _default(f)}
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"cannot be hashed: {type(value).__name__}")


def _default(field: Field[object]) -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
