"""How the rows of an append-only ledger become states. Pure.

The rule (DESIGN, "Exactly once"): within one generation of a file, and within one batch,
``loaded`` absorbs everything, then ``abandoned``, then ``skipped``; among ``planned``, ``held``
and ``failed`` the row recorded last wins, and of rows recorded at the same instant ``failed``
before ``held`` before ``planned``. So the order of rows doesn't matter, and a row that was
appended twice (a retry after an unknown outcome) changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from penstock.model import Batch, BatchRecord, FileRecord, State

_ABSORPTION = {State.LOADED: 3, State.ABANDONED: 2, State.SKIPPED: 1}
_RANK = {State.FAILED: 2, State.HELD: 1}
_NEVER = datetime.min.replace(tzinfo=UTC)

ENDED = frozenset(_ABSORPTION)
"""States that nothing but a stronger one of them follows: the batch is never taken up again."""


def absorption(state: State) -> int:
    """How strongly a state absorbs others of its generation: 0 (not at all) to 3 (loaded)."""
    return _ABSORPTION.get(state, 0)


def rank(state: State) -> int:
    """Which of two rows recorded at the same instant counts: the higher one."""
    return _RANK.get(state, 0)


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One row of the ledger about a batch."""

    state: State
    recorded_at: datetime
    reason: str = ""
    config_hash: str = ""


def fold_files(rows: Iterable[FileRecord]) -> dict[str, FileRecord]:
    """The record that counts for each URI: of its highest generation, the row that wins."""
    latest: dict[str, FileRecord] = {}
    for row in rows:
        known = latest.get(row.uri)
        if known is None or _file_order(row) > _file_order(known):
            latest[row.uri] = row
    return latest


def fold_batch(batch: Batch, entries: Iterable[BatchEntry]) -> BatchRecord:
    """What is known of one batch, from every row about it.

    ``attempts`` counts the instants at which it was recorded as failed or held; ``planned_at`` is
    the first time it was planned.

    :raises ValueError: there are no rows.
    """
    known = list(entries)
    winner = max(known, key=_entry_order)
    ended_badly = {e.recorded_at for e in known if e.state in (State.FAILED, State.HELD)}
    return BatchRecord(
        batch=batch,
        state=winner.state,
        attempts=len(ended_badly),
        reason=winner.reason,
        config_hash=winner.config_hash,
        planned_at=min((e.recorded_at for e in known if e.state is State.PLANNED), default=None),
        recorded_at=winner.recorded_at,
    )


def _entry_order(entry: BatchEntry) -> tuple[int, datetime, int, str, str]:
    return (
        absorption(entry.state),
        entry.recorded_at,
        rank(entry.state),
        entry.reason,
        entry.config_hash,
    )


def _file_order(row: FileRecord) -> tuple[int, int, datetime, int, str, str, str, str, int]:
    return (
        row.generation,
        absorption(row.state),
        row.recorded_at or _NEVER,
        rank(row.state),
        row.version,
        row.batch_id,
        row.reason,
        row.config_hash,
        row.size,
    )
