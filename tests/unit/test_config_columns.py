"""Declared and captured columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.config import retype
from penstock.errors import ConfigError
from penstock.model import Column
from tests.support.config_files import Conf, changed, said

AMOUNT = '  amount: {type: "decimal(12,2)", min: 0}'
REMEDY = "remove it, or change the type"


def test_every_rule_of_a_column_arrives(tmp_path: Path) -> None:
    text = changed(
        (
            AMOUNT,
            """\
  amount:
    type: Numeric(12, 2)
    required: true
    from: Amount (EUR)
    trim: false
    null_values: [N/A, -]
    allowed: [1.10, 2]
    min: 1.1
    max: 2
  born: {type: date, format: dd.MM.yyyy, min: 2024-10-31, max: 2024-12-31}
  code: {type: string, pattern: '^[A-Z]$', null_values: NO}""",
        )
    )
    assert Conf(tmp_path).load(text).columns[3:] == (
        Column(
            name="amount",
            type="decimal(12,2)",
            source="Amount (EUR)",
            required=True,
            trim=False,
            null_values=("N/A", "-"),
            allowed=("1.10", "2"),
            minimum="1.1",
            maximum="2",
        ),
        Column(
            name="born",
            type="date",
            source="born",
            format="dd.MM.yyyy",
            minimum="2024-10-31",
            maximum="2024-12-31",
        ),
        Column(name="code", type="string", source="code", pattern="^[A-Z]$", null_values=("NO",)),
    )


def test_a_type_alone_declares_a_column(tmp_path: Path) -> None:
    text = changed((AMOUNT, "  amount: decimal(12,2)"))
    assert Conf(tmp_path).load(text).columns[3] == Column(
        name="amount", type="decimal(12,2)", source="amount"
    )


def test_columns_of_the_key_are_required(tmp_path: Path) -> None:
    text = changed(
        ("{type: string, required: true}", "string"),
        ("key: [id]", "key: [day, id]"),
        ("events_<day", "events_<site>_<day"),
    )
    feed = Conf(tmp_path).load(text)
    assert [c.name for c in feed.columns if c.required] == ["id", "timestamp"]
    assert feed.captures == (
        Column(name="site", type="string", source="site"),
        Column(name="day", type="date", source="day", required=True),
    )


def test_a_captured_column_that_is_declared_is_not_read_from_the_file(tmp_path: Path) -> None:
    text = changed(
        (AMOUNT, "  day: {type: timestamp, required: true}\n  site: {type: int, min: 1}"),
        ("events_<day", "events_<site>_<day"),
    )
    feed = Conf(tmp_path).load(text)
    assert [c.name for c in feed.columns] == ["id", "timestamp", "email"]
    assert feed.captures == (
        Column(name="site", type="int", source="site", minimum="1"),
        Column(name="day", type="timestamp", source="day", required=True),
    )


@pytest.mark.parametrize(
    ("declaration", "line", "sentence", "hint"),
    [
        (
            "  amount: {required: true}",
            16,
            "columns.amount.type is missing",
            "add columns.amount.type",
        ),
        (
            "  amount:",
            16,
            "columns.amount has no value",
            "write a mapping of settings below it, or remove the line",
        ),
        (
            "  amount: {type: decimal(12,2), min: 0}",
            16,
            "columns.amount.type ends at its comma, for inside {...} a comma separates settings",
            'put the type in quotes: "decimal(12,2)"',
        ),
        (
            "  amount: {type: struct<a:int,b:string>}",
            16,
            "columns.amount.type ends at its comma, for inside {...} a comma separates settings",
            'put the type in quotes: "struct<a:int,b:string>"',
        ),
        (
            "  _amount: string",
            16,
            "columns._amount is a name that Penstock keeps for itself",
            'give the column another name, with from: "..." for the one in the file',
        ),
        (
            "  Content_Hash: string",
            16,
            "columns.Content_Hash is a name that Penstock keeps for itself",
            'give the column another name, with from: "..." for the one in the file',
        ),
        (
            "  original_id: string",
            16,
            "columns.original_id is a name that Penstock keeps for itself",
            'give the column another name, with from: "..." for the one in the file',
        ),
        (
            "  rekeyed_id: string",
            16,
            "columns.rekeyed_id is a name that Penstock keeps for itself",
            'give the column another name, with from: "..." for the one in the file',
        ),
        (
            "  Order Date: date",
            16,
            "columns.Order Date cannot be a column's name, for it holds a blank",
            'write another name, with from: "Order Date"',
        ),
        (
            f"  {'ä' * 32}: string",
            16,
            f"columns.{'ä' * 32} is longer than 63 bytes",
            'write a shorter name, with from: "..." for the one in the file',
        ),
        (
            "  EMAIL: string",
            16,
            "columns.EMAIL differs from email in letter case only",
            "rename one of them: warehouses do not tell letter case apart",
        ),
        (
            "  amount: {type: int, format: yyyy}",
            16,
            "columns.amount.format is a rule for dates and timestamps, "
            "and the column is of type int",
            REMEDY,
        ),
        (
            "  amount: {type: int, pattern: a}",
            16,
            "columns.amount.pattern is a rule for text, and the column is of type int",
            REMEDY,
        ),
        (
            "  amount: {type: int, max_bytes: 4}",
            16,
            "columns.amount.max_bytes is a rule for text, and the column is of type int",
            REMEDY,
        ),
        (
            "  amount: {type: boolean, max: 1}",
            16,
            "columns.amount.max is a rule for values that have an order, "
            "and the column is of type boolean",
            REMEDY,
        ),
        (
            "  amount: {type: int, min: abc}",
            16,
            'columns.amount.min must be a value of type int, not "abc"',
            "write a value that fits, or change the type under columns",
        ),
        (
            "  amount: {type: int, min: 10, max: 9}",
            16,
            "columns.amount.min is above max: 10 > 9",
            "swap them",
        ),
        (
            "  amount: {type: int, min: 1, max: x}",
            16,
            'columns.amount.max must be a value of type int, not "x"',
            "write a value that fits, or change the type under columns",
        ),
        (
            "  day: {type: dat}",
            16,
            'columns.day.type must be a type of Spark SQL, not "dat"',
            "did you mean date?",
        ),
        (
            "  amount: {type: date, allowed: [2024-10-01, soon]}",
            16,
            'columns.amount.allowed must be a value of type date, not "soon"',
            "write it as 2024-10-31",
        ),
        (
            "  amount: {type: date, format: '%d.%m.%Y'}",
            16,
            'columns.amount.format must be a date pattern of Spark, not "%d.%m.%Y"',
            "write yyyy-MM-dd HH:mm:ss for %Y-%m-%d %H:%M:%S",
        ),
        (
            "  day: {type: date, from: x}",
            16,
            "columns.day.from has no use, for the column is captured by source.match",
            "remove it, or rename the capture",
        ),
        (
            "  day: {type: date, format: yyyy}",
            16,
            "columns.day.format has no use, for the column is captured by source.match",
            "remove it, or rename the capture",
        ),
        (
            "  DAY: date",
            6,
            "source.match captures <day>, which differs from DAY in letter case only",
            "write <DAY>",
        ),
    ],
)
def test_wrong_declarations_are_explained(
    tmp_path: Path, declaration: str, line: int, sentence: str, hint: str
) -> None:
    assert Conf(tmp_path).refusal(changed((AMOUNT, declaration))) == said((line, sentence, hint))


@pytest.mark.parametrize("columns", ["columns: {}", "columns: [id, email]"])
def test_columns_are_a_mapping(tmp_path: Path, columns: str) -> None:
    text = f"feed: a\nsource: {{path: /a}}\n{columns}\ntarget: {{connection: embedded, table: a}}\n"
    assert Conf(tmp_path).refusal(text) == said(
        (
            3,
            "columns must be a mapping of names to types",
            "write a line for each column, such as  id: {type: string, required: true}",
        )
    )


def test_a_feed_reads_at_least_one_column_from_its_files(tmp_path: Path) -> None:
    text = (
        "feed: a\nsource: {path: /a, match: <day>.csv}\ncolumns: {day: date}\n"
        "target: {connection: embedded, table: a}\n"
    )
    assert Conf(tmp_path).refusal(text) == said(
        (
            3,
            "columns names no column that is read from the file",
            "declare the columns of the file, too",
        )
    )


def test_a_capture_cannot_take_a_name_of_ours(tmp_path: Path) -> None:
    text = changed(("<day:yyyy_MM_dd>", "<original_id>"))
    assert Conf(tmp_path).refusal(text) == said(
        (
            6,
            "source.match captures <original_id>, which is a name that Penstock keeps for itself",
            "give it another name",
        )
    )


def test_columns_get_other_types_from_python(tmp_path: Path) -> None:
    feed = Conf(tmp_path).load()
    other = retype(feed, {"amount": "Decimal(18, 2)", "day": "string"})
    assert [c.type for c in other.columns] == ["string", "timestamp", "string", "decimal(18,2)"]
    assert [c.type for c in other.captures] == ["string"]
    assert other.config_hash != feed.config_hash
    assert retype(other, {"amount": "decimal(12,2)", "day": "date"}) == feed


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"amuont": "int"},
            "amuont is not a column of feed events\n  hint: did you mean amount?",
        ),
        (
            {"amount": "strng"},
            'amount must be a type of Spark SQL, not "strng"\n  hint: did you mean string?',
        ),
        (
            {"email": "int"},
            "email.max_bytes is a rule for text, and the column is of type int\n"
            "  hint: remove it, or change the type",
        ),
    ],
)
def test_types_from_python_are_checked(
    tmp_path: Path, columns: dict[str, str], message: str
) -> None:
    feed = Conf(tmp_path).load()
    with pytest.raises(ConfigError) as caught:
        retype(feed, columns)
    assert str(caught.value) == message
