"""Stages as Spark commits them, read back without Spark."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from penstock.adapters.delta_stage import DeltaStageStore
from penstock.model import Batch, Counts, FileVersion, PlannedFile, Status
from penstock.stage.write import write_stage
from tests.support.feeds import column, feed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
COLUMNS = ("id", "amount", "at", "wall", "day", "flag", "tags")
FEED = feed((column("id"),), name="events")
BATCH = Batch(
    "events",
    "load",
    1,
    tuple(PlannedFile(FileVersion(f"s3://d/{n}", "v1", 7, NOON)) for n in "abc"),
)


def staged_frame(spark: SparkSession, records: int) -> DataFrame:
    """Records 0, 1, 2, ... of files 0, 1, 0, ...; every fifth one is quarantined."""
    return spark.range(records).selectExpr(
        "CAST(id AS STRING) AS id",
        "CAST(id AS DECIMAL(12,2)) AS amount",
        "TIMESTAMP'2026-11-20 12:00:00.123456' AS at",
        "TIMESTAMP_NTZ'2026-11-20 12:00:00' AS wall",
        "DATE'0001-01-01' AS day",
        "id % 2 = 0 AS flag",
        "array('a', CAST(id AS STRING)) AS tags",
        "CAST(NULL AS STRING) AS original_id",
        "'v1:0' AS content_hash",
        "CAST(NULL AS STRING) AS rekeyed_id",
        "CAST(id % 2 AS INT) AS _file",
        "IF(id % 5 = 0, array('id: no'), CAST(NULL AS ARRAY<STRING>)) AS _reasons",
        "IF(id % 5 = 0, '{}', NULL) AS _raw",
        "IF(id % 5 = 0, 'quarantined', 'accepted') AS _status",
    )


@pytest.fixture
def store(tmp_path: Path) -> DeltaStageStore:
    return DeltaStageStore(str(tmp_path / "a home"))


def test_what_spark_staged_is_read_back_without_it(
    spark: SparkSession, store: DeltaStageStore
) -> None:
    uri = store.uri("events", BATCH.id, "t1")
    assert store.committed(FEED, BATCH, "t1") is None
    frame = staged_frame(spark, 10)
    write_stage(frame, uri, columns=COLUMNS, config_hash="c1", failed={2: "not gzip"})
    staged = store.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert staged.columns == (
        ("id", "string"),
        ("amount", "decimal(12,2)"),
        ("at", "timestamp"),
        ("wall", "timestamp_ntz"),
        ("day", "date"),
        ("flag", "boolean"),
        ("tags", "string"),
        ("original_id", "string"),
        ("content_hash", "string"),
        ("rekeyed_id", "string"),
        ("_file", "int"),
        ("_reasons", "array<string>"),
        ("_raw", "string"),
    )
    assert (staged.config_hash, staged.failed) == ("c1", {2: "not gzip"})
    assert staged.rows_by_file == {0: 5, 1: 5, 2: 0}
    assert staged.counts == Counts(read=10, loaded=8, quarantined=2)
    assert store.attempts("events", BATCH.id) == ["t1"]
    held = sorted(r["_file"] for r in store.records(staged, (Status.QUARANTINED,)))
    assert held == [0, 1]


def test_staged_values_reach_arrow_as_spark_had_them(
    spark: SparkSession, store: DeltaStageStore
) -> None:
    frame = staged_frame(spark, 2)
    uri = store.uri("events", BATCH.id, "t1")
    write_stage(frame, uri, columns=COLUMNS, config_hash="c1", failed={})
    staged = store.committed(FEED, BATCH, "t1")
    assert staged is not None
    (file,) = (f for f in staged.files if f.status is Status.ACCEPTED)
    table = store.reader(file, ("tags", *COLUMNS[:-1])).read_all()
    assert table.schema == pa.schema(
        {
            "tags": pa.string(),
            "id": pa.string(),
            "amount": pa.decimal128(12, 2),
            "at": pa.timestamp("us", "UTC"),
            "wall": pa.timestamp("us"),
            "day": pa.date32(),
            "flag": pa.bool_(),
        }
    )
    assert table.to_pylist() == [
        {
            "tags": '["a","1"]',
            "id": "1",
            "amount": Decimal("1.00"),
            "at": datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC),
            "wall": datetime(2026, 11, 20, 12),  # noqa: DTZ001  # a wall time has no zone
            "day": date(1, 1, 1),
            "flag": False,
        }
    ]


def test_a_stage_of_no_records_is_a_stage(spark: SparkSession, store: DeltaStageStore) -> None:
    uri = store.uri("events", BATCH.id, "t1")
    write_stage(staged_frame(spark, 0), uri, columns=COLUMNS, config_hash="c1", failed={0: "gone"})
    staged = store.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert staged.counts == Counts()
    assert staged.rows_by_file == {0: 0, 1: 0, 2: 0}
    assert staged.failed == {0: "gone"}
    assert [name for name, _ in staged.columns][: len(COLUMNS)] == list(COLUMNS)
