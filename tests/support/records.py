"""Records as the read stage hands them on, made without files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from penstock.model import Feed
from penstock.read.reader import output_columns


def records(
    spark: SparkSession, feed: Feed, rows: Sequence[Mapping[str, str | int | None]]
) -> DataFrame:
    """One record for each mapping from column to text; what is missing is NULL, ``_file`` is 0
    and ``content_hash`` and ``_raw`` are ``h`` and ``raw`` with the row's number."""
    names = output_columns(feed)
    schema = ", ".join(f"`{n}` {'int' if n == '_file' else 'string'}" for n in names)
    defaults = [
        {"_file": 0, "content_hash": f"h{i}", "_raw": f"raw{i}"} | dict(row)
        for i, row in enumerate(rows)
    ]
    return spark.createDataFrame([tuple(row.get(n) for n in names) for row in defaults], schema)
