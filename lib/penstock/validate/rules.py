"""Rules of a column and the reasons for the cells that break them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column as Expr
from pyspark.sql import functions as F

from penstock.model import Column
from penstock.validate.casts import typed

SHOWN = 60
"""How many characters of a value a reason shows."""


@dataclass(frozen=True, slots=True)
class Cell:
    """``rejected``: boolean, never NULL. ``reason``: string, of a rejected cell only."""

    rejected: Expr
    reason: Expr


def judge(text: Expr, value: Expr, column: Column, timezone: str, *, required: bool) -> Cell:
    """Hold a cell to its column's rules; the first one broken is the reason.

    :param text: cleaned text; like ``value`` a plain column, as each is used many times.
    :param value: ``typed`` of it.
    :param required: NULL is rejected.
    """
    broken = list(_broken(text, value, column, timezone))
    absent = text.isNull()
    # No CASE: Spark evaluates an expression once for all its uses, but for those in branches.
    missing = value.isNull() if required else value.isNull() & ~absent
    wrong = reduce(or_, (condition for condition, _ in broken), missing)
    reason = F.when(absent, F.lit("is required")).when(
        value.isNull(), F.concat(quoted(text), F.lit(f" is not {_type_name(column)}"))
    )
    for condition, clause in broken:
        reason = reason.when(condition, clause)
    return Cell(
        F.coalesce(wrong, F.lit(False)),
        F.concat(F.lit(f"{column.name}: "), reason),
    )


def _broken(text: Expr, value: Expr, column: Column, timezone: str) -> Iterator[tuple[Expr, Expr]]:
    """(condition, clause) of each rule; a condition is NULL at most where the value is."""

    def literal(rule: str) -> Expr:
        return typed(F.lit(rule), column, timezone)

    if column.allowed:
        allowed = ", ".join(column.allowed)
        condition = ~reduce(or_, (value == literal(a) for a in column.allowed))
        yield condition, F.concat(quoted(text), F.lit(f" is not one of {allowed}"))
    if column.minimum is not None:
        clause = F.concat(shown(text), F.lit(f" is less than {column.minimum}"))
        yield value < literal(column.minimum), clause
    if column.maximum is not None:
        clause = F.concat(shown(text), F.lit(f" is more than {column.maximum}"))
        yield value > literal(column.maximum), clause
    if column.pattern is not None:
        clause = F.concat(quoted(text), F.lit(f" does not match {column.pattern}"))
        yield ~text.rlike(rf"\A(?:{column.pattern})\z"), clause
    if column.max_bytes is not None:
        size = F.octet_length(text)
        clause = F.concat(size.cast("string"), F.lit(f" bytes is more than {column.max_bytes}"))
        yield size > column.max_bytes, clause


def shown(text: Expr) -> Expr:
    """The beginning of a value on one line, for people."""
    line = F.regexp_replace(F.substring(text, 1, SHOWN), r"[\x00-\x1f\x7f]", " ")
    return F.when(F.length(text) > SHOWN, F.concat(line, F.lit("…"))).otherwise(line)


def quoted(text: Expr) -> Expr:
    return F.concat(F.lit("'"), shown(text), F.lit("'"))


def _type_name(column: Column) -> str:
    if column.type == "string":
        return "text: it holds a NUL character"
    name = column.type if "<" in column.type else column.type.upper()
    return f"{name} ({column.format})" if column.format else name
