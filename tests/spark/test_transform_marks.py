from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Literal

import pytest
from pyspark.sql import DataFrame, SparkSession

from penstock.transform import NAMESPACE
from penstock.transform.marks import (
    CLASHES,
    SUPERSEDED,
    mark_duplicates,
    mark_identity,
    mark_invalid_email,
    mark_window,
)
from tests.support.frames import assert_frame

Rows = list[tuple[object, ...]]
SCHEMA = "id string, ts int, content_hash string, _file int, _status string, _reasons array<string>"
OUT = SCHEMA + ", original_id string, rekeyed_id string"


def frame(spark: SparkSession, rows: Rows) -> DataFrame:
    return spark.createDataFrame(rows, SCHEMA)


def plan(df: DataFrame) -> str:
    return df._jdf.queryExecution().executedPlan().toString()


def new_id(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "|".join(parts)))


def ok(*values: object) -> tuple[object, ...]:
    return (*values, "accepted", None)


@pytest.mark.usefixtures("ansi")
def test_rekey_marks_copies_and_renames_clashes(spark: SparkSession) -> None:
    broken = ("a", 0, "h0", 0, "quarantined", ["ts: broken"])
    df = frame(
        spark,
        [
            ok("a", 2, "h1", 1),
            ok("a", 2, "h1", 0),
            ok("a", 1, "h2", 1),
            ok("b", None, "h3", 1),
            broken,
        ],
    )
    assert_frame(
        df.transform(mark_identity("id", "rekey", order_by="ts")),
        OUT,
        [
            ("a", 2, "h1", 1, "duplicate", None, None, None),
            (new_id("a", "h1"), 2, "h1", 0, "accepted", None, "a", new_id("a", "h1")),
            ("a", 1, "h2", 1, "accepted", None, None, new_id("a", "h2")),
            ("b", None, "h3", 1, "accepted", None, None, new_id("b", "h3")),
            (*broken, None, None),
        ],
    )


@pytest.mark.parametrize("policy", ["quarantine", "fail"])
@pytest.mark.usefixtures("ansi")
def test_losers_are_quarantined_with_a_reason_to_know_them_by(
    spark: SparkSession, policy: Literal["quarantine", "fail"]
) -> None:
    df = frame(spark, [ok("a", 2, "h1", 0), ok("a", 2, "h1", 1), ok("a", 1, "h2", 2)])
    reason = "id: 'a' clashes with another record of this id"
    assert reason.endswith(CLASHES)
    assert_frame(
        df.transform(mark_identity(("id",), policy, order_by=("ts",))),
        OUT,
        [
            ("a", 2, "h1", 0, "quarantined", [reason], None, None),
            ("a", 2, "h1", 1, "duplicate", None, None, None),
            ("a", 1, "h2", 2, "accepted", None, None, None),
        ],
    )


@pytest.mark.usefixtures("ansi")
def test_upsert_keeps_the_newest_and_null_is_the_oldest(spark: SparkSession) -> None:
    df = frame(
        spark,
        [
            ok("a", 2, "h1", 0),
            ok("a", 3, "h0", 0),
            ok("a", 3, "h2", 1),
            ok("a", 3, "h2", 0),
            ok("a", None, "h9", 0),
            ok("b", None, "h1", 0),
            ok("b", None, "h2", 0),
        ],
    )
    assert_frame(
        df.transform(mark_identity("id", "upsert", version_column="ts")),
        OUT,
        [
            ("a", 2, "h1", 0, "duplicate", [SUPERSEDED], None, None),
            ("a", 3, "h0", 0, "duplicate", [SUPERSEDED], None, None),
            ("a", 3, "h2", 1, "duplicate", None, None, None),
            ("a", 3, "h2", 0, "accepted", None, None, None),
            ("a", None, "h9", 0, "duplicate", [SUPERSEDED], None, None),
            ("b", None, "h1", 0, "duplicate", [SUPERSEDED], None, None),
            ("b", None, "h2", 0, "accepted", None, None, None),
        ],
    )


def test_upsert_without_a_version_keeps_the_highest_hash(spark: SparkSession) -> None:
    df = frame(spark, [ok("a", 9, "h1", 0), ok("a", 1, "h2", 0)])
    assert_frame(
        df.transform(mark_identity("id", "upsert")).select("ts", "_status"),
        "ts int, _status string",
        [(9, "duplicate"), (1, "accepted")],
    )


@pytest.mark.usefixtures("ansi")
def test_rows_without_a_key_are_quarantined(spark: SparkSession) -> None:
    df = frame(
        spark,
        [
            ok(None, 1, "h1", 0),
            ok(" \t", 1, "h1", 0),
            (None, 1, "h2", 0, "out_of_window", None),
            ok("a ", 1, "h3", 0),
        ],
    )
    reason = ["id: is empty, and part of the key"]
    assert_frame(
        df.transform(mark_identity("id", "quarantine")),
        OUT,
        [
            (None, 1, "h1", 0, "quarantined", reason, None, None),
            (" \t", 1, "h1", 0, "quarantined", reason, None, None),
            (None, 1, "h2", 0, "out_of_window", None, None, None),
            ("a", 1, "h3", 0, "accepted", None, None, None),
        ],
    )


def test_a_scoped_id_clashes_within_its_scope_only(spark: SparkSession) -> None:
    df = frame(spark, [ok("a", 1, "h1", 0), ok("a", 2, "h2", 0), ok("a", 2, "h3", 0)])
    got = df.transform(mark_identity(("ts", "id"), "rekey"))
    assert_frame(
        got.select("ts", "id", "rekeyed_id"),
        "ts int, id string, rekeyed_id string",
        [
            (1, "a", new_id("1", "a", "h1")),
            (2, "a", new_id("2", "a", "h2")),
            (2, new_id("2", "a", "h3"), new_id("2", "a", "h3")),
        ],
    )


def test_uuids_are_one_in_any_case(spark: SparkSession) -> None:
    upper = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"
    df = frame(spark, [ok(upper, 1, "h1", 0), ok(upper.lower() + " ", 1, "h1", 1)])
    assert_frame(
        df.transform(mark_identity("id", "quarantine")).select("id", "_file", "_status"),
        "id string, _file int, _status string",
        [(upper.lower(), 0, "accepted"), (upper.lower(), 1, "duplicate")],
    )


@pytest.mark.usefixtures("ansi")
def test_equal_content_without_a_key_leaves_one(spark: SparkSession) -> None:
    df = frame(
        spark,
        [
            ok("a", 1, "h1", 1),
            ok("b", 1, "h1", 0),
            ("c", 1, "h1", 0, "quarantined", ["x"]),
            ok("d", 1, "h2", 0),
        ],
    )
    assert_frame(
        df.transform(mark_duplicates()),
        OUT,
        [
            ("a", 1, "h1", 1, "duplicate", None, None, None),
            ("b", 1, "h1", 0, "accepted", None, None, None),
            ("c", 1, "h1", 0, "quarantined", ["x"], None, None),
            ("d", 1, "h2", 0, "accepted", None, None, None),
        ],
    )


@pytest.mark.parametrize("policy", ["rekey", "quarantine", "upsert"])
def test_identity_takes_one_shuffle_and_one_sort(
    spark: SparkSession, policy: Literal["rekey", "quarantine", "upsert"]
) -> None:
    df = spark.range(10).selectExpr(
        "cast(id as string) as id", "1 as ts", "'h' as content_hash", "1 as _file",
        "'accepted' as _status", "cast(null as array<string>) as _reasons",
    )  # fmt: skip
    got = plan(df.transform(mark_identity("id", policy, order_by="ts", version_column="ts")))
    assert (len(re.findall(r"\bExchange ", got)), len(re.findall(r"\bSort ", got))) == (1, 1), got


def test_duplicates_take_one_shuffle_and_one_sort(spark: SparkSession) -> None:
    df = spark.range(10).selectExpr(
        "'h' as content_hash", "'accepted' as _status", "cast(null as array<string>) as _reasons"
    )
    got = plan(df.transform(mark_duplicates()))
    assert (len(re.findall(r"\bExchange ", got)), len(re.findall(r"\bSort ", got))) == (1, 1), got


def at(day: int) -> datetime:
    return datetime(2024, 10, day)  # noqa: DTZ001  # pyspark hands out naive local times


@pytest.mark.usefixtures("ansi")
def test_rows_outside_the_window_are_kept_for_replay(spark: SparkSession) -> None:
    schema = "at timestamp, v string, content_hash string, _status string, _reasons array<string>"
    rows: Rows = [
        (at(1), "a", "h1", "accepted", None),
        (at(2), "b", "h2", "accepted", None),
        (None, "c", "h3", "accepted", None),
        (at(2), "d", "h4", "quarantined", ["x"]),
    ]
    df = spark.createDataFrame(rows, schema)
    reason = ["at: is empty, so outside the window"]
    assert_frame(
        df.transform(mark_window("at", datetime(2024, 10, 1, tzinfo=UTC), "2024-10-02")),
        schema,
        [
            rows[0],
            (at(2), "b", "h2", "out_of_window", None),
            (None, "c", "h3", "out_of_window", reason),
            rows[3],
        ],
    )
    assert_frame(
        df.transform(mark_window("at", "2024-10-01", "2024-10-02", outside="drop")),
        schema,
        [
            rows[0],
            (None, None, "h2", "out_of_window", None),
            (None, None, "h3", "out_of_window", reason),
            rows[3],
        ],
    )


@pytest.mark.usefixtures("ansi")
def test_an_invalid_address_is_quarantined_and_none_is_not(spark: SparkSession) -> None:
    schema = "email string, email_domain string, _status string, _reasons array<string>"
    rows: Rows = [
        ("a@b.de", "b.de", "accepted", None),
        ("nope", None, "accepted", None),
        (" ", None, "accepted", None),
        (None, None, "accepted", None),
        ("nope", None, "duplicate", None),
    ]
    assert_frame(
        spark.createDataFrame(rows, schema).transform(mark_invalid_email("email")),
        schema,
        [
            rows[0],
            ("nope", None, "quarantined", ["email: 'nope' is not an e-mail address"]),
            *rows[2:],
        ],
    )
