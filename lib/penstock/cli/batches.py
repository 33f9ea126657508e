"""``batch`` and ``quarantine``: what was held back, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from typing import Any

import click

from penstock.assembly import Workspace, read_ledger
from penstock.cli.load import lazy_spark, worst
from penstock.cli.main import json_option, workspace_options
from penstock.cli.output import print_json, print_runs, print_table, run_document, size
from penstock.commit import recovery
from penstock.errors import ConfigError
from penstock.model import BatchRecord, Feed, State, Status
from penstock.observers import LogObserver
from penstock.pipeline import Request, run


@click.group("batch")
def batch_group() -> None:
    """Batches of a feed: list, show, release, retry, skip."""


def find_batch(workspace: Workspace, feed: Feed, prefix: str) -> BatchRecord:
    """The batch whose id starts with ``prefix``.

    :raises ConfigError: none does, or several do.
    """
    found = [r for r in read_ledger(workspace, feed).batches() if r.batch.id.startswith(prefix)]
    if len(found) != 1:
        raise ConfigError(
            f"{len(found)} batches of {feed.name} have an id that starts with {prefix!r}",
            hint=f"see `penstock batch list {feed.name}`",
        )
    return found[0]


def _summary(record: BatchRecord) -> dict[str, Any]:
    return {
        "batch_id": record.batch.id,
        "sequence": record.batch.sequence,
        "kind": record.batch.kind,
        "state": record.state.value,
        "files": len(record.batch.files),
        "bytes": record.batch.bytes,
        "attempts": record.attempts,
        "reason": record.reason,
        "recorded_at": record.recorded_at,
    }


@batch_group.command("list")
@click.argument("feed")
@click.option("--state", type=click.Choice([s.value for s in State]))
@json_option
@workspace_options
def list_command(feed: str, state: str | None, as_json: bool, workspace: Workspace) -> None:
    """Batches in the order they were planned."""
    records = read_ledger(workspace, workspace.feed(feed)).batches()
    rows = [_summary(r) for r in records if state in (None, r.state.value)]
    if as_json:
        print_json({"feed": feed, "batches": rows})
        return
    print_table(
        ("batch", "order", "state", "files", "bytes", "reason"),
        [
            (
                r["batch_id"][:12],
                r["sequence"],
                r["state"],
                r["files"],
                size(r["bytes"]),
                r["reason"],
            )
            for r in rows
        ],
    )


@batch_group.command("show")
@click.argument("feed")
@click.argument("batch")
@json_option
@workspace_options
def show_command(feed: str, batch: str, as_json: bool, workspace: Workspace) -> None:
    """One batch: its files, its counts in the load log, why it is where it is."""
    configured = workspace.feed(feed)
    record = find_batch(workspace, configured, batch)
    receipt = workspace.warehouse(configured.target.connection).receipt(record.batch.id)
    document = _summary(record) | {
        "counts": {n: getattr(receipt.counts, n) for n in receipt.counts.__slots__}
        if receipt
        else None,
        "file_versions": [
            {"uri": f.uri, "version": f.file.version, "generation": f.generation}
            for f in record.batch.files
        ],
    }
    if as_json:
        print_json(document)
        return
    files = document.pop("file_versions")
    print_table(("", ""), document.items())
    print_table(("file", "version", "generation"), [f.values() for f in files])


def _again(feed: str, batch: str, as_json: bool, workspace: Workspace, kind: str) -> None:
    configured = workspace.feed(feed)
    record = find_batch(workspace, configured, batch)
    if record.state not in (State.HELD, State.FAILED, State.PLANNED):
        raise ConfigError(
            f"batch {record.batch.id[:12]} is {record.state}: there is nothing to {kind}",
            hint=f"see `penstock batch list {feed} --state held`",
        )
    ids = frozenset([record.batch.id])
    request = Request(retry=ids) if kind == "retry" else Request(release=ids)
    ports = workspace.ports(configured, lazy_spark(workspace), LogObserver())
    report = run(configured, ports, request)
    if as_json:
        print_json(run_document([report]))
    else:
        print_runs([report])
    sys.exit(worst([report]))


def _command(kind: str, summary: str) -> Callable[..., Any]:
    @batch_group.command(kind, help=summary)
    @click.argument("feed")
    @click.argument("batch")
    @json_option
    @workspace_options
    def command(feed: str, batch: str, as_json: bool, workspace: Workspace) -> None:
        _again(feed, batch, as_json, workspace, kind)

    return command


release_command = _command("release", "Publish a held batch in spite of its gate.")
retry_command = _command("retry", "Try a held or failed batch again, as configured today.")


@batch_group.command("skip")
@click.argument("feed")
@click.argument("batch")
@click.option("--reason", required=True, help="Recorded with the batch.")
@workspace_options
def skip_command(feed: str, batch: str, reason: str, workspace: Workspace) -> None:
    """Give a held or failed batch up: its files count as seen and are not loaded."""
    configured = workspace.feed(feed)
    record = find_batch(workspace, configured, batch)
    if record.state not in (State.HELD, State.FAILED):
        raise ConfigError(
            f"batch {record.batch.id[:12]} is {record.state}; only held or failed ones are skipped",
            hint=f"see `penstock batch list {feed}`",
        )
    warehouse = workspace.warehouse(configured.target.connection)
    receipt = warehouse.abandon(configured, record.batch, reason)
    if receipt.state is State.LOADED:
        recovery.settle(workspace.ledger(configured), record.batch, receipt, configured.config_hash)
        raise ConfigError(
            f"batch {record.batch.id[:12]} is loaded already", hint="nothing was skipped"
        )
    recovery.fail(
        workspace.ledger(configured), record.batch, State.SKIPPED, reason, configured.config_hash
    )
    click.echo(f"batch {record.batch.id[:12]} is skipped: {len(record.batch.files)} files")


@click.group("quarantine")
def quarantine_group() -> None:
    """Records that were held back."""


@quarantine_group.command("list")
@click.argument("feed")
@click.option("--batch", help="Only this batch (the start of its id).")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@json_option
@workspace_options
def quarantine_list(
    feed: str, batch: str | None, limit: int, as_json: bool, workspace: Workspace
) -> None:
    """Rejected and out-of-window records with file, reasons and the raw record."""
    configured = workspace.feed(feed)
    records = list(islice(_quarantined(workspace, configured, batch), limit))
    if as_json:
        print_json({"feed": feed, "records": records})
        return
    print_table(
        ("batch", "file", "status", "reasons", "record"),
        [
            (
                r["batch_id"][:12],
                r["file"].rsplit("/", 1)[-1],
                r["status"],
                "; ".join(r["reasons"]),
                r["raw"],
            )
            for r in records
        ],
    )
    if len(records) == limit:
        click.echo(f"the first {limit}; there may be more (--limit)", err=True)


def _quarantined(workspace: Workspace, feed: Feed, prefix: str | None) -> Any:
    """Held-back records of loaded and held batches, newest batch first."""
    stages = workspace.stages()
    warehouse = workspace.warehouse(feed.target.connection)
    for record in reversed(read_ledger(workspace, feed).batches()):
        if prefix and not record.batch.id.startswith(prefix):
            continue
        batch = record.batch
        receipt = warehouse.receipt(batch.id)
        attempts = [receipt.attempt] if receipt else reversed(stages.attempts(feed.name, batch.id))
        staged = next(
            (s for a in attempts if a and (s := stages.committed(feed, batch, a)) is not None), None
        )
        if staged is None:
            continue
        statuses = (Status.QUARANTINED, Status.OUT_OF_WINDOW)
        for row in stages.records(staged, statuses):
            yield {
                "batch_id": batch.id,
                "file": batch.files[row["_file"]].uri,
                "status": row["_status"],
                "reasons": row["_reasons"] or [],
                "raw": row["_raw"],
            }
        for clash in warehouse.clashes(batch.id):
            yield {"batch_id": batch.id, "status": Status.QUARANTINED.value, **clash}


COMMANDS = (batch_group, quarantine_group)
