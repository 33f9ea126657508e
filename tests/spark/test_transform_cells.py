from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from penstock.transform import fill, null_values, trim, window
from tests.support.frames import assert_frame


@pytest.mark.usefixtures("ansi")
def test_fill_replaces_null_and_keeps_every_type(spark: SparkSession) -> None:
    schema = (
        "s string, i int, b tinyint, f double, d decimal(5,2), t boolean, "
        "day date, at timestamp, wall timestamp_ntz"
    )
    df = spark.createDataFrame([(None,) * 9], schema).transform(
        fill(
            {
                "s": "x",
                "i": -7,
                "b": 127,
                "f": 1.5,
                "d": Decimal("1.50"),
                "t": False,
                "day": "2024-10-01",
                "at": "2024-10-01T02:00:00+02:00",
                "wall": "2024-10-01T10:00:00",
            }
        )
    )
    assert_frame(
        df,
        schema,
        [
            (
                "x",
                -7,
                127,
                1.5,
                Decimal("1.50"),
                False,
                date(2024, 10, 1),
                datetime(2024, 10, 1),  # noqa: DTZ001  # pyspark hands out naive local times
                datetime(2024, 10, 1, 10),  # noqa: DTZ001  # as above
            )
        ],
    )


def test_fill_leaves_what_is_there(spark: SparkSession) -> None:
    df = spark.createDataFrame([("",), ("a",), (None,)], "s string").transform(fill({"S": "x"}))
    assert_frame(df, "s string", [("",), ("a",), ("x",)])


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", 1),
        ("int", "1"),
        ("int", True),
        ("int", 2**31),
        ("tinyint", 128),
        ("decimal(5,2)", "1.234"),
        ("decimal(5,2)", 1000),
        ("decimal(5,2)", float("nan")),
        ("boolean", "true"),
        ("date", "1.10.2024"),
        ("timestamp", "noon"),
        ("timestamp_ntz", "2024-10-01T10:00:00+02:00"),
        ("array<string>", "x"),
    ],
)
def test_fill_refuses_a_value_its_column_cannot_hold(
    spark: SparkSession, type_: str, value: object
) -> None:
    df = spark.createDataFrame([(None,)], f"c {type_}")
    with pytest.raises(ValueError, match=r"^fill: .* the type of 'c'$"):
        df.transform(fill({"c": value}))  # type: ignore[dict-item]  # that is the point


@pytest.mark.usefixtures("ansi")
def test_trim_takes_all_white_space_off_both_ends(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [(" \t\u00a0a b\r\n", " x ", 1), ("  ", None, 2)], "a string, b string, n int"
    )
    assert_frame(
        df.transform(trim()),
        "a string, b string, n int",
        [("a b", "x", 1), ("", None, 2)],
    )
    assert_frame(
        df.transform(trim("b")),
        "a string, b string, n int",
        [(" \t\u00a0a b\r\n", "x", 1), ("  ", None, 2)],
    )


def test_trim_refuses_what_is_no_text(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match=r"^trim: column 'n' is no text$"):
        spark.range(1).toDF("n").transform(trim(["n"]))


@pytest.mark.usefixtures("ansi")
def test_null_values_compares_exactly_and_as_text(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("n/a", -1, "n/a"), ("N/A", 1, "-"), (None, None, None)], "a string, n int, b string"
    )
    assert_frame(
        df.transform(null_values(["n/a", "-1"], ["a", "n"])),
        "a string, n int, b string",
        [(None, None, "n/a"), ("N/A", 1, "-"), (None, None, None)],
    )
    assert_frame(
        df.transform(null_values("n/a")),
        "a string, n int, b string",
        [(None, -1, None), ("N/A", 1, "-"), (None, None, None)],
    )


@pytest.mark.parametrize(
    "step", [fill({"x": "1"}), trim(["x"]), null_values(["-"], ["x"]), window("x", month="2024-10")]
)
def test_an_unknown_column_is_named_beside_those_there_are(
    spark: SparkSession, step: object
) -> None:
    df = spark.createDataFrame([("1", "2")], "a string, b string")
    with pytest.raises(ValueError, match=r"no column 'x'; the columns are a, b$"):
        df.transform(step)  # type: ignore[arg-type]  # any of the transforms above


@pytest.mark.parametrize("type_", ["timestamp", "timestamp_ntz"])
@pytest.mark.usefixtures("ansi")
def test_window_is_half_open_and_drops_empty(spark: SparkSession, type_: str) -> None:
    texts = [
        "2024-09-30 23:59:59.999999",
        "2024-10-01 00:00:00",
        "2024-10-31 23:59:59.999999",
        "2024-11-01 00:00:00",
        None,
    ]
    df = spark.createDataFrame([(t,) for t in texts], "t string").selectExpr(
        f"cast(t as {type_}) as at", "t"
    )
    expected = [(t,) for t in texts[1:3]]
    for step in (
        window("at", month="2024-10"),
        window("at", "2024-10-01", "2024-11-01"),
        window("at", date(2024, 10, 1), datetime(2024, 11, 1, tzinfo=UTC)),
    ):
        kept = df.transform(step)
        assert kept.dtypes == [("at", type_), ("t", "string")]
        assert_frame(kept.select("t"), "t string", expected)


@pytest.mark.usefixtures("ansi")
def test_window_takes_days_at_their_midnight(spark: SparkSession) -> None:
    days = [(date(2023, 11, 30),), (date(2023, 12, 1),), (date(2023, 12, 31),), (date(2024, 1, 1),)]
    df = spark.createDataFrame(days, "day date").transform(window("day", month="2023-12"))
    assert_frame(df, "day date", days[1:3])


def test_window_compares_instants_whatever_the_session_time_zone(spark: SparkSession) -> None:
    df = spark.sql("select timestamp'2024-10-01 00:30:00Z' as at, date'2024-10-01' as day")
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        kept = df.transform(window("at", month="2024-10")).transform(
            window("day", "2024-10-01", "2024-10-02")
        )
        assert kept.count() == 1
    finally:
        spark.conf.set("spark.sql.session.timeZone", str(before))


def test_window_refuses_a_column_without_time(spark: SparkSession) -> None:
    df = spark.createDataFrame([("2024-10-01",)], "at string")
    with pytest.raises(TypeError, match=r"^window: 'at' is string; it must be a timestamp"):
        df.transform(window("at", month="2024-10"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"month": "2024-13"}, "is not a month such as 2024-10"),
        ({"month": "10/2024"}, "is not a month such as 2024-10"),
        ({"start": "2024-10-01"}, "give start and end, or month"),
        ({"month": "2024-10", "start": "2024-10-01"}, "give start and end, or month"),
        ({"start": "2024-10-02", "end": "2024-10-02"}, "is not before the end"),
        ({"start": "soon", "end": "2024-10-02"}, "'soon' is not an ISO 8601 date or time"),
    ],
)
def test_window_refuses_bounds_that_are_none(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        window("at", **arguments)  # type: ignore[arg-type]  # the arguments vary
