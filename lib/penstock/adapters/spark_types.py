"""Spark's names of the types in a Delta schema."""

from __future__ import annotations

from typing import Any

_PRIMITIVES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}


def spark_type(delta: str | dict[str, Any]) -> str:
    """The type as Spark SQL writes it (``decimal(12,2)``, ``array<string>``).

    :param delta: a type of a Delta schema as in its JSON (Delta protocol, "Schema Serialization").
    """
    if isinstance(delta, str):
        return _PRIMITIVES.get(delta, delta)
    if delta["type"] == "array":
        return f"array<{spark_type(delta['elementType'])}>"
    if delta["type"] == "map":
        return f"map<{spark_type(delta['keyType'])},{spark_type(delta['valueType'])}>"
    fields = ",".join(f"{field['name']}:{spark_type(field['type'])}" for field in delta["fields"])
    return f"struct<{fields}>"
