"""Penstock as a user runs it: a process of its own, its folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Penstock:
    """A home, a drop zone and the repository's own ``conf``."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    conf: Path = REPOSITORY / "conf"

    @property
    def drops(self) -> Path:
        return self.root / "drops"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def _command(self, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        command = [sys.executable, "-m", "penstock", "--conf", str(self.conf), *arguments]
        environment = os.environ | {
            "PENSTOCK_HOME": str(self.home),
            "PYTHONPATH": f"{REPOSITORY / 'lib'}{os.pathsep}{REPOSITORY}",
            "PYTHONWARNINGS": "default",
        }
        return command, environment | self.environment

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command, environment = self._command([*arguments, *self.variables(arguments)])
        return subprocess.Popen(
            command,
            env=environment,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, code: int | None = 0) -> str:
        """Run to the end; stdout. ``code``: the exit code expected, None for any."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=600)
        assert code is None or process.returncode == code, f"{process.returncode}\n{out}\n{err}"
        self.stderr = err
        return out

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        document = json.loads(self(*arguments, "--json", code=code))
        assert document["schema_version"] == 1
        return document

    def variables(self, arguments: Sequence[str]) -> list[str]:
        """``--var drops=...`` for the commands that read feeds."""
        plain = {"sample", "database", "demo", "--help", "--version"}
        if plain & set(arguments[:1]):
            return []
        if any(a.startswith("drops=") for a in arguments):
            return []
        return ["--var", f"drops={self.drops}"]

    def sample(self, feed: str, folder: str, rows: int, files: int | None = None) -> Path:
        """Write sample drops; the path of their answer sheet."""
        more = ["--files", str(files)] if files else []
        target = self.drops / folder
        self("sample", str(target), "--feed", feed, "--rows", str(rows), "--seed", "5", *more)
        return target / "_answers" / f"{feed}.json"

    def database(self) -> str:
        """Start the embedded server, keep it up, and give its address."""
        return self("database").strip()

    def table(self, name: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.database(), row_factory=dict_row) as connection:
            return connection.execute(f"SELECT * FROM {name}".encode()).fetchall()

    def load_log(self, feed: str) -> dict[str, int]:
        """Totals over all loaded batches of a feed."""
        names = ("read", "loaded", "duplicate", "quarantined", "out_of_window", "rekeyed")
        sums = ", ".join(f"coalesce(sum(rows_{n}), 0)::bigint AS {n}" for n in names)
        with psycopg.connect(self.database(), row_factory=dict_row) as connection:
            row = connection.execute(
                f"SELECT {sums} FROM penstock.loads WHERE feed = %s AND state = 'loaded'".encode(),
                [feed],
            ).fetchone()
        assert row is not None
        return row
