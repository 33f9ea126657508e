"""``run`` and ``plan``: what is new, and loading it."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from penstock.assembly import SparkFactory, Workspace, plan_only
from penstock.cli.main import json_option, workspace_options
from penstock.cli.output import plan_document, print_json, print_plan, print_runs, run_document
from penstock.cli.progress import BarObserver
from penstock.errors import ConfigError
from penstock.model import Feed, RunReport
from penstock.observers import LogObserver
from penstock.pipeline import Request, run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@click.command("run")
@click.argument("feeds", nargs=-1, required=True, metavar="FEED...")
@click.option("--files", multiple=True, metavar="URI", help="Only these files; repeatable.")
@click.option("--max-batches", type=click.IntRange(min=1), help="Stop after so many batches.")
@click.option("--watch", metavar="60s", help="Go on for ever, looking again after this long.")
@json_option
@workspace_options
def run_command(
    feeds: tuple[str, ...],
    files: tuple[str, ...],
    max_batches: int | None,
    watch: str | None,
    as_json: bool,
    workspace: Workspace,
) -> None:
    """Load everything new, then stop."""
    if files and len(feeds) > 1:
        raise ConfigError("--files goes with one feed", hint="run the feeds one by one")
    if watch and as_json:
        raise ConfigError("--watch never ends, so it has no JSON document", hint="leave one out")
    request = Request(files=files, max_batches=max_batches)
    pause = _seconds(watch) if watch else None
    loaded = [workspace.feed(name) for name in feeds]
    while True:
        reports = run_feeds(workspace, loaded, request, bar=not as_json and sys.stderr.isatty())
        if as_json:
            print_json(run_document(reports))
        else:
            print_runs(reports)
        if pause is None:
            sys.exit(worst(reports))
        time.sleep(pause)


def worst(reports: list[RunReport]) -> int:
    """Failed before held before fine: 1, 3, 0."""
    codes = {report.exit_code for report in reports}
    return next((code for code in (1, 3) if code in codes), 0)


def run_feeds(
    workspace: Workspace, feeds: list[Feed], request: Request, *, bar: bool
) -> list[RunReport]:
    """Run feeds one after another on one Spark session, once all of them can be reached."""
    spark = lazy_spark(workspace)
    observer = BarObserver() if bar else LogObserver()
    with observer if isinstance(observer, BarObserver) else nullcontext():
        ports = [workspace.ports(feed, spark, observer) for feed in feeds]
        for feed, port in zip(feeds, ports, strict=True):
            port.warehouse.prepare(feed)
        return [run(feed, port, request) for feed, port in zip(feeds, ports, strict=True)]


def lazy_spark(workspace: Workspace) -> SparkFactory:
    """A session that starts when it is first asked for."""

    def factory() -> SparkSession:
        from penstock.adapters.spark import spark_session

        return spark_session(workspace.home)

    return factory


def _seconds(text: str) -> float:
    from penstock.config import parse_duration

    return parse_duration(text)


@click.command("plan")
@click.argument("feed")
@click.option("--files", multiple=True, metavar="URI")
@json_option
@workspace_options
def plan_command(feed: str, files: tuple[str, ...], as_json: bool, workspace: Workspace) -> None:
    """What would be loaded: files, bytes, batches; writes nothing, starts no JVM."""
    plan = plan_only(workspace, workspace.feed(feed), Request(files=files))
    if as_json:
        print_json(plan_document(plan))
    else:
        print_plan(plan)


COMMANDS = (run_command, plan_command)
