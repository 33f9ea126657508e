"""The wall clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """``ports.Clock`` of the machine; instants have time zone UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)
