"""What a ledger says at one version: files and batches, folded from its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from penstock.adapters.delta_ledger_columns import (
    RECORD_COLUMNS,
    FoldedFiles,
    fold_files,
    instant,
    lean,
    values,
)
from penstock.adapters.delta_ledger_rows import BATCH, FILE, PARTITION
from penstock.commit.fold import ENDED, BatchEntry, fold_batch
from penstock.model import Batch, BatchRecord, FileRecord, FileVersion, PlannedFile, State
from penstock.model.files import BatchKind

_BATCH_COLUMNS = (
    "batch_id",
    "feed",
    "kind",
    "sequence",
    "state",
    "reason",
    "config_hash",
    "recorded_at",
)
_PLANNED_COLUMNS = ("uri", "version", "size", "modified", "generation", "captures")
_FILE_COLUMNS = (*RECORD_COLUMNS, "modified", "captures")


class DamagedLedgerError(ValueError):
    """Rows of the ledger contradict each other."""


class DeltaLedgerView:
    """``ports.LedgerView`` of one table version. ``handle`` stands at that version until a plan
    is appended through it; ``spent`` then says so."""

    def __init__(self, handle: DeltaTable) -> None:
        self.handle = handle
        self.spent = False
        self._files = _read(handle, FILE, _FILE_COLUMNS)
        self._batches = fold_batches(_read(handle, BATCH, _BATCH_COLUMNS), self._files)
        self._latest: FoldedFiles | None = None

    def files(self) -> Mapping[str, FileRecord]:
        if self._latest is None:
            self._latest = FoldedFiles(fold_files(self._files))
        return self._latest

    def batches(self) -> Sequence[BatchRecord]:
        return self._batches


class StoredBatch(Batch):
    """A batch whose files are fetched from the ledger when somebody asks for them."""

    __slots__ = ("_fetch", "_id", "_known")
    _fetch: Callable[[str], tuple[PlannedFile, ...]]
    _id: str
    _known: tuple[PlannedFile, ...] | None

    def __init__(
        self,
        feed: str,
        kind: BatchKind,
        sequence: int,
        batch_id: str,
        fetch: Callable[[str], tuple[PlannedFile, ...]],
    ) -> None:
        for name, value in (
            ("feed", feed),
            ("kind", kind),
            ("sequence", sequence),
            ("_id", batch_id),
            ("_fetch", fetch),
            ("_known", None),
        ):
            object.__setattr__(self, name, value)

    @property
    def id(self) -> str:
        return self._id

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        known = self._known
        if known is None:
            known = self._fetch(self._id)
            object.__setattr__(self, "_known", known)
        return known

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Batch):
            return NotImplemented
        mine = (self.feed, self.kind, self.sequence, self.files)
        return mine == (other.feed, other.kind, other.sequence, other.files)

    def __hash__(self) -> int:
        return hash((self.feed, self.kind, self.sequence, self.files))

    def __reduce__(self) -> tuple[type[Batch], tuple[Any, ...]]:
        return Batch, (self.feed, self.kind, self.sequence, self.files)


def fold_batches(rows: pa.Table, files: pa.Table) -> tuple[BatchRecord, ...]:
    """Every batch, by sequence; the files of those that have ended are fetched when asked for.

    :raises DamagedLedgerError: the files of an unfinished batch are not those it was planned with.
    """
    batches: dict[str, tuple[str, BatchKind, int]] = {}
    entries: dict[str, list[BatchEntry]] = {}
    for batch_id, feed, kind, sequence, state, reason, config, recorded in values(rows):
        batches[batch_id] = (feed, kind, sequence)
        entry = BatchEntry(State(state), instant(recorded), reason, config)
        entries.setdefault(batch_id, []).append(entry)
    by_batch = _FilesByBatch(files)
    records = []
    for batch_id, about in entries.items():
        feed, kind, sequence = batches[batch_id]
        record = fold_batch(StoredBatch(feed, kind, sequence, batch_id, by_batch.fetch), about)
        if record.state not in ENDED:
            batch = Batch(feed, kind, sequence, by_batch.fetch(batch_id))
            if batch.id != batch_id:
                raise DamagedLedgerError(f"the files of batch {batch_id[:12]} are not all there")
            record = replace(record, batch=batch)
        records.append(record)
    return tuple(sorted(records, key=lambda r: (r.batch.sequence, r.batch.id)))


class _FilesByBatch:
    """Finds the rows of one batch among all; the index is made when it is first needed."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows
        self._sorted: pa.Table | None = None
        self._spans: dict[str, tuple[int, int]] = {}

    def fetch(self, batch_id: str) -> tuple[PlannedFile, ...]:
        if self._sorted is None:
            self._sorted = self._sort()
        start, length = self._spans.get(batch_id, (0, 0))
        files = {}
        for uri, version, size, modified, generation, captures in values(
            self._sorted.slice(start, length)
        ):
            if modified is not None:  # else an outcome of a file that was never planned
                file = FileVersion(uri, version, size, instant(modified))
                files[uri, generation] = PlannedFile(file, generation, json.loads(captures))
        return tuple(sorted(files.values()))

    def _sort(self) -> pa.Table:
        if not self._rows.num_rows:
            return self._rows.select(_PLANNED_COLUMNS)
        batches = self._rows.column("batch_id").combine_chunks()
        order = pc.sort_indices(batches.indices)
        runs = pc.run_end_encode(batches.indices.take(order))
        names, start = batches.dictionary.to_pylist(), 0
        for code, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            self._spans[names[code]] = (start, end - start)
            start = end
        return self._rows.select(_PLANNED_COLUMNS).take(order)


def _read(handle: DeltaTable, record: str, columns: Sequence[str]) -> pa.Table:
    stream = handle.scan(columns=list(columns), predicate=f"{PARTITION} = '{record}'")
    return lean(pa.RecordBatchReader.from_stream(stream), columns)
