"""Exactly-once file drops into Redshift and Postgres, on any Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from penstock.api import FeedHandle, Preview, feed

__all__ = ["FeedHandle", "Preview", "feed"]


def __getattr__(name: str) -> Any:
    """Load the API when it is asked for: ``penstock.transform`` alone needs none of it."""
    if name in __all__:
        from penstock import api

        return getattr(api, name)
    raise AttributeError(f"module 'penstock' has no attribute {name!r}")
