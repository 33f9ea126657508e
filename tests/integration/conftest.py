"""A real Postgres for the whole test session: the embedded one, or PENSTOCK_TEST_POSTGRES."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if url := os.environ.get("PENSTOCK_TEST_POSTGRES"):
        yield url
        return
    from penstock.adapters import embedded

    home = tmp_path_factory.mktemp("home")
    yield embedded.start(home).url
    embedded.stop(home)
