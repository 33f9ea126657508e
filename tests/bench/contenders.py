"""Who takes part: how each is called, and where it puts the records."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from penstock.adapters.spark import jars_folder
from tests.bench.drops import Drop

BENCH = Path(__file__).resolve().parent
REPO = BENCH.parents[1]
PENSTOCK = "penstock"
URL_VARIABLE = "PENSTOCK_BENCH_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One load. ``url``: an empty database. ``work``: an empty folder. ``memory``: heap of a JVM
    (``2g``)."""

    drop: Drop
    url: str
    work: Path
    scratch: Path
    memory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """``table``: schema and name of its target. ``install`` readies what it runs in."""

    name: str
    table: tuple[str, str]
    command: Callable[[Job], list[str]]
    environ: Callable[[Job], dict[str, str]]
    steps: Callable[[str], Mapping[str, float]] = lambda _: {}
    install: Callable[[Path], None] = lambda _: None


def write_conf(scratch: Path) -> None:
    """``scratch``/conf: the shipped feed, less its expectations, which no peer checks."""
    conf = scratch / "conf"
    (conf / "feeds").mkdir(parents=True, exist_ok=True)
    shipped = (REPO / "conf" / "feeds" / "events.yml").read_text(encoding="utf-8")
    lines = [line for line in shipped.splitlines() if not line.strip().startswith("expectations:")]
    (conf / "feeds" / "events.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    connections = f'warehouse:\n  dev: {{type: postgres, url: "${{{URL_VARIABLE}}}"}}\n'
    (conf / "connections.yml").write_text(connections, encoding="utf-8")


def plan_command(scratch: Path, root: Path, home: Path) -> tuple[list[str], dict[str, str]]:
    """``penstock plan`` over the drop zone ``root``, and the environment it needs."""
    return _penstock(scratch, "plan", root), _environ(home, "postgresql://nobody@localhost/none")


def _penstock(scratch: Path, command: str, root: Path | str) -> list[str]:
    start = [sys.executable, "-m", "penstock", "--conf", str(scratch / "conf")]
    variables = ["--var", f"drops={root}", "--var", "month=2024-10"]
    return [*start, command, "events", "--json", *variables]


def _environ(home: Path, url: str) -> dict[str, str]:
    return {"PENSTOCK_HOME": str(home), URL_VARIABLE: url}


def _penstock_steps(stdout: str) -> Mapping[str, float]:
    """Seconds by step, summed over the batches of ``run --json``."""
    steps: dict[str, float] = {}
    for feed in json.loads(stdout)["feeds"]:
        for batch in feed["batches"]:
            for name, spent in batch["steps"].items():
                steps[name] = steps.get(name, 0.0) + spent
    return steps


def _plain_spark(job: Job) -> list[str]:
    script = str(BENCH / "peers" / "plain_spark.py")
    places = ["--drops", job.drop.root, "--work", str(job.work)]
    return [sys.executable, script, *places, "--table", "public.events", "--memory", job.memory]


def _dlt(disposition: str, form: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        script = str(BENCH / "peers" / "dlt_events.py")
        places = ["--drops", job.drop.root, "--work", str(job.work)]
        how = ["--schema", "bench", "--disposition", disposition, "--format", form]
        return [str(_dlt_venv(job.scratch) / "bin" / "python"), script, *places, *how]

    return command


def _dlt_venv(scratch: Path) -> Path:
    return scratch / "venv-dlt"


def _install_dlt(scratch: Path) -> None:
    """Its own environment, made anew when the pinned requirements change."""
    pinned = BENCH / "peers" / "requirements-dlt.txt"
    venv = _dlt_venv(scratch)
    stamp, wanted = venv / "installed", hashlib.sha256(pinned.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--quiet", "--require-hashes", "-r", str(pinned)], check=True)
    stamp.write_text(wanted, encoding="utf-8")


CONTENDERS: Mapping[str, Contender] = {
    contender.name: contender
    for contender in (
        Contender(
            name=PENSTOCK,
            table=("public", "events"),
            command=lambda job: _penstock(job.scratch, "run", job.drop.root),
            environ=lambda job: (
                _environ(job.work, job.url) | {"PENSTOCK_DRIVER_MEMORY": job.memory}
            ),
            steps=_penstock_steps,
            install=write_conf,
        ),
        Contender(
            name="plain_spark",
            table=("public", "events"),
            command=_plain_spark,
            environ=lambda job: {
                "PENSTOCK_JARS_DIR": str(jars_folder()),
                URL_VARIABLE: job.url,
            },
        ),
        *(
            Contender(
                name=name,
                table=("bench", "events"),
                command=_dlt(disposition, form),
                environ=lambda job: {URL_VARIABLE: job.url},
                install=_install_dlt,
            )
            for name, disposition, form in (
                ("dlt", "append", "parquet"),
                ("dlt_merge", "merge", "parquet"),
                ("dlt_csv", "append", "csv"),
            )
        ),
    )
}
