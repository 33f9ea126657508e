"""The tables of a publish as DDL: Penstock's own, and a feed's target."""

from __future__ import annotations

from penstock.model import Feed
from penstock.model.layout import (
    CONTENT_HASH,
    ORIGINAL_ID,
    REKEYED_ID,
    clash_policy,
    target_columns,
)
from penstock.publish.names import column_list, quote, table
from penstock.publish.types import postgres_type

CONTROL_DDL: tuple[str, ...] = (
    "CREATE SCHEMA IF NOT EXISTS penstock",
    "CREATE TABLE IF NOT EXISTS penstock.mutex ("
    "target text PRIMARY KEY, batch_id text, locked_at timestamp with time zone)",
    "CREATE TABLE IF NOT EXISTS penstock.loads ("
    "batch_id text PRIMARY KEY, feed text NOT NULL, target text NOT NULL, kind text NOT NULL, "
    "sequence bigint NOT NULL, state text NOT NULL, attempt text, config_hash text, "
    "hash_version text, rows_read bigint NOT NULL, rows_loaded bigint NOT NULL, "
    "rows_duplicate bigint NOT NULL, rows_quarantined bigint NOT NULL, "
    "rows_out_of_window bigint NOT NULL, rows_rekeyed bigint NOT NULL, "
    "rows_updated bigint NOT NULL, reason text, loaded_at timestamp with time zone NOT NULL)",
    "CREATE TABLE IF NOT EXISTS penstock.load_files ("
    "feed text NOT NULL, uri text NOT NULL, version text NOT NULL, generation integer NOT NULL, "
    "batch_id text NOT NULL, position integer NOT NULL, size bigint NOT NULL, "
    "modified timestamp with time zone NOT NULL, captures text NOT NULL, outcome text NOT NULL, "
    "reason text NOT NULL, rows bigint NOT NULL, "
    "PRIMARY KEY (feed, uri, version, generation))",
    "CREATE TABLE IF NOT EXISTS penstock.clashes ("
    "batch_id text NOT NULL, feed text NOT NULL, target text NOT NULL, source_file text NOT NULL, "
    "content_hash text NOT NULL, record_key text NOT NULL, reason text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS penstock.staging ("
    "attempt text PRIMARY KEY, batch_id text NOT NULL, feed text NOT NULL, "
    "created_at timestamp with time zone NOT NULL)",
)
"""Control tables: the mutex, the load log (``loads``, ``load_files``), records held back by a
publish, and the registry of staging tables so that those of killed drivers can be dropped."""

CONTROL_INDEXES: tuple[str, ...] = (
    "CREATE INDEX IF NOT EXISTS load_files_batch ON penstock.load_files (batch_id)",
    "CREATE INDEX IF NOT EXISTS loads_feed ON penstock.loads (feed, sequence)",
)


def typed_column(feed: Feed, name: str, spark_type: str) -> str:
    """A column definition. Keys and hashes compare by bytes: it is faster, and what Spark does."""
    type_ = postgres_type(spark_type)
    compared = name in feed.target.key or name in (ORIGINAL_ID, CONTENT_HASH, REKEYED_ID)
    collate = ' COLLATE "C"' if compared and type_ == "text" else ""
    return f"{quote(name)} {type_}{collate}"


def create_target(feed: Feed) -> str:
    """DDL of the target table, without keys or indexes."""
    columns = ",\n  ".join(typed_column(feed, n, t) for n, t in target_columns(feed))
    return f"CREATE TABLE IF NOT EXISTS {table(feed.target.table)} (\n  {columns}\n)"


def create_indexes(feed: Feed) -> tuple[str, ...]:
    """Indexes a publish looks history up by; the one on the key is also a backstop for "ids stay
    unique" where the whole history is compared."""
    target, name = table(feed.target.table), feed.target.table.replace(".", "_")
    if feed.target.history.kind == "none" and feed.target.mode == "append":
        return ()
    if feed.target.key:
        unique = "UNIQUE " if feed.target.history.kind == "all" else ""
        key = column_list(feed.target.key)
        scope = column_list(feed.target.key[:-1])
        by_original = f"{scope}, {quote(ORIGINAL_ID)}" if scope else quote(ORIGINAL_ID)
        indexes = [f"CREATE {unique}INDEX {quote(name + '_key')} ON {target} ({key})"]
        if clash_policy(feed) == "rekey":
            indexes.append(
                f"CREATE INDEX {quote(name + '_original')} ON {target} ({by_original}) "
                f"WHERE {quote(ORIGINAL_ID)} IS NOT NULL"
            )
        return tuple(indexes)
    if clash_policy(feed) == "content":
        return (f"CREATE INDEX {quote(name + '_content')} ON {target} ({quote(CONTENT_HASH)})",)
    return ()


def drop_indexes(feed: Feed) -> tuple[str, ...]:
    """Drops what ``create_indexes`` makes."""
    schema, name = feed.target.table.split(".", 1)
    stem = f"{schema}_{name}"
    return tuple(
        f"DROP INDEX IF EXISTS {quote(schema)}.{quote(stem + suffix)}"
        for suffix in ("_key", "_original", "_content")
    )


def add_column(feed: Feed, name: str, spark_type: str) -> str:
    target, type_ = table(feed.target.table), postgres_type(spark_type)
    return f"ALTER TABLE {target} ADD COLUMN {quote(name)} {type_}"
