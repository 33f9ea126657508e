"""Rules of a column and the reasons for the cells that break them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from operator import or_

from pyspark.sql import Column as Expr
from pyspark.sql import functions as F

from penstock.model import Column
from penstock.validate.casts import typed

SHOWN = 60
"""How many characters of a value a reason shows."""


Rule = tuple[Expr, Callable[[], Expr]]
"""Whether it is broken, and what to say then; the latter is made on demand, as each expression
costs a round trip to the JVM."""


def rejected(text: Expr, value: Expr, column: Column, timezone: str, *, required: bool) -> Expr:
    """Whether a cell breaks a rule of its column: boolean, never NULL.

    :param text: cleaned text.
    :param value: ``typed`` of it.
    :param required: NULL is rejected.
    """
    absent = text.isNull()
    # No CASE: Spark evaluates an expression once for all its uses, but for those in branches. For
    # that the text, too, has to be used twice outside of them, though the value would do.
    missing = value.isNull() | absent if required else value.isNull() & ~absent
    rules = _rules(text, value, column, timezone)
    return F.coalesce(reduce(or_, (broken for broken, _ in rules), missing), F.lit(False))


def reason(text: Expr, value: Expr, column: Column, timezone: str) -> Expr:
    """Why a rejected cell is: string, naming the first rule that it breaks.

    :param text: as for ``rejected``; like ``value`` a plain column, as each is used many times.
    """
    said = F.when(text.isNull(), F.lit("is required")).when(
        value.isNull(), F.concat(quoted(text), F.lit(f" is not {_type_name(column)}"))
    )
    for broken, clause in _rules(text, value, column, timezone):
        said = said.when(broken, clause())
    return F.concat(F.lit(f"{column.name}: "), said)


def _rules(text: Expr, value: Expr, column: Column, timezone: str) -> Iterator[Rule]:
    """The rules a column has beside its type; a condition is NULL at most where the value is."""

    def literal(rule: str) -> Expr:
        return typed(F.lit(rule), column, timezone)

    if column.allowed:
        allowed = ", ".join(column.allowed)
        yield (
            ~reduce(or_, (value == literal(a) for a in column.allowed)),
            lambda: F.concat(quoted(text), F.lit(f" is not one of {allowed}")),
        )
    if column.minimum is not None:
        yield (
            value < literal(column.minimum),
            lambda: F.concat(shown(text), F.lit(f" is less than {column.minimum}")),
        )
    if column.maximum is not None:
        yield (
            value > literal(column.maximum),
            lambda: F.concat(shown(text), F.lit(f" is more than {column.maximum}")),
        )
    if column.pattern is not None:
        yield (
            ~text.rlike(rf"\A(?:{column.pattern})\z"),
            lambda: F.concat(quoted(text), F.lit(f" does not match {column.pattern}")),
        )
    if column.max_bytes is not None:
        size = F.octet_length(text)
        yield (
            size > column.max_bytes,
            lambda: F.concat(size.cast("string"), F.lit(f" bytes is more than {column.max_bytes}")),
        )


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
