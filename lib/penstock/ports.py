"""What the pipeline needs of the outside world, as Protocols. ``adapters`` fulfil them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from penstock.model import (
    Batch,
    BatchRecord,
    Feed,
    FileOutcome,
    FileRecord,
    FileVersion,
    Receipt,
    StagedBatch,
    State,
)


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, with time zone UTC."""
        ...


class ObjectStore(Protocol):
    """One kind of storage (local disk, S3). URIs are raw: never percent-encoded."""

    def list(self, prefix: str) -> Iterator[FileVersion]:
        """Every object below ``prefix`` (a URI ending in ``/``), in no stated order.

        :raises SourceUnreachable: the bucket or folder does not exist or may not be listed.
        """
        ...

    def head(self, uri: str) -> FileVersion | None:
        """The present version of one object, or None if there is none."""
        ...

    def read(self, uri: str, length: int | None = None) -> bytes:
        """The first ``length`` bytes of an object, or all of it.

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
        """Append a batch's new state and, where given, its files' outcomes. Repeats are harmless."""
        ...


class Session(Protocol):
    """One warehouse connection outside autocommit: a transaction begins with the first statement."""

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

    def publish(self, feed: Feed, staged: StagedBatch, *, release: bool = False) -> Receipt:
        """The one transaction. ``release``: pass the gates, as a person has asked for it.

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

    def load_log(self, feed: str) -> Iterable[tuple[Receipt, Batch]]:
        """Every batch of a feed in the load log, to rebuild a ledger from."""
        ...


class StageStore(Protocol):
    """The committed stages, read without Spark."""

    def committed(self, feed: Feed, batch: Batch, attempt: str) -> StagedBatch | None:
        """The attempt as committed, or None if its commit never happened."""
        ...

    def remove(self, feed: str, batch_id: str, keep_attempt: str | None = None) -> None: ...


Progress = Callable[[str, float], None]
"""Called with a stage's name and the share of it done, 0 to 1."""
