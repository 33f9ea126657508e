from __future__ import annotations

import hashlib
import uuid

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from penstock.read.hashing import content_hash as feed_hash
from penstock.transform import content_hash
from penstock.transform.hashing import hash_of, normal_key, uuid5
from tests.support.frames import assert_frame


def expected(**fields: str | None) -> str:
    texts = {k.encode(): v.encode() for k, v in fields.items() if v}
    whole = b"".join(b"%d:%d:%b%b" % (len(v), len(k), k, v) for k, v in sorted(texts.items()))
    return "v1:" + hashlib.md5(whole, usedforsecurity=False).hexdigest()


@pytest.mark.usefixtures("ansi")
def test_the_hash_is_md5_over_length_prefixed_fields_in_name_order(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("größe", "1", None), ("a", "", "b"), (None, None, None)], "c string, a string, b string"
    )
    assert_frame(
        df.transform(content_hash()),
        "c string, a string, b string, content_hash string",
        [
            ("größe", "1", None, expected(c="größe", a="1")),
            ("a", "", "b", expected(c="a", b="b")),
            (None, None, None, expected()),
        ],
    )


def test_the_hash_of_text_is_the_one_a_feed_gives_its_records(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("größe", "1"), ("😀", None), (None, None)], "`größe` string, b string"
    )
    fields = {name: F.col(name) for name in df.columns}
    assert_frame(
        df.transform(content_hash()).select(
            (F.col("content_hash") == feed_hash(fields)).alias("same")
        ),
        "same boolean",
        [(True,)] * 3,
    )


def test_neither_the_order_of_columns_nor_an_empty_one_changes_the_hash(
    spark: SparkSession,
) -> None:
    one = spark.createDataFrame([("1", "2")], "a string, b string").transform(content_hash())
    other = spark.createDataFrame([("2", None, "1")], "b string, x string, a string")
    got = {r.content_hash for r in one.unionByName(other.transform(content_hash()), True).collect()}
    assert got == {expected(a="1", b="2")}


def test_fields_cannot_run_into_each_other(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("ab", "c"), ("a", "bc"), ("abc", None), ("a1:1:bbc", None)], "a string, b string"
    )
    assert df.transform(content_hash()).select("content_hash").distinct().count() == 4


def test_ignored_and_lineage_columns_are_left_out(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("1", "x", "b1"), ("1", "y", "b2")], "a string, at string, _batch_id string"
    ).transform(content_hash(ignore="at", output="h"))
    assert_frame(
        df,
        "a string, at string, _batch_id string, h string",
        [("1", "x", "b1", expected(a="1")), ("1", "y", "b2", expected(a="1"))],
    )


TYPED = {
    "12": "12",
    "cast(1.50 as decimal(9,2))": "1.50",
    "true": "true",
    "date'2024-10-01'": "2024-10-01",
    "timestamp'1970-01-01 00:00:01.5Z'": "1500000",
    "timestamp_ntz'2024-10-01 10:00:00'": "2024-10-01 10:00:00",
    "X'00ff'": "00FF",
    "array('a', null)": '["a",null]',
    "named_struct('x', 1, 'y', cast(null as int))": '{"x":"1","y":null}',
    "map('b', 2, 'a', 1)": '[{"key":"a","value":"1"},{"key":"b","value":"2"}]',
    "cast(null as struct<x: int>)": None,
}


@pytest.mark.usefixtures("ansi")
def test_typed_values_are_hashed_as_text(spark: SparkSession) -> None:
    names = [f"v{i:02}" for i in range(len(TYPED))]
    columns = [f"{sql} as {name}" for name, sql in zip(names, TYPED, strict=True)]
    df = spark.sql(f"select {', '.join(columns)}")
    row = df.select(*(hash_of(df, [name]) for name in names)).first()
    assert row == tuple(
        expected(**{name: text}) for name, text in zip(names, TYPED.values(), strict=True)
    )


def test_the_hash_of_an_instant_knows_no_time_zone(spark: SparkSession) -> None:
    """01:30 happens twice on the night summer time ends: as local text they would be equal."""
    df = spark.sql(
        "select timestamp'2024-11-03 05:30:00Z' as at union all "
        "select timestamp'2024-11-03 06:30:00Z'"
    ).transform(content_hash())
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        assert df.select("content_hash").distinct().count() == 2
    finally:
        spark.conf.set("spark.sql.session.timeZone", str(before))


@pytest.mark.usefixtures("ansi")
def test_uuid5_is_pythons(spark: SparkSession) -> None:
    names = ["", "a", "größe|v1:00", "x" * 500, "😀", *(str(n) for n in range(200))]
    df = spark.createDataFrame([(n,) for n in [*names, None]], "name string")
    namespaces = (uuid.NAMESPACE_DNS, uuid.UUID(int=2**128 - 1), uuid.UUID(int=0))
    for namespace in namespaces:
        got = df.select("name", uuid5(namespace, F.col("name")).alias("id"))
        assert_frame(
            got,
            "name string, id string",
            [*((n, str(uuid.uuid5(namespace, n))) for n in names), (None, None)],
        )


def test_keys_compare_without_trailing_blanks_and_uuids_in_lower_case(
    spark: SparkSession,
) -> None:
    upper = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"
    texts = [upper, f"{upper}  ", "ABC ", " ABC", f"{upper}\n", None]
    df = spark.createDataFrame([(t,) for t in texts], "k string")
    got = df.select(normal_key(F.col("k"), df.schema["k"].dataType).alias("k"))
    assert_frame(
        got,
        "k string",
        [(upper.lower(),), (upper.lower(),), ("ABC",), (" ABC",), (f"{upper}\n",), (None,)],
    )
