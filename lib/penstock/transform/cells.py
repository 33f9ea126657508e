"""Cleaning of single values: ``fill``, ``trim``, ``null_values``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    TimestampNTZType,
    TimestampType,
)

from penstock.transform.frames import Transform, as_names, col, find, is_text, type_of

Scalar = str | int | float | bool | Decimal

BLANKS = " \t\n\r\f\v\u00a0\ufeff"
"""What ``trim`` takes off: blanks, tabs, line ends, no-break spaces, byte order marks."""

_BITS: tuple[tuple[type[DataType], int], ...] = (
    (ByteType, 8),
    (ShortType, 16),
    (IntegerType, 32),
    (LongType, 64),
)


def fill(values: Mapping[str, Scalar]) -> Transform:
    """Put a value in place of NULL.

    ====  ===================================================================================
    in    the columns named in ``values``: text, numbers, booleans, dates or timestamps
    out   the same columns and types
    ====  ===================================================================================

    :param values: by column; dates and timestamps as ISO 8601 text, in UTC without a time zone.
    :raises ValueError: (when applied) a column does not exist, or its type cannot hold the value
        exactly.
    """

    def apply(df: DataFrame) -> DataFrame:
        names = find(df, "fill", list(values))
        changes = {
            name: F.coalesce(col(name), _literal(name, value, type_of(df, name)))
            for name, value in zip(names, values.values(), strict=True)
        }
        return df.withColumns(changes)

    return apply


def trim(columns: str | Sequence[str] | None = None) -> Transform:
    """Take white space off both ends of text (:data:`BLANKS`).

    ====  ===================================================================================
    in    ``columns``: string; all string columns unless named
    out   the same columns
    ====  ===================================================================================

    :raises ValueError: (when applied) a column does not exist or is no text.
    """

    def apply(df: DataFrame) -> DataFrame:
        texts = [f.name for f in df.schema.fields if is_text(f.dataType)]
        names = texts if columns is None else find(df, "trim", as_names(columns))
        for name in names:
            if name not in texts:
                raise ValueError(f"trim: column {name!r} is no text")
        return df.withColumns({name: F.btrim(col(name), F.lit(BLANKS)) for name in names})

    return apply


def null_values(
    values: str | Sequence[str], columns: str | Sequence[str] | None = None
) -> Transform:
    """Turn values that stand for nothing (``n/a``, ``-``, ...) into NULL.

    ====  ===================================================================================
    in    ``columns`` of any plain type, compared as text; all string columns unless named
    out   the same columns and types
    ====  ===================================================================================

    :param values: compared exactly, case and blanks included.
    :raises ValueError: (when applied) a column does not exist.
    """
    texts = as_names(values)

    def apply(df: DataFrame) -> DataFrame:
        strings = [f.name for f in df.schema.fields if is_text(f.dataType)]
        names = strings if columns is None else find(df, "null_values", as_names(columns))
        return df.withColumns(
            {n: F.when(~col(n).cast("string").isin(list(texts)), col(n)) for n in names}
        )

    return apply


def _literal(name: str, value: Scalar, data_type: DataType) -> Column:
    """``value`` as a literal of exactly this type: no cast at run time that could fail."""
    text = _text(value, data_type)
    if text is None:
        raise ValueError(f"fill: {value!r} is no {data_type.simpleString()}, the type of {name!r}")
    return F.lit(text).cast(data_type)


def _text(value: Scalar, data_type: DataType) -> str | None:
    """What casts to ``value`` in this type; None where it cannot hold it."""
    if is_text(data_type):
        return value if isinstance(value, str) else None
    if isinstance(data_type, BooleanType):
        return str(value).lower() if isinstance(value, bool) else None
    if isinstance(data_type, DateType | TimestampType | TimestampNTZType):
        return _time_text(value, data_type) if isinstance(value, str) else None
    return str(value) if not isinstance(value, bool) and _is_number(value, data_type) else None


def _time_text(text: str, data_type: DataType) -> str | None:
    try:
        if isinstance(data_type, DateType):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if isinstance(data_type, TimestampNTZType):
        return None if moment.tzinfo else moment.isoformat(sep=" ")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(sep=" ")


def _is_number(value: Scalar, data_type: DataType) -> bool:
    for integer, bits in _BITS:
        if isinstance(data_type, integer):
            return isinstance(value, int) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
    if isinstance(data_type, FloatType | DoubleType):
        return isinstance(value, int | float | Decimal)
    if not isinstance(data_type, DecimalType):
        return False
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    scaled = number.scaleb(data_type.scale) if number.is_finite() else Decimal("0.5")
    return scaled == scaled.to_integral_value() and abs(scaled) < 10**data_type.precision
