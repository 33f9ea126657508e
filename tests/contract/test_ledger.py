"""What every ledger promises: the fake, Delta in a folder, and Delta on S3."""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from penstock.adapters.delta_ledger import DeltaLedger
from penstock.errors import ConfigError, PlanConflict
from penstock.model import Batch, FileOutcome, FileRecord, FileVersion, PlannedFile, State
from penstock.ports import Ledger
from tests.support.fake_ledger import FakeLedger, HandClock, Rows
from tests.support.moto_server import moto_server, s3_environment

__all__ = ["moto_server", "s3_environment"]

MODIFIED = datetime(2026, 11, 19, 23, 59, 59, 123456, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """One feed's ledger: every call of ``driver`` is another process coming to it."""

    driver: Callable[[], Ledger]
    clock: HandClock


@pytest.fixture(params=["fake", "local", "s3"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    clock = HandClock()
    if request.param == "fake":
        rows = Rows()
        return World(lambda: FakeLedger("events", clock, rows), clock)
    if request.param == "local":
        return World(lambda: DeltaLedger(str(tmp_path / "a home"), "events", clock), clock)
    request.getfixturevalue("s3_environment")
    bucket = f"ledger-{secrets.token_hex(6)}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return World(lambda: DeltaLedger(f"s3://{bucket}/a home", "events", clock), clock)


@pytest.fixture
def ledger(world: World) -> Ledger:
    made = world.driver()
    made.create()
    return made


def planned(uri: str, version: str = "v1", generation: int = 1, **captures: str) -> PlannedFile:
    return PlannedFile(FileVersion(uri, version, 7, MODIFIED), generation, captures)


def batch(sequence: int, *files: PlannedFile) -> Batch:
    return Batch("events", "load", sequence, tuple(sorted(files)))


def outcomes(of: Batch, state: State, reason: str = "") -> list[FileOutcome]:
    return [FileOutcome(f.uri, f.file.version, f.generation, state, reason) for f in of.files]


A = batch(1, planned("s3://drops/a.csv"))
B = batch(2, planned("s3://drops/b.csv"))


def test_a_ledger_exists_once_it_is_created(world: World) -> None:
    assert not world.driver().exists()
    world.driver().create()
    assert world.driver().exists()


def test_an_absent_ledger_cannot_be_opened(world: World) -> None:
    with pytest.raises(ConfigError):
        world.driver().open()


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    view = ledger.open()
    assert dict(view.files()) == {}
    assert list(view.batches()) == []


def test_creating_again_keeps_what_is_in_it(world: World, ledger: Ledger) -> None:
    ledger.plan(ledger.open(), [A], [], "c1")
    world.driver().create()
    assert [r.batch for r in ledger.open().batches()] == [A]


def test_a_planned_batch_comes_back_as_it_was_planned(world: World, ledger: Ledger) -> None:
    odd = 's3://drops/späte Lieferung/100%+1 "x"#?\U0001f600.csv'
    made = batch(3, planned(odd, network="3", date="2026-11-20"), planned("s3://drops/a.csv"))
    ledger.plan(ledger.open(), [made], [], "c1")
    view = world.driver().open()
    (record,) = view.batches()
    assert record.batch == made
    assert record.batch.id == made.id
    assert [(f.captures, f.file.modified) for f in record.batch.files] == [
        ({}, MODIFIED),
        ({"network": "3", "date": "2026-11-20"}, MODIFIED),
    ]
    assert (record.state, record.attempts, record.config_hash) == (State.PLANNED, 0, "c1")
    assert (record.planned_at, record.recorded_at) == (world.clock.now(), world.clock.now())
    assert view.files()[odd] == FileRecord(
        uri=odd,
        version="v1",
        generation=1,
        state=State.PLANNED,
        batch_id=made.id,
        size=7,
        recorded_at=world.clock.now(),
        config_hash="c1",
    )


def test_batches_come_by_sequence_and_files_are_counted_once(ledger: Ledger) -> None:
    ledger.plan(ledger.open(), [B, A], [], "c1")
    ledger.record(A, State.LOADED, outcomes=outcomes(A, State.LOADED))
    view = ledger.open()
    assert [r.batch.sequence for r in view.batches()] == [1, 2]
    assert sorted(view.files()) == ["s3://drops/a.csv", "s3://drops/b.csv"]
    assert len(view.files()) == 2
    assert "s3://drops/c.csv" not in view.files()
    with pytest.raises(KeyError):
        view.files()["s3://drops/c.csv"]


def test_a_loaded_batch_still_knows_its_files(ledger: Ledger) -> None:
    ledger.plan(ledger.open(), [A, B], [], "c1")
    ledger.record(A, State.LOADED, outcomes=outcomes(A, State.LOADED))
    found = ledger.open().batches()[0].batch
    assert found.id == A.id
    assert found == A
    assert found != B
    assert hash(found) == hash(A)
    assert pickle.loads(pickle.dumps(found)) == A


def test_a_rejected_file_is_recorded_with_its_reason(world: World, ledger: Ledger) -> None:
    bad = FileRecord("s3://drops/a.csv", "v2", 2, State.FAILED, reason="overwritten", size=9)
    ledger.plan(ledger.open(), [], [bad], "c1")
    assert dict(ledger.open().files()) == {
        bad.uri: FileRecord(
            uri=bad.uri,
            version="v2",
            generation=2,
            state=State.FAILED,
            reason="overwritten",
            size=9,
            recorded_at=world.clock.now(),
            config_hash="c1",
        )
    }
    assert list(ledger.open().batches()) == []


def test_a_view_stays_as_it_was_opened(ledger: Ledger) -> None:
    view = ledger.open()
    ledger.plan(ledger.open(), [A], [], "c1")
    assert dict(view.files()) == {}
    assert list(view.batches()) == []


def test_of_two_plans_made_from_the_same_state_one_fails(world: World, ledger: Ledger) -> None:
    other = world.driver()
    mine, theirs = ledger.open(), other.open()
    other.plan(theirs, [B], [], "c1")
    with pytest.raises(PlanConflict):
        ledger.plan(mine, [A], [], "c1")
    assert [r.batch for r in ledger.open().batches()] == [B]


def test_a_plan_made_after_reloading_goes_through(world: World, ledger: Ledger) -> None:
    world.driver().plan(world.driver().open(), [B], [], "c1")
    ledger.plan(ledger.open(), [A], [], "c1")
    assert [r.batch for r in ledger.open().batches()] == [A, B]


def test_outcomes_recorded_meanwhile_do_not_fail_a_plan(world: World, ledger: Ledger) -> None:
    ledger.plan(ledger.open(), [B], [], "c1")
    view, other = ledger.open(), world.driver()
    for _ in range(20):
        other.record(B, State.FAILED, reason="busy")
        world.clock.tick()
    ledger.plan(view, [A], [], "c1")
    assert [r.state for r in ledger.open().batches()] == [State.PLANNED, State.FAILED]


def test_outcomes_recorded_meanwhile_hide_no_conflict(world: World, ledger: Ledger) -> None:
    ledger.plan(ledger.open(), [B], [], "c1")
    view, other = ledger.open(), world.driver()
    other.record(B, State.FAILED)
    other.plan(other.open(), [batch(3, planned("s3://drops/c.csv"))], [], "c1")
    other.record(B, State.LOADED)
    with pytest.raises(PlanConflict):
        ledger.plan(view, [A], [], "c1")
    assert [r.batch.sequence for r in ledger.open().batches()] == [2, 3]


def test_a_view_plans_once(ledger: Ledger) -> None:
    view = ledger.open()
    ledger.plan(view, [A], [], "c1")
    with pytest.raises(PlanConflict):
        ledger.plan(view, [B], [], "c1")
    assert [r.batch for r in ledger.open().batches()] == [A]


def test_an_empty_plan_is_no_plan(world: World, ledger: Ledger) -> None:
    mine, theirs = ledger.open(), world.driver().open()
    ledger.plan(mine, [], [], "c1")
    world.driver().plan(theirs, [A], [], "c1")
    assert [r.batch for r in ledger.open().batches()] == [A]


def test_a_batch_that_failed_and_was_planned_again_counts_its_attempts(
    world: World, ledger: Ledger
) -> None:
    ledger.plan(ledger.open(), [A], [], "c1")
    first = world.clock.now()
    for state, reason in ((State.FAILED, "no disk"), (State.HELD, "too many"), (State.PLANNED, "")):
        world.clock.tick()
        ledger.record(A, state, reason=reason, config_hash="c2", outcomes=outcomes(A, state))
    (record,) = ledger.open().batches()
    assert (record.state, record.attempts, record.reason) == (State.PLANNED, 2, "")
    assert (record.planned_at, record.recorded_at) == (first, world.clock.now())
    assert record.config_hash == "c2"
    assert record.batch == A
    assert ledger.open().files()["s3://drops/a.csv"].state is State.PLANNED


def test_a_row_appended_twice_changes_nothing(ledger: Ledger) -> None:
    ledger.plan(ledger.open(), [A], [], "c1")
    ledger.record(A, State.FAILED, reason="x", outcomes=outcomes(A, State.FAILED, "x"))
    before = ledger.open()
    ledger.record(A, State.FAILED, reason="x", outcomes=outcomes(A, State.FAILED, "x"))
    after = ledger.open()
    assert list(after.batches()) == list(before.batches())
    assert after.batches()[0].attempts == 1
    assert dict(after.files()) == dict(before.files())


def test_loaded_stays_loaded_whatever_a_late_driver_says(world: World, ledger: Ledger) -> None:
    ledger.plan(ledger.open(), [A], [], "c1")
    ledger.record(A, State.LOADED, outcomes=outcomes(A, State.LOADED))
    for state in (State.FAILED, State.ABANDONED, State.SKIPPED, State.PLANNED):
        world.clock.tick()
        ledger.record(A, state, outcomes=outcomes(A, state))
    view = ledger.open()
    assert view.batches()[0].state is State.LOADED
    assert view.files()["s3://drops/a.csv"].state is State.LOADED


def test_a_later_generation_of_a_file_hides_the_earlier_ones(ledger: Ledger) -> None:
    again = batch(2, planned("s3://drops/a.csv", "v2", 2))
    ledger.plan(ledger.open(), [A], [], "c1")
    ledger.record(A, State.LOADED, outcomes=outcomes(A, State.LOADED))
    ledger.plan(ledger.open(), [again], [], "c1")
    found = ledger.open().files()["s3://drops/a.csv"]
    assert (found.version, found.generation, found.state) == ("v2", 2, State.PLANNED)
    assert found.batch_id == again.id


def test_files_of_one_batch_have_outcomes_of_their_own(ledger: Ledger) -> None:
    both = batch(1, planned("s3://drops/a.csv"), planned("s3://drops/b.csv"))
    ledger.plan(ledger.open(), [both], [], "c1")
    ledger.record(
        both,
        State.LOADED,
        outcomes=[
            FileOutcome("s3://drops/a.csv", "v1", 1, State.LOADED, rows=5),
            FileOutcome("s3://drops/b.csv", "v1", 1, State.FAILED, "not gzip"),
        ],
    )
    files = ledger.open().files()
    assert {u: (r.state, r.reason) for u, r in files.items()} == {
        "s3://drops/a.csv": (State.LOADED, ""),
        "s3://drops/b.csv": (State.FAILED, "not gzip"),
    }


def test_a_batch_that_was_never_planned_here_can_be_recorded(ledger: Ledger) -> None:
    ledger.record(A, State.LOADED, config_hash="c1", outcomes=outcomes(A, State.LOADED))
    (record,) = ledger.open().batches()
    assert (record.batch, record.state, record.planned_at) == (A, State.LOADED, None)
    assert ledger.open().files()["s3://drops/a.csv"].size == 7


def test_a_view_of_another_ledger_cannot_be_planned_through(ledger: Ledger) -> None:
    class Empty:
        def files(self) -> dict[str, FileRecord]:
            return {}

        def batches(self) -> list[object]:
            return []

    with pytest.raises(TypeError):
        ledger.plan(Empty(), [A], [], "c1")  # type: ignore[arg-type]  # that is the test
