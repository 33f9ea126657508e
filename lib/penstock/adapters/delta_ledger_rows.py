"""The ledger's table: its columns, its properties, and the rows of each kind of append."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat

import pyarrow as pa

from penstock.model import Batch, FileOutcome, FileRecord, PlannedFile, State

VERSION_PROPERTY = "penstock.ledger_version"
VERSION = "1"
PARTITION = "record"
FILE, BATCH = "file", "batch"

_INSTANT = pa.timestamp("us", "UTC")

SCHEMA = pa.schema(
    {
        PARTITION: pa.string(),
        "feed": pa.string(),
        "batch_id": pa.string(),
        "kind": pa.string(),
        "sequence": pa.int64(),
        "uri": pa.string(),
        "version": pa.string(),
        "size": pa.int64(),
        "modified": _INSTANT,
        "generation": pa.int64(),
        "captures": pa.string(),
        "state": pa.string(),
        "reason": pa.string(),
        "config_hash": pa.string(),
        "rows": pa.int64(),
        "recorded_at": _INSTANT,
    }
)
"""One flat row per event. ``record``: file or batch, the partition; ``size`` in bytes; ``captures``
a JSON object; ``rows``: records of the file that were loaded; batch rows leave ``uri`` to
``captures`` NULL, rejected files have no batch."""

PROPERTIES = {
    VERSION_PROPERTY: VERSION,
    "delta.appendOnly": "true",
    "delta.checkpointInterval": "50",
    # Nothing is ever looked up by value range, and statistics are most of a small commit.
    "delta.dataSkippingNumIndexedCols": "0",
}

Value = str | int | datetime | None


def plan_rows(
    feed: str,
    batches: Iterable[Batch],
    rejected: Sequence[FileRecord],
    config_hash: str,
    now: datetime,
) -> pa.Table:
    """Rows of a plan: every batch and its files as ``planned``, every rejected file as it is."""
    rows = _Rows(recorded_at=now)
    for batch in batches:
        common = _batch_columns(batch) | {
            "state": State.PLANNED,
            "reason": "",
            "config_hash": config_hash,
        }
        rows.add(1, common, {PARTITION: BATCH})
        rows.add(len(batch.files), common, _file_columns(batch.files))
    rows.add(
        len(rejected),
        {PARTITION: FILE, "feed": feed},
        {
            "batch_id": [f.batch_id for f in rejected],
            "uri": [f.uri for f in rejected],
            "version": [f.version for f in rejected],
            "size": [f.size for f in rejected],
            "generation": [f.generation for f in rejected],
            "state": [f.state for f in rejected],
            "reason": [f.reason for f in rejected],
            "config_hash": [f.config_hash or config_hash for f in rejected],
        },
    )
    return rows.table()


def state_rows(
    batch: Batch,
    state: State,
    reason: str,
    config_hash: str,
    outcomes: Sequence[FileOutcome],
    now: datetime,
) -> pa.Table:
    """Rows of a batch's new state and of the outcomes of its files."""
    rows = _Rows(recorded_at=now)
    common = _batch_columns(batch) | {"config_hash": config_hash}
    rows.add(1, common, {PARTITION: BATCH, "state": state, "reason": reason})
    planned = {(f.uri, f.generation): f for f in batch.files} if outcomes else {}
    files = [planned.get((o.uri, o.generation)) for o in outcomes]
    rows.add(
        len(outcomes),
        common,
        {
            PARTITION: FILE,
            "uri": [o.uri for o in outcomes],
            "version": [o.version for o in outcomes],
            "size": [f.file.size if f else 0 for f in files],
            "modified": [f.file.modified if f else None for f in files],
            "generation": [o.generation for o in outcomes],
            "captures": [captures_text(f.captures) if f else None for f in files],
            "state": [o.state for o in outcomes],
            "reason": [o.reason for o in outcomes],
            "rows": [o.rows for o in outcomes],
        },
    )
    return rows.table()


def captures_text(captures: Mapping[str, str]) -> str:
    """Captures as JSON text, equal for equal captures."""
    return json.dumps(dict(captures), sort_keys=True, ensure_ascii=False)


class _Rows:
    """Columns of the table in the making; a column that nobody gives stays NULL."""

    def __init__(self, **constant: Value) -> None:
        self._constant: dict[str, Value | list[Value]] = dict(constant)
        self._columns: dict[str, list[Value]] = {name: [] for name in SCHEMA.names}

    def add(self, count: int, *parts: Mapping[str, Value | list[Value]]) -> None:
        """Append ``count`` rows; a list is a value for each of them, anything else is for all."""
        values = dict(self._constant)
        for part in parts:
            values |= part
        for name, column in self._columns.items():
            value = values.get(name)
            column.extend(value if isinstance(value, list) else repeat(value, count))

    def table(self) -> pa.Table:
        return pa.table(self._columns, schema=SCHEMA)


def _batch_columns(batch: Batch) -> dict[str, Value]:
    return {
        "feed": batch.feed,
        "batch_id": batch.id,
        "kind": batch.kind,
        "sequence": batch.sequence,
    }


def _file_columns(files: Sequence[PlannedFile]) -> dict[str, Value | list[Value]]:
    return {
        PARTITION: FILE,
        "uri": [f.uri for f in files],
        "version": [f.file.version for f in files],
        "size": [f.file.size for f in files],
        "modified": [f.file.modified for f in files],
        "generation": [f.generation for f in files],
        "captures": [captures_text(f.captures) for f in files],
    }
