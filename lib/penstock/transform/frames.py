"""What every transform needs of a DataFrame: names, marks, orders. Lazy and Connect-safe."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StringType, StructType

Transform = Callable[[DataFrame], DataFrame]

STATUS = "_status"
REASONS = "_reasons"
CONTENT_HASH = "content_hash"
ORIGINAL_ID = "original_id"
REKEYED_ID = "rekeyed_id"

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"
OUT_OF_WINDOW = "out_of_window"

TEMPORARY = "_penstock_"
"""Beginning of the names of columns that live inside one transform only."""

_UNORDERED = ("map", "variant", "interval", "calendarinterval")


def quoted(name: str) -> str:
    """A column's name for SQL text."""
    return "`" + name.replace("`", "``") + "`"


def col(name: str) -> Column:
    """The column of exactly this name, dots and all."""
    return F.col(quoted(name))


def as_names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def find(df: DataFrame, what: str, names: Sequence[str]) -> tuple[str, ...]:
    """The frame's own spelling of ``names``, which may differ in case.

    :param what: the transform and its setting, for the message.
    :raises ValueError: the frame has no such column, or two that differ in case alone.
    """
    found = []
    for name in names:
        same = [c for c in df.columns if c == name]
        same = same or [c for c in df.columns if c.lower() == name.lower()]
        if len(same) != 1:
            raise ValueError(
                f"{what}: {'no' if not same else 'more than one'} column {name!r}; "
                f"the columns are {', '.join(df.columns)}"
            )
        found += same
    return tuple(found)


def type_of(df: DataFrame, name: str) -> DataType:
    return df.schema[name].dataType


def is_text(data_type: DataType) -> bool:
    return isinstance(data_type, StringType)


def is_ordered(data_type: DataType) -> bool:
    """Whether Spark can sort by this type."""
    if isinstance(data_type, ArrayType):
        return is_ordered(data_type.elementType)
    if isinstance(data_type, StructType):
        return all(is_ordered(field.dataType) for field in data_type.fields)
    return data_type.typeName() not in _UNORDERED


def total_order(df: DataFrame, first: Sequence[str] = ()) -> list[Column]:
    """Sort keys that leave no two different rows in doubt: ``first``, then every other column
    that can be sorted by, in name order. NULLs come last."""
    rest = sorted(f.name for f in df.schema.fields if is_ordered(f.dataType))
    order = [*first, *(name for name in rest if name not in first)]
    return [col(name).asc_nulls_last() for name in order]


def with_marks(df: DataFrame) -> DataFrame:
    """The frame with ``_status`` and ``_reasons``; every row accepted where they were absent."""
    if STATUS in df.columns and REASONS in df.columns:
        return df
    return df.select(
        "*",
        F.lit(ACCEPTED).alias(STATUS),
        F.lit(None).cast("array<string>").alias(REASONS),
    )


def accepted() -> Column:
    return F.coalesce(col(STATUS) == ACCEPTED, F.lit(False))


def mark(df: DataFrame, condition: Column, status: str, reason: Column | None = None) -> DataFrame:
    """Give the accepted rows that meet ``condition`` another ``_status`` and append ``reason``
    to their ``_reasons`` (nothing where it is NULL)."""
    hit = accepted() & F.coalesce(condition, F.lit(False))
    changes = {STATUS: F.when(hit, F.lit(status)).otherwise(col(STATUS))}
    if reason is not None:
        changes[REASONS] = F.when(hit, with_reason(reason)).otherwise(col(REASONS))
    return df.withColumns(changes)


def with_reason(reason: Column) -> Column:
    """``_reasons`` and one more; as it was where ``reason`` is NULL."""
    return (
        F.when(reason.isNull(), col(REASONS))
        .when(col(REASONS).isNull(), F.array(reason))
        .otherwise(F.concat(col(REASONS), F.array(reason)))
    )
