"""Values written in the configuration, checked against a column's type."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from penstock.config.problems import SettingError
from penstock.config.types import INTEGERS, is_nested
from penstock.model.feed import Scalar

_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
# What Spark's datetime formatter takes since 3.0, week-based letters left out:
# https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html
_DATETIME_LETTERS = frozenset("GyMLdDQqEFahHKkmsSVzOxXZ")


def check_literal(type_: str, text: str) -> None:
    """
    :raises SettingError: ``text`` is no value of the type.
    """
    if not _fits(type_, text):
        hint = {
            "uuid": "write it as 123e4567-e89b-12d3-a456-426614174000",
            "boolean": "write true or false",
            "date": "write it as 2024-10-31",
            "timestamp": "write it as 2024-10-31T12:00:00Z",
            "timestamp_ntz": "write it as 2024-10-31T12:00:00",
        }.get(type_, "write a value that fits, or change the type under columns")
        raise SettingError(f'must be a value of type {type_}, not "{text}"', hint)


def as_scalar(type_: str, text: str) -> Scalar:
    """``text`` as the nearest Python value; decimals stay text, so that no digit is lost.

    :raises SettingError: ``text`` is no value of the type.
    """
    check_literal(type_, text)
    if type_ in INTEGERS:
        return int(text)
    if type_ in ("float", "double"):
        return float(text)
    return text.lower() == "true" if type_ == "boolean" else text


def check_datetime_format(pattern: str) -> None:
    """
    :raises SettingError: ``pattern`` is none of Spark's datetime patterns.
    """
    if "%" in pattern:
        raise SettingError(
            f'must be a date pattern of Spark, not "{pattern}"',
            "write yyyy-MM-dd HH:mm:ss for %Y-%m-%d %H:%M:%S",
        )
    letters = re.sub(r"'[^']*'", "", pattern)
    wrong = next((c for c in letters if c.isalpha() and c not in _DATETIME_LETTERS), None)
    if wrong:
        hint = "write y for the year" if wrong in "Yu" else "put text in single quotes"
        raise SettingError(f'has the letter {wrong}, which Spark does not know: "{pattern}"', hint)


def _fits(type_: str, text: str) -> bool:
    if type_ in INTEGERS:
        limit = 2 ** (_BITS[type_] - 1)
        return re.fullmatch(r"[-+]?[0-9]+", text) is not None and -limit <= int(text) < limit
    if is_nested(type_) or type_ == "binary":
        return False
    decimal = _DECIMAL.fullmatch(type_)
    if decimal:
        return _fits_decimal(text, int(decimal[1]), int(decimal[2]))
    if type_ == "boolean":
        return text.lower() in ("true", "false")
    try:
        if type_ in ("float", "double"):
            float(text)
        elif type_ == "date":
            date.fromisoformat(text)
        elif type_ in ("timestamp", "timestamp_ntz"):
            return datetime.fromisoformat(text).tzinfo is None or type_ == "timestamp"
        elif type_ == "uuid":
            return str(UUID(text)) == text.lower()
    except ValueError:
        return False
    return True


def _fits_decimal(text: str, precision: int, scale: int) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    if not number.is_finite():
        return False
    return number == round(number, scale) and abs(number) < Decimal(10) ** (precision - scale)
