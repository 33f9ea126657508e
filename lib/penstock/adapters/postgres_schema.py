"""The target table on Postgres: created from the feed, extended by columns, never narrowed."""

from __future__ import annotations

from penstock.errors import ConfigError
from penstock.model import Feed
from penstock.model.layout import target_columns
from penstock.ports import Session
from penstock.publish.ddl import add_column, create_indexes, create_target
from penstock.publish.types import postgres_type

_COLUMNS = """
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped
"""


def ensure_target(session: Session, feed: Feed) -> None:
    """Create the feed's table with its indexes, or add the columns it lacks.

    :raises ConfigError: a column exists with another type, a column the feed does not fill is NOT
        NULL, or the name belongs to a view.
    """
    table = feed.target.table
    kind = session.query(
        "SELECT relkind FROM pg_catalog.pg_class WHERE oid = to_regclass(%(table)s)",
        {"table": table},
    )
    if not kind:
        schema = table.split(".", 1)[0]
        session.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        session.execute(create_target(feed))
        for statement in create_indexes(feed):
            session.execute(statement)
        return
    if kind[0][0] not in ("r", "p", b"r", b"p"):
        raise ConfigError(
            f"{feed.config_path}: target {table} is not a table",
            hint="name a table, or drop the view of that name",
        )
    present = {
        name: (type_, bare) for name, type_, bare in session.query(_COLUMNS, {"table": table})
    }
    wanted = {name: postgres_type(spark_type) for name, spark_type in target_columns(feed)}
    for name, spark_type in target_columns(feed):
        if name not in present:
            session.execute(add_column(feed, name, spark_type))
        elif present[name][0] != wanted[name] and not _widens(present[name][0], wanted[name]):
            raise ConfigError(
                f"{feed.config_path}: column {name} is {wanted[name]} in the feed but "
                f"{present[name][0]} in {table}",
                hint=f"declare it so in the feed, or ALTER TABLE {table} ALTER COLUMN "
                f"{name} TYPE {wanted[name]}",
            )
    for name, (_, required) in present.items():
        if required and name not in wanted:
            raise ConfigError(
                f"{feed.config_path}: {table}.{name} is NOT NULL, and the feed does not fill it",
                hint="add the column to the feed, or give it a default",
            )


_WIDER = {
    "smallint": {"integer", "bigint"},
    "integer": {"bigint"},
    "real": {"double precision"},
}


def _widens(present: str, wanted: str) -> bool:
    """Whether the table's type holds every value of the feed's type as it is."""
    if present in _WIDER.get(wanted, set()):
        return True
    if wanted == "text" and present in ("uuid", "character varying"):
        return present != "uuid"
    if wanted.startswith("numeric(") and present.startswith("numeric"):
        if present == "numeric":
            return True
        (p0, s0), (p1, s1) = _numeric(present), _numeric(wanted)
        return s0 >= s1 and p0 - s0 >= p1 - s1
    return False


def _numeric(type_: str) -> tuple[int, int]:
    precision, scale = type_.removeprefix("numeric(").removesuffix(")").split(",")
    return int(precision), int(scale)
