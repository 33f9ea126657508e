"""A warehouse and a processor in memory: the protocol without SQL and without Spark.

A file's records are the lines of its bytes. Publishing is all or nothing, like the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from penstock.errors import BatchRefused, GateHeld, SourceChanged
from penstock.model import (
    Batch,
    Counts,
    Feed,
    FileOutcome,
    Receipt,
    StagedBatch,
    StagedFile,
    State,
    Status,
)
from penstock.ports import Gate, ObjectStore, Session


@dataclass
class FakeWarehouse:
    """Rows are (batch id, line); the load log is kept beside them."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    log: dict[str, tuple[Receipt, Batch]] = field(default_factory=dict)
    staged_lines: dict[str, list[str]] = field(default_factory=dict)
    label: str = "fake"

    def session(self) -> AbstractContextManager[Session]:
        raise NotImplementedError("the fake has no SQL")

    def prepare(self, feed: Feed) -> None:
        pass

    def publish(self, feed: Feed, staged: StagedBatch, *, gate: Gate | None = None) -> Receipt:
        batch = staged.batch
        if batch.id in self.log:
            receipt = self.log[batch.id][0]
            if receipt.state is not State.LOADED:
                raise BatchRefused("abandoned", abandoned=True)
            return receipt
        elsewhere = tuple(
            f.uri
            for f in batch.files
            for receipt, _ in self.log.values()
            for o in receipt.outcomes
            if o.uri == f.uri and o.state is State.LOADED and o.generation >= f.generation
        )
        if elsewhere:
            raise BatchRefused("loaded elsewhere", loaded_elsewhere=elsewhere)
        if gate and (reason := gate(staged.counts)):
            raise GateHeld(reason)
        outcomes = tuple(
            FileOutcome(f.uri, f.file.version, f.generation, State.LOADED, "", 1)
            for f in batch.files
        )
        receipt = Receipt(batch.id, State.LOADED, staged.counts, outcomes, staged.attempt)
        self.rows += [(batch.id, line) for line in self.staged_lines[staged.attempt]]
        self.log[batch.id] = (receipt, batch)
        return receipt

    def receipt(self, batch_id: str) -> Receipt | None:
        return self.log[batch_id][0] if batch_id in self.log else None

    def abandon(self, feed: Feed, batch: Batch, reason: str) -> Receipt:
        if batch.id not in self.log:
            self.log[batch.id] = (Receipt(batch.id, State.ABANDONED, Counts(), ()), batch)
        return self.log[batch.id][0]

    def load_states(self, feed: str) -> Mapping[str, State]:
        return {i: r.state for i, (r, b) in self.log.items() if b.feed == feed}

    def load_log(self, feed: str, batch_ids: Collection[str]) -> Iterator[tuple[Receipt, Batch]]:
        for batch_id in sorted(batch_ids):
            yield self.log[batch_id]


@dataclass
class FakeStages:
    """Committed attempts in memory."""

    done: dict[str, dict[str, StagedBatch]] = field(default_factory=dict)

    def uri(self, feed: str, batch_id: str, attempt: str) -> str:
        return f"fake:///{feed}/{batch_id}/{attempt}"

    def attempts(self, feed: str, batch_id: str) -> list[str]:
        return list(self.done.get(batch_id, {}))

    def committed(self, feed: Feed, batch: Batch, attempt: str) -> StagedBatch | None:
        return self.done.get(batch.id, {}).get(attempt)

    def remove(self, feed: str, batch_id: str, keep_attempt: str | None = None) -> None:
        kept = self.done.get(batch_id, {})
        self.done[batch_id] = {a: s for a, s in kept.items() if a == keep_attempt}


@dataclass
class FakeProcessor:
    """Stages a batch by splitting its files into lines."""

    store: ObjectStore
    stages: FakeStages
    warehouse: FakeWarehouse
    expected: Mapping[str, Any] | None = None
    calls: int = 0

    def stage(self, feed: Feed, batch: Batch, attempt: str) -> StagedBatch:
        self.calls += 1
        lines = []
        for planned in batch.files:
            if self.store.head(planned.uri) is None:
                raise SourceChanged((planned.uri,))
            lines += self.store.read(planned.uri).decode().splitlines()
        bad = sum(line == "bad" for line in lines)
        good = [line for line in lines if line != "bad"]
        staged = StagedBatch(
            batch=batch,
            attempt=attempt,
            uri=self.stages.uri(feed.name, batch.id, attempt),
            config_hash=feed.config_hash,
            columns=(),
            files=(
                StagedFile("a", Status.ACCEPTED, len(good), 1),
                StagedFile("q", Status.QUARANTINED, bad, 1),
            ),
            rows_by_file={},
        )
        self.warehouse.staged_lines[attempt] = good
        self.stages.done.setdefault(batch.id, {})[attempt] = staged
        return staged

    def expectations(self, feed: Feed, staged: StagedBatch) -> Mapping[str, Any]:
        return self.expected or {"success": True, "failed": [], "expectations": []}
