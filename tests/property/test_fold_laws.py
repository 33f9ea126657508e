"""Laws of the ledger's fold, and that the one over Arrow columns is the same fold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.adapters import delta_ledger_columns as columnar
from penstock.adapters.delta_ledger_rows import plan_rows
from penstock.commit.fold import BatchEntry, fold_batch, fold_files
from penstock.model import Batch, FileRecord, State

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCH = Batch("events", "load", 1, ())

# Few values, so that rows clash in every way there is.
states = st.sampled_from(State)
instants = st.integers(0, 3).map(lambda second: NOON + timedelta(seconds=second))
texts = st.sampled_from(["", "x", "é"])
files = st.builds(
    FileRecord,
    uri=st.sampled_from(["s3://d/a", "s3://d/b", "s3://d/ü"]),
    version=st.sampled_from(["v1", "v2"]),
    generation=st.integers(1, 3),
    state=states,
    batch_id=texts,
    reason=texts,
    size=st.integers(0, 2),
    recorded_at=instants,
    config_hash=st.sampled_from(["c1", "c2"]),
)
entries = st.builds(BatchEntry, state=states, recorded_at=instants, reason=texts, config_hash=texts)


T = TypeVar("T")


@st.composite
def rows_and_a_retelling(
    draw: st.DrawFn, row: st.SearchStrategy[T], least: int = 0
) -> tuple[list[T], list[T]]:
    """Some rows, and the same in another order with some of them repeated."""
    rows = draw(st.lists(row, min_size=least, max_size=20))
    repeats = draw(st.lists(st.sampled_from(rows), max_size=5)) if rows else []
    return rows, draw(st.permutations([*rows, *repeats]))


def as_columns(rows: Sequence[FileRecord]) -> pa.Table:
    tables = [plan_rows("events", [], [], "", NOON)]
    tables += [plan_rows("events", [], [r], "", r.recorded_at or NOON) for r in rows]
    return columnar.lean(pa.concat_tables(tables).to_batches(), columnar.RECORD_COLUMNS)


@settings(deadline=None)
@given(rows_and_a_retelling(files))
def test_neither_order_nor_repeats_of_file_rows_matter(
    told: tuple[list[FileRecord], list[FileRecord]],
) -> None:
    rows, again = told
    assert fold_files(again) == fold_files(rows)


@settings(deadline=None)
@given(st.lists(files, max_size=20))
def test_folding_what_was_folded_changes_nothing(rows: list[FileRecord]) -> None:
    folded = fold_files(rows)
    assert fold_files(folded.values()) == folded
    assert fold_files([*rows, *folded.values()]) == folded


@settings(deadline=None)
@given(st.lists(files, max_size=20), st.lists(files, max_size=20))
def test_files_may_be_folded_in_parts(one: list[FileRecord], two: list[FileRecord]) -> None:
    parts = [*fold_files(one).values(), *fold_files(two).values()]
    assert fold_files(parts) == fold_files(one + two)


@settings(deadline=None)
@given(rows_and_a_retelling(entries, least=1))
def test_neither_order_nor_repeats_of_batch_rows_matter(
    told: tuple[list[BatchEntry], list[BatchEntry]],
) -> None:
    rows, again = told
    assert fold_batch(BATCH, again) == fold_batch(BATCH, rows)


@settings(deadline=None)
@given(rows_and_a_retelling(entries, least=1), entries)
def test_a_loaded_batch_stays_loaded_whatever_is_appended(
    told: tuple[list[BatchEntry], list[BatchEntry]], late: BatchEntry
) -> None:
    rows, _ = told
    before, after = fold_batch(BATCH, rows).state, fold_batch(BATCH, [*rows, late]).state
    assert after is State.LOADED or before is not State.LOADED


@settings(deadline=None)
@given(rows_and_a_retelling(files))
def test_the_fold_over_columns_is_the_same_fold(
    told: tuple[list[FileRecord], list[FileRecord]],
) -> None:
    rows, again = told
    folded = columnar.FoldedFiles(columnar.fold_files(as_columns(again)))
    assert dict(folded) == fold_files(rows)
