"""Comparing DataFrames with what a test expects, schema and all."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import DataFrame


def assert_frame(df: DataFrame, schema: str, rows: Iterable[tuple[object, ...]]) -> None:
    """The frame has exactly these columns and types, in this order, and these rows in any.

    :param schema: ``name type, ...`` with types as Spark prints them.
    """
    assert ", ".join(f"{name} {type_}" for name, type_ in df.dtypes) == schema
    got = [tuple(row) for row in df.collect()]
    assert sorted(got, key=repr) == sorted(rows, key=repr)
