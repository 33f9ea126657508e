"""Fixtures of every test that needs Spark; see :mod:`tests.support.spark`."""

from __future__ import annotations

from tests.support.spark import ansi, spark

__all__ = ["ansi", "spark"]
