"""The bounds of a ``window`` step as instants."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from penstock.config.problems import SettingError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """First moment of a month ``2024-10`` and of the next one, naive.

    :raises SettingError: it is not a month.
    """
    match = _MONTH.fullmatch(month.strip())
    if not match or not 1 <= int(match[1]) < 9999:
        raise SettingError(f'must be a month, not "{month}"', "write it as 2024-10")
    year, number = int(match[1]), int(match[2])
    after = (year + number // 12, number % 12 + 1)
    return _first_of(year, number), _first_of(*after)


def moment(text: str) -> datetime:
    """An ISO 8601 date or timestamp; naive unless it has an offset.

    :raises SettingError: it is neither.
    """
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        hint = "write it as 2024-10-01 or 2024-10-01T06:00:00Z"
        raise SettingError(f'must be a date or a timestamp, not "{text}"', hint) from None


def to_instant(bound: datetime, timezone: str, type_: str | None) -> datetime:
    """A bound in UTC. Naive bounds are local to ``timezone``, as naive values of a ``timestamp``
    column are; ``date`` and ``timestamp_ntz`` columns hold wall-clock values, which are compared as
    they stand.

    :raises SettingError: an offset where the column has none.
    """
    if type_ in ("date", "timestamp_ntz"):
        if bound.tzinfo is not None:
            sentence = f"has an offset, and the column, of type {type_}, has none"
            raise SettingError(sentence, "write it without Z or +00:00")
        return bound.replace(tzinfo=UTC)
    local = bound if bound.tzinfo else bound.replace(tzinfo=ZoneInfo(timezone))
    return local.astimezone(UTC)


def _first_of(year: int, month: int) -> datetime:
    return datetime.fromisoformat(f"{year:04}-{month:02}-01")
