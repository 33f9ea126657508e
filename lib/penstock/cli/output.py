"""How results look: tables for people, one JSON document for programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from penstock.model import BatchReport, Counts, Plan, RunReport, State

SCHEMA_VERSION = 1

_STYLE = {
    State.LOADED: "green",
    State.HELD: "yellow",
    State.FAILED: "red",
    State.ABANDONED: "yellow",
    State.PLANNED: "cyan",
    State.SKIPPED: "dim",
}


def console(*, stderr: bool = False) -> Console:
    # Into a file or a pipe, a table is as wide as it has to be.
    wide = None if (sys.stderr if stderr else sys.stdout).isatty() else 240
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=wide)


def print_json(document: Mapping[str, Any]) -> None:
    """The one JSON document of a ``--json`` call."""
    sys.stdout.write(json.dumps({"schema_version": SCHEMA_VERSION, **document}, default=str) + "\n")


def size(count: float) -> str:
    """Bytes for people, in binary units."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def counts_document(counts: Counts) -> dict[str, int]:
    return {f"rows_{name}": getattr(counts, name) for name in Counts.__slots__}


def batch_document(batch: BatchReport) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "kind": batch.kind,
        "state": batch.state.value,
        "reason": batch.reason,
        "attempt": batch.attempt,
        "files": batch.files,
        "bytes": batch.bytes,
        **counts_document(batch.counts),
        "seconds": round(batch.seconds, 3),
        "steps": {name: round(spent, 3) for name, spent in batch.stages.items()},
        "failed_files": dict(batch.failed_files),
        "expectations": batch.expectations,
    }


def run_document(reports: Sequence[RunReport]) -> dict[str, Any]:
    return {
        "feeds": [
            {
                "feed": report.feed,
                "target": report.target,
                "batches": [batch_document(b) for b in report.batches],
                "rejected_files": dict(report.rejected_files),
                "totals": {
                    "files": sum(b.files for b in report.batches),
                    "bytes": sum(b.bytes for b in report.batches),
                    **counts_document(report.totals),
                    "seconds": round(report.seconds, 3),
                },
            }
            for report in reports
        ]
    }


def plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "feed": plan.feed,
        "listed": plan.listed,
        "waiting": plan.waiting,
        "files": sum(len(b.files) for b in plan.batches),
        "bytes": sum(b.bytes for b in plan.batches),
        "batches": [
            {
                "batch_id": b.id,
                "sequence": b.sequence,
                "bytes": b.bytes,
                "files": [f.uri for f in b.files],
            }
            for b in plan.batches
        ],
        "rejected": [{"uri": r.uri, "reason": r.reason} for r in plan.rejected],
    }


def print_plan(plan: Plan) -> None:
    out = console()
    files = sum(len(b.files) for b in plan.batches)
    if not files:
        out.print(f"{plan.feed}: nothing new among {plan.listed:,} files")
    else:
        total = size(sum(b.bytes for b in plan.batches))
        out.print(
            f"{plan.feed}: {files:,} new of {plan.listed:,} files, {total}, "
            f"in {len(plan.batches)} batch{'es' if len(plan.batches) != 1 else ''}"
        )
        rows = [
            (b.id[:12], str(b.sequence), f"{len(b.files):,}", size(b.bytes), b.files[0].uri)
            for b in plan.batches
        ]
        print_table(("batch", "order", "files", "bytes", "first file"), rows)
    for record in plan.rejected:
        out.print(f"  not loaded: {record.uri}: {record.reason}", markup=False)
    if plan.waiting:
        out.print(f"  {plan.waiting:,} files are not still yet (source.discovery.settle)")


def print_runs(reports: Sequence[RunReport]) -> None:
    """A row per feed, then what needs attention."""
    out = console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    headers = ("feed", "batches", "files", "read", "loaded", "re-keyed", "updated", "duplicate")
    for name in (*headers, "quarantined", "outside", "seconds"):
        table.add_column(name, justify="left" if name == "feed" else "right")
    for report in reports:
        t = report.totals
        numbers = (t.read, t.loaded, t.rekeyed, t.updated, t.duplicate, t.quarantined)
        table.add_row(
            report.feed,
            str(len(report.batches)),
            f"{sum(b.files for b in report.batches):,}",
            *(f"{n:,}" for n in (*numbers, t.out_of_window)),
            f"{report.seconds:.1f}",
        )
    out.print(table)
    for report in reports:
        if not report.batches and not report.rejected_files:
            out.print(f"{report.feed}: nothing new")
        for batch in report.batches:
            if batch.state is not State.LOADED:
                style = _STYLE[batch.state]
                out.print(f"[{style}]{batch.state}[/] {report.feed} batch {batch.batch_id[:12]}:")
                out.print(f"  {batch.reason}", markup=False)
            for uri, reason in batch.failed_files.items():
                out.print(f"failed file: {uri}: {reason}", markup=False, style="red")
            if batch.expectations is not None:
                out.print(f"  {_expectations(batch.expectations)}", markup=False)
        for uri, reason in report.rejected_files.items():
            out.print(f"rejected file: {uri}: {reason}", markup=False, style="red")
        counts = report.totals
        if not counts.reconciles:
            out.print(f"counts of {report.feed} do not add up", style="bold red")


def _expectations(result: Mapping[str, Any]) -> str:
    checks = result["expectations"]
    passed = sum(1 for check in checks if check["success"])
    return f"expectations: {passed} of {len(checks)} hold"


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
    table = Table(title=title or None, box=None, header_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else _escape(str(cell)) for cell in row))
    console().print(table)


def _escape(text: str) -> str:
    """Names from files are data: show control characters, and give no markup a chance."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown.replace("[", "\\[")


def to_csv(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(headers)
    writer.writerows(rows)
    return buffer.getvalue()
