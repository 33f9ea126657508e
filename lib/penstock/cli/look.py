"""``check``, ``status``, ``files``, ``preview``, ``sql``: looking without loading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import click

from penstock.adapters.clock import SystemClock
from penstock.adapters.stores import store_for
from penstock.assembly import Workspace, plan_only, read_ledger
from penstock.cli.main import json_option, workspace_options
from penstock.cli.output import console, print_json, print_table
from penstock.config import list_feeds
from penstock.discover import discover
from penstock.errors import PenstockError
from penstock.model import Feed
from penstock.pipeline import Request
from penstock.publish.ddl import create_indexes, create_target
from penstock.publish.sql import transaction_text


@click.command("check")
@click.argument("feed")
@click.option("--offline", is_flag=True, help="Validate the configuration only.")
@json_option
@workspace_options
def check_command(feed: str, offline: bool, as_json: bool, workspace: Workspace) -> None:
    """Validate a feed, reach its source and target; change nothing."""
    configured = workspace.feed(feed)
    done = [f"{configured.config_path}: valid"]
    if not offline:
        source = configured.source
        found = discover(store_for(source.path), source, now=SystemClock().now())
        matching = sum(1 for _ in found.files)
        done.append(
            f"{source.path}: {matching:,} of {found.listed:,} files match {source.match}, "
            f"{len(found.rejected):,} of the others cannot be loaded"
        )
        warehouse = workspace.warehouse(configured.target.connection)
        with warehouse.session() as session:
            session.query("SELECT 1")
            warehouse.check(session, configured)
        done.append(f"{warehouse.label}: reached; {configured.target.table} can be written")
    if as_json:
        print_json({"feed": feed, "checks": done})
    else:
        click.echo("\n".join(done))


@click.command("status")
@click.argument("feed", required=False)
@json_option
@workspace_options
def status_command(feed: str | None, as_json: bool, workspace: Workspace) -> None:
    """Backlog, batches by state and the last load of one feed or all."""
    names = [feed] if feed else list_feeds(workspace.conf_dir)
    rows = [_status(workspace, name, strict=feed is not None) for name in names]
    if as_json:
        print_json({"feeds": rows})
        return
    print_table(
        ("feed", "new files", "loaded", "failed", "held batches", "last recorded", "note"),
        [
            (
                r["feed"],
                r["backlog"],
                r["files"].get("loaded", 0),
                r["files"].get("failed", 0),
                r["batches"].get("held", 0),
                r["last"],
                r["note"],
            )
            for r in rows
        ],
    )


def _status(workspace: Workspace, name: str, *, strict: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"feed": name, "backlog": None, "last": None, "note": ""}
    row |= {"files": {}, "batches": {}}
    try:
        configured = workspace.feed(name)
        view = read_ledger(workspace, configured)
        batches = view.batches()
        row["files"] = dict(Counter(f.state.value for f in view.files().values()))
        row["batches"] = dict(Counter(b.state.value for b in batches))
        row["last"] = max((b.recorded_at for b in batches if b.recorded_at), default=None)
        plan = plan_only(workspace, configured, Request())
        row["backlog"] = sum(len(b.files) for b in plan.batches)
    except PenstockError as error:
        if strict:
            raise
        row["note"] = error.message
    return row


@click.command("files")
@click.argument("feed")
@click.option("--state", help="Only files in this state, `new` included.")
@json_option
@workspace_options
def files_command(feed: str, state: str | None, as_json: bool, workspace: Workspace) -> None:
    """Every file the feed knows or sees, with its state and the reason."""
    rows = [
        {"uri": uri, "state": now, "reason": reason}
        for uri, now, reason in _files(workspace, workspace.feed(feed))
        if state in (None, now)
    ]
    if as_json:
        print_json({"feed": feed, "files": rows})
    else:
        print_table(
            ("state", "file", "reason"), [(r["state"], r["uri"], r["reason"]) for r in rows]
        )


def _files(workspace: Workspace, feed: Feed) -> Iterator[tuple[str, str, str]]:
    known = read_ledger(workspace, feed).files()
    for record in sorted(known.values(), key=lambda r: r.uri):
        yield record.uri, record.state.value, record.reason
    found = discover(store_for(feed.source.path), feed.source, now=SystemClock().now())
    for sighting in found.files:
        if sighting.file.uri not in known:
            yield sighting.file.uri, "new", ""
    for rejected in found.rejected:
        if rejected.file.uri not in known:
            yield rejected.file.uri, "rejected", rejected.reason


@click.command("preview")
@click.argument("feed")
@click.option("--files", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--rows", type=click.IntRange(min=1), default=10, show_default=True)
@json_option
@workspace_options
def preview_command(feed: str, files: int, rows: int, as_json: bool, workspace: Workspace) -> None:
    """Accepted, rejected with reasons, duplicates, clashes; writes nothing."""
    from penstock.api import FeedHandle

    preview = FeedHandle(workspace.feed(feed), workspace).preview(files=files)
    reasons = preview.rejected.groupBy("_reason").count().orderBy("count", ascending=False)
    document: dict[str, Any] = {
        "feed": feed,
        "files": list(preview.files),
        "counts": dict(preview.counts),
        "reasons": [row.asDict() for row in reasons.limit(rows).collect()],
        "accepted": [row.asDict(recursive=True) for row in preview.accepted.limit(rows).collect()],
        "clashes": [row.asDict(recursive=True) for row in preview.clashes.limit(rows).collect()],
    }
    if as_json:
        print_json(document)
        return
    out = console()
    out.print(f"{feed}: {len(preview.files)} files", *preview.files, sep="\n  ", markup=False)
    print_table(("status", "records"), preview.counts.items())
    print_table(("reason", "records"), [(r["_reason"], r["count"]) for r in document["reasons"]])
    for title in ("accepted", "clashes"):
        found = document[title]
        if found:
            shown = [name for name in found[0] if name not in ("content_hash", "_rescued_data")]
            print_table(shown, [[r[n] for n in shown] for r in islice(found, rows)], title=title)


@click.command("sql")
@click.argument("feed")
@workspace_options
def sql_command(feed: str, workspace: Workspace) -> None:
    """The DDL and the publish transaction, as it would run."""
    configured = workspace.feed(feed)
    statements = (create_target(configured), *create_indexes(configured))
    click.echo("-- the target, created once")
    for statement in statements:
        click.echo(f"{statement};")
    click.echo("\n-- one batch")
    for statement in transaction_text(configured):
        click.echo(f"{statement};")


COMMANDS = (check_command, status_command, files_command, preview_command, sql_command)
