"""Committed stages, read from their Delta logs and Parquet files: no Spark, memory flat.

A stage is complete exactly when its log holds a commit whose ``userMetadata`` is Penstock's; an
attempt whose files do not bear its log out counts as one that was never committed, because then
the batch is staged again.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from penstock.adapters.spark_types import spark_type
from penstock.adapters.storage_options import (
    canonical,
    filesystem,
    one_line,
    storage_options,
    table_address,
)
from penstock.errors import ConfigError
from penstock.model import Batch, Feed, StagedBatch, StagedFile, Status

log = logging.getLogger(__name__)

_STATUS, _FILE = "_status", "_file"
_ROWS_AT_ONCE = 16_384
_BUFFER_BYTES = 1024 * 1024
_CREDENTIALS_SECONDS = 300.0


class _DamagedStageError(Exception):
    """What the log says and what lies there are not the same."""


class DeltaStageStore:
    """``ports.StageStore`` below ``<home>/stage``.

    :param home: PENSTOCK_HOME: a folder or an ``s3://`` address.
    :raises ConfigError: no table can live at this home.
    """

    def __init__(self, home: str) -> None:
        self._root = f"{canonical(home)}/stage"
        self._kept: tuple[float, pa_fs.FileSystem] | None = None

    def uri(self, feed: str, batch_id: str, attempt: str) -> str:
        """``file:///...`` or ``s3://...``, raw."""
        return f"{self._root}/{feed}/{batch_id}/{attempt}"

    def attempts(self, feed: str, batch_id: str) -> Sequence[str]:
        """Oldest commit first; before them what never came to a commit, by name."""
        files, path = self._files(), _path(f"{self._root}/{feed}/{batch_id}")
        try:
            found = files.get_file_info(pa_fs.FileSelector(path, allow_not_found=True))
            names = [f.base_name for f in found if f.type is pa_fs.FileType.Directory]
            firsts = [f"{path}/{name}/_delta_log/{0:020}.json" for name in names]
            since = {
                n: f.mtime_ns or 0 for n, f in zip(names, files.get_file_info(firsts), strict=True)
            }
        except OSError as error:
            raise self._unreachable(error) from error
        return sorted(names, key=lambda name: (since[name], name))

    def committed(self, feed: Feed, batch: Batch, attempt: str) -> StagedBatch | None:
        """The attempt as committed; every Parquet footer is read, of the rows only ``_file``.

        :raises ConfigError: the home cannot be reached.
        """
        uri = self.uri(feed.name, batch.id, attempt)
        try:
            table = DeltaTable(table_address(uri), storage_options=storage_options(uri))
            note = _note(table)
            return (
                None if note is None else _staged(table, self._files(), uri, batch, attempt, note)
            )
        except TableNotFoundError:
            return None
        except (_DamagedStageError, DeltaError, FileNotFoundError, pa.ArrowInvalid) as error:
            log.warning("the stage %s is damaged and will not be used: %s", uri, one_line(error))
            return None
        except OSError as error:
            raise self._unreachable(error) from error

    def remove(self, feed: str, batch_id: str, keep_attempt: str | None = None) -> None:
        """Delete the attempts of a batch, but for one to keep; harmless if there are none.

        :raises ConfigError: the home cannot be reached.
        """
        files, path = self._files(), _path(f"{self._root}/{feed}/{batch_id}")
        try:
            for attempt in self.attempts(feed, batch_id):
                if attempt != keep_attempt:
                    # The log first: what is left by a crash is then no committed stage.
                    for folder in (f"{path}/{attempt}/_delta_log", f"{path}/{attempt}"):
                        if files.get_file_info(folder).type is pa_fs.FileType.Directory:
                            files.delete_dir(folder)
        except OSError as error:
            raise self._unreachable(error) from error

    def reader(self, file: StagedFile, columns: Sequence[str]) -> pa.RecordBatchReader:
        """The named columns of one staged file, in this order, as a stream of record batches.

        Instants come as ``timestamp[us, UTC]`` however the file has them. Memory grows neither
        with the file nor with its row groups.

        :raises FileNotFoundError: the file is gone.
        """
        parquet = _open(self._files(), file.uri)
        instants = {
            column.name for column in parquet.metadata.schema if column.physical_type == "INT96"
        }
        plain = parquet.schema_arrow
        schema = pa.schema(
            [
                (name, pa.timestamp("us", "UTC") if name in instants else plain.field(name).type)
                for name in columns
            ]
        )

        def batches() -> Iterator[pa.RecordBatch]:
            with parquet:
                for batch in parquet.iter_batches(_ROWS_AT_ONCE, columns=list(columns)):
                    yield batch.select(list(columns)).cast(schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def records(
        self, staged: StagedBatch, statuses: Sequence[Status]
    ) -> Iterator[Mapping[str, Any]]:
        """Records of the given statuses, one mapping each.

        | key | type | meaning |
        |---|---|---|
        | ``_status`` | str | as asked for |
        | ``_file`` | int | position of the record's file in ``batch.files`` |
        | ``_reasons`` | list of str or None | why it was held back |
        | ``_raw`` | str or None | the source record |
        """
        names = (_FILE, "_reasons", "_raw")
        for file in staged.files:
            if file.status in statuses:
                for batch in self.reader(file, names):
                    for row in batch.to_pylist():
                        yield {_STATUS: file.status.value, **row}

    def _files(self) -> pa_fs.FileSystem:
        """Kept for a while: finding credentials takes longer than opening a file, and they may be
        temporary."""
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > _CREDENTIALS_SECONDS:
            self._kept = (now, filesystem(self._root))
        return self._kept[1]

    def _unreachable(self, error: Exception) -> ConfigError:
        return ConfigError(
            f"PENSTOCK_HOME {self._root.removesuffix('/stage')} cannot be reached: "
            f"{one_line(error)}",
            hint="check the address, the credentials and AWS_ENDPOINT_URL",
        )


def _note(table: DeltaTable) -> Mapping[str, Any] | None:
    """What the stage's writer left in its commit, or None if no commit is its."""
    for commit in table.history():
        try:
            note = json.loads(commit.get("userMetadata") or "null")
        except ValueError:
            continue
        if isinstance(note, dict) and "config_hash" in note:
            return note
    return None


def _staged(
    table: DeltaTable,
    storage: pa_fs.FileSystem,
    uri: str,
    batch: Batch,
    attempt: str,
    note: Mapping[str, Any],
) -> StagedBatch:
    types = {
        field["name"]: spark_type(field["type"])
        for field in json.loads(table.schema().to_json())["fields"]
        if field["name"] != _STATUS
    }
    names = tuple(types)
    files, counts = [], Counter[int]()
    adds = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    for number, add in enumerate(
        sorted(adds, key=lambda a: (a[f"partition.{_STATUS}"], a["path"]))
    ):
        # The log's paths are URL-encoded (Delta protocol, "Add File").
        file = f"{uri}/{unquote(add['path'])}"
        with _open(storage, file) as parquet:
            rows = parquet.metadata.num_rows
            if add.get("num_records") not in (None, rows):
                raise _DamagedStageError(
                    f"{file} holds {rows} records, the log says {add['num_records']}"
                )
            # From version 4.4 on Delta writes partition columns into the files too.
            found = tuple(name for name in parquet.schema_arrow.names if name != _STATUS)
            if number == 0:
                names = found
            if found != names or set(found) != set(types):
                raise _DamagedStageError(f"{file} has other columns than its table")
            for part in parquet.iter_batches(_ROWS_AT_ONCE, columns=[_FILE]):
                for value in pc.value_counts(part.column(0)).to_pylist():
                    counts[value["values"]] += value["counts"]
        status = Status(add[f"partition.{_STATUS}"])
        files.append(StagedFile(file, status, rows, add["size_bytes"]))
    if not set(counts) <= set(range(len(batch.files))):
        raise _DamagedStageError(f"{uri} holds records of files that are not in the batch")
    return StagedBatch(
        batch=batch,
        attempt=attempt,
        uri=uri,
        config_hash=note["config_hash"],
        columns=tuple((name, types[name]) for name in names),
        files=tuple(files),
        rows_by_file={position: counts[position] for position in range(len(batch.files))},
        failed={int(position): reason for position, reason in note.get("failed", {}).items()},
    )


def _open(files: pa_fs.FileSystem, uri: str) -> pq.ParquetFile:
    # Buffered, column chunks are read in pieces instead of whole.
    return pq.ParquetFile(
        _path(uri),
        filesystem=files,
        buffer_size=_BUFFER_BYTES,
        pre_buffer=False,
        coerce_int96_timestamp_unit="us",
    )


def _path(uri: str) -> str:
    return uri.partition("://")[2]
