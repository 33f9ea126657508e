"""Runs one whole process and measures it from outside, with all the processes it starts.

A JVM started by PySpark outlives its parent for a moment and is never waited for by it, so that
``getrusage`` misses it: here the processes of the command's session are looked at, five times a
second.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

INTERVAL = 0.2
"""Seconds between two looks: what a process did after the last look at it is not counted."""
_LINGER = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """``wall``: seconds until the command ended. ``cpu``: user and system seconds of all its
    processes. ``peak``: the most bytes they had resident at two looks in a row, summed, so that a
    page they share counts once for each. ``status``: the exit status, negative after a signal."""

    wall: float
    cpu: float
    peak: int
    status: int


@dataclass(slots=True)
class _Session:
    """The processes of one session. ``cpu``: seconds last seen, by pid and birth."""

    leader: int
    cpu: dict[tuple[int, float], float] = field(default_factory=dict)
    peak: int = 0
    before: int = 0

    def look(self) -> bool:
        """Take the figures; whether any process is left."""
        resident = sum(self._take(pid) for pid in psutil.pids())
        # A process caught between fork and exec looks as large as its parent, for one look.
        self.peak = max(self.peak, min(resident, self.before))
        self.before = resident
        return resident > 0

    def _take(self, pid: int) -> int:
        """The bytes resident of a process, 0 if it is none of the session's or has ended."""
        try:
            if os.getsid(pid) != self.leader:
                return 0
            process = psutil.Process(pid)
            spent, resident = process.cpu_times(), process.memory_info().rss
        except (ProcessLookupError, PermissionError, psutil.Error):
            return 0
        if resident:  # a zombie has nothing left
            self.cpu[pid, process.create_time()] = spent.user + spent.system
        return int(resident)


def measure(command: Sequence[str], *, environ: Mapping[str, str], logs: Path) -> Measured:
    """Run ``command`` in a session of its own; its output goes to ``logs``/stdout and stderr.

    Returns when every process of the session has ended, so that none disturbs the next run.

    :raises RuntimeError: one of them still runs 30 s after the command ended.
    """
    logs.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()
    with (logs / "stdout").open("wb") as out, (logs / "stderr").open("wb") as err:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        session = _Session(process.pid)
        watcher = threading.Thread(target=_watch, args=(session, ended))
        watcher.start()
        try:
            status = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
        finally:
            wall = time.monotonic() - started
            ended.set()
            watcher.join()
    deadline = time.monotonic() + _LINGER
    while session.look():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{command[0]} left processes behind in session {process.pid}")
        time.sleep(INTERVAL)
    return Measured(wall=wall, cpu=sum(session.cpu.values()), peak=session.peak, status=status)


def _watch(session: _Session, ended: threading.Event) -> None:
    while not ended.wait(INTERVAL):
        session.look()
