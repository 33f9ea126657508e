"""Which text each type accepts, and what becomes of it; the same with ANSI on and off."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from penstock.validate import validate
from tests.support.feeds import column, feed
from tests.support.records import records

pytestmark = pytest.mark.usefixtures("ansi")


def cast(
    spark: SparkSession, type_: str, texts: list[str], timezone: str = "UTC", **rules: Any
) -> dict[str, Any]:
    """By text, its typed value, or the reason for which it is rejected (as a list)."""
    declared = feed((column("text"), column("x", type_, **rules)), timezone=timezone)
    frame = records(
        spark, declared, [{"text": t, "x": t, "_raw": str(i)} for i, t in enumerate(texts)]
    )
    valid = validate(frame, declared, carry_raw=True)
    assert valid.schema["x"].dataType.simpleString() == ("string" if type_ == "uuid" else type_)
    answers = {}
    value = F.unix_micros("x").alias("x") if type_ == "timestamp" else F.col("x")
    for row in valid.select("_raw", value, "_reasons", "_status").collect():
        assert row["_status"] == ("quarantined" if row["_reasons"] else "accepted")
        answers[texts[int(row["_raw"])]] = row["_reasons"] or row["x"]
    return answers


def rejected(texts: list[str], name: str) -> dict[str, list[str]]:
    return {t: [f"x: '{t}' is not {name}"] for t in texts}


def test_integers_are_digits_within_range(spark: SparkSession) -> None:
    good = {
        "0": 0,
        "-0": 0,
        "+5": 5,
        " 7\t": 7,
        "007": 7,
        "00000000000000000000000000012": 12,
        "2147483647": 2147483647,
        "-2147483648": -2147483648,
    }
    bad = ["2147483648", "-2147483649", "99999999999999999999", "1.0", "1.", "1e3", "0x1", "1_0"]
    bad += ["٣", "--1", "+", "1 2", "abc", "1L"]
    assert cast(spark, "int", [*good, *bad]) == good | rejected(bad, "INT")


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_every_integer_type_ends_where_it_says(spark: SparkSession, bits: int) -> None:
    type_ = {8: "tinyint", 16: "smallint", 32: "int", 64: "bigint"}[bits]
    limit = 2 ** (bits - 1)
    good = {str(n): n for n in (-limit, -limit + 1, limit - 2, limit - 1)}
    good |= {"000" + str(limit - 1): limit - 1, "1" * 2: 11}
    bad = [str(limit), str(-limit - 1), str(limit * 10), "9" * 19, "9" * 20, "9" * 40]
    assert cast(spark, type_, [*good, *bad]) == good | rejected(bad, type_.upper())


def test_decimals_are_never_rounded(spark: SparkSession) -> None:
    good = {
        "1": "1.00",
        "1.": "1.00",
        "1.5": "1.50",
        "1.50000": "1.50",
        ".5": "0.50",
        "-.5": "-0.50",
        "+0012.30": "12.30",
        "9999999999.99": "9999999999.99",
        "-9999999999.99": "-9999999999.99",
        "-0": "0.00",
    }
    bad = ["1.005", "1.001", "10000000000", "10000000000.00", "1e2", "1E2", "abc", ".", "-", "1,5"]
    bad += ["1.5.5", "NaN", "Infinity", "0x1", "٣", "1 000", "$5"]
    answers = cast(spark, "decimal(12,2)", [*good, *bad])
    expected = {t: Decimal(v) for t, v in good.items()} | rejected(bad, "DECIMAL(12,2)")
    assert answers == expected
    assert {t: str(answers[t]) for t in good} == good


def test_wide_decimals_keep_every_digit(spark: SparkSession) -> None:
    good = ["12345678901234567.89", "99999999999999999999.999999999999999999"]
    answers = cast(spark, "decimal(38,18)", good)
    assert answers == {t: Decimal(t) for t in good}
    assert cast(spark, "decimal(5,5)", [".12345", "1", "0.123456"]) == {
        ".12345": Decimal("0.12345")
    } | rejected(["1", "0.123456"], "DECIMAL(5,5)")


@pytest.mark.parametrize(("type_", "above"), [("double", "1e309"), ("float", "3.5e38")])
def test_reals_are_finite(spark: SparkSession, type_: str, above: str) -> None:
    good = {"1": 1.0, "-1.5": -1.5, ".5": 0.5, "5.": 5.0, "1e3": 1000.0, "+2.5E-1": 0.25}
    bad = [above, f"-{above}", "NaN", "Infinity", "-inf", "1d", "1f", "0x1p3", "1e", ".", "abc"]
    assert cast(spark, type_, [*good, *bad]) == good | rejected(bad, type_.upper())


def test_booleans_are_the_usual_words(spark: SparkSession) -> None:
    yes, no = ["true", "T", "Yes", "y", "1"], ["FALSE", "f", "no", "N", "0"]
    bad = ["2", "on", "off", "tru", "wahr"]
    answers = cast(spark, "boolean", [*yes, *no, *bad])
    assert answers == dict.fromkeys(yes, True) | dict.fromkeys(no, False) | rejected(bad, "BOOLEAN")


def test_dates_are_calendar_days(spark: SparkSession) -> None:
    good = {
        "2024-02-29": date(2024, 2, 29),
        " 0001-01-01 ": date(1, 1, 1),
        "9999-12-31": date(9999, 12, 31),
        "1582-10-10": date(1582, 10, 10),
    }
    bad = ["2024-02-31", "2023-02-29", "2024-13-01", "2024-00-01", "0000-01-01", "99999-01-01"]
    bad += ["2024", "2024-1", "2024-1-1", "20240101", "01/02/2024", "2024-01-01T00:00:00", "today"]
    bad += ["2024-01-01x", "-2024-01-01", "12:00"]
    assert cast(spark, "date", [*good, *bad]) == good | rejected(bad, "DATE")


def test_dates_of_a_format_are_read_by_it_alone(spark: SparkSession) -> None:
    good = {"29.02.2024": date(2024, 2, 29), "01.10.0999": date(999, 10, 1)}
    bad = ["2024-02-29", "31.02.2024", "1.2.2024", "29.02.2024 10:00", "29.02.24"]
    answers = cast(spark, "date", [*good, *bad], format="dd.MM.yyyy")
    assert answers == good | rejected(bad, "DATE (dd.MM.yyyy)")


def utc(*parts: int) -> int:
    """An instant as ``cast`` gives it: microseconds of the epoch."""
    year, month, day, *time = parts
    since = datetime(year, month, day, *time, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)


def test_timestamps_are_instants(spark: SparkSession) -> None:
    good = {
        "2024-10-01": utc(2024, 10, 1),
        "2024-10-01T12:30": utc(2024, 10, 1, 12, 30),
        "2024-10-01 12:30:15": utc(2024, 10, 1, 12, 30, 15),
        "2024-10-01T12:30:15.1": utc(2024, 10, 1, 12, 30, 15, 100000),
        "2024-10-01T12:30:15.123456789Z": utc(2024, 10, 1, 12, 30, 15, 123456),
        "2024-10-01T12:30:15Z": utc(2024, 10, 1, 12, 30, 15),
        "2024-10-01 12:30:15 UTC": utc(2024, 10, 1, 12, 30, 15),
        "2024-10-01T12:30:15+02:00": utc(2024, 10, 1, 10, 30, 15),
        "2024-10-01T12:30:15-0530": utc(2024, 10, 1, 18, 0, 15),
        "2024-10-01 12:30:15+02": utc(2024, 10, 1, 10, 30, 15),
        "2024-10-01T12:30Z": utc(2024, 10, 1, 12, 30),
    }
    bad = [
        "2024-10-01T24:00:00",
        "2024-10-01T23:59:60",
        "2024-10-01T12:60:00",
        "2024-02-31T00:00:00",
    ]
    bad += ["2024-13-01 00:00:00", "0000-01-01 00:00:00", "99999-01-01 00:00:00", "12:30:15"]
    bad += [
        "T12:30:15",
        "2024-10-01T12",
        "2024-10-01T1:2:3",
        "1727785815",
        "2024-10",
        "now",
        "2024",
    ]
    bad += ["2024-10-01T12:30:15+25:00", "2024-10-01T12:30:15 Europe/Berlin", "2024-10-01Z"]
    bad += ["2024-10-01T12:30:15.1234567890Z", "2024-10-01 12:30:15 CEST"]
    assert cast(spark, "timestamp", [*good, *bad]) == good | rejected(bad, "TIMESTAMP")


def test_timestamps_without_an_offset_are_of_the_source_s_zone(spark: SparkSession) -> None:
    good = {
        "2024-07-01 12:00:00": utc(2024, 7, 1, 10),
        "2024-01-01T12:00": utc(2024, 1, 1, 11),
        "2024-07-01": utc(2024, 6, 30, 22),
        "2024-07-01T12:00:00Z": utc(2024, 7, 1, 12),
        "2024-07-01T12:00:00-01:00": utc(2024, 7, 1, 13),
        "2024-03-31 02:30:00": utc(2024, 3, 31, 1, 30),  # skipped: an hour on
        "2024-10-27 02:30:00": utc(2024, 10, 27, 0, 30),  # twice: the first
    }
    assert cast(spark, "timestamp", list(good), "Europe/Berlin") == good


def test_timestamps_of_a_format_are_read_by_it_alone(spark: SparkSession) -> None:
    local = cast(
        spark,
        "timestamp",
        ["01/07/2024 12:00", "31/02/2024 12:00", "2024-07-01 12:00:00"],
        "Europe/Berlin",
        format="dd/MM/yyyy HH:mm",
    )
    assert local == {"01/07/2024 12:00": utc(2024, 7, 1, 10)} | rejected(
        ["31/02/2024 12:00", "2024-07-01 12:00:00"], "TIMESTAMP (dd/MM/yyyy HH:mm)"
    )
    zoned = cast(
        spark,
        "timestamp",
        ["20240701T120000+0000"],
        "Europe/Berlin",
        format="yyyyMMdd'T'HHmmssZ",
    )
    assert zoned == {"20240701T120000+0000": utc(2024, 7, 1, 12)}


def test_local_timestamps_have_no_offset(spark: SparkSession) -> None:
    good = {
        "2024-07-01 12:00:00": datetime.fromisoformat("2024-07-01 12:00"),
        "2024-07-01T12:00:00.5": datetime.fromisoformat("2024-07-01 12:00:00.5"),
        "2024-07-01": datetime.fromisoformat("2024-07-01"),
    }
    bad = ["2024-07-01T12:00:00Z", "2024-07-01 12:00:00+02:00", "2024-07-32"]
    answers = cast(spark, "timestamp_ntz", [*good, *bad], "Europe/Berlin")
    assert answers == good | rejected(bad, "TIMESTAMP_NTZ")


def test_uuids_are_canonical_and_become_lower_case(spark: SparkSession) -> None:
    low = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    good = {low: low, low.upper(): low, f" {low}": low}
    bad = [low.replace("-", ""), "{" + low + "}", low[:-1], low + "0", low.replace("f", "g"), "x"]
    assert cast(spark, "uuid", [*good, *bad]) == good | rejected(bad, "UUID")


def test_strings_are_trimmed_and_hold_no_nul(spark: SparkSession) -> None:
    good = {
        "x": "x",
        " x y ": "x y",
        "\t\r\nx\v\f\u00a0\ufeff": "x",
        "\u00a0é\u00a0": "é",
        "~": "~",
        "é": "é",
        "  ": None,
        "\t\u00a0": None,
    }
    answers = cast(spark, "string", [*good, "a\x00b"])
    said = ["x: 'a b' is not text: it holds a NUL character"]
    text = ["text: 'a b' is not text: it holds a NUL character"]
    assert answers == good | {"a\x00b": text + said}


def test_untrimmed_text_stays_as_it_is(spark: SparkSession) -> None:
    texts = {" x ": " x ", "\t": "\t", "é ": "é "}
    assert cast(spark, "string", list(texts), trim=False) == texts
    assert cast(spark, "int", [" 1", "1"], trim=False) == {"1": 1} | rejected([" 1"], "INT")


def test_null_values_are_none_of_the_type_s_business(spark: SparkSession) -> None:
    nulls = {"NULL": None, " n/a ": None, "-": None}
    answers = cast(spark, "int", [*nulls, "1", "null"], null_values=("NULL", "n/a", "-"))
    assert answers == nulls | {"1": 1} | rejected(["null"], "INT")


def test_the_reader_s_null_value_is_one_more(spark: SparkSession) -> None:
    declared = feed(
        (column("a", "int"), column("b", null_values=("?",))),
        captures=(column("day"),),
        options={"nullvalue": "NA"},
    )
    row = {"a": "NA", "b": " NA", "day": "NA"}
    [valid] = validate(records(spark, declared, [row]), declared).collect()
    assert valid["_reasons"] is None
    assert (valid["a"], valid["b"], valid["day"]) == (None, None, "NA")


def test_binary_is_base64(spark: SparkSession) -> None:
    good = {"aGk=": b"hi", "AAECAw==": b"\x00\x01\x02\x03", "aGkh": b"hi!"}
    bad = ["aGk", "a", "aG k=", "hi there", "====", "aGk=="]
    answers = cast(spark, "binary", [*good, *bad])
    assert answers == {t: bytearray(v) for t, v in good.items()} | rejected(bad, "BINARY")


def test_nested_values_are_json_of_their_type(spark: SparkSession) -> None:
    structs = cast(
        spark,
        "struct<a:int,b:array<string>>",
        ['{"a":1,"b":["x"]}', '{"b":[]}', '{"a":"x"}', '{"a":1', "[1]", "x", '{"a":1} {}', "1"],
    )
    bad = ['{"a":"x"}', '{"a":1', "[1]", "x", '{"a":1} {}', "1"]
    assert structs == {'{"a":1,"b":["x"]}': (1, ["x"]), '{"b":[]}': (None, [])} | rejected(
        bad, "struct<a:int,b:array<string>>"
    )
    arrays = cast(spark, "array<int>", ["[1,null]", "[]", '["x"]', "[1", "1", '{"a":1}', "[1],[2]"])
    bad = ['["x"]', "[1", "1", '{"a":1}', "[1],[2]"]
    assert arrays == {"[1,null]": [1, None], "[]": []} | rejected(bad, "array<int>")
    maps = cast(spark, "map<string,decimal(5,2)>", ['{"a":1.50}', '{"a":"x"}', "[]"])
    assert maps == {'{"a":1.50}': {"a": Decimal("1.50")}} | rejected(
        ['{"a":"x"}', "[]"], "map<string,decimal(5,2)>"
    )
