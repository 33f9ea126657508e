"""What a driver owes its predecessors: settle what they left, before anything new is planned.

The load log in the warehouse is the truth; the ledger is brought in line with it, per file.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from penstock.errors import LedgerMismatch
from penstock.model import Batch, BatchRecord, Feed, FileOutcome, Receipt, State
from penstock.ports import Ledger, LedgerView, Warehouse

log = logging.getLogger(__name__)


def open_ledger(ledger: Ledger, warehouse: Warehouse, feed: Feed) -> LedgerView:
    """The ledger, brought up to what the load log knows.

    An absent ledger is created and rebuilt; batches that were published while their driver died
    before it could say so get their outcomes copied per file.

    :raises LedgerMismatch: the ledger says ``loaded`` where the load log knows nothing.
    """
    ledger.create()
    view = ledger.open()
    logged = warehouse.load_states(feed.name)
    known = {record.batch.id: record for record in view.batches()}
    lost = [i for i, r in known.items() if r.state is State.LOADED and i not in logged]
    if lost:
        raise LedgerMismatch(
            f"the ledger of {feed.name} says {len(lost)} batches are loaded which "
            f"{warehouse.label} knows nothing of, the first {lost[0][:12]}: "
            "was the warehouse restored or changed?",
            hint="point the feed at the right warehouse, or set the ledger aside: delete "
            f"ledger/{feed.name} in PENSTOCK_HOME, and what is missing is loaded again",
        )
    behind = [i for i, state in logged.items() if not _agrees(known.get(i), state)]
    if not behind:
        return view
    for receipt, batch in warehouse.load_log(feed.name, behind):
        if receipt.state is State.ABANDONED:
            if receipt.batch_id in known:
                settle(ledger, known[receipt.batch_id].batch, receipt, feed.config_hash)
        else:
            log.info("batch %s was published before; the ledger now knows", batch.id[:12])
            settle(ledger, batch, receipt, feed.config_hash)
    return ledger.open()


def _agrees(record: BatchRecord | None, logged: State) -> bool:
    """Whether the ledger needs nothing more; a skipped batch stands as abandoned in the log."""
    if record is None:
        return False
    return record.state is logged or (record.state, logged) == (State.SKIPPED, State.ABANDONED)


def settle(ledger: Ledger, batch: Batch, receipt: Receipt, config_hash: str) -> None:
    """Write the load log's word on a batch into the ledger."""
    outcomes = receipt.outcomes or tuple(
        FileOutcome(f.uri, f.file.version, f.generation, receipt.state) for f in batch.files
    )
    ledger.record(batch, receipt.state, config_hash=config_hash, outcomes=outcomes)


def fail(ledger: Ledger, batch: Batch, state: State, reason: str, config_hash: str) -> None:
    """Record a batch as failed, held or skipped, and its files with it."""
    outcomes = [
        FileOutcome(f.uri, f.file.version, f.generation, state, reason) for f in batch.files
    ]
    ledger.record(batch, state, reason=reason, config_hash=config_hash, outcomes=outcomes)


def unfinished(
    view: LedgerView, feed: Feed, *, requested: Collection[str] = ()
) -> tuple[BatchRecord, ...]:
    """Batches to take up again, in the order they were planned.

    Planned ones always; held and failed ones when the configuration has changed since, at most
    ``max_attempts`` times, or when ``requested`` by id.
    """
    return tuple(
        record
        for record in view.batches()
        if record.state is State.PLANNED
        or record.batch.id in requested
        or (
            record.state in (State.HELD, State.FAILED)
            and record.config_hash != feed.config_hash
            and record.attempts < feed.quality.max_attempts
        )
    )
