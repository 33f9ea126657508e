"""Marks every test that starts a JVM, so that they can be run, or left out, together."""

from __future__ import annotations

import pytest

_STARTS_SPARK = (
    "tests/integration/test_end_to_end.py",
    "tests/integration/test_s3.py",
    "tests/integration/test_notebooks.py",
    "tests/integration/test_spark_session.py",
    "tests/spark/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        uses = "spark" in getattr(item, "fixturenames", ())
        if uses or item.nodeid.startswith(_STARTS_SPARK):
            item.add_marker(pytest.mark.spark)
