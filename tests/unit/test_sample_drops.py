"""What a drop holds, and how it is written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from penstock.errors import ConfigError
from penstock.sample import SAMPLES, STATUSES, AnswerSheet, drop, write_sample

# Of a drop of 400 records with seed 1: names and bytes of all files, answers included.
DIGESTS = {
    "events": "8362335b276a1f75",
    "customer_transactions": "38a6d12c941ede8e",
    "orders": "e656b04bdde9d8d7",
    "order_items": "5f2c3845552e27aa",
    "customers": "0e838a7bb1b56fb2",
}


def digest(directory: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        whole.update(path.relative_to(directory).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


def write(directory: Path, feed: str, rows: int = 400, seed: int = 1) -> AnswerSheet:
    return write_sample(directory, feed=feed, rows=rows, seed=seed)


@pytest.mark.parametrize("feed", SAMPLES)
def test_a_seed_gives_the_same_bytes_on_every_platform(feed: str, tmp_path: Path) -> None:
    write(tmp_path, feed)
    assert digest(tmp_path) == DIGESTS[feed]


@pytest.mark.parametrize("feed", SAMPLES)
def test_another_seed_gives_other_records(feed: str, tmp_path: Path) -> None:
    first, second = (write(tmp_path / str(seed), feed, seed=seed) for seed in (1, 2))
    assert first.counts["read"] == second.counts["read"] == 400
    assert first.csv_path.read_bytes() != second.csv_path.read_bytes()


@pytest.mark.parametrize("feed", SAMPLES)
def test_every_record_has_an_answer_and_the_counts_add_up(feed: str, tmp_path: Path) -> None:
    sheet = write(tmp_path, feed, rows=1234)
    counts = sheet.counts
    parts = ("loaded", "duplicate", "quarantined", "out_of_window", "superseded")
    assert counts["read"] == sum(counts[p] for p in parts) == 1234
    assert sum(f.records for f in sheet.files) == 1234
    answers = sheet.csv_path.read_text(encoding="utf-8")
    places = {(f.name, str(n)) for f in sheet.files for n in range(1, f.records + 1)}
    rows = [line.split(",")[:3] for line in answers.split("\n")]
    found = [(row[0], row[1]) for row in rows if row[0] in {f.name for f in sheet.files}]
    assert sorted(found) == sorted(places)
    assert {row[2] for row in rows if (row[0], *row[1:2]) in places} <= set(STATUSES)


@pytest.mark.parametrize("feed", SAMPLES)
@pytest.mark.parametrize("seed", [1, 99])
def test_a_thousand_records_hold_every_trouble_and_every_layout(
    feed: str, seed: int, tmp_path: Path
) -> None:
    sheet = write(tmp_path, feed, rows=1000, seed=seed)
    assert len({f.layout for f in sheet.files}) == len(sheet.files) == SAMPLES[feed].files
    assert set(sheet.troubles) == set(TROUBLES[feed].split())
    assert min(sheet.troubles.values()) >= 1


TROUBLES = {
    "events": """
        duplicate_in_file duplicate_across_files clash_in_file clash_in_file_later_first
        clash_across_files clash_across_files_later_first duplicates_in_and_across_files
        clash_with_copies too_few_fields too_many_fields missing_id blank_id bad_id
        missing_timestamp bad_timestamp unknown_action bad_number negative_number bad_country
        too_long_email two_bad_cells free_text bad_email odd_email outside_the_window
        edge_of_the_window padded_cells null_value upper_case_id""",
    "customer_transactions": """
        duplicate_in_file duplicate_across_files clash_in_file clash_in_file_later_first
        clash_across_files clash_across_files_later_first duplicates_in_and_across_files
        clash_with_copies too_few_fields too_many_fields missing_id blank_id missing_amount
        bad_amount bad_time unknown_currency unknown_method bad_customer two_bad_cells free_text
        same_id_in_two_networks exact_amount padded_cells null_value""",
    "orders": """
        duplicate_in_file duplicate_across_files newer_in_file older_after_newer_in_file
        newer_across_files older_after_newer_across_files three_versions too_few_fields
        too_many_fields missing_id bad_id unknown_status bad_total negative_total bad_flag
        missing_version bad_time free_text null_value padded_cells""",
    "order_items": """
        duplicate_in_file duplicate_across_files clash_in_file clash_across_files too_few_fields
        too_many_fields missing_order missing_line bad_line bad_sku bad_quantity bad_price
        bad_date free_text padded_cells""",
    "customers": """
        duplicate_in_file duplicate_across_files newer_in_file older_after_newer_in_file
        newer_across_files older_after_newer_across_files three_versions cut_short no_object
        missing_id missing_name bad_date bad_flag missing_version bad_country bad_email
        two_bad_cells free_text unicode_name odd_email null_value""",
}


def test_ids_are_shared_between_networks_and_clash_in_neither(tmp_path: Path) -> None:
    sheet = write(tmp_path, "customer_transactions", rows=1000)
    answers = [line.split(",") for line in sheet.csv_path.read_text("utf-8").splitlines()]
    networks: dict[str, set[str]] = {}
    for row in answers[1:]:
        if row[2] == "loaded" and not row[3]:
            networks.setdefault(row[7], set()).add(row[0].split("_")[1])
    assert sum(len(found) == 2 for found in networks.values()) == 2


@pytest.mark.parametrize("feed", SAMPLES)
def test_no_file_of_forty_records_is_over_its_feeds_limit_of_broken_ones(
    feed: str, tmp_path: Path
) -> None:
    sheet = write(tmp_path, feed, rows=600, seed=5)
    held: dict[str, int] = {}
    for line in sheet.csv_path.read_text(encoding="utf-8").splitlines():
        file, _, status = [*line.split(",", 3), "", "", ""][:3]
        held[file] = held.get(file, 0) + (status in ("quarantined", "contested"))
    limit = 0.10 if feed == "order_items" else 0.05
    assert all(held.get(f.name, 0) <= limit * f.records for f in sheet.files)


def test_the_same_drop_again_leaves_the_files_alone(tmp_path: Path) -> None:
    write(tmp_path, "events")
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("events_*")}
    write(tmp_path, "events")
    assert {p: p.stat().st_mtime_ns for p in tmp_path.glob("events_*")} == before
    assert list(tmp_path.rglob("*.part")) == []


def test_another_drop_of_as_many_files_replaces_the_files(tmp_path: Path) -> None:
    write(tmp_path, "events", seed=1)
    write(tmp_path, "events", seed=2)
    alone = tmp_path / "alone"
    write(alone, "events", seed=2)
    names = [p.name for p in alone.glob("events_*")]
    assert [(tmp_path / n).read_bytes() for n in names] == [(alone / n).read_bytes() for n in names]


def test_the_shop_feeds_share_a_folder(tmp_path: Path) -> None:
    for feed in ("orders", "order_items", "customers"):
        write(tmp_path, feed)
    assert len([p for p in tmp_path.iterdir() if p.is_file()]) == 6 + 6 + 7
    assert sorted(p.name for p in (tmp_path / "_answers").iterdir()) == [
        "customers.csv",
        "customers.json",
        "order_items.csv",
        "order_items.json",
        "orders.csv",
        "orders.json",
    ]


def test_an_earlier_larger_drop_is_refused(tmp_path: Path) -> None:
    write_sample(tmp_path, feed="orders", rows=50, seed=1, files=5)
    with pytest.raises(ConfigError) as refused:
        write_sample(tmp_path, feed="orders", rows=50, seed=1, files=4)
    assert refused.value.message == (
        f"{tmp_path / 'orders_2024_10_05.csv'} is of feed orders, but not of this drop"
    )
    assert refused.value.hint == "choose an empty folder, or remove the earlier drop"


def test_an_unknown_feed_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        write(tmp_path, "event")
    assert refused.value.message == "there are no sample drops for a feed 'event'"
    assert refused.value.hint == "did you mean events?"
    with pytest.raises(ConfigError, match="choose one of events, customer_transactions, orders"):
        write(tmp_path, "xyz")


@pytest.mark.parametrize(("rows", "files"), [(0, None), (-1, 3), (10, 0)])
def test_a_drop_of_nothing_is_refused(tmp_path: Path, rows: int, files: int | None) -> None:
    with pytest.raises(ConfigError, match="at least one record and one file"):
        write_sample(tmp_path, feed="events", rows=rows, seed=1, files=files)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("feed", SAMPLES)
@pytest.mark.parametrize(("rows", "files"), [(1, None), (7, 1), (50, 40)])
def test_small_drops_and_many_files_work(
    feed: str, tmp_path: Path, rows: int, files: int | None
) -> None:
    sheet = write_sample(tmp_path, feed=feed, rows=rows, seed=1, files=files)
    assert len(sheet.files) == (files or SAMPLES[feed].files)
    assert len({f.name for f in sheet.files}) == len(sheet.files)
    assert sheet.counts["read"] == sum(f.records for f in sheet.files) == rows
    assert sheet.bytes == sum(p.stat().st_size for p in tmp_path.iterdir() if p.is_file())


def test_large_drops_have_more_files_than_layouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop, "ROWS_PER_FILE", 100)
    sheet = write(tmp_path, "order_items", rows=701)
    assert [f.records for f in sheet.files] == [88, 88, 88, 88, 88, 87, 87, 87]
