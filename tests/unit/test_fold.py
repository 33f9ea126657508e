"""The ledger's fold: which of several rows about a file or a batch counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from penstock.commit.fold import ENDED, BatchEntry, absorption, fold_batch, fold_files, rank
from penstock.model import Batch, BatchRecord, FileRecord, State

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCH = Batch("events", "load", 1, ())


def at(second: int, state: State, **also: str) -> BatchEntry:
    return BatchEntry(state, NOON + timedelta(seconds=second), **also)


def row(second: int, state: State, generation: int = 1, uri: str = "s3://d/a.csv") -> FileRecord:
    when = NOON + timedelta(seconds=second)
    return FileRecord(uri, f"v{generation}", generation, state, recorded_at=when)


def state_of(*entries: BatchEntry) -> State:
    (state,) = {fold_batch(BATCH, order).state for order in permutations(entries)}
    return state


@pytest.mark.parametrize("other", [s for s in State if s is not State.LOADED])
def test_loaded_absorbs_every_other_state_before_and_after_it(other: State) -> None:
    assert state_of(at(1, State.LOADED), at(2, other)) is State.LOADED
    assert state_of(at(1, other), at(2, State.LOADED)) is State.LOADED


@pytest.mark.parametrize("other", [State.PLANNED, State.HELD, State.FAILED, State.SKIPPED])
def test_abandoned_absorbs_everything_but_loaded(other: State) -> None:
    assert state_of(at(1, State.ABANDONED), at(2, other)) is State.ABANDONED
    assert state_of(at(1, other), at(2, State.ABANDONED)) is State.ABANDONED


@pytest.mark.parametrize("other", [State.PLANNED, State.HELD, State.FAILED])
def test_skipped_absorbs_what_can_still_change(other: State) -> None:
    assert state_of(at(1, State.SKIPPED), at(2, other)) is State.SKIPPED
    assert state_of(at(1, other), at(2, State.SKIPPED)) is State.SKIPPED


@pytest.mark.parametrize("first", [State.PLANNED, State.HELD, State.FAILED])
@pytest.mark.parametrize("then", [State.PLANNED, State.HELD, State.FAILED])
def test_of_states_that_can_change_the_last_one_recorded_counts(first: State, then: State) -> None:
    assert state_of(at(1, first), at(2, then)) is then


def test_at_the_same_instant_failed_counts_before_held_before_planned() -> None:
    assert state_of(at(1, State.PLANNED), at(1, State.HELD)) is State.HELD
    assert state_of(at(1, State.HELD), at(1, State.FAILED)) is State.FAILED
    assert state_of(at(1, State.PLANNED), at(1, State.FAILED)) is State.FAILED


def test_ended_are_the_states_that_absorb() -> None:
    assert {s for s in State if absorption(s)} == ENDED
    assert {State.LOADED, State.ABANDONED, State.SKIPPED} == ENDED
    assert [rank(s) for s in (State.PLANNED, State.HELD, State.FAILED)] == [0, 1, 2]


def test_a_batch_carries_what_its_winning_row_says_and_counts_its_attempts() -> None:
    entries = [
        at(0, State.PLANNED, config_hash="c1"),
        at(1, State.FAILED, reason="no disk", config_hash="c1"),
        at(2, State.PLANNED, config_hash="c2"),
        at(3, State.HELD, reason="too many", config_hash="c2"),
        at(3, State.HELD, reason="too many", config_hash="c2"),
    ]
    assert fold_batch(BATCH, entries) == BatchRecord(
        batch=BATCH,
        state=State.HELD,
        attempts=2,
        reason="too many",
        config_hash="c2",
        planned_at=NOON,
        recorded_at=NOON + timedelta(seconds=3),
    )


def test_a_batch_that_was_never_planned_has_no_time_of_planning() -> None:
    assert fold_batch(BATCH, [at(1, State.LOADED)]).planned_at is None


def test_a_batch_without_rows_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        fold_batch(BATCH, [])


def test_the_highest_generation_of_a_file_counts_whatever_its_state() -> None:
    old, new = row(9, State.LOADED, 1), row(1, State.PLANNED, 2)
    assert fold_files([old, new]) == fold_files([new, old]) == {"s3://d/a.csv": new}


def test_within_a_generation_files_fold_as_batches_do() -> None:
    loaded, failed = row(1, State.LOADED), row(2, State.FAILED)
    assert fold_files([loaded, failed]) == fold_files([failed, loaded]) == {"s3://d/a.csv": loaded}
    held, planned = row(1, State.HELD), row(2, State.PLANNED)
    assert fold_files([planned, held]) == {"s3://d/a.csv": planned}


def test_files_do_not_mix() -> None:
    a, b = row(1, State.LOADED), row(2, State.FAILED, uri="s3://d/b.csv")
    assert fold_files([a, b]) == {a.uri: a, b.uri: b}


def test_a_row_without_a_time_is_older_than_any_other() -> None:
    timeless = FileRecord("s3://d/a.csv", "v1", 1, State.FAILED)
    assert fold_files([row(0, State.PLANNED), timeless]) == {"s3://d/a.csv": row(0, State.PLANNED)}
