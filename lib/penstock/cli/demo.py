"""The demonstration: sample drops, a few kills, recovery, and every count adding up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from penstock import failpoints
from penstock.assembly import Workspace
from penstock.cli.output import console, print_table, size
from penstock.errors import ConfigError, Terminal
from penstock.sample import SAMPLES, write_sample

MONTH = "2024-10"
SEED = 7


@dataclass(frozen=True, slots=True)
class Drop:
    """A feed of the demo, and its share of the rows."""

    feed: str
    share: float

    @property
    def folder(self) -> str:
        return SAMPLES[self.feed].folder


DROPS = (
    Drop("events", 1.0),
    Drop("customer_transactions", 0.5),
    Drop("customers", 0.25),
    Drop("orders", 0.25),
    Drop("order_items", 0.25),
)

KILLED = "orders"
"""The feed that is killed: it has no expectations, so that what is staged needs no more Spark."""

KILLS: tuple[tuple[failpoints.Point, str], ...] = (
    ("stage.after", "all records staged, nothing in the warehouse yet"),
    ("publish.before_commit", "everything written, the transaction not committed"),
    ("publish.after_commit", "committed, but nobody was told"),
)


def demo(*, conf_dir: Path | None, rows: int) -> int:
    """Run the demonstration; 0 if every count adds up."""
    from penstock.adapters import embedded

    workspace = Workspace.from_environment(conf_dir=conf_dir)
    if not (workspace.conf_dir / "feeds").is_dir():
        raise ConfigError(
            f"{workspace.conf_dir}/feeds: no such folder",
            hint="run the demo in a checkout of Penstock, or name its conf folder with --conf",
        )
    out, started = console(), time.monotonic()
    drops = workspace.local_home / "drops"
    embedded.start(workspace.local_home)
    stage = _Stage(workspace, out, drops)

    out.print("[bold]1. File drops[/]")
    fresh = stage.write_drops(rows)
    if fresh:
        out.print("\n[bold]2. Loading, with a few kills on the way[/]")
        for point, meaning in KILLS:
            stage.kill_at(point, meaning)
        out.print("\n[bold]3. Recovery, and everything else[/]")
    else:
        out.print("\n[bold]2. The drops of an earlier demo are here: nothing should be new[/]")
    first = stage.run()
    for feed in first["feeds"]:
        if fresh and not feed["batches"]:
            out.print(
                f"{feed['feed']}: found committed by the driver killed last; not loaded again"
            )
        for batch in feed["batches"]:
            out.print(f"{feed['feed']}: {_batch_line(batch)}", markup=False)
    if fresh:
        out.print("\n[bold]4. The same again[/]")
        again = stage.run()
        if any(feed["batches"] for feed in again["feeds"]):
            raise Terminal("the second run loaded something, which it must not")
        out.print("nothing new: no file was read, no row was written")
    out.print("\n[bold]5. The load log beside the answer sheets, made without the pipeline[/]")
    agreed = stage.compare()
    stage.where()
    out.print(f"\n{time.monotonic() - started:.0f} s in all")
    return 0 if agreed else 1


class _Stage:
    """What the steps of the demonstration share."""

    def __init__(self, workspace: Workspace, out: Console, drops: Path) -> None:
        self._workspace = workspace
        self._out = out
        self._drops = drops

    def write_drops(self, rows: int) -> bool:
        """Write the sample drops; whether they are fresh. Equal files are left alone."""
        fresh = not any(self._drops.glob("*/_answers"))
        for drop in DROPS:
            folder = self._drops / drop.folder
            write_sample(folder, feed=drop.feed, rows=int(rows * drop.share), seed=SEED)
        files = [p for p in self._drops.rglob("*") if p.is_file() and "_answers" not in p.parts]
        self._out.print(
            f"{len(files)} files, {size(sum(p.stat().st_size for p in files))}, in {self._drops}: "
            "duplicates, clashing ids, bad emails and broken rows included"
        )
        return fresh

    def _command(self, feeds: Sequence[str]) -> list[str]:
        conf = ["--conf", str(self._workspace.conf_dir)]
        run = ["run", *feeds, "--json", "--var", f"month={MONTH}", "--var", f"drops={self._drops}"]
        return [sys.executable, "-m", "penstock", *conf, *run]

    def kill_at(self, point: failpoints.Point, meaning: str) -> None:
        """Run the feed to be killed in a process that kills itself at a fail point."""
        result = subprocess.run(
            self._command([KILLED]),
            env=os.environ | {failpoints.ENVIRONMENT: point},
            capture_output=True,
            check=False,
            text=True,
        )
        if result.returncode != -signal.SIGKILL:
            raise Terminal(f"the run was to die at {point} and did not:\n{result.stderr[-2000:]}")
        self._out.print(f"[red]killed[/] at {point}: {meaning}")

    def run(self) -> Mapping[str, Any]:
        """Load all feeds in a process of its own."""
        result = subprocess.run(
            self._command([d.feed for d in DROPS]), capture_output=True, check=False, text=True
        )
        if result.returncode not in (0, 1, 3) or not result.stdout:
            raise Terminal(f"the run failed:\n{result.stderr[-4000:]}")
        document: Mapping[str, Any] = json.loads(result.stdout)
        return document

    def compare(self) -> bool:
        """Print the load log, and whether it says what the answer sheets say."""
        names = ("read", "loaded", "duplicate", "quarantined", "out_of_window")
        shown = (*names, "rekeyed", "updated")
        warehouse = self._workspace.warehouse(self._workspace.feed(DROPS[0].feed).target.connection)
        _, rows = warehouse.query(
            "SELECT feed, sum(rows_read), sum(rows_loaded), sum(rows_duplicate), "
            "sum(rows_quarantined), sum(rows_out_of_window), sum(rows_rekeyed), sum(rows_updated) "
            "FROM penstock.loads WHERE state = 'loaded' GROUP BY feed"
        )
        log = {feed: dict(zip(shown, map(int, counts), strict=True)) for feed, *counts in rows}
        table, wrong = [], []
        for drop in DROPS:
            path = self._drops / drop.folder / "_answers" / f"{drop.feed}.json"
            sheet = json.loads(path.read_text())["counts"]
            # Within one batch, an older version of a record counts as its duplicate.
            sheet["duplicate"] += sheet["superseded"]
            counts = log.get(drop.feed, dict.fromkeys(shown, 0))
            expected = {name: int(sheet[name]) for name in names}
            same = expected == {name: counts[name] for name in names}
            if not same:
                wrong.append(f"{drop.feed}: expected {expected}")
            verdict = "equal" if same else "differs"
            table.append([drop.feed, *(f"{counts[name]:,}" for name in shown), verdict])
        print_table(["feed", *(n.replace("_", " ") for n in shown), "answer sheet"], table)
        for line in wrong:
            self._out.print(f"[red]{line}[/]")
        return not wrong

    def where(self) -> None:
        home = self._workspace.home
        self._out.print(
            f"\n[bold]Where it is[/]\n"
            f"  the data     embedded Postgres in {home}/postgres\n"
            f"  the ledger   {home}/ledger (Delta tables)\n"
            f"  the stages   {home}/stage (Delta tables, the quarantine included)\n"
            "[bold]Look at it[/]\n"
            "  penstock query                       the analyses there are\n"
            "  penstock query most_active_users\n"
            "  penstock quarantine list events      what was held back, and why\n"
            "  penstock database                    keeps the server up and prints its address",
            highlight=False,
        )


def _batch_line(batch: Mapping[str, Any]) -> str:
    line = f"batch {batch['batch_id'][:12]} {batch['state']}, {batch['files']} files"
    steps = ", ".join(f"{name} {spent:.1f} s" for name, spent in batch["steps"].items())
    found = batch.get("expectations")
    if found:
        held = sum(1 for check in found["expectations"] if check["success"])
        line += f", expectations {held} of {len(found['expectations'])}"
    failed = "".join(f"\n  failed file {uri}: {why}" for uri, why in batch["failed_files"].items())
    return f"{line} ({steps}){failed}"
