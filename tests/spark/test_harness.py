from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def test_the_session_writes_and_reads_delta(spark: SparkSession, tmp_path: Path) -> None:
    spark.range(3).write.format("delta").save(str(tmp_path / "t"))
    assert spark.read.format("delta").load(str(tmp_path / "t")).count() == 3


def test_the_session_is_in_utc(spark: SparkSession) -> None:
    row = spark.sql("select cast(timestamp'2024-01-01 00:00:00Z' as string) as t").first()
    assert row is not None
    assert row.t == "2024-01-01 00:00:00"


def test_ansi_is_on_and_off(spark: SparkSession, ansi: bool) -> None:
    query = spark.sql("select cast('abc' as int) as n")
    if ansi:
        with pytest.raises(PySparkException):
            query.collect()
    else:
        assert query.first() == (None,)
