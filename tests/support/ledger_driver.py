"""A driver in a process of its own that does to a ledger what it is told, line by line.

``python -m tests.support.ledger_driver HOME`` reads commands from stdin and answers each with a
line: ``create``, ``open``, ``plan SEQUENCE URI``, ``record SEQUENCE URI TIMES``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from penstock.adapters.delta_ledger import DeltaLedger
from penstock.errors import PlanConflict
from penstock.model import Batch, FileOutcome, FileVersion, PlannedFile, State

REPOSITORY = Path(__file__).parents[2]
FEED = "events"
COMPACT_EVERY = 7


def batch(sequence: int, uri: str) -> Batch:
    version = FileVersion(uri, "v1", 7, datetime(2026, 11, 20, tzinfo=UTC))
    return Batch(FEED, "load", sequence, (PlannedFile(version),))


def ledger(home: str) -> DeltaLedger:
    """Compacts often, so that compactions take part in every race."""
    return DeltaLedger(home, FEED, compact_every=COMPACT_EVERY)


def serve(home: str) -> Iterator[str]:
    mine = ledger(home)
    view = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "create":
            mine.create()
        elif command == "open":
            view = mine.open()
        elif command == "plan" and view is not None:
            try:
                mine.plan(view, [batch(int(words[0]), words[1])], [], "c1")
            except PlanConflict:
                yield "conflict"
                continue
        elif command == "record":
            about = batch(int(words[0]), words[1])
            outcome = FileOutcome(words[1], "v1", 1, State.FAILED)
            for _ in range(int(words[2])):
                mine.record(about, State.FAILED, outcomes=[outcome])
        yield "done"


@dataclass
class Driver:
    """The other end of the line."""

    process: subprocess.Popen[str]

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, command: str) -> str:
        self.tell(command)
        return self.answer()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def driver(home: str) -> Iterator[Driver]:
    """A new driver process, ended on exit; it has started when it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ledger_driver", home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY / 'lib'}{os.pathsep}{REPOSITORY}"},
    )
    with process:
        try:
            yield Driver(process)
        finally:
            process.kill()


if __name__ == "__main__":
    for reply in serve(sys.argv[1]):
        sys.stdout.write(f"{reply}\n")
        sys.stdout.flush()
