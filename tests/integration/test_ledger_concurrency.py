"""Several real processes at one ledger: of plans one wins, and nothing acknowledged is lost."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from pathlib import Path

import boto3
import pytest

from penstock.model import State
from tests.support.ledger_driver import batch, driver, ledger
from tests.support.moto_server import moto_server, s3_environment

__all__ = ["moto_server", "s3_environment"]

ROUNDS = 8


@pytest.fixture(params=["local", "s3"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "home")
    request.getfixturevalue("s3_environment")
    bucket = f"race-{secrets.token_hex(6)}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/home"


def test_processes_that_create_at_once_make_one_ledger(home: str) -> None:
    with ExitStack() as stack:
        drivers = [stack.enter_context(driver(home)) for _ in range(3)]
        for one in drivers:
            one.tell("create")
        assert [one.answer() for one in drivers] == ["done"] * 3
        assert [one.ask("open") for one in drivers] == ["done"] * 3
    assert list(ledger(home).open().batches()) == []


def test_of_processes_that_plan_at_once_one_wins_each_time(home: str) -> None:
    ledger(home).create()
    won = []
    with driver(home) as one, driver(home) as other:
        for number in range(1, ROUNDS + 1):
            assert (one.ask("open"), other.ask("open")) == ("done", "done")
            one.tell(f"plan {number} s3://drops/one-{number}.csv")
            other.tell(f"plan {number} s3://drops/other-{number}.csv")
            answers = (one.answer(), other.answer())
            assert sorted(answers) == ["conflict", "done"]
            won.append(f"s3://drops/{'one' if answers[0] == 'done' else 'other'}-{number}.csv")
    assert [r.batch.files[0].uri for r in ledger(home).open().batches()] == won


def test_outcomes_recorded_all_the_while_change_no_plans_fate(home: str) -> None:
    mine = ledger(home)
    mine.create()
    mine.plan(mine.open(), [batch(1, "s3://drops/busy.csv")], [], "c1")
    with driver(home) as one, driver(home) as other, driver(home) as recorder:
        for number in range(2, ROUNDS + 2):
            assert (one.ask("open"), other.ask("open")) == ("done", "done")
            recorder.tell("record 1 s3://drops/busy.csv 3")
            one.tell(f"plan {number} s3://drops/one-{number}.csv")
            other.tell(f"plan {number} s3://drops/other-{number}.csv")
            assert sorted([one.answer(), other.answer()]) == ["conflict", "done"]
            assert recorder.answer() == "done"
    batches = ledger(home).open().batches()
    assert [r.batch.sequence for r in batches] == list(range(1, ROUNDS + 2))
    assert (batches[0].state, batches[0].attempts) == (State.FAILED, 3 * ROUNDS)
    assert {r.state for r in batches[1:]} == {State.PLANNED}


def test_a_killed_driver_loses_nothing_it_was_told_is_done(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    ledger(home).create()
    acknowledged = 0
    for life in range(4):
        with driver(home) as mortal:
            for _ in range(5):
                assert mortal.ask("open") == "done"
                acknowledged += 1
                uri = f"s3://drops/{acknowledged}.csv"
                assert mortal.ask(f"plan {acknowledged} {uri}") == "done"
            # Killed somewhere inside of many appends, later in each life.
            mortal.tell(f"record 1 s3://drops/1.csv {10_000}")
            for _ in range(life):
                ledger(home).open()
            mortal.kill()
        batches = ledger(home).open().batches()
        assert [r.batch.sequence for r in batches] == list(range(1, acknowledged + 1))
        assert {r.state for r in batches[1:]} == {State.PLANNED}
    mine = ledger(home)
    mine.plan(mine.open(), [batch(acknowledged + 1, "s3://drops/last.csv")], [], "c1")
    assert len(mine.open().batches()) == acknowledged + 1
