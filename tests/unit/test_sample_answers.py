"""The answer sheets agree with a plain reading of the drops, and the oracle finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from penstock.sample import SAMPLES, AnswerSheet, write_sample
from tests.support.answers import check_counts, check_quarantine, check_target
from tests.support.naive_load import Outcome, naive_load

FEEDS = Path(__file__).parents[2] / "conf" / "feeds"
Rows = list[dict[str, Any]]
Drop = tuple[AnswerSheet, Outcome]


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drop]:
    out = {}
    for feed in SAMPLES:
        directory = tmp_path_factory.mktemp(feed)
        sheet = write_sample(directory, feed=feed, rows=3000, seed=11)
        out[feed] = sheet, naive_load(directory, FEEDS / f"{feed}.yml")
    return out


@pytest.mark.parametrize("feed", SAMPLES)
def test_the_target_of_a_plain_load_is_the_one_on_the_sheet(
    drops: dict[str, Drop], feed: str
) -> None:
    sheet, loaded = drops[feed]
    assert check_target(loaded.rows, sheet.json_path, one_batch=True) == []


@pytest.mark.parametrize("feed", SAMPLES)
def test_the_counts_of_a_plain_load_are_those_on_the_sheet(
    drops: dict[str, Drop], feed: str
) -> None:
    sheet, loaded = drops[feed]
    assert check_counts(loaded.counts, sheet.json_path) == []


@pytest.mark.parametrize("feed", SAMPLES)
def test_the_quarantine_of_a_plain_load_is_the_one_on_the_sheet(
    drops: dict[str, Drop], feed: str
) -> None:
    sheet, loaded = drops[feed]
    assert check_quarantine(loaded.quarantine, sheet.csv_path) == []


def test_who_keeps_an_id_that_clashes_across_files_is_open_unless_it_is_one_batch(
    tmp_path: Path,
) -> None:
    sheet = write_sample(tmp_path, feed="events", rows=1000, seed=3)
    rows = naive_load(tmp_path, FEEDS / "events.yml").rows
    groups: dict[str, Rows] = {}
    for row in rows:
        groups.setdefault(row["original_id"] or row["id"], []).append(row)
    across = [
        members
        for members in groups.values()
        if len({row["_source_file"] for row in members}) == len(members) == 2
    ]
    assert len(across) == 8
    for first, second in across:
        swap(first, second)
    assert check_target(rows, sheet.json_path) == []
    assert len(check_target(rows, sheet.json_path, one_batch=True)) == 8


def swap(first: dict[str, Any], second: dict[str, Any]) -> None:
    for name in ("id", "original_id"):
        first[name], second[name] = second[name], first[name]


def lose(rows: Rows) -> None:
    del rows[0]


def double(rows: Rows) -> None:
    rows.append(dict(rows[0]))


def load_again_under_another_id(rows: Rows) -> None:
    again = {"id": "8f14e45f-0000-5000-a000-000000000000", "original_id": rows[0]["id"]}
    rows.append(rows[0] | again)


def change_a_value(rows: Rows) -> None:
    rows[0]["uri"] = "/elsewhere"


def lose_the_company(rows: Rows) -> None:
    next(r for r in rows if r["company"])["company"] = None


def lose_rescued_data(rows: Rows) -> None:
    next(r for r in rows if r["_rescued_data"])["_rescued_data"] = None


def shift_an_hour(rows: Rows) -> None:
    rows[0]["timestamp"] = rows[0]["timestamp"].replace(hour=(rows[0]["timestamp"].hour + 1) % 24)


def drop_the_zone(rows: Rows) -> None:
    rows[0]["timestamp"] = rows[0]["timestamp"].replace(tzinfo=None)


def forget_the_original(rows: Rows) -> None:
    next(r for r in rows if r["original_id"])["original_id"] = None


def rekey_at_random(rows: Rows) -> None:
    next(r for r in rows if r["original_id"])["id"] = "0b5c1d0e-7c1b-4f0a-9d55-2c2f3f1f6a11"


def rekey_the_incumbent(rows: Rows) -> None:
    second = next(r for r in rows if r["original_id"])
    first = next(r for r in rows if r["id"] == second["original_id"])
    swap(first, second)


def name_another_file(rows: Rows) -> None:
    rows[0]["_source_file"] = rows[-1]["_source_file"]


def capture_another_date(rows: Rows) -> None:
    rows[0]["file_date"] = rows[-1]["file_date"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lose, ["missing"]),
        (double, ["id", "unexpected"]),
        (load_again_under_another_id, ["re-keyed,", "unexpected"]),
        (change_a_value, ["said", "missing", "unexpected"]),
        (lose_the_company, ["said", "missing", "unexpected"]),
        (lose_rescued_data, ["said", "missing", "unexpected"]),
        (shift_an_hour, ["said", "missing", "unexpected"]),
        (drop_the_zone, ["said", "missing", "unexpected"]),
        (rekey_at_random, ["re-keyed"]),
        (rekey_the_incumbent, ["the"]),
        (name_another_file, ["said"]),
        (capture_another_date, ["file_date"]),
    ],
)
def test_one_wrong_row_is_found(
    drops: dict[str, Drop], damage: Callable[[Rows], None], words: list[str]
) -> None:
    sheet, loaded = drops["events"]
    rows = deepcopy(loaded.rows)
    damage(rows)
    found = check_target(rows, sheet.json_path, one_batch=True)
    assert [sentence.split(" ")[0] for sentence in found] == words


def test_an_original_id_forgotten_is_found(drops: dict[str, Drop]) -> None:
    sheet, loaded = drops["events"]
    rows = deepcopy(loaded.rows)
    forget_the_original(rows)
    found = check_target(rows, sheet.json_path)
    assert [sentence.split(" ")[0] for sentence in found] == ["said", "missing", "unexpected"]


def test_files_under_other_names_are_well_where_lineage_is_left_out(
    drops: dict[str, Drop],
) -> None:
    sheet, loaded = drops["customer_transactions"]
    rows = [
        row | {"_source_file": "s3://b/again/x", "transaction_date": None} for row in loaded.rows
    ]
    assert check_target(rows, sheet.json_path, lineage=False) == []
    assert len(check_target(rows, sheet.json_path)) == 11


def test_of_a_contested_key_exactly_one_record_is_loaded(drops: dict[str, Drop]) -> None:
    sheet, loaded = drops["order_items"]
    lines = sheet.csv_path.read_text(encoding="utf-8").splitlines()
    contested = next(line.split(",") for line in lines if ",contested,g1," in line)
    order, line = contested[7], contested[8]
    one = next(r for r in loaded.rows if (r["order_id"], str(r["line_number"])) == (order, line))
    none = [row for row in loaded.rows if row is not one]
    begin = f"2 records of one key are loaded: {order}|{line}|"
    (found,) = check_target(none, sheet.json_path)
    assert found.startswith(f"0 of {begin}")
    twice, found = check_target([*loaded.rows, one], sheet.json_path)
    assert twice == f"id in the target 2 times: {order}|{line}"
    assert found.startswith(f"2 of {begin}")


@pytest.mark.parametrize("name", ["read", "loaded", "quarantined", "out_of_window", "rekeyed"])
def test_a_wrong_count_is_found(drops: dict[str, Drop], name: str) -> None:
    sheet, loaded = drops["events"]
    counts = {f"rows_{n}": c for n, c in loaded.counts.items()}
    counts[f"rows_{name}"] += 1
    assert [d.split(":")[0] for d in check_counts(counts, sheet.json_path)][:1] == [name]


def test_superseded_versions_may_count_as_loaded_or_as_duplicates(
    drops: dict[str, Drop],
) -> None:
    sheet, loaded = drops["orders"]
    counts = dict(loaded.counts)
    superseded = sheet.counts["superseded"]
    assert superseded == 55
    counts["loaded"] += superseded
    counts["duplicate"] -= superseded
    assert check_counts(counts, sheet.json_path) == []
    counts["loaded"] += 1
    counts["duplicate"] -= 1
    assert [d.split(":")[0] for d in check_counts(counts, sheet.json_path)] == ["loaded"]


def test_a_wrong_reason_is_found(drops: dict[str, Drop]) -> None:
    sheet, loaded = drops["events"]
    (file, _), *others = loaded.quarantine
    held = [(file, ["tags: are wrong"]), *others]
    assert [d.split(" ")[0] for d in check_quarantine(held, sheet.json_path)] == [
        "missing",
        "unexpected",
    ]
