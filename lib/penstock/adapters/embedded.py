"""An embedded Postgres under PENSTOCK_HOME: a real server without anything to install.

Several processes share it: the first one starts it, the last one that ends stops it, and one that
was killed is not waited for. Who uses it is written down beside the data, under a file lock.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from penstock.adapters.postgres_server import PostgresServer, born


@dataclass(frozen=True, slots=True)
class ServerHandle:
    """A running server. ``url`` holds its password: print it only where a person asked for it."""

    url: str
    port: int


_held: set[Path] = set()


def start(home: Path, *, keep: bool = False) -> ServerHandle:
    """Start the server, or join the one that runs; it stops when its last process ends.

    It listens on 127.0.0.1 alone and asks for a password, as other users of the machine can reach
    it there. Its port stays the same for as long as nobody else takes it.

    :param keep: leave it up until :func:`stop`.
    :raises TargetUnreachable: it does not start; the message ends with its log.
    :raises ConfigError: the binaries are not installed.
    """
    root = home.resolve() / "postgres"
    root.mkdir(parents=True, exist_ok=True)
    server = PostgresServer(root)
    with _locked(root):
        port = server.running_port() or server.launch()
        if keep:
            _keep(root).touch()
        elif root not in _held:
            _held.add(root)
            _write_users(root, {**_live_users(root), os.getpid(): born(os.getpid())})
            atexit.register(_release, root)
        password = server.password()
    return ServerHandle(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", port)


def stop(home: Path) -> None:
    """Stop the server, whoever uses it. Harmless if it does not run."""
    root = home.resolve() / "postgres"
    if not root.is_dir():
        return
    with _locked(root):
        _keep(root).unlink(missing_ok=True)
        PostgresServer(root).shut_down()


def _release(root: Path) -> None:
    """This process needs the server no longer."""
    _held.discard(root)
    if not root.is_dir():
        return
    with _locked(root):
        users = _live_users(root)
        users.pop(os.getpid(), None)
        _write_users(root, users)
        if not users and not _keep(root).exists():
            PostgresServer(root).shut_down()


def _keep(root: Path) -> Path:
    return root / "keep"


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process, also if it is killed."""
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _live_users(root: Path) -> dict[int, float]:
    """Processes that use the server, by pid with their birth: a pid may have a new owner."""
    with suppress(FileNotFoundError, ValueError):
        known = json.loads((root / "users.json").read_text())
        return {int(pid): then for pid, then in known.items() if born(int(pid)) == then}
    return {}


def _write_users(root: Path, users: dict[int, float]) -> None:
    (root / "users.json").write_text(json.dumps(users))
