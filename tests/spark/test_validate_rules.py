"""Rules, their reasons, and what a validated record looks like."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from penstock.model import UuidClashStep
from penstock.validate import validate
from tests.support.feeds import column, feed
from tests.support.frames import assert_frame
from tests.support.records import records


def reasons(
    spark: SparkSession, type_: str, texts: list[str | None], **rules: Any
) -> list[list[str] | None]:
    """The reasons for each text, in order."""
    declared = feed((column("x", type_, **rules),))
    rows = [{"x": t, "_file": i} for i, t in enumerate(texts)]
    frame = validate(records(spark, declared, rows), declared)
    return [row["_reasons"] for row in frame.orderBy("_file").collect()]


@pytest.mark.usefixtures("ansi")
def test_a_validated_record_has_the_columns_of_the_contract(spark: SparkSession) -> None:
    declared = feed(
        (column("id", "uuid"), column("amount", "decimal(12,2)", minimum="0"), column("Note")),
        captures=(column("day", "date", format="yyyy_MM_dd"),),
        key=("id",),
    )
    low = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    rows = [
        {"id": low.upper(), "amount": "1.5", "Note": " n ", "day": "2024_10_01", "_file": 3},
        {"id": " ", "amount": "abc", "day": "2024_10_32", "_rescued_data": "{}"},
        {"id": low, "amount": "-1", "day": "2024_10_01"},
        {"id": "1", "_malformed": "the row has 1 field, the header 3", "_raw": "1"},
    ]
    assert_frame(
        validate(records(spark, declared, rows), declared),
        "id string, amount decimal(12,2), Note string, day date, _file int, content_hash string, "
        "_rescued_data string, _reasons array<string>, _raw string, _status string",
        [
            (low, Decimal("1.50"), "n", date(2024, 10, 1), 3, "h0", None, None, None, "accepted"),
            (
                None,
                None,
                None,
                None,
                0,
                "h1",
                "{}",
                [
                    "id: is required",
                    "amount: 'abc' is not DECIMAL(12,2)",
                    "day: '2024_10_32' is not DATE (yyyy_MM_dd)",
                ],
                "raw1",
                "quarantined",
            ),
            (
                low,
                Decimal("-1.00"),
                None,
                date(2024, 10, 1),
                0,
                "h2",
                None,
                ["amount: -1 is less than 0"],
                "raw2",
                "quarantined",
            ),
            (
                None,
                None,
                None,
                None,
                0,
                "h3",
                None,
                ["the row has 1 field, the header 3"],
                "1",
                "quarantined",
            ),
        ],
    )


def test_the_raw_record_is_carried_on_request(spark: SparkSession) -> None:
    declared = feed((column("a", "int"),))
    frame = records(spark, declared, [{"a": "1"}, {"a": "x"}])
    carried = validate(frame, declared, carry_raw=True).select("_raw", "_status").collect()
    assert sorted(map(tuple, carried)) == [("raw0", "accepted"), ("raw1", "quarantined")]


def test_a_captured_column_that_is_declared_too_stands_in_its_place(spark: SparkSession) -> None:
    day = column("day", "date")
    declared = feed((column("a"), day, column("b")), captures=(day,))
    frame = validate(records(spark, declared, [{"a": "1", "day": "2024-10-01"}]), declared)
    assert [name for name, _ in frame.dtypes[:4]] == ["a", "day", "b", "_file"]
    assert frame.first()["day"] == date(2024, 10, 1)  # type: ignore[index]


@pytest.mark.parametrize("blank", [None, "  ", "-"])
def test_required_cells_are_there(spark: SparkSession, blank: str | None) -> None:
    rules = {"required": True, "null_values": ("-",)}
    assert reasons(spark, "int", [blank, "1"], **rules) == [["x: is required"], None]


def test_keys_are_required_undeclared(spark: SparkSession) -> None:
    step = UuidClashStep(key=("scope", "id"))
    declared = feed((column("id"), column("scope"), column("n")), transform=(step,), key=("n",))
    [row] = validate(records(spark, declared, [{}]), declared).collect()
    assert row["_reasons"] == ["id: is required", "scope: is required", "n: is required"]


def test_optional_cells_break_no_rule(spark: SparkSession) -> None:
    rules = {"allowed": ("1", "2"), "minimum": "1", "maximum": "2"}
    assert reasons(spark, "int", [None, "1", " "], **rules) == [None, None, None]


def test_allowed_values_are_compared_as_values(spark: SparkSession) -> None:
    found = reasons(spark, "decimal(5,2)", ["1", "1.50", "2"], allowed=("1.0", "1.5"))
    assert found == [None, None, ["x: '2' is not one of 1.0, 1.5"]]
    found = reasons(spark, "string", ["a", " b ", "A"], allowed=("a", "b"))
    assert found == [None, None, ["x: 'A' is not one of a, b"]]


@pytest.mark.parametrize(
    ("type_", "low", "high", "below", "above"),
    [
        ("int", "-2", "10", "-3", "11"),
        ("decimal(5,2)", "0.50", "1.5", "0.49", "1.51"),
        ("double", "0", "1e3", "-0.1", "1000.1"),
        ("date", "2024-10-01", "2024-10-31", "2024-09-30", "2024-11-01"),
        ("timestamp", "2024-10-01", "2024-10-02T00:00:00Z", "2024-09-30T23:59:59Z", "2024-10-03"),
        ("string", "b", "d", "a", "dd"),
    ],
)
def test_bounds_are_inclusive(
    spark: SparkSession, type_: str, low: str, high: str, below: str, above: str
) -> None:
    found = reasons(spark, type_, [low, high, below, above], minimum=low, maximum=high)
    assert found == [
        None,
        None,
        [f"x: {below} is less than {low}"],
        [f"x: {above} is more than {high}"],
    ]


def test_patterns_match_the_whole_text(spark: SparkSession) -> None:
    texts: list[str | None] = ["DE", "FR", "DEU", "xDE", "DE\nx", "de"]
    found = reasons(spark, "string", texts, pattern="[A-Z]{2}|FRA", trim=False)
    said = [f"x: '{t}' does not match [A-Z]{{2}}|FRA" for t in ("DEU", "xDE", "DE x", "de")]
    assert found == [None, None, *([s] for s in said)]
    assert reasons(spark, "string", ["DE\n"], pattern="[A-Z]{2}", trim=False) == [
        ["x: 'DE ' does not match [A-Z]{2}"]
    ]


def test_max_bytes_counts_bytes_not_characters(spark: SparkSession) -> None:
    found = reasons(spark, "string", ["abcd", "éé", "ééé", "abcde"], max_bytes=4)
    assert found == [
        None,
        None,
        ["x: 6 bytes is more than 4"],
        ["x: 5 bytes is more than 4"],
    ]


def test_reasons_show_no_more_than_the_beginning_of_a_value(spark: SparkSession) -> None:
    found = reasons(spark, "int", ["é" * 60, "é" * 61, "a\r\nb\tc"])
    assert found == [
        [f"x: '{'é' * 60}' is not INT"],
        [f"x: '{'é' * 60}…' is not INT"],
        ["x: 'a  b c' is not INT"],
    ]


def test_only_the_first_rule_a_cell_breaks_is_named(spark: SparkSession) -> None:
    rules = {"allowed": ("1",), "minimum": "5", "maximum": "1"}
    assert reasons(spark, "int", ["3"], **rules) == [["x: '3' is not one of 1"]]


def test_the_raw_record_is_not_kept_of_accepted_records(spark: SparkSession) -> None:
    declared = feed((column("a", "int"),))
    frame = records(spark, declared, [{"a": "1"}, {"a": "x"}])
    assert [row["_raw"] for row in validate(frame, declared).collect()] == [None, "raw1"]


def test_the_raw_record_is_not_made_for_accepted_records(spark: SparkSession) -> None:
    declared = feed((column("a", "int"), column("b", "timestamp")))
    frame = records(spark, declared, [{"a": "1"}, {"a": "2"}])
    costly = frame.selectExpr(
        "a",
        "b",
        "_file",
        "content_hash",
        "_rescued_data",
        "_malformed",
        "cast(raise_error('made') as string) as _raw",
    )
    assert [row["_raw"] for row in validate(costly, declared).collect()] == [None, None]
    with pytest.raises(Exception, match="made"):
        validate(costly, declared, carry_raw=True).collect()


def test_reading_and_validating_is_lazy(spark: SparkSession) -> None:
    declared = feed((column("a", "int"),))
    frame = spark.sql(
        "select cast(raise_error('read') as string) a, 0 _file, '' content_hash, "
        "'' _rescued_data, '' _malformed, '' _raw"
    )
    assert validate(frame, declared).columns[0] == "a"
