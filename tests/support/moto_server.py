"""S3 over HTTP on this machine: a moto server in a process of its own, on a free port.

A conftest or test module that imports ``moto_server`` and ``s3_environment`` gets both fixtures.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

STARTED = re.compile(rb"Running on (http://127\.0\.0\.1:[0-9]+)")
PATIENCE = 60.0


@contextmanager
def running() -> Iterator[str]:
    """The endpoint of a new, empty server, which is stopped on exit."""
    # Its log goes to a file: a pipe that nobody empties would stop it in the end.
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield _endpoint(server, log)
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _endpoint(server: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        log.seek(0)
        if found := STARTED.search(log.read()):
            return found[1].decode()
        time.sleep(0.05)
    log.seek(0)
    raise RuntimeError(f"the moto server did not start: {log.read().decode(errors='replace')}")


def environment(endpoint: str) -> dict[str, str]:
    """The AWS variables that lead every client, Spark's included, to the server alone."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The endpoint of the session's server. Buckets outlive a test: take a new name each."""
    with running() as endpoint:
        yield endpoint


@pytest.fixture
def s3_environment(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's endpoint, with this process's AWS variables pointing to it during the test."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(moto_server).items():
        monkeypatch.setenv(name, value)
    return moto_server
