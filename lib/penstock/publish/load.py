"""The one transaction that publishes a batch: lock, compare, write, load log, commit.

Runs on any ``ports.Session``. The staging tables must have been filled and committed before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from penstock import failpoints
from penstock.errors import BatchFailed, BatchRefused, GateHeld, Retryable
from penstock.model import Batch, Counts, Feed, FileOutcome, Receipt, StagedBatch, State
from penstock.model.layout import HASH_VERSION, staging_columns
from penstock.ports import Gate, Session
from penstock.publish.ddl import create_indexes, drop_indexes
from penstock.publish.sql import PublishSql

_BULK_ROWS = 50_000
"""From here on, building an index at once beats growing it row by row."""


def stage_files(session: Session, sql: PublishSql, staged: StagedBatch) -> None:
    """Create the attempt's staging tables and fill the one that lists the batch's files."""
    batch = staged.batch
    names = {"attempt": sql.attempt, "batch_id": batch.id, "feed": batch.feed}
    for statement in sql.create_staging():
        session.execute(statement, names)
    for position, planned in enumerate(batch.files):
        reason = staged.failed.get(position, "")
        session.execute(
            sql.insert_file(),
            {
                "position": position,
                "uri": planned.uri,
                "version": planned.file.version,
                "generation": planned.generation,
                "size": planned.file.size,
                "modified": planned.file.modified,
                "captures": json.dumps(dict(planned.captures)),
                "outcome": (State.FAILED if reason else State.LOADED).value,
                "reason": reason,
                "rows": staged.rows_by_file.get(position, 0),
            },
        )


def bulk_columns(feed: Feed) -> tuple[tuple[str, str], ...]:
    """(name, Spark type) of the staging table, for the bulk loader."""
    return staging_columns(feed)


def take_lock(session: Session, target: str, batch_id: str) -> None:
    """Wait for, and take, the target's mutex row until the transaction ends.

    :raises BatchFailed: there is no such row, so that nothing would keep two publishes apart.
    """
    session.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    changed = session.execute(PublishSql.lock(), {"target": target, "batch_id": batch_id})
    if changed != 1:
        raise BatchFailed(
            f"penstock.mutex has {changed} rows for {target}, so the target cannot be locked",
            hint="run `penstock check FEED`, which lists the control tables that are missing",
        )


def find_receipt(session: Session, batch_id: str) -> Receipt | None:
    """The load log's word on a batch."""
    rows = session.query(PublishSql.find_load(), {"batch_id": batch_id})
    if not rows:
        return None
    state, attempt, *counts = rows[0]
    files = session.query(PublishSql.find_load_files(), {"batch_id": batch_id})
    return Receipt(
        batch_id=batch_id,
        state=State(state),
        counts=Counts(*counts),
        outcomes=tuple(FileOutcome(u, v, g, State(o), r, n) for u, v, g, o, r, n in files),
        attempt=attempt or "",
        already=True,
    )


def publish(
    session: Session, sql: PublishSql, staged: StagedBatch, *, gate: Gate | None = None
) -> Receipt:
    """Load one staged batch from the staging tables that ``sql`` names.

    Commits, or leaves the roll-back to the session's owner.

    :raises BatchRefused: abandoned by another driver, or a file of it is loaded elsewhere.
    :raises GateHeld: the final counts are over the gate.
    :raises BatchFailed: ``on_clash: fail`` met a clash, or the counts do not reconcile.
    :raises Retryable: the staging table lost rows (Postgres empties unlogged tables in a crash).
    """
    feed, batch = sql.feed, staged.batch
    names: dict[str, object] = {
        "batch_id": batch.id,
        "feed": batch.feed,
        "target": feed.target.table,
        "sequence": batch.sequence,
    }
    take_lock(session, feed.target.table, batch.id)
    failpoints.reach("publish.locked")
    if receipt := find_receipt(session, batch.id):
        if receipt.state is not State.LOADED:
            raise BatchRefused(f"batch {batch.id[:12]} is {receipt.state}", abandoned=True)
        return receipt
    if elsewhere := session.query(sql.loaded_elsewhere(), names):
        uris = tuple(uri for (uri,) in elsewhere)
        raise BatchRefused(
            f"this or a later version is loaded already: {', '.join(uris)}",
            loaded_elsewhere=uris,
        )
    accepted = staged.counts.loaded
    ((present,),) = session.query(sql.staged_rows())
    if present != accepted:
        raise Retryable(f"staging table of {batch.id[:12]} holds {present} of {accepted} rows")

    if feed.target.mode == "replace":
        _refuse_stale_replace(session, feed, batch)
        session.execute(sql.clear())
    ((has_rows,),) = session.query(sql.target_has_rows())
    rekeyed = 0
    if sql.policy == "rekey":
        ((rekeyed,),) = session.query(sql.rekeyed_rows(compared=False))
    # Where the target is empty, as on a first load, there is nothing to compare with: at most an
    # id made in the batch may be that of another of its records.
    compared = bool(has_rows) and sql.compares
    if rekeyed and not compared and sql.keeps_ids_unique:
        ((compared,),) = session.query(sql.made_id_is_taken())
    verdicts = _compare(session, sql, names, rekeyed=rekeyed) if compared else {}
    held = verdicts.get("clash", 0) if sql.policy == "quarantine" else verdicts.get("taken", 0)
    if held:
        session.execute(sql.hold_back(), names)
    if verdicts.get("newer"):
        session.execute(sql.delete_superseded())
    if sql.policy == "rekey" and (rekeyed or verdicts.get("clash")):
        ((rekeyed,),) = session.query(sql.rekeyed_rows(compared=compared))
    with _bulk(session, sql, names, empty=not has_rows and accepted >= _BULK_ROWS):
        inserted = session.execute(sql.insert(compared=compared), names)
    failpoints.reach("publish.written")

    counts = replace(
        staged.counts,
        loaded=inserted,
        duplicate=staged.counts.duplicate + verdicts.get("duplicate", 0) + verdicts.get("older", 0),
        quarantined=staged.counts.quarantined + held,
        rekeyed=rekeyed,
        updated=verdicts.get("newer", 0),
    )
    if not counts.reconciles:
        raise BatchFailed(
            f"counts of batch {batch.id[:12]} do not add up: {counts}",
            hint="nothing was loaded; please report this with the output of `penstock batch show`",
        )
    if gate and (reason := gate(counts)):
        raise GateHeld(reason)
    log = names | _log(staged) | {f: getattr(counts, f) for f in Counts.__slots__}
    session.execute(sql.insert_load(), log | {"state": State.LOADED.value, "reason": ""})
    session.execute(sql.insert_load_files(), names)
    receipt = find_receipt(session, batch.id)
    assert receipt is not None  # written three lines up, in this transaction
    failpoints.reach("publish.before_commit")
    session.commit()
    failpoints.reach("publish.after_commit")
    return replace(receipt, already=False)


@contextmanager
def _bulk(
    session: Session, sql: PublishSql, names: dict[str, object], *, empty: bool
) -> Iterator[None]:
    """Into an empty table, a large insert goes without indexes, which are built afterwards."""
    if not empty:
        yield
        return
    ((skip_wal,),) = session.query(sql.can_skip_wal(), names)
    if skip_wal:
        session.execute(sql.truncate())
    for statement in drop_indexes(sql.feed):
        session.execute(statement)
    yield
    for statement in create_indexes(sql.feed):
        session.execute(statement)


def _compare(
    session: Session, sql: PublishSql, names: dict[str, object], *, rekeyed: int
) -> dict[str, int]:
    """Staged records by what the target already knows of them."""
    for statement in sql.verdict():
        session.execute(statement, names)
    verdicts = _verdicts(session, sql)
    if sql.policy == "rekey" and (rekeyed or verdicts.get("clash")):
        for statement in sql.generated():
            session.execute(statement)
        verdicts = _verdicts(session, sql)
    if sql.policy == "fail" and verdicts.get("clash"):
        key = session.query(sql.first_clash())[0]
        raise BatchFailed(
            f"{verdicts['clash']} records clash with the target, the first with key "
            f"{', '.join(map(repr, key))}",
            hint="the feed says on_clash: fail; use rekey or quarantine, or mend the file",
        )
    return verdicts


def _verdicts(session: Session, sql: PublishSql) -> dict[str, int]:
    return {verdict: int(count) for verdict, count in session.query(sql.verdict_counts())}


def _refuse_stale_replace(session: Session, feed: Feed, batch: Batch) -> None:
    names = {"feed": batch.feed, "target": feed.target.table, "sequence": batch.sequence}
    ((later,),) = session.query(PublishSql.later_load(), names)
    if later:
        raise BatchRefused(
            f"a later snapshot of {feed.target.table} is loaded already",
            loaded_elsewhere=tuple(f.uri for f in batch.files),
        )


def _log(staged: StagedBatch) -> dict[str, object]:
    return {
        "kind": staged.batch.kind,
        "attempt": staged.attempt,
        "config_hash": staged.config_hash,
        "hash_version": HASH_VERSION,
    }


def abandon(session: Session, feed: Feed, batch: Batch, reason: str) -> Receipt:
    """Write ``abandoned`` under the lock unless the batch is in the load log; commits.

    A driver that wakes up late and tries to publish this batch is refused from here on.
    """
    take_lock(session, feed.target.table, batch.id)
    if receipt := find_receipt(session, batch.id):
        return receipt
    counts = Counts()
    session.execute(
        PublishSql.insert_load(),
        {
            "batch_id": batch.id,
            "feed": batch.feed,
            "target": feed.target.table,
            "kind": batch.kind,
            "sequence": batch.sequence,
            "state": State.ABANDONED.value,
            "attempt": "",
            "config_hash": feed.config_hash,
            "hash_version": HASH_VERSION,
            "reason": reason,
        }
        | {f: getattr(counts, f) for f in Counts.__slots__},
    )
    session.commit()
    return Receipt(batch.id, State.ABANDONED, counts, ())
