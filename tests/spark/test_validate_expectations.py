"""A Great Expectations suite over accepted records."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from penstock.errors import ConfigError
from penstock.validate import run_expectations

pytest.importorskip("great_expectations")


@pytest.fixture
def accepted(spark: SparkSession) -> DataFrame:
    rows = [("a", 1, Decimal("1.50")), ("b", None, None), ("b", 3, Decimal("2.00"))]
    frame = spark.createDataFrame(rows, "id string, n int, amount decimal(12,2)")
    return frame.selectExpr("*", "timestamp'2024-10-01 12:00:00' as at")


def suite(tmp_path: Path, *expectations: object) -> str:
    path = tmp_path / "suite.json"
    path.write_text(json.dumps({"name": "s", "expectations": expectations}), encoding="utf-8")
    return str(path)


def expect(type_: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{type_}", "kwargs": kwargs}


def test_each_expectation_is_reported(accepted: DataFrame, tmp_path: Path) -> None:
    path = suite(
        tmp_path,
        expect("column_values_to_not_be_null", column="id"),
        expect("column_values_to_be_unique", column="id"),
        expect("column_values_to_not_be_null", column="n", mostly=0.5),
        expect("table_row_count_to_be_between", min_value=4),
        expect("column_max_to_be_between", column="amount", max_value=2),
        expect("column_values_to_be_between", column="at", min_value="2024-11-01"),
    )
    result = run_expectations(accepted, path)
    assert json.loads(json.dumps(result)) == result
    assert [list(check.values()) for check in result["expectations"]] == [
        ["expect_column_values_to_not_be_null", "id", True, 0, None, None],
        ["expect_column_values_to_be_unique", "id", False, 2, None, None],
        ["expect_column_values_to_not_be_null", "n", True, 1, None, None],
        ["expect_table_row_count_to_be_between", None, False, None, 3, None],
        ["expect_column_max_to_be_between", "amount", True, None, 2.0, None],
        ["expect_column_values_to_be_between", "at", False, 3, None, None],
    ]
    assert list(result["expectations"][0]) == [
        "type",
        "column",
        "success",
        "unexpected",
        "observed",
        "error",
    ]
    assert result["success"] is False
    assert result["failed"] == [
        "expect_column_values_to_be_unique(id): 2 unexpected",
        "expect_table_row_count_to_be_between: observed 3",
        "expect_column_values_to_be_between(at): 3 unexpected",
    ]


def test_a_suite_that_holds_is_a_success(accepted: DataFrame, tmp_path: Path) -> None:
    result = run_expectations(accepted, suite(tmp_path, expect("column_to_exist", column="at")))
    assert (result["success"], result["failed"]) == (True, [])


def test_an_expectation_of_a_missing_column_fails_with_the_reason(
    accepted: DataFrame, tmp_path: Path
) -> None:
    path = suite(tmp_path, expect("column_values_to_not_be_null", column="nope"))
    result = run_expectations(accepted, path)
    assert result["success"] is False
    assert '"nope"' in result["expectations"][0]["error"]
    assert result["failed"][0].startswith("expect_column_values_to_not_be_null(nope): Error: ")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (expect("nonsense", column="id"), "expectation 2 (expect_nonsense): "),
        (expect("column_values_to_not_be_null", colum="id"), "expectation 2 (expect_column_"),
        ({"kwargs": {}}, "expectation 2 has no type"),
        ("x", "expectation 2 has no type"),
    ],
)
def test_an_expectation_that_does_not_exist_is_a_wrong_setting(
    accepted: DataFrame, tmp_path: Path, entry: object, said: str
) -> None:
    path = suite(tmp_path, expect("column_to_exist", column="at"), entry)
    with pytest.raises(ConfigError) as caught:
        run_expectations(accepted, path)
    assert caught.value.message.startswith(f"{path}: {said}")


@pytest.mark.parametrize("text", ["{", "[]", '{"expectations": {}}'])
def test_a_file_that_is_no_suite_is_a_wrong_setting(
    accepted: DataFrame, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "suite.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        run_expectations(accepted, str(path))
    assert caught.value.message.startswith(f"{path}: ")


def test_a_missing_file_is_a_wrong_setting(accepted: DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.json: cannot be read"):
        run_expectations(accepted, str(tmp_path / "nowhere.json"))


def test_the_package_is_asked_for_when_it_is_missing(
    accepted: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    with pytest.raises(ConfigError) as caught:
        run_expectations(accepted, suite(tmp_path))
    assert caught.value.hint.startswith("pip install 'penstock[quality]'")


@pytest.fixture
def level() -> Iterator[int]:
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.INFO)
    yield logging.INFO
    logger.setLevel(before)


def test_it_runs_in_silence(
    accepted: DataFrame, tmp_path: Path, level: int, capfd: pytest.CaptureFixture[str]
) -> None:
    path = suite(tmp_path, expect("column_values_to_be_unique", column="id"))
    run_expectations(accepted, path)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("great_expectations").level == level
