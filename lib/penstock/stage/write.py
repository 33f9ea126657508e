"""The attempt's Delta commit: every record read, partitioned by what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

STATUS = "_status"
LINEAGE = ("original_id", "content_hash", "rekeyed_id", "_file", "_reasons", "_raw", STATUS)


def write_stage(
    df: DataFrame,
    uri: str,
    *,
    columns: tuple[str, ...],
    config_hash: str,
    failed: Mapping[int, str],
) -> None:
    """Write one attempt in a single Delta commit.

    Nested columns become JSON text, which is how they travel to a warehouse. The commit carries
    the configuration hash and the files that could not be read, so that an attempt found later
    explains itself.

    :param df: every record of the batch, with ``columns`` and the lineage columns
        ``original_id, content_hash, rekeyed_id, _file, _reasons, _raw, _status``.
    :param uri: an address nothing was committed to before.
    :param columns: data columns in the target's order.
    :param failed: reason by position of each file of the batch that could not be read.
    """
    note = {"config_hash": config_hash, "failed": {str(k): v for k, v in failed.items()}}
    types = {field.name: field.dataType for field in df.schema.fields}
    data = [_flat(name, types[name]) for name in columns]
    (
        df.select(*data, *LINEAGE)
        .write.format("delta")
        .mode("error")
        .partitionBy(STATUS)
        .option("userMetadata", json.dumps(note))
        .save(uri)
    )


def _flat(name: str, data_type: DataType) -> Column:
    column = F.col(f"`{name}`")
    nested = isinstance(data_type, ArrayType | MapType | StructType)
    return F.to_json(column).alias(name) if nested else column
