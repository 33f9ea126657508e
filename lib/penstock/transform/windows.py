"""The processing window: which rows belong to a month or another range of time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, TimestampNTZType, TimestampType

from penstock.transform.frames import Transform, col, find, type_of

Bound = datetime | date | str


def window(
    column: str, start: Bound | None = None, end: Bound | None = None, *, month: str | None = None
) -> Transform:
    """Keep the rows with ``start <= column < end``; those with an empty ``column`` go.

    ==============  =========================================================================
    in ``column``   timestamp: compared as an instant; timestamp_ntz and date: compared with the
                    bounds' wall clock in UTC
    out             the same columns
    ==============  =========================================================================

    :param start: inclusive; a datetime, a date (its midnight) or ISO 8601 text. Without a time
        zone it is in UTC.
    :param end: exclusive, likewise.
    :param month: a whole month instead of ``start`` and ``end``, as ``2024-10``.
    :raises ValueError: the bounds are missing, no range, or no points in time; or (when applied)
        there is no such column.
    :raises TypeError: (when applied) the column holds no points in time.
    """
    if month is not None and start is None and end is None:
        start, end = month_range(month)
    elif month is not None or start is None or end is None:
        raise ValueError("window: give start and end, or month")
    low, high = bounds(start, end)

    def apply(df: DataFrame) -> DataFrame:
        (name,) = find(df, "window: column", [column])
        return df.where(is_inside(df, name, low, high))

    return apply


def month_range(month: str) -> tuple[datetime, datetime]:
    """First instants of ``month`` (``2024-10``) and of the month after it, in UTC."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise ValueError(f"window: {month!r} is not a month such as 2024-10")
    year, number = int(month[:4]), int(month[5:])
    following = (year + number // 12, number % 12 + 1)
    return datetime(year, number, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC)


def bounds(start: Bound, end: Bound) -> tuple[datetime, datetime]:
    """Both bounds as instants in UTC.

    :raises ValueError: one is no point in time, or they are not in order.
    """
    low, high = _instant(start), _instant(end)
    if low >= high:
        raise ValueError(f"window: the start, {low.isoformat()}, is not before the end")
    return low, high


def is_inside(df: DataFrame, name: str, start: Bound, end: Bound) -> Column:
    """Whether the column ``name`` lies in the window; NULL where it is NULL.

    :raises TypeError: it holds no points in time.
    """
    low, high = bounds(start, end)
    data_type = type_of(df, name)
    if isinstance(data_type, TimestampType):
        micros = [_micros(bound) for bound in (low, high)]
        first, last = (F.timestamp_micros(F.lit(m)) for m in micros)
        return (col(name) >= first) & (col(name) < last)
    if isinstance(data_type, TimestampNTZType | DateType):
        wall = col(name).cast("timestamp_ntz")
        texts = [b.replace(tzinfo=None).isoformat(sep=" ") for b in (low, high)]
        first, last = (F.lit(text).cast("timestamp_ntz") for text in texts)
        return (wall >= first) & (wall < last)
    raise TypeError(
        f"window: {name!r} is {data_type.simpleString()}; it must be a timestamp or a date"
    )


def _instant(bound: Bound) -> datetime:
    if isinstance(bound, str):
        try:
            bound = datetime.fromisoformat(bound)
        except ValueError:
            raise ValueError(f"window: {bound!r} is not an ISO 8601 date or time") from None
    if not isinstance(bound, datetime):
        bound = datetime.combine(bound, time())
    return bound.replace(tzinfo=UTC) if bound.tzinfo is None else bound.astimezone(UTC)


def _micros(instant: datetime) -> int:
    span = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
