"""The ledger's rows as Arrow columns: a million of them cost no Python objects until somebody asks
for one. The rules are those of ``commit.fold``; a property test compares the two."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from penstock.adapters.delta_ledger_rows import SCHEMA
from penstock.commit.fold import absorption, rank
from penstock.model import FileRecord, State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SLICE = 4096
_REPETITIVE = {"batch_id", "state", "reason", "config_hash", "captures"}
_NO_ROWS = pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in SCHEMA], schema=SCHEMA)

RECORD_COLUMNS = (
    "uri",
    "version",
    "generation",
    "state",
    "batch_id",
    "reason",
    "size",
    "recorded_at",
    "config_hash",
)
"""What makes a ``FileRecord``, in the order of its making."""


def lean(batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> pa.Table:
    """Rows of the ledger's table in the form the folds work on: instants as integers
    (microseconds since 1970), repetitive text as dictionaries, each column in one piece."""
    made = [
        pa.RecordBatch.from_arrays(
            [_lean(name, batch.column(name)) for name in columns], names=list(columns)
        )
        for batch in (*batches, _NO_ROWS)
    ]
    return pa.Table.from_batches(made).unify_dictionaries().combine_chunks()


class FoldedFiles(Mapping[str, FileRecord]):
    """The latest record of each URI; records are made in slices, as they are asked for.

    :param rows: one row per URI, with the columns of a file record.
    """

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows.select(RECORD_COLUMNS)
        self._index: dict[str, int] | None = None
        self._slices: dict[int, list[tuple[Any, ...]]] = {}

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __contains__(self, uri: object) -> bool:
        return uri in self._positions

    def __getitem__(self, uri: str) -> FileRecord:
        number, offset = divmod(self._positions[uri], _SLICE)
        if number not in self._slices:
            self._slices[number] = list(values(self._rows.slice(number * _SLICE, _SLICE)))
        row = self._slices[number][offset]
        _, version, generation, state, batch_id, reason, size, recorded, config = row
        return FileRecord(
            uri=uri,
            version=version,
            generation=generation,
            state=State(state),
            batch_id=batch_id,
            reason=reason,
            size=size,
            recorded_at=instant(recorded),
            config_hash=config,
        )

    @property
    def _positions(self) -> dict[str, int]:
        if self._index is None:
            uris = self._rows.column("uri").to_pylist()
            self._index = dict(zip(uris, range(len(uris)), strict=True))
        return self._index


def fold_files(rows: pa.Table) -> pa.Table:
    """One row per URI: of its highest generation, the one that wins.

    The winner sorts last of its URI. The keys down to ``rank`` say which that is; the others make
    the order total, so that it does not hang on the order of rows.
    """
    if not rows.num_rows:
        return rows
    keys = pa.table(
        {
            "uri": rows.column("uri").combine_chunks().dictionary_encode().indices,
            "generation": rows.column("generation"),
            "absorption": _weights(rows, absorption),
            "recorded_at": rows.column("recorded_at"),
            "rank": _weights(rows, rank),
            "version": rows.column("version"),
            "batch_id": rows.column("batch_id").cast(pa.string()),
            "reason": rows.column("reason").cast(pa.string()),
            "config_hash": rows.column("config_hash").cast(pa.string()),
            "size": rows.column("size"),
        }
    )
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    uris = keys.column("uri").take(order).combine_chunks()
    last = order[:-1].filter(pc.not_equal(uris[:-1], uris[1:]))
    return rows.take(pa.concat_arrays([last, order[-1:]]))


def values(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples of Python values."""
    columns = (
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in rows.columns
    )
    return zip(*(column.to_pylist() for column in columns), strict=True)


def instant(microseconds: int) -> datetime:
    """The instant that ``lean`` made an integer of."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _lean(name: str, column: pa.Array) -> pa.Array:
    kind = SCHEMA.field(name).type
    if pa.types.is_string(kind):
        text = column.cast(kind)
        return text.dictionary_encode() if name in _REPETITIVE else text
    return column.cast(pa.int64())


def _weights(rows: pa.Table, weight: Callable[[State], int]) -> pa.Array:
    states = rows.column("state").combine_chunks()
    weights = array("q", [weight(State(text)) for text in states.dictionary.to_pylist()])
    # From a buffer: pyarrow imports pandas to make an array of a list, or a scalar, and that is
    # half a second of a command that should take one.
    column = pa.Array.from_buffers(pa.int64(), len(weights), [None, pa.py_buffer(weights)])
    return column.take(states.indices)
