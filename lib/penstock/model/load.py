"""What a batch became: staged, published, reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from penstock.model.files import Batch, State


class Status(StrEnum):
    """The ``_status`` of a staged record; each record read has exactly one."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    OUT_OF_WINDOW = "out_of_window"


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by what became of them. ``rekeyed`` and ``updated`` are parts of ``loaded``."""

    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    quarantined: int = 0
    out_of_window: int = 0
    rekeyed: int = 0
    updated: int = 0

    @property
    def reconciles(self) -> bool:
        return self.read == self.loaded + self.duplicate + self.quarantined + self.out_of_window

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f) + getattr(other, f) for f in self.__slots__))


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one planned file. ``state``: loaded, failed or skipped."""

    uri: str
    version: str
    generation: int
    state: State
    reason: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One committed Parquet file of a stage, absolute URI."""

    uri: str
    status: Status
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """A committed attempt. ``columns``: names and Spark types in file order, without the
    partition column ``_status``. ``rows_by_file``: records read by position of the file in
    ``batch.files``. ``failed``: reason by position of each file that could not be read."""

    batch: Batch
    attempt: str
    uri: str
    config_hash: str
    columns: tuple[tuple[str, str], ...]
    files: tuple[StagedFile, ...]
    rows_by_file: Mapping[int, int]
    failed: Mapping[int, str] = field(default_factory=dict)

    def rows(self, status: Status) -> int:
        return sum(f.rows for f in self.files if f.status == status)

    @property
    def counts(self) -> Counts:
        """Counts before the comparison with the target; ``loaded`` means accepted so far."""
        by = {status: self.rows(status) for status in Status}
        return Counts(
            read=sum(by.values()),
            loaded=by[Status.ACCEPTED],
            duplicate=by[Status.DUPLICATE],
            quarantined=by[Status.QUARANTINED],
            out_of_window=by[Status.OUT_OF_WINDOW],
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """The warehouse's word on a batch, read from its load log. ``already``: the batch had been
    published before this call."""

    batch_id: str
    state: State
    counts: Counts
    outcomes: tuple[FileOutcome, ...]
    attempt: str = ""
    already: bool = False


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch of a run, for people and for ``--json``."""

    batch_id: str
    kind: str
    state: State
    files: int
    bytes: int
    counts: Counts
    seconds: float
    reason: str = ""
    attempt: str = ""
    stages: Mapping[str, float] = field(default_factory=dict)
    failed_files: Mapping[str, str] = field(default_factory=dict)
    expectations: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of one feed."""

    feed: str
    batches: tuple[BatchReport, ...]
    seconds: float
    target: str = ""
    rejected_files: Mapping[str, str] = field(default_factory=dict)

    @property
    def totals(self) -> Counts:
        return sum((b.counts for b in self.batches), Counts())

    @property
    def exit_code(self) -> int:
        """0 all loaded; 1 a file or batch failed; 3 a gate held a batch back."""
        states = {b.state for b in self.batches}
        if (
            self.rejected_files
            or any(b.failed_files for b in self.batches)
            or State.FAILED in states
        ):
            return 1
        return 3 if State.HELD in states else 0
