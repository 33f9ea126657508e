"""Small tables of Python values as DataFrames."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def inline_table(spark: SparkSession, rows: Sequence[Mapping[str, Any]], schema: str) -> DataFrame:
    """A DataFrame of a few thousand rows at most, which the driver holds anyway.

    Unlike ``createDataFrame`` it starts no Python worker, and the plan shows one line of it.

    :param rows: JSON values by column name; absent ones are NULL.
    :param schema: columns as in ``a: string, b: int``.
    """
    text = json.dumps(list(rows), ensure_ascii=False, separators=(",", ":")).encode()
    # Base64 because what a backslash means in a SQL string depends on the session.
    literal = base64.b64encode(text).decode("ascii")
    table = spark.sql(f"VALUES (CAST(unbase64('{literal}') AS STRING)) AS list(rows)")
    return table.select(F.inline(F.from_json("rows", f"array<struct<{schema}>>")))
