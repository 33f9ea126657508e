"""Which listed versions are new, given the latest record of their URI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from penstock.model import (
    Batch,
    BatchRecord,
    Discovery,
    FileRecord,
    FileVersion,
    Plan,
    PlannedFile,
    Quality,
    State,
)
from penstock.model.discovered import Discovered, FoundFile, Rejected
from penstock.plan import make_plan
from tests.support.fake_store import MODIFIED
from tests.support.feeds import column, feed

URI = "s3://drops/in/a.csv"
FEED = feed((column("id"),), path="s3://drops/in/", config_hash="c1")
IGNORE = replace(FEED, source=replace(FEED.source, discovery=Discovery(overwrites="ignore")))
NEW_CONFIG = replace(FEED, config_hash="c2")


def version(text: str = "x", uri: str = URI) -> FileVersion:
    return FileVersion(uri, text, 10, MODIFIED)


def record(state: State, text: str = "x", generation: int = 1, **fields: Any) -> FileRecord:
    fields = {"batch_id": "b" * 64, "config_hash": "c1"} | fields
    return FileRecord(URI, text, generation, state, **fields)


def batch(generation: int = 1, text: str = "x", sequence: int = 1) -> Batch:
    return Batch("things", "load", sequence, (PlannedFile(version(text), generation),))


def plan(
    listed: str,
    known: FileRecord | None = None,
    batches: Sequence[BatchRecord] = (),
    wanted: Any = FEED,
    retry: Sequence[str] = (),
) -> Plan:
    return make_plan(
        wanted,
        Discovered([FoundFile(version(listed))]),
        {URI: known} if known else {},
        batches,
        retry=retry,
    )


def planned(made: Plan) -> list[tuple[str, int]]:
    assert made.rejected == ()
    return [(f.file.version, f.generation) for b in made.batches for f in b.files]


def refused(made: Plan) -> FileRecord:
    assert made.batches == ()
    (rejected,) = made.rejected
    return rejected


def test_a_file_never_seen_is_planned_as_generation_one() -> None:
    assert planned(plan("x")) == [("x", 1)]


@pytest.mark.parametrize("state", [s for s in State if s is not State.ABANDONED])
def test_the_latest_recorded_version_is_seen(state: State) -> None:
    assert planned(plan("x", record(state))) == []


def test_an_abandoned_file_is_planned_again_as_another_generation() -> None:
    assert planned(plan("x", record(State.ABANDONED, generation=4))) == [("x", 5)]


@pytest.mark.parametrize("state", [State.FAILED, State.ABANDONED, State.HELD])
def test_a_new_version_of_a_file_that_is_not_loaded_is_planned(state: State) -> None:
    assert planned(plan("y", record(state, generation=2))) == [("y", 3)]


def test_a_new_version_of_a_file_on_its_way_is_left_until_its_batch_is_settled() -> None:
    assert planned(plan("y", record(State.PLANNED))) == []


@pytest.mark.parametrize("state", [State.LOADED, State.SKIPPED])
def test_an_overwrite_of_a_settled_file_fails_with_a_remedy(state: State) -> None:
    found = refused(plan("y", record(state, generation=2)))
    assert found == FileRecord(
        URI,
        "y",
        3,
        State.FAILED,
        batch_id="",
        reason=f"overwritten after it was {state} (version x, batch bbbbbbbbbbbb); "
        "drop it under another name, or set source.discovery.overwrites to ignore",
        size=10,
        config_hash="c1",
    )


def test_an_overwrite_is_reported_once() -> None:
    once = refused(plan("y", record(State.LOADED)))
    assert planned(plan("y", once)) == []
    assert planned(plan("y", once, wanted=NEW_CONFIG)) == []


def test_an_overwrite_that_is_asked_for_by_name_is_refused_again() -> None:
    once = refused(plan("y", record(State.LOADED)))
    again = refused(plan("y", once, retry=[URI]))
    assert again == replace(once, generation=3)


def test_overwriting_a_refused_overwrite_is_refused_too() -> None:
    first = refused(plan("y", record(State.LOADED)))
    second = refused(plan("z", first))
    assert second == replace(first, version="z", generation=3)


def test_a_failure_in_a_batch_is_no_refused_overwrite_whatever_its_reason_says() -> None:
    failed = record(State.FAILED, reason="overwritten after it was opened")
    assert planned(plan("y", failed)) == [("y", 2)]


def test_a_version_that_comes_back_is_a_third_generation() -> None:
    first = plan("x")
    assert planned(first) == [("x", 1)]
    second = refused(plan("y", record(State.LOADED, "x", 1)))
    assert (second.version, second.generation) == ("y", 2)
    third = refused(plan("x", second))
    assert (third.version, third.generation) == ("x", 3)


def test_a_failed_version_that_comes_back_is_loaded_as_a_third_generation() -> None:
    assert planned(plan("y", record(State.FAILED, "x", 1))) == [("y", 2)]
    assert planned(plan("x", record(State.FAILED, "y", 2))) == [("x", 3)]


def test_overwrites_are_skipped_once_where_the_feed_ignores_them() -> None:
    found = refused(plan("y", record(State.LOADED), wanted=IGNORE))
    assert (found.state, found.version, found.generation) == (State.SKIPPED, "y", 2)
    assert found.reason == (
        "overwritten after it was loaded (version x, batch bbbbbbbbbbbb); "
        "source.discovery.overwrites is ignore"
    )
    assert planned(plan("y", found, wanted=IGNORE)) == []


def test_a_refused_overwrite_is_skipped_when_the_feed_comes_to_ignore_them() -> None:
    once = refused(plan("y", record(State.LOADED)))
    found = refused(plan("y", once, wanted=IGNORE))
    assert (found.state, found.generation) == (State.SKIPPED, 3)


def test_a_failed_file_is_planned_again_when_the_configuration_changed() -> None:
    failed = record(State.FAILED)
    loaded = [BatchRecord(batch(), State.LOADED)]
    failed = replace(failed, batch_id=loaded[0].batch.id)
    assert planned(plan("x", failed, loaded)) == []
    assert planned(plan("x", failed, loaded, wanted=NEW_CONFIG)) == [("x", 2)]


def test_a_failed_file_is_planned_again_on_request() -> None:
    assert planned(plan("x", record(State.FAILED), retry=[URI])) == [("x", 2)]
    assert planned(plan("x", record(State.FAILED), retry=["s3://drops/in/b.csv"])) == []


@pytest.mark.parametrize("state", [State.FAILED, State.HELD, State.PLANNED])
def test_a_file_that_failed_with_its_batch_is_left_to_recovery(state: State) -> None:
    unsettled = [BatchRecord(batch(), state)]
    failed = record(State.FAILED, batch_id=unsettled[0].batch.id)
    assert planned(plan("x", failed, unsettled, wanted=NEW_CONFIG)) == []
    assert planned(plan("x", failed, unsettled, retry=[URI])) == [("x", 2)]


def failures(*texts: str, state: State = State.LOADED) -> list[BatchRecord]:
    """A batch per generation of the file, of these versions."""
    return [BatchRecord(batch(n, text, n), state) for n, text in enumerate(texts, 1)]


@pytest.mark.parametrize("retry", [[], [URI]])
def test_a_file_is_tried_max_attempts_times_and_then_reported(retry: list[str]) -> None:
    twice = record(State.FAILED, generation=2, reason="not UTF-8")
    assert planned(plan("x", twice, failures("x", "x"), wanted=NEW_CONFIG, retry=retry)) == [
        ("x", 3)
    ]
    thrice = record(State.FAILED, generation=3, reason="not UTF-8")
    found = refused(plan("x", thrice, failures("x", "x", "x"), wanted=NEW_CONFIG, retry=retry))
    assert (found.state, found.generation, found.config_hash) == (State.FAILED, 4, "c2")
    assert found.reason == (
        "failed 3 times in a row, as often as quality.max_attempts allows "
        "(the last time: not UTF-8); mend the file and drop it again, or raise the limit"
    )
    again = plan("x", found, failures("x", "x", "x"), wanted=NEW_CONFIG, retry=retry)
    assert [r.reason for r in again.rejected] == ([found.reason] if retry else [])


def test_raising_the_limit_allows_another_try() -> None:
    exhausted = record(State.FAILED, generation=4, batch_id="", reason="failed 3 times in a row")
    wanted = replace(NEW_CONFIG, quality=Quality(max_attempts=4))
    assert planned(plan("x", exhausted, failures("x", "x", "x"), wanted=wanted)) == [("x", 5)]


def test_only_failures_of_this_version_count_and_abandoned_plans_do_not() -> None:
    failed = record(State.FAILED, generation=4)
    mended = failures("x", "x", "y", "x")
    assert planned(plan("x", failed, mended, wanted=NEW_CONFIG)) == [("x", 5)]
    abandoned = [*failures("x", "x", state=State.ABANDONED), *failures("x", "x", "x", "x")[2:]]
    assert planned(plan("x", failed, abandoned, wanted=NEW_CONFIG)) == [("x", 5)]


def test_a_mended_file_is_planned_however_often_it_failed() -> None:
    failed = record(State.FAILED, generation=9)
    assert planned(plan("y", failed, failures(*"xxxxxxxxx"))) == [("y", 10)]


def rejection(known: FileRecord | None, text: str = "x", wanted: Any = FEED) -> Plan:
    discovered = Discovered([Rejected(version(text), "its name is wrong")])
    return make_plan(wanted, discovered, {URI: known} if known else {}, ())


def test_a_rejected_file_is_recorded_as_failed_once_per_version_and_configuration() -> None:
    once = refused(rejection(None))
    assert once == FileRecord(
        URI, "x", 1, State.FAILED, reason="its name is wrong", size=10, config_hash="c1"
    )
    assert rejection(once) == Plan("things", (), (), listed=1)
    assert refused(rejection(once, "y")) == replace(once, version="y", generation=2)
    assert refused(rejection(once, wanted=NEW_CONFIG)) == replace(
        once, generation=2, config_hash="c2"
    )


def test_a_loaded_file_that_the_feed_now_rejects_stays_loaded() -> None:
    assert rejection(record(State.LOADED)).rejected == ()


def test_a_rejected_overwrite_is_reported_as_an_overwrite() -> None:
    found = refused(rejection(record(State.LOADED), "y"))
    assert found.reason.startswith("overwritten after it was loaded (version x")


def test_a_rejected_file_is_planned_when_its_name_is_accepted_at_last() -> None:
    once = refused(rejection(None))
    assert planned(plan("x", once, wanted=NEW_CONFIG)) == [("x", 2)]
