"""``target``: where records go, and which settings fit together."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.config.places import table_name
from penstock.config.problems import SettingError
from penstock.model import History
from tests.support.config_files import Conf, changed, said

CLASH = "  - uuid_clash: {order_by: [timestamp]}\n"
REST = "  mode: append\n  key: [id]\n"


def _target(rest: str, *edits: tuple[str, str]) -> str:
    return changed((REST, rest), *edits)


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("events", "public.events"),
        ("Public.Events", "public.events"),
        ("stage_1._x9", "stage_1._x9"),
        ("a" * 63 + "." + "b" * 63, "a" * 63 + "." + "b" * 63),
    ],
)
def test_tables_have_a_schema_and_lower_case(text: str, table: str) -> None:
    assert table_name(text) == table


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        (
            "db.public.events",
            'must be schema.table, not "db.public.events"',
            "use letters, digits and _, without quotes; a database is part of the connection",
        ),
        (
            '"Events"',
            'must be schema.table, not ""Events""',
            "use letters, digits and _, without quotes; a database is part of the connection",
        ),
        (
            "1events",
            'must be schema.table, not "1events"',
            "use letters, digits and _, without quotes; a database is part of the connection",
        ),
        ("a" * 64, "is longer than 63 bytes: " + "a" * 64, "write a shorter name"),
        (
            "Penstock.loads",
            "is in the schema penstock, where the load log lies",
            "name another schema, such as public",
        ),
    ],
)
def test_other_table_names_are_refused(text: str, sentence: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        table_name(text)
    assert (caught.value.sentence, caught.value.hint) == (sentence, hint)


def test_every_setting_of_an_upsert_arrives(tmp_path: Path) -> None:
    target = (
        Conf(tmp_path)
        .load(
            _target(
                "  mode: upsert\n  key: [id]\n  version_column: timestamp\n  write: jdbc\n"
                "  history: {column: timestamp, days: 90}\n"
                "  redshift: {dist: id, sort: [timestamp, company]}\n",
                (CLASH, ""),
            )
        )
        .target
    )
    assert (target.mode, target.key, target.version_column) == ("upsert", ("id",), "timestamp")
    assert target.history == History(kind="days", column="timestamp", days=90)
    assert (target.write, target.dist, target.sort) == ("jdbc", "id", ("timestamp", "company"))


@pytest.mark.parametrize(
    ("history", "expected"), [("all", History(kind="all")), ("none", History(kind="none"))]
)
def test_history_is_bounded_by_a_word(tmp_path: Path, history: str, expected: History) -> None:
    text = _target(f"{REST}  history: {history}\n")
    assert Conf(tmp_path).load(text).target.history == expected


def test_the_later_batch_may_win(tmp_path: Path) -> None:
    text = _target("  mode: upsert\n  key: id\n  version_column: arrival\n", (CLASH, ""))
    assert Conf(tmp_path).load(text).target.version_column == "arrival"


@pytest.mark.parametrize("style", ["even", "ALL", "auto"])
def test_redshift_may_distribute_by_a_style(tmp_path: Path, style: str) -> None:
    text = _target(f"{REST}  redshift: {{dist: {style}}}\n")
    assert Conf(tmp_path).load(text).target.dist == style


def test_a_scoped_key_may_hold_captures_and_derived_columns(tmp_path: Path) -> None:
    text = _target("  key: [day, company, id]\n")
    assert Conf(tmp_path).load(text).target.key == ("day", "company", "id")


@pytest.mark.parametrize(
    ("rest", "line", "sentence", "hint"),
    [
        (
            "  mode: append\n",
            21,
            "uuid_clash needs target.key",
            "add key: [id] to target",
        ),
        (
            "  key: [amount]\n",
            21,
            "uuid_clash cannot rekey amount, which is of type decimal(12,2)",
            "write on_clash: quarantine, or make the last column of the key a string or uuid",
        ),
        (
            "  mode: upsert\n  key: [id]\n  version_column: timestamp\n",
            21,
            "uuid_clash does not go with mode upsert, where the newest record wins",
            "remove it, or write mode: append",
        ),
    ],
)
def test_clashes_need_a_key_that_can_be_changed(
    tmp_path: Path, rest: str, line: int, sentence: str, hint: str
) -> None:
    assert Conf(tmp_path).refusal(_target(rest)) == said((line, sentence, hint))


def test_clashes_of_a_number_may_be_quarantined(tmp_path: Path) -> None:
    text = _target("  key: [amount]\n", (CLASH, "  - uuid_clash: {on_clash: quarantine}\n"))
    assert Conf(tmp_path).load(text).target.key == ("amount",)


@pytest.mark.parametrize(
    ("rest", "problems"),
    [
        (
            "  mode: upsert\n",
            [
                (27, "target.mode is upsert, which needs a key", "add target.key"),
                (
                    27,
                    "target.mode is upsert, which needs a version_column to tell which record is "
                    "newest",
                    "add target.version_column, or version_column: arrival for the later batch",
                ),
            ],
        ),
        (
            "  version_column: timestamp\n",
            [
                (
                    27,
                    "target.version_column has no effect with mode append",
                    "remove it, or write mode: upsert",
                )
            ],
        ),
        (
            "  mode: upsert\n  key: id\n  version_column: timestmp\n",
            [
                (
                    29,
                    'target.version_column is "timestmp", which is not a column of this feed',
                    "did you mean timestamp?",
                )
            ],
        ),
        (
            "  mode: upsert\n  key: id\n  version_column: arrival\n  history: none\n",
            [
                (
                    30,
                    "target.history cannot be none with mode upsert, "
                    "which compares with the target",
                    "write history: all, or mode: append",
                )
            ],
        ),
        (
            "  mode: replace\n  history: all\n",
            [
                (
                    28,
                    "target.history is not for mode replace, which compares with nothing",
                    "remove it, or write mode: append",
                )
            ],
        ),
        (
            "  history: some\n",
            [
                (
                    27,
                    'target.history must be all, none, or a column with days, not "some"',
                    "write for example {column: timestamp, days: 90}",
                )
            ],
        ),
        (
            "  history: {column: email, days: 90}\n",
            [
                (
                    27,
                    "target.history.column must be a date or a timestamp, "
                    "and email is of type string",
                    "name another column",
                )
            ],
        ),
        (
            "  history: {column: timestmp, days: 0}\n",
            [
                (
                    27,
                    'target.history.column is "timestmp", which is not a column of this feed',
                    "did you mean timestamp?",
                ),
                (27, "target.history.days must be at least 1, not 0", "write a higher number"),
            ],
        ),
        (
            "  redshift: {dist: idd, sort: [timestmp]}\n",
            [
                (
                    27,
                    'target.redshift.sort is "timestmp", which is not a column of this feed',
                    "did you mean timestamp?",
                ),
                (
                    27,
                    'target.redshift.dist is "idd", which is not a column of this feed',
                    "did you mean id?",
                ),
            ],
        ),
        (
            "  mode: merg\n  key: [idd]\n",
            [
                (
                    27,
                    'target.mode must be one of append, upsert, replace, not "merg"',
                    "write one of them",
                ),
                (28, 'target.key is "idd", which is not a column of this feed', "did you mean id?"),
            ],
        ),
        (
            "  write: parquet\n",
            [(27, 'target.write must be one of copy, jdbc, not "parquet"', "write one of them")],
        ),
    ],
)
def test_settings_that_do_not_fit_are_explained(
    tmp_path: Path, rest: str, problems: list[tuple[int, str, str]]
) -> None:
    text = _target(rest, (CLASH, "  - trim: email\n"))
    assert Conf(tmp_path).refusal(text) == said(*problems)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("merge", "upsert"), ("Overwrite", "replace"), ("insert", "append"), ("upsrt", "upsert")],
)
def test_words_of_other_tools_hint_at_the_mode(tmp_path: Path, word: str, meant: str) -> None:
    text = _target(f"  mode: {word}\n", (CLASH, ""))
    assert Conf(tmp_path).refusal(text) == said(
        (
            26,
            f'target.mode must be one of append, upsert, replace, not "{word}"',
            f"did you mean {meant}?",
        )
    )


def test_a_nested_column_is_no_key(tmp_path: Path) -> None:
    text = _target(
        "  key: amount\n", ('"decimal(12,2)", min: 0', '"array<int>"'), (CLASH, "  - dedupe\n")
    )
    assert Conf(tmp_path).refusal(text) == said(
        (
            27,
            "target.key cannot hold amount, which is of type array<int>",
            "name columns with single values",
        )
    )


def test_a_column_called_arrival_is_ambiguous(tmp_path: Path) -> None:
    text = _target(
        "  mode: upsert\n  key: id\n  version_column: arrival\n",
        ("  amount:", "  arrival:"),
        (CLASH, "  - dedupe\n"),
    )
    assert Conf(tmp_path).refusal(text) == said(
        (
            29,
            "target.version_column could mean the column arrival or the arrival of the batch",
            "rename the column",
        )
    )


def test_versions_have_an_order(tmp_path: Path) -> None:
    text = _target(
        "  mode: upsert\n  key: id\n  version_column: amount\n",
        ('"decimal(12,2)", min: 0', "boolean"),
        (CLASH, "  - dedupe\n"),
    )
    assert Conf(tmp_path).refusal(text) == said(
        (
            29,
            "target.version_column must have an order, and amount is of type boolean",
            "name another column",
        )
    )
