"""Every shipped feed, from sample drops to Postgres, against its answer sheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.sample import SAMPLES
from penstock.transform.marks import CLASHES
from tests.support.answers import check_counts, check_quarantine, check_target
from tests.support.process import Penstock

FEEDS = {name: (sample.folder, f"public.{name}") for name, sample in SAMPLES.items()}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Penstock]:
    """All feeds loaded by one command."""
    penstock = Penstock(tmp_path_factory.mktemp("world"))
    penstock.database()
    for feed, (folder, _) in FEEDS.items():
        penstock.sample(feed, folder, 4_000)
    penstock("run", *FEEDS, code=0)
    yield penstock
    penstock("database", "--stop")


def sheet(penstock: Penstock, feed: str) -> Path:
    return penstock.drops / FEEDS[feed][0] / "_answers" / f"{feed}.json"


@pytest.mark.parametrize("feed", FEEDS)
def test_the_target_equals_the_answer_sheet(loaded: Penstock, feed: str) -> None:
    assert check_target(loaded.table(FEEDS[feed][1]), sheet(loaded, feed), one_batch=True) == []


@pytest.mark.parametrize("feed", FEEDS)
def test_the_counts_equal_the_answer_sheet(loaded: Penstock, feed: str) -> None:
    assert check_counts(loaded.load_log(feed), sheet(loaded, feed)) == []


@pytest.mark.parametrize("feed", FEEDS)
def test_the_quarantine_names_every_bad_record_and_its_reasons(loaded: Penstock, feed: str) -> None:
    document = loaded.json("quarantine", "list", feed, "--limit", "100000")
    records = [r for r in document["records"] if r["status"] == "quarantined"]
    assert all(r["raw"] for r in records)
    # The sheet does not say which of two clashing records loses: that goes by their hashes.
    clashes = [r for r in records if any(why.endswith(CLASHES) for why in r["reasons"])]
    held = [(r["file"], r["reasons"]) for r in records if r not in clashes]
    assert check_quarantine(held, sheet(loaded, feed)) == []


def test_a_second_run_loads_nothing(loaded: Penstock) -> None:
    document = loaded.json("run", *FEEDS)
    assert [feed["batches"] for feed in document["feeds"]] == [[]] * len(FEEDS)


def test_plan_finds_nothing_and_status_says_so(loaded: Penstock) -> None:
    assert loaded.json("plan", "events")["files"] == 0
    rows = {row["feed"]: row for row in loaded.json("status")["feeds"]}
    assert rows["events"]["backlog"] == 0
    assert rows["events"]["batches"] == {"loaded": 1}


def test_files_lists_every_file_with_its_state(loaded: Penstock) -> None:
    files = loaded.json("files", "events")["files"]
    names = {p.name for p in (loaded.drops / "events").glob("events_*")}
    assert {f["uri"].rsplit("/", 1)[-1] for f in files} == names
    assert {f["state"] for f in files} == {"loaded"}


def test_queries_answer_as_table_csv_and_chart(loaded: Penstock, tmp_path: Path) -> None:
    rows = loaded.json("query", "most_active_users")["rows"]
    assert rows
    assert len(loaded("query", "most_active_users", "--csv").splitlines()) == len(rows) + 1
    chart = tmp_path / "chart.png"
    loaded("query", "top_countries", "--chart", str(chart))
    assert chart.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "query",
    [p.stem for p in sorted((Path(__file__).parents[2] / "conf" / "queries").glob("*.sql"))],
)
def test_every_shipped_query_gives_rows(loaded: Penstock, query: str) -> None:
    assert loaded.json("query", query)["rows"]
