from __future__ import annotations

import uuid

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.spark_errors import SPARK_ERRORS
from penstock.transform import NAMESPACE, content_hash, dedupe, uuid_clash
from tests.support.frames import assert_frame

Rows = list[tuple[object, ...]]
SCHEMA = "id string, ts int, v string"
UPPER = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"


def frame(spark: SparkSession, rows: Rows, schema: str = SCHEMA) -> DataFrame:
    return spark.createDataFrame(rows, schema)


def hashes(df: DataFrame) -> dict[tuple[object, ...], str]:
    """Content hash by row."""
    return {tuple(r)[:-1]: r.content_hash for r in df.transform(content_hash()).collect()}


def new_id(*key_and_hash: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "|".join(key_and_hash)))


@pytest.mark.usefixtures("ansi")
def test_dedupe_keeps_one_of_equal_rows(spark: SparkSession) -> None:
    df = frame(
        spark,
        [("a", 1, None), ("a", 1, None), ("a", None, "x"), ("a", 1, "x"), (None, None, None)] * 2,
    )
    assert_frame(
        df.transform(dedupe()),
        "id string, ts int, v string",
        [("a", 1, None), ("a", None, "x"), ("a", 1, "x"), (None, None, None)],
    )


@pytest.mark.usefixtures("ansi")
def test_dedupe_compares_every_type(spark: SparkSession) -> None:
    df = spark.sql(
        "select m, s, X'00' as b, cast('NaN' as double) as f from values "
        "(map('a', 1, 'b', 2), named_struct('x', 1, 'y', cast(null as int))), "
        "(map('b', 2, 'a', 1), named_struct('x', 1, 'y', null)), "
        "(map('b', 2, 'a', 1), named_struct('x', null, 'y', 1)) as t(m, s)"
    )
    once = df.transform(dedupe())
    assert once.dtypes == df.dtypes
    assert sorted(str(r.s) for r in once.collect()) == ["Row(x=1, y=None)", "Row(x=None, y=1)"]


def test_dedupe_with_ignored_columns_keeps_the_smallest(spark: SparkSession) -> None:
    df = frame(spark, [("a", 3, "x"), ("a", 1, "x"), ("a", None, "x"), ("b", 2, "x")])
    assert_frame(
        df.transform(dedupe(ignore=["TS"])),
        "id string, ts int, v string",
        [("a", 1, "x"), ("b", 2, "x")],
    )


@pytest.mark.usefixtures("ansi")
def test_dedupe_by_key_leaves_rows_without_a_key_alone(spark: SparkSession) -> None:
    df = frame(
        spark,
        [(UPPER, 1, "x"), (UPPER.lower() + " ", 1, "x"), (" ", 1, "x"), (" ", 1, "x")]
        + [(None, 1, "x")] * 2,
    )
    assert_frame(
        df.transform(dedupe(key="id")),
        "id string, ts int, v string",
        [(UPPER, 1, "x"), (" ", 1, "x"), (" ", 1, "x"), (None, 1, "x"), (None, 1, "x")],
    )


def test_dedupe_by_a_given_hash_keeps_rows_without_one(spark: SparkSession) -> None:
    df = frame(spark, [("a", 1, "h"), ("b", 2, "h"), ("c", 3, None), ("c", 3, None)])
    assert_frame(
        df.transform(dedupe(content_hash="v")),
        "id string, ts int, v string",
        [("a", 1, "h"), ("c", 3, None), ("c", 3, None)],
    )
    with pytest.raises(ValueError, match="ignore has no meaning beside content_hash"):
        dedupe(ignore="id", content_hash="v")


def test_dedupe_leaves_no_column_out_that_it_was_not_told_to(spark: SparkSession) -> None:
    df = spark.createDataFrame([("a", "1"), ("a", "2")], "v string, _id string")
    assert_frame(df.transform(dedupe()), "v string, _id string", [("a", "1"), ("a", "2")])


def test_names_with_dots_and_back_ticks_are_columns_like_others(spark: SparkSession) -> None:
    df = spark.createDataFrame([("a", "x"), ("a", "x"), ("a", "y")], ["the.id", "v`w"])
    rows = df.transform(dedupe()).transform(uuid_clash("the.id", order_by="v`w")).collect()
    assert sorted(r["v`w"] for r in rows) == ["x", "y"]
    assert len({r["the.id"] for r in rows}) == 2


@pytest.mark.usefixtures("ansi")
def test_the_first_keeps_its_id_and_the_others_are_rekeyed(spark: SparkSession) -> None:
    df = frame(
        spark,
        [("a", 2, "x"), ("a", 2, "x"), ("a", 1, "y"), ("a", None, "z"), ("b", 1, "x")],
    )
    h = hashes(df)
    x, y, z, b = (h[r] for r in [("a", 2, "x"), ("a", 1, "y"), ("a", None, "z"), ("b", 1, "x")])
    assert_frame(
        df.transform(uuid_clash(order_by=["ts"])),
        "id string, ts int, v string, content_hash string, original_id string",
        [
            (new_id("a", x), 2, "x", x, "a"),
            ("a", 1, "y", y, None),
            (new_id("a", z), None, "z", z, "a"),
            ("b", 1, "x", b, None),
        ],
    )


def test_without_an_order_the_smallest_hash_keeps_the_id(spark: SparkSession) -> None:
    df = frame(spark, [("a", 1, v) for v in "pqrst"])
    h = hashes(df)
    first = min(h.values())
    assert_frame(
        df.transform(uuid_clash()).select("id", "original_id"),
        "id string, original_id string",
        [("a", None), *((new_id("a", x), "a") for x in h.values() if x != first)],
    )


@pytest.mark.usefixtures("ansi")
def test_the_columns_before_the_id_scope_it(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("n1", "a", 1), ("n2", "a", 2), ("n2", "a", 3)], "net string, id string, ts int"
    )
    h = hashes(df)
    assert_frame(
        df.transform(uuid_clash(key=("net", "id"), order_by="ts")).drop("content_hash"),
        "net string, id string, ts int, original_id string",
        [
            ("n1", "a", 1, None),
            ("n2", "a", 2, None),
            ("n2", new_id("n2", "a", h[("n2", "a", 3)]), 3, "a"),
        ],
    )


def test_ids_come_back_in_normal_form_and_clash_in_it(spark: SparkSession) -> None:
    df = frame(
        spark, [(UPPER, 1, "x"), (UPPER.lower() + " ", 2, "y"), ("A", 1, "x"), ("a", 1, "x")]
    )
    rows = {
        (r.ts, r.v, r.original_id): r.id for r in df.transform(uuid_clash(order_by="ts")).collect()
    }
    lower = UPPER.lower()
    h = hashes(df)[(lower.lower() + " ", 2, "y")]
    assert rows[(1, "x", None)] in {lower, "A", "a"}
    assert rows[(2, "y", lower)] == new_id(lower, h)


@pytest.mark.usefixtures("ansi")
def test_rows_without_a_key_are_left_alone(spark: SparkSession) -> None:
    rows: Rows = [(None, 1, "x"), (None, 1, "x"), (None, 2, "y"), ("  ", 1, "x"), ("  ", 2, "x")]
    got = frame(spark, rows).transform(uuid_clash()).drop("content_hash")
    assert_frame(
        got,
        "id string, ts int, v string, original_id string",
        [((r[0] and ""), *r[1:], None) for r in rows],
    )


@pytest.mark.usefixtures("ansi")
def test_quarantine_keeps_the_losers_with_a_reason(spark: SparkSession) -> None:
    df = spark.createDataFrame([(7, 1), (7, 2), (7, 2), (8, 1)], "id int, ts int")
    h = hashes(df)
    marked = df.transform(uuid_clash(order_by="ts", on_clash="quarantine"))
    schema = "id int, ts int, _status string, _reasons array<string>, content_hash string"
    expected: Rows = [
        (7, 1, "accepted", None, h[(7, 1)]),
        (7, 2, "quarantined", ["id: '7' clashes with another record of this id"], h[(7, 2)]),
        (8, 1, "accepted", None, h[(8, 1)]),
    ]
    assert_frame(marked, schema, expected)
    again = marked.transform(uuid_clash(order_by="ts", on_clash="quarantine"))
    assert_frame(again, schema, expected)


@pytest.mark.usefixtures("ansi")
def test_fail_names_the_id_even_if_only_rows_are_counted(spark: SparkSession) -> None:
    df = frame(spark, [("a", 1, "x"), ("a", 1, "x"), ("b", 1, "x")])
    unique = df.transform(uuid_clash(on_clash="fail"))
    assert unique.dtypes == [*df.dtypes, ("content_hash", "string")]
    assert unique.count() == 2
    clashing = df.union(frame(spark, [("b", 2, "y")])).transform(uuid_clash(on_clash="fail"))
    with pytest.raises(SPARK_ERRORS, match="id: 'b' clashes with another record of this id"):
        clashing.count()


@pytest.mark.usefixtures("ansi")
def test_history_recognises_what_it_knows_and_keeps_its_ids(spark: SparkSession) -> None:
    first = frame(spark, [("a", 1, "x"), ("a", 2, "y"), ("b", 1, "x")])
    known = first.transform(uuid_clash(order_by="ts")).localCheckpoint()
    later = frame(spark, [("a", 2, "y"), ("a", 0, "w"), ("b", 1, "x"), ("c", 1, "x")])
    h = hashes(later)
    assert_frame(
        later.transform(uuid_clash(order_by="ts", history=known)).drop("content_hash"),
        "id string, ts int, v string, original_id string",
        [(new_id("a", h[("a", 0, "w")]), 0, "w", "a"), ("c", 1, "x", None)],
    )
    assert_frame(
        later.transform(uuid_clash(history=known, on_clash="quarantine")).select("v", "_status"),
        "v string, _status string",
        [("w", "quarantined"), ("x", "accepted")],
    )


def test_a_record_that_comes_with_a_generated_id_is_a_clash_with_its_holder(
    spark: SparkSession,
) -> None:
    known = frame(spark, [("a", 1, "x"), ("a", 2, "y")]).transform(uuid_clash(order_by="ts"))
    known = known.localCheckpoint()
    taken = known.where("original_id is not null").collect()[0].id
    got = frame(spark, [(taken, 9, "new")]).transform(uuid_clash(history=known)).collect()[0]
    assert (got.original_id, got.id != taken) == (taken, True)


def test_a_generated_id_that_another_record_bears_fails_the_query(spark: SparkSession) -> None:
    df = frame(spark, [("a", 1, "x"), ("a", 2, "y")])
    generated = new_id("a", hashes(df)[("a", 2, "y")])
    with pytest.raises(SPARK_ERRORS, match=f"id: '{generated}' was generated for a clash"):
        df.union(frame(spark, [(generated, 3, "z")])).transform(uuid_clash(order_by="ts")).collect()


def test_a_hash_the_records_bring_along_is_used(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("a", "1", "h1"), ("a", "2", "h1"), ("a", "3", "h2")],
        "id string, v string, content_hash string",
    )
    assert_frame(
        df.transform(uuid_clash()),
        "id string, v string, content_hash string, original_id string",
        [("a", "1", "h1", None), (new_id("a", "h2"), "3", "h2", "a")],
    )


def test_ignored_columns_make_no_clash(spark: SparkSession) -> None:
    df = frame(spark, [("a", 1, "x"), ("a", 2, "x")])
    assert_frame(
        df.transform(uuid_clash(ignore="ts")).select("id", "ts"), "id string, ts int", [("a", 1)]
    )


def test_another_namespace_gives_other_ids(spark: SparkSession) -> None:
    df = frame(spark, [("a", 1, "x"), ("a", 2, "y")])
    h = hashes(df)[("a", 2, "y")]
    rows = df.transform(uuid_clash(order_by="ts", namespace=uuid.NAMESPACE_URL))
    assert_frame(
        rows.where("original_id is not null").select("id"),
        "id string",
        [(str(uuid.uuid5(uuid.NAMESPACE_URL, f"a|{h}")),)],
    )


def test_ids_that_are_no_text_cannot_be_rekeyed(spark: SparkSession) -> None:
    with pytest.raises(
        ValueError, match=r"^on_clash 'rekey' needs a string id, and 'id' is bigint"
    ):
        spark.range(1).transform(uuid_clash())


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="on_clash is rekey, quarantine or fail, not 'drop'"):
        uuid_clash(on_clash="drop")  # type: ignore[arg-type]  # that is the point


def test_nothing_is_computed_before_it_is_asked_for(spark: SparkSession) -> None:
    df = spark.range(1).select(F.raise_error(F.lit("touched")).cast("string").alias("id"))
    known = df.transform(content_hash())
    lazy = df.transform(dedupe()).transform(uuid_clash(history=known))
    with pytest.raises(SPARK_ERRORS, match="touched"):
        lazy.collect()
