"""Real drivers, really killed: SIGKILL at fail points and at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.failpoints import ENVIRONMENT, POINTS, Point
from tests.support.answers import check_counts, check_target
from tests.support.process import Penstock

pytestmark = pytest.mark.slow


@pytest.fixture
def penstock(tmp_path: Path) -> Iterator[Penstock]:
    penstock = Penstock(tmp_path)
    penstock.database()
    yield penstock
    penstock("database", "--stop")


def assert_answer(penstock: Penstock, feed: str, table: str, sheet: Path) -> None:
    assert check_target(penstock.table(table), sheet) == []
    assert check_counts(penstock.load_log(feed), sheet) == []


def test_killed_at_every_fail_point_in_turn_the_answer_is_the_same(
    penstock: Penstock, tmp_path: Path
) -> None:
    sheet = penstock.sample("events", "events", 3_000, len(POINTS))
    waiting = tmp_path / "waiting"
    waiting.mkdir()
    for path in (penstock.drops / "events").glob("events_*"):
        path.rename(waiting / path.name)
    # Each run has a file of its own to load, besides what the killed one before it left behind.
    for point, path in zip(POINTS, sorted(waiting.iterdir()), strict=True):
        path.rename(penstock.drops / "events" / path.name)
        assert killed_at(penstock, point), point
    penstock("run", "events", code=None)
    assert_answer(penstock, "events", "public.events", sheet)


def killed_at(penstock: Penstock, point: Point) -> bool:
    """Whether a run died at the point."""
    penstock.environment[ENVIRONMENT] = point
    process = penstock.start("run", "events")
    process.communicate(timeout=300)
    del penstock.environment[ENVIRONMENT]
    return process.returncode == -signal.SIGKILL


def test_killed_at_ten_random_moments_over_twenty_files(penstock: Penstock) -> None:
    sheet = penstock.sample("events", "events", 20_000, 20)
    seed = int(os.environ.get("PENSTOCK_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)
    moments = random.Random(seed)
    print(f"PENSTOCK_TEST_SEED={seed}")  # noqa: T201 - shown by pytest when the test fails
    killed = 0
    for _ in range(10):
        process = penstock.start("run", "events")
        try:
            process.communicate(timeout=moments.uniform(1, 20))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
    assert killed > 0
    penstock("run", "events", code=None)
    assert_answer(penstock, "events", "public.events", sheet)
    assert penstock.json("run", "events")["feeds"][0]["batches"] == []


def test_two_drivers_at_once_on_one_feed(penstock: Penstock) -> None:
    sheet = penstock.sample("events", "events", 5_000, 20)
    drivers = [penstock.start("run", "events") for _ in range(2)]
    for driver in drivers:
        _, err = driver.communicate(timeout=600)
        assert driver.returncode in (0, 1), err
    assert_answer(penstock, "events", "public.events", sheet)


def test_the_same_drop_under_other_names_adds_no_row(penstock: Penstock) -> None:
    sheet = penstock.sample("events", "events", 3_000, 6)
    penstock("run", "events", code=None)
    before = len(penstock.table("public.events"))
    for path in sorted((penstock.drops / "events").glob("events_*")):
        day, rest = path.name[:17], path.name[17:]
        (path.parent / f"{day}_again{rest}").write_bytes(path.read_bytes())
    again = penstock.json("run", "events", code=None)["feeds"][0]["totals"]
    assert again["rows_loaded"] == 0
    assert again["rows_read"] > 0
    assert len(penstock.table("public.events")) == before
    assert check_target(penstock.table("public.events"), sheet) == []
