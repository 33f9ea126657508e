"""Which columns a feed's records, stage and target have. Pure, so that DDL needs no Spark."""

from __future__ import annotations

from typing import Literal

from penstock.model.feed import DedupeStep, EmailCompanyStep, Feed, PythonStep, UuidClashStep

Policy = Literal["rekey", "quarantine", "fail", "upsert", "content", "none"]

HASH_VERSION = "v1"
"""Of the content hash, which begins with it; see ``penstock.read.hashing``."""

CONTENT_HASH = "content_hash"
ORIGINAL_ID = "original_id"
REKEYED_ID = "rekeyed_id"
RESCUED = "_rescued_data"

LINEAGE: tuple[tuple[str, str], ...] = (
    (ORIGINAL_ID, "string"),
    (CONTENT_HASH, "string"),
    ("_batch_id", "string"),
    ("_source_file", "string"),
    ("_file_version", "string"),
    ("_loaded_at", "timestamp"),
)
"""Added to every target table, name and Spark type."""


def data_columns(feed: Feed) -> tuple[tuple[str, str], ...]:
    """(name, Spark type) of declared, captured and derived columns, in the target's order."""
    columns = {c.name: c.type for c in (*feed.columns, *feed.captures)}
    for step in feed.transform:
        match step:
            case EmailCompanyStep():
                columns |= {step.output: "string", step.domain_output: "string"}
            case PythonStep():
                columns |= step.adds
            case _:
                pass
    if feed.evolution == "rescue":
        columns[RESCUED] = "string"
    return tuple(columns.items())


def target_columns(feed: Feed) -> tuple[tuple[str, str], ...]:
    """(name, Spark type) of every column of the target table."""
    return data_columns(feed) + LINEAGE


def staging_columns(feed: Feed) -> tuple[tuple[str, str], ...]:
    """(name, Spark type) of what a publish needs of each accepted record."""
    extra: tuple[tuple[str, str], ...] = ((ORIGINAL_ID, "string"), (CONTENT_HASH, "string"))
    if clash_policy(feed) == "rekey":
        extra += ((REKEYED_ID, "string"),)
    return (*data_columns(feed), *extra, ("_file", "int"))


def clash_policy(feed: Feed) -> Policy:
    """What happens to records of one key and different content: ``rekey``, ``quarantine``,
    ``fail``, ``upsert`` (newest wins), ``content`` (no key; equal content is dropped) or ``none``.
    """
    if feed.target.mode == "upsert":
        return "upsert"
    for step in feed.transform:
        if isinstance(step, UuidClashStep):
            return step.on_clash
    if feed.target.key:
        return "quarantine"
    return "content" if any(isinstance(s, DedupeStep) for s in feed.transform) else "none"
