"""Warehouse types of the feed's Spark SQL types."""

from __future__ import annotations

import re

from penstock.errors import ConfigError

_POSTGRES = {
    "string": "text",
    "uuid": "text",
    "boolean": "boolean",
    "tinyint": "smallint",
    "smallint": "smallint",
    "int": "integer",
    "bigint": "bigint",
    "float": "real",
    "double": "double precision",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "timestamp_ntz": "timestamp without time zone",
    "binary": "bytea",
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NESTED = ("array<", "struct<", "map<")


def is_nested(spark_type: str) -> bool:
    """Arrays, structs and maps travel as JSON text and land as the warehouse's JSON type."""
    return spark_type.startswith(_NESTED)


def postgres_type(spark_type: str) -> str:
    """The Postgres type a column of ``spark_type`` is created with.

    :raises ConfigError: there is none.
    """
    if is_nested(spark_type):
        return "jsonb"
    if decimal := _DECIMAL.fullmatch(spark_type):
        return f"numeric({decimal[1]},{decimal[2]})"
    try:
        return _POSTGRES[spark_type]
    except KeyError:
        raise ConfigError(
            f"type '{spark_type}' has no counterpart in Postgres",
            hint="declare the column with one of: " + ", ".join(sorted(_POSTGRES)),
        ) from None
