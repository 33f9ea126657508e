"""Identifiers and literals as SQL text."""

from __future__ import annotations

from collections.abc import Sequence


def quote(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def table(name: str) -> str:
    """``schema.table``, quoted."""
    return ".".join(quote(part) for part in name.split(".", 1))


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def column_list(columns: Sequence[str], alias: str = "") -> str:
    prefix = f"{alias}." if alias else ""
    return ", ".join(prefix + quote(c) for c in columns)
