"""Rules of a column that do not fit its type."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from penstock.config.literals import check_datetime_format, check_literal
from penstock.config.problems import SettingError
from penstock.config.types import INSTANTS, TEXTS, is_nested
from penstock.model import Column

_REMEDY = "remove it, or change the type"


def rule_problems(column: Column) -> Iterator[tuple[str, SettingError]]:
    """What is wrong between a column's type and its rules, by the name of the rule."""
    kind = f"and the column is of type {column.type}"
    for setting, value, types, what in (
        ("format", column.format, INSTANTS, "dates and timestamps"),
        ("pattern", column.pattern, TEXTS, "text"),
        ("max_bytes", column.max_bytes, TEXTS, "text"),
    ):
        if value is not None and column.type not in types:
            yield setting, SettingError(f"is a rule for {what}, {kind}", _REMEDY)
    if column.format is not None and column.type in INSTANTS:
        try:
            check_datetime_format(column.format)
        except SettingError as error:
            yield "format", error
    bounds = [
        (k, v) for k, v in (("min", column.minimum), ("max", column.maximum)) if v is not None
    ]
    if bounds and (is_nested(column.type) or column.type in ("boolean", "binary")):
        yield (
            bounds[0][0],
            SettingError(f"is a rule for values that have an order, {kind}", _REMEDY),
        )
        bounds = []
    if _is_above(column):
        sentence = f"is above max: {column.minimum} > {column.maximum}"
        yield "min", SettingError(sentence, "swap them")
    for setting, text in [*bounds, *(("allowed", text) for text in column.allowed)]:
        try:
            check_literal(column.type, text)
        except SettingError as error:
            yield setting, error


def _is_above(column: Column) -> bool:
    low, high = column.minimum, column.maximum
    if low is None or high is None or column.type in (*TEXTS, *INSTANTS):
        return False
    try:
        return Decimal(low) > Decimal(high)
    except InvalidOperation:
        return False
