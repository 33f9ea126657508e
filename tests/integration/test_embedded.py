"""The embedded Postgres: shared by processes, stopped by the last one, at home anywhere."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from penstock.adapters import embedded
from tests.support.process import REPOSITORY

USER = """
import sys
from pathlib import Path
from penstock.adapters import embedded
print(embedded.start(Path(sys.argv[1])).url, flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the server until it is told to end."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", USER, str(home)],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY / "lib")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise AssertionError(self.process.communicate()[1])

    def end(self) -> None:
        _, errors = self.process.communicate("", timeout=60)
        assert (self.process.returncode, errors) == (0, "")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    embedded.stop(tmp_path)


@pytest.fixture
def user(home: Path) -> Iterator[Callable[[], User]]:
    made: list[User] = []

    def make() -> User:
        made.append(User(home))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.kill()


def postmaster(home: Path) -> psutil.Process:
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    return psutil.Process(int(pid_file.read_text().split()[0]))


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_processes_share_one_server_and_the_last_to_end_stops_it(
    home: Path, user: Callable[[], User]
) -> None:
    first, second = user(), user()
    server = postmaster(home)
    assert first.url == second.url
    first.end()
    assert answers(second.url)
    second.end()
    assert not runs(server)


def test_a_killed_process_is_not_waited_for(home: Path, user: Callable[[], User]) -> None:
    killed, last = user(), user()
    server = postmaster(home)
    killed.kill()
    assert answers(last.url)
    last.end()
    assert not runs(server)


def test_a_server_whose_users_were_all_killed_is_joined_and_then_stopped(
    home: Path, user: Callable[[], User]
) -> None:
    user().kill()
    server = postmaster(home)
    joined = user()
    assert postmaster(home) == server
    joined.end()
    assert not runs(server)


def test_data_and_port_outlast_the_server(user: Callable[[], User]) -> None:
    first = user()
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    first.end()
    second = user()
    assert second.url == first.url
    with psycopg.connect(second.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_another_port_is_taken_if_the_old_one_is_in_use(user: Callable[[], User]) -> None:
    first = user()
    first.end()
    port = int(first.url.rsplit(":", 1)[1].split("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        second = user()
        assert second.url != first.url
        assert answers(second.url)


def test_a_server_killed_with_everything_else_recovers(
    home: Path, user: Callable[[], User]
) -> None:
    first = user()
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    first.kill()
    postmaster(home).send_signal(signal.SIGKILL)
    with psycopg.connect(user().url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_a_pid_that_went_to_another_program_is_no_server(
    home: Path, user: Callable[[], User]
) -> None:
    first = user()
    first.end()
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    port = first.url.rsplit(":", 1)[1].split("/")[0]
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n{port}\n\n127.0.0.1\n1 1\nready\n")
    embedded.stop(home)  # must not stop us
    assert answers(user().url)


def test_a_cluster_left_half_made_is_made_anew(home: Path) -> None:
    unfinished = home / "postgres" / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert answers(embedded.start(home).url)
    assert not unfinished.exists()


def test_kept_server_stays_until_it_is_stopped(home: Path, user: Callable[[], User]) -> None:
    url = embedded.start(home, keep=True).url
    user().end()
    assert answers(url)
    embedded.stop(home)
    assert not answers(url)


@pytest.mark.parametrize("name", ["two words", 'it\'s $HOME "100%"', "ü" * 60 + "/" + "x" * 120])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    url = embedded.start(home).url
    try:
        assert answers(url)
    finally:
        embedded.stop(home)


def test_the_password_is_its_owners_alone_and_is_asked_for(home: Path) -> None:
    url = embedded.start(home).url
    mode = (home / "postgres" / "password").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    scheme, rest = url.split("://")
    assert not answers(f"{scheme}://postgres:guess@{rest.split('@')[1]}")


def test_text_is_unicode_and_compared_by_bytes(home: Path) -> None:
    with psycopg.connect(embedded.start(home).url) as connection:
        rows = connection.execute(
            "SELECT current_setting('server_encoding'), 'a' < 'B' COLLATE \"default\""
        ).fetchall()
    assert rows == [("UTF8", False)]


def test_stopping_where_nothing_runs_is_harmless(tmp_path: Path) -> None:
    embedded.stop(tmp_path)
    assert list(tmp_path.iterdir()) == []
