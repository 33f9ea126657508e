"""Parallel binary COPY of staged Parquet into Postgres, by ADBC. No Spark, memory flat."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from penstock.errors import Retryable
from penstock.model import StagedBatch, StagedFile, Status

if TYPE_CHECKING:
    import pyarrow as pa

Reader = Callable[[StagedFile, tuple[str, ...]], "pa.RecordBatchReader"]


def copy_loader(
    reader: Reader, connections: int | None = None
) -> Callable[[str, StagedBatch, tuple[str, str], tuple[tuple[str, str], ...]], None]:
    """A bulk loader that copies each accepted file over one of several connections.

    Each file is one transaction; a failure leaves a partly filled staging table, which the next
    attempt drops and the publish's row count would refuse.

    :param reader: opens one staged file as a stream of record batches of the named columns.
    :param connections: how many at once; by default the number of processors, at most 8.
    """
    workers = connections or min(8, os.cpu_count() or 1)

    def load(
        url: str,
        staged: StagedBatch,
        table: tuple[str, str],
        columns: tuple[tuple[str, str], ...],
    ) -> None:
        names = tuple(name for name, _ in columns)
        files = [f for f in staged.files if f.status is Status.ACCEPTED and f.rows]

        # Imports pandas where it is installed, which takes longer than a small load.
        import adbc_driver_postgresql.dbapi as adbc

        def copy(file: StagedFile) -> None:
            try:
                with adbc.connect(url) as connection, connection.cursor() as cursor:
                    cursor.adbc_ingest(
                        table[1], reader(file, names), mode="append", db_schema_name=table[0]
                    )
                    connection.commit()
            except (adbc.Error, OSError) as error:
                raise Retryable(f"COPY of {file.uri} failed: {error}") from error

        with ThreadPoolExecutor(max_workers=max(1, min(workers, len(files)))) as pool:
            for _ in pool.map(copy, files):
                pass

    return load
