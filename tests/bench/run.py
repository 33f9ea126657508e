"""``make bench``: Penstock and its peers side by side, whole processes taking turns.

| case | what |
|---|---|
| load | events into Postgres, against peers |
| bigfile | the same as one file of 2 GiB |
| plan | what is new among few and among 100,000 files |
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

# Python puts this file's folder on the path, and the modules beside it are found from the root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from penstock.adapters import embedded
from tests.bench.contenders import (
    CONTENDERS,
    PENSTOCK,
    REPO,
    Contender,
    Job,
    plan_command,
    write_conf,
)
from tests.bench.drops import Drop, write_drop, write_many
from tests.bench.figures import Run, median_steps, summarise, table
from tests.bench.machine import describe
from tests.bench.measure import measure

DATABASE = "penstock_bench"
ROWS = {"load": 2_000_000, "bigfile": 17_100_000, "plan": 2_000_000}
"""17.1 M events are just over 2 GiB."""
FILES = {"load": 20, "bigfile": 1, "plan": 20}
PEERS = {"load": "plain_spark,dlt,dlt_merge", "bigfile": "", "plan": ""}
MANY = 100_000
_LAST_WORDS = 1_500


def main() -> int:
    """Run one case; 0 if every run of Penstock succeeded and was exact."""
    options = _options()
    scratch = options.scratch.absolute()
    scratch.mkdir(parents=True, exist_ok=True)
    write_conf(scratch)
    _say(f"{options.case}: writing the drop, unless it is there")
    drop = write_drop(scratch, rows=options.rows, files=options.files)
    if options.case == "plan":
        runs, server = _plan(scratch, drop, options.pairs), ""
        expected = None
    else:
        peers = [name for name in options.peers.split(",") if name]
        chosen = [CONTENDERS[name] for name in (PENSTOCK, *peers)]
        for contender in chosen:
            contender.install(scratch)
        with _server(options.url, scratch) as url:
            runs = _load(chosen, drop, url, scratch, options.memory, options.pairs)
            server = _server_version(url)
        expected = drop.loadable
    machine = describe() | ({"postgres": server} if server else {})
    summaries = summarise(runs, reference=PENSTOCK)
    document = {
        "schema_version": 1,
        "case": options.case,
        "machine": machine,
        "memory": options.memory,
        "drop": asdict(drop),
        "summary": [asdict(summary) for summary in summaries],
        "steps": median_steps(runs, PENSTOCK),
        "runs": [asdict(run) for run in runs],
    }
    (scratch / "results.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    _say(_report(document, table(summaries, expected=expected, reference=PENSTOCK)))
    own = [run for run in runs if run.contender.startswith(PENSTOCK)]
    return 0 if all(not run.error and run.rows in (expected, None) for run in own) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    peers = ", ".join(name for name in CONTENDERS if name != PENSTOCK)
    parser.add_argument("--case", choices=tuple(ROWS), default="load")
    parser.add_argument("--rows", type=int, help="events in the drop; by default 2 M (2 GiB)")
    parser.add_argument("--files", type=int, help="files of the drop; by default 20 (1)")
    parser.add_argument("--pairs", type=int, help="rounds in which each contender has one turn")
    parser.add_argument("--peers", help=f"separated by commas, of: {peers}")
    parser.add_argument("--memory", default="2g", help="heap of every JVM")
    parser.add_argument("--scratch", type=Path, default=REPO / "build" / "bench")
    parser.add_argument("--url", help="a Postgres server to use; by default the embedded one")
    options = parser.parse_args()
    options.rows = options.rows or ROWS[options.case]
    options.files = options.files or FILES[options.case]
    options.pairs = options.pairs or (1 if options.case == "bigfile" else 3)
    if options.peers is None:
        options.peers = PEERS[options.case]
    unknown = [name for name in options.peers.split(",") if name and name not in CONTENDERS]
    if unknown:
        parser.error(f"no peer is called {', '.join(unknown)}; choose of {peers}")
    return options


def _load(
    chosen: Sequence[Contender], drop: Drop, url: str, scratch: Path, memory: str, rounds: int
) -> list[Run]:
    """Every contender in each round, each into an empty database."""
    runs = []
    for round_ in range(rounds):
        for contender in chosen:
            work = scratch / "work"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            job = Job(
                drop=drop,
                url=_empty_database(url),
                work=work,
                scratch=scratch,
                memory=memory,
            )
            _read_once(drop)
            run = _one(contender, job, round_)
            _say(_line(run))
            runs.append(run)
            shutil.rmtree(work)
    return runs


def _one(contender: Contender, job: Job, round_: int) -> Run:
    load = os.getloadavg()[0]
    logs = job.scratch / "logs" / f"{contender.name}-{round_}"
    environ = os.environ | contender.environ(job)
    measured = measure(contender.command(job), environ=environ, logs=logs)
    failed = measured.status != 0
    return Run(
        contender=contender.name,
        round=round_,
        wall=measured.wall,
        cpu=measured.cpu,
        peak=measured.peak,
        load=load,
        rows=None if failed else _count(job.url, contender.table),
        error=_last_words(logs, measured.status) if failed else "",
        steps={} if failed else contender.steps((logs / "stdout").read_text(encoding="utf-8")),
    )


def _plan(scratch: Path, drop: Drop, rounds: int) -> list[Run]:
    """``penstock plan`` over the drop and over very many files, with no ledger yet."""
    zones = {drop.files: Path(drop.root), MANY: write_many(scratch, MANY)}
    home = scratch / "work"
    runs = []
    for round_ in range(rounds):
        for files, root in zones.items():
            shutil.rmtree(home, ignore_errors=True)
            command, environ = plan_command(scratch, root, home)
            load, logs = os.getloadavg()[0], scratch / "logs" / f"plan-{files}-{round_}"
            measured = measure(command, environ=os.environ | environ, logs=logs)
            run = Run(
                contender=f"{PENSTOCK} plan, {files:,} files",
                round=round_,
                wall=measured.wall,
                cpu=measured.cpu,
                peak=measured.peak,
                load=load,
                error=_last_words(logs, measured.status) if measured.status else "",
            )
            _say(_line(run))
            runs.append(run)
    return runs


@contextmanager
def _server(url: str | None, scratch: Path) -> Iterator[str]:
    """One server for all."""
    if url:
        yield url
        return
    home = scratch / "server"
    try:
        yield embedded.start(home).url
    finally:
        embedded.stop(home)


def _empty_database(url: str) -> str:
    """A new database, and the server without work left over from the contender before."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        connection.execute("CHECKPOINT")
        server = connection.info
        # dlt wants a password even where the server trusts its clients.
        password = quote(server.password or "unused", safe="")
        user = quote(server.user, safe="")
        return f"postgresql://{user}:{password}@{server.host}:{server.port}/{DATABASE}"


def _count(url: str, target: tuple[str, str]) -> int:
    with psycopg.connect(url) as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*target))
        row = connection.execute(query).fetchone()
    assert row is not None  # an aggregate always has a row
    return int(row[0])


def _server_version(url: str) -> str:
    with psycopg.connect(url) as connection:
        return connection.info.parameter_status("server_version") or ""


def _read_once(drop: Drop) -> None:
    """Everybody finds the files in the page cache, the first one too."""
    for path in drop.events.iterdir():
        with path.open("rb") as file:
            while file.read(1 << 22):
                pass


def _last_words(logs: Path, status: int) -> str:
    text = (logs / "stderr").read_text(encoding="utf-8", errors="replace").strip()
    return f"exit status {status}: {text[-_LAST_WORDS:]}"


def _line(run: Run) -> str:
    what = f"round {run.round + 1}, {run.contender}: {run.wall:.1f} s, {run.peak / 1e6:,.0f} MB"
    rows = "" if run.rows is None else f", {run.rows:,} rows"
    return f"{what}{rows}{'; FAILED: ' + run.error if run.error else ''}"


def _report(document: dict[str, Any], figures: str) -> str:
    drop, machine = document["drop"], document["machine"]
    steps = ", ".join(f"{name} {spent:.1f} s" for name, spent in document["steps"].items())
    lines = [
        f"\n{document['case']}: {drop['rows']:,} events, {drop['bytes'] / 1e6:,.0f} MB in "
        f"{drop['files']} files, heap {document['memory']}; an exact load has "
        f"{drop['loadable']:,} rows",
        "",
        figures,
        "",
        *([f"{PENSTOCK}'s steps: {steps}"] if steps else []),
        ", ".join(f"{name} {value}" for name, value in machine.items()),
    ]
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
