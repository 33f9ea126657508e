"""A committed stage without Spark."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pyarrow as pa
from deltalake import CommitProperties, write_deltalake

from penstock.adapters.storage_options import storage_options, table_address

REASONS = pa.list_(pa.string())


def write_staged(
    uri: str,
    rows: pa.Table,
    *,
    config_hash: str | None = "c1",
    failed: Mapping[int, str] | None = None,
    mode: str = "error",
) -> None:
    """Commit ``rows`` (with ``_status``) as an attempt at ``uri``, as the stage's writer does.

    :param config_hash: None leaves the commit without Penstock's note.
    """
    note = {"config_hash": config_hash, "failed": {str(k): v for k, v in (failed or {}).items()}}
    properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(note)})
    write_deltalake(
        table_address(uri),
        rows,
        mode=mode,  # type: ignore[call-overload]  # one of those it names
        partition_by=["_status"],
        storage_options=storage_options(uri),
        configuration={"delta.dataSkippingNumIndexedCols": "0"},
        commit_properties=properties if config_hash is not None else None,
    )


def staged_rows(**columns: list[object]) -> pa.Table:
    """Rows of a stage: the given columns, and what the others of a stage are by default.

    ``_file`` and ``_status`` say how many there are.
    """
    count = len(columns["_status"])
    types = {"_file": pa.int32(), "_reasons": REASONS, "_raw": pa.string()}
    defaults = {"_file": [0] * count, "_reasons": [None] * count, "_raw": [None] * count}
    return pa.table(
        {name: pa.array(v, types.get(name)) for name, v in (defaults | columns).items()}
    )
