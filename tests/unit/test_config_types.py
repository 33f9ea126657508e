"""Spark SQL's types are read without Spark."""

from __future__ import annotations

import pytest

from penstock.config.literals import as_scalar, check_datetime_format, check_literal
from penstock.config.problems import SettingError
from penstock.config.types import canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("byte", "tinyint"),
        ("SHORT", "smallint"),
        ("integer", "int"),
        ("Long", "bigint"),
        ("real", "float"),
        ("double", "double"),
        ("boolean", "boolean"),
        ("varchar(20)", "string"),
        ("char( 3 )", "string"),
        ("date", "date"),
        ("timestamp_ltz", "timestamp"),
        ("timestamp_ntz", "timestamp_ntz"),
        ("binary", "binary"),
        ("UUID", "uuid"),
        ("decimal", "decimal(10,0)"),
        ("Numeric(12)", "decimal(12,0)"),
        ("dec( 38 , 38 )", "decimal(38,38)"),
        ("array< Integer >", "array<int>"),
        ("map<string, array<long>>", "map<string,array<bigint>>"),
        (
            "STRUCT<userId: LONG, `a b`: array<struct<X:numeric(5,1)>>>",
            "struct<userId:bigint,`a b`:array<struct<X:decimal(5,1)>>>",
        ),
    ],
)
def test_types_become_canonical(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("strng", "did you mean string?"),
        ("text", "did you mean string?"),
        ("bool", "did you mean boolean?"),
        ("timestamptz", "did you mean timestamp?"),
        ("int64", "did you mean bigint?"),
        ("jsonb", "did you mean string?"),
        ("decimel", "did you mean decimal(12,2)?"),
        ("array<strng>", "did you mean string?"),
    ],
)
def test_a_misspelt_type_hints_at_the_right_one(text: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        canonical(text)
    assert caught.value.sentence == f'must be a type of Spark SQL, not "{text}"'
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "int int",
        "decimal(",
        "decimal()",
        "decimal(1,2,3)",
        "decimal(a)",
        "varchar",
        "array",
        "array<>",
        "array<int",
        "map<int>",
        "struct<>",
        "struct<a>",
        "struct<a:int,>",
        "int>",
        "a%b",
    ],
)
def test_a_malformed_type_is_refused(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        canonical(text)
    assert caught.value.sentence == f'must be a type of Spark SQL, not "{text}"'


@pytest.mark.parametrize("text", ["decimal(39,0)", "decimal(0)", "decimal(5,6)"])
def test_a_decimal_has_at_most_38_digits(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        canonical(text)
    assert caught.value.sentence == f'must be a decimal that exists, not "{text}"'


def test_a_uuid_stands_alone() -> None:
    with pytest.raises(SettingError) as caught:
        canonical("array<uuid>")
    assert caught.value.sentence == 'must not hold uuid inside another type: "array<uuid>"'
    assert caught.value.hint == "write string"


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("int", "-5", -5),
        ("tinyint", "127", 127),
        ("double", "1e3", 1000.0),
        ("decimal(21,2)", "1234567890123456789.10", "1234567890123456789.10"),
        ("boolean", "TRUE", True),
        ("string", "007", "007"),
        ("date", "2024-10-31", "2024-10-31"),
        ("timestamp", "2024-10-31T12:00:00+02:00", "2024-10-31T12:00:00+02:00"),
        ("timestamp_ntz", "2024-10-31 12:00", "2024-10-31 12:00"),
        ("uuid", "123E4567-e89b-12d3-a456-426614174000", "123E4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_values_in_the_file_are_read_by_the_type_of_their_column(
    type_: str, text: str, value: object
) -> None:
    result = as_scalar(type_, text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("int", "1.5"),
        ("int", "2147483648"),
        ("tinyint", "128"),
        ("double", "x"),
        ("decimal(4,2)", "100"),
        ("decimal(4,2)", "1.234"),
        ("decimal(4,2)", "NaN"),
        ("boolean", "yes"),
        ("date", "31.10.2024"),
        ("timestamp", "yesterday"),
        ("timestamp_ntz", "2024-10-31T12:00:00Z"),
        ("uuid", "123e4567e89b12d3a456426614174000"),
        ("array<int>", "1"),
    ],
)
def test_values_that_do_not_fit_the_type_are_refused(type_: str, text: str) -> None:
    with pytest.raises(SettingError) as caught:
        check_literal(type_, text)
    assert caught.value.sentence == f'must be a value of type {type_}, not "{text}"'
    assert caught.value.hint


@pytest.mark.parametrize(
    "pattern", ["yyyy-MM-dd", "dd/MM/yyyy HH:mm", "yyyy-MM-dd'T'HH:mm:ss.SSSX"]
)
def test_date_patterns_of_spark_pass(pattern: str) -> None:
    check_datetime_format(pattern)


@pytest.mark.parametrize(
    ("pattern", "sentence", "hint"),
    [
        (
            "%Y-%m-%d",
            'must be a date pattern of Spark, not "%Y-%m-%d"',
            "write yyyy-MM-dd HH:mm:ss for %Y-%m-%d %H:%M:%S",
        ),
        (
            "YYYY-MM-dd",
            'has the letter Y, which Spark does not know: "YYYY-MM-dd"',
            "write y for the year",
        ),
        (
            "yyyyTMM",
            'has the letter T, which Spark does not know: "yyyyTMM"',
            "put text in single quotes",
        ),
    ],
)
def test_other_date_patterns_are_refused(pattern: str, sentence: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        check_datetime_format(pattern)
    assert (caught.value.sentence, caught.value.hint) == (sentence, hint)
