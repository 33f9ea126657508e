"""What the pipeline needs of the outside world, as Protocols. ``adapters`` fulfil them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from penstock.model import (
    Batch,
    BatchRecord,
    BatchReport,
    Counts,
    Feed,
    FileOutcome,
    FileRecord,
    FileVersion,
    Receipt,
    StagedBatch,
    State,
)

Gate = Callable[[Counts], str | None]
"""Judges a batch's counts: the reason to hold it back, or None."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, with time zone UTC."""
        ...


class ObjectStore(Protocol):
    """One kind of storage (local disk, S3). URIs are raw: never percent-encoded."""

    def list(self, prefix: str, starting: str = "") -> Iterator[FileVersion]:
        """Every object below ``prefix`` (a URI ending in ``/``), in no stated order.

        :param starting: only objects whose path below ``prefix`` starts with this text; what is
            elsewhere costs nothing.
        :raises SourceUnreachable: the bucket or folder does not exist or may not be listed.
        """
        ...

    def head(self, uri: str) -> FileVersion | None:
        """The present version of one object, or None if there is none."""
        ...

    def read(self, uri: str, length: int | None = None, offset: int = 0) -> bytes:
        """``length`` bytes of an object from ``offset`` on, or all that follow.

        :raises FileUnreadable: it is gone or may not be read.
        """
        ...

    def copy(self, source: str, target: str) -> None:
        """Copy one object within this kind of storage, replacing ``target``."""
        ...


class LedgerView(Protocol):
    """The ledger at one version, folded."""

    def files(self) -> Mapping[str, FileRecord]:
        """The latest record of each URI: highest generation, then the state fold."""
        ...

    def batches(self) -> Sequence[BatchRecord]:
        """Every batch, by sequence."""
        ...


class Ledger(Protocol):
    """Append-only record of one feed's file versions and batches."""

    def exists(self) -> bool: ...

    def create(self) -> None:
        """Make the empty ledger; harmless if it exists or is being made by another driver."""
        ...

    def open(self) -> LedgerView:
        """Read the ledger; the view keeps the table handle that ``plan`` appends through.

        :raises ConfigError: the ledger cannot be reached or has an unknown version.
        """
        ...

    def plan(
        self,
        view: LedgerView,
        batches: Sequence[Batch],
        rejected: Sequence[FileRecord],
        config_hash: str,
    ) -> None:
        """Append ``planned`` batches and rejected files through the view's own handle.

        :raises PlanConflict: another plan was committed since the view was opened (or this one
            landed and was reported failed: the caller reloads and looks for its batch ids).
        """
        ...

    def record(
        self,
        batch: Batch,
        state: State,
        *,
        reason: str = "",
        config_hash: str = "",
        outcomes: Sequence[FileOutcome] = (),
    ) -> None:
        """Append a batch's new state and, if given, its files' outcomes; repeats do no harm."""
        ...


class Session(Protocol):
    """One warehouse connection; a transaction begins with its first statement."""

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        """Run one statement (``%(name)s`` parameters); the number of rows changed, or -1.

        :raises PublishConflict: serialization failure or deadlock; roll back and retry it whole.
        :raises Retryable: the connection broke before COMMIT was sent.
        """
        ...

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]: ...

    def commit(self) -> None:
        """
        :raises OutcomeUnknown: the connection broke while COMMIT was under way.
        """
        ...

    def rollback(self) -> None: ...


class Warehouse(Protocol):
    """A database that takes batches in."""

    @property
    def label(self) -> str:
        """Where it is, without secrets."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """A new connection, closed (and rolled back) on exit.

        :raises TargetUnreachable: it cannot be connected to.
        """
        ...

    def prepare(self, feed: Feed) -> None:
        """Create the control tables, the target table and its mutex row where absent and apply
        additive changes.

        :raises ConfigError: the table exists and differs in more than added columns.
        """
        ...

    def publish(self, feed: Feed, staged: StagedBatch, *, gate: Gate | None = None) -> Receipt:
        """The one transaction. ``gate`` judges the final counts just before the commit.

        :raises BatchRefused: abandoned, or a file of it is loaded elsewhere.
        :raises GateHeld: too many records would be held back.
        :raises BatchFailed: it can never load as it is.
        """
        ...

    def receipt(self, batch_id: str) -> Receipt | None:
        """What the load log knows of a batch (state loaded, skipped or abandoned), or None."""
        ...

    def abandon(self, feed: Feed, batch: Batch, reason: str) -> Receipt:
        """Under the lock, write ``abandoned`` unless the batch is loaded; the load log's word."""
        ...

    def load_states(self, feed: str) -> Mapping[str, State]:
        """State of every batch of a feed in the load log: loaded or abandoned, by batch id."""
        ...

    def load_log(self, feed: str, batch_ids: Collection[str]) -> Iterable[tuple[Receipt, Batch]]:
        """These batches with their files and outcomes, to copy into a ledger."""
        ...


class StageStore(Protocol):
    """The committed stages, read without Spark."""

    def uri(self, feed: str, batch_id: str, attempt: str) -> str:
        """Where an attempt's Delta table belongs."""
        ...

    def attempts(self, feed: str, batch_id: str) -> Sequence[str]:
        """Attempts of a batch that left anything behind, committed or not."""
        ...

    def committed(self, feed: Feed, batch: Batch, attempt: str) -> StagedBatch | None:
        """The attempt as committed, or None if its commit never happened."""
        ...

    def remove(self, feed: str, batch_id: str, keep_attempt: str | None = None) -> None: ...


class Processor(Protocol):
    """Read, validate, transform and stage one batch, by Spark."""

    def stage(self, feed: Feed, batch: Batch, attempt: str) -> StagedBatch:
        """Stage every record of the batch and commit the attempt.

        :raises SourceChanged: a file is gone.
        :raises Terminal: the batch cannot be processed as configured.
        """
        ...

    def expectations(self, feed: Feed, staged: StagedBatch) -> Mapping[str, Any]:
        """Run the feed's suite over the accepted records; ``success`` tells the verdict."""
        ...


class Observer(Protocol):
    """Is told what a run is doing, for progress bars and logs."""

    def step(self, feed: str, batch: Batch, name: str) -> None: ...

    def done(self, report: BatchReport) -> None: ...
