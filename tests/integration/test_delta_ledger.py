"""The Delta ledger beyond its port: what it says when it is broken, and how it stays small."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from penstock.adapters import delta_ledger
from penstock.adapters.delta_ledger import DeltaLedger
from penstock.errors import ConfigError, PlanConflict, Retryable
from penstock.model import Batch, FileOutcome, State
from tests.support.fake_ledger import HandClock
from tests.support.ledger_driver import REPOSITORY, batch
from tests.support.moto_server import moto_server, s3_environment

__all__ = ["moto_server", "s3_environment"]

A = batch(1, "s3://drops/a.csv")


@pytest.fixture
def ledger(tmp_path: Path) -> DeltaLedger:
    made = DeltaLedger(str(tmp_path), "events", HandClock(), compact_every=10)
    made.create()
    return made


@pytest.fixture
def table(ledger: DeltaLedger, tmp_path: Path) -> Path:
    """The folder of a ledger with one planned batch."""
    ledger.plan(ledger.open(), [A], [], "c1")
    return tmp_path / "ledger" / "events"


def commit(table: Path, version: int) -> Path:
    return table / "_delta_log" / f"{version:020}.json"


def test_looking_at_a_home_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    ledger = DeltaLedger(f"file://{tmp_path}/none", "events")
    assert not ledger.exists()
    with pytest.raises(ConfigError, match="penstock ledger rebuild events"):
        ledger.open()
    with pytest.raises(ConfigError, match="penstock ledger rebuild events"):
        ledger.record(A, State.LOADED)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_is_one_commit(ledger: DeltaLedger, table: Path) -> None:
    assert DeltaTable(table).version() == 1
    view = ledger.open()
    ledger.plan(view, [batch(2, "s3://drops/b.csv"), batch(3, "s3://drops/c.csv")], [], "c1")
    assert DeltaTable(table).version() == 2


def test_an_unknown_version_is_refused_with_the_remedy(table: Path) -> None:
    DeltaTable(table).alter.set_table_properties(
        {"penstock.ledger_version": "2"}, raise_if_not_exists=False
    )
    newer = DeltaLedger(str(table.parents[1]), "events")
    for use in (newer.open, newer.exists, newer.create, lambda: newer.record(A, State.LOADED)):
        with pytest.raises(ConfigError) as caught:
            use()
        assert str(table) in caught.value.message
        assert "version 2" in caught.value.message
        assert "penstock ledger upgrade events" in caught.value.hint


def test_a_table_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    schema = pa.schema({"x": pa.int64()})
    DeltaTable.create(str(tmp_path / "ledger" / "events"), schema)
    with pytest.raises(ConfigError, match="has version None"):
        DeltaLedger(str(tmp_path), "events").open()


@pytest.mark.parametrize("version", [0, 1])
def test_a_damaged_log_names_the_table_and_the_remedy(
    ledger: DeltaLedger, table: Path, version: int
) -> None:
    commit(table, version).write_text("not JSON")
    for use in (ledger.open, ledger.exists, DeltaLedger(str(table.parents[1]), "events").create):
        with pytest.raises(ConfigError) as caught:
            use()
        assert str(table) in caught.value.message
        assert caught.value.message.count("\n") == 0
        assert "penstock ledger rebuild events" in caught.value.hint


def test_a_lost_data_file_names_the_table_and_the_remedy(ledger: DeltaLedger, table: Path) -> None:
    for file in table.glob("record=file/*"):
        file.unlink()
    with pytest.raises(ConfigError) as caught:
        ledger.open()
    assert str(table) in caught.value.message
    assert "penstock ledger rebuild events" in caught.value.hint


def test_a_batch_that_lost_a_file_row_is_not_taken_up(ledger: DeltaLedger) -> None:
    two = Batch("events", "load", 2, (*A.files, *batch(2, "s3://drops/b.csv").files))
    ledger.record(
        two, State.FAILED, outcomes=[FileOutcome("s3://drops/a.csv", "v1", 1, State.FAILED)]
    )
    with pytest.raises(ConfigError, match=f"the files of batch {two.id[:12]} are not all there"):
        ledger.open()


def test_an_unreachable_home_is_not_an_absent_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        DeltaLedger("s3://acme/home", "events").exists()
    assert caught.value.message.startswith("PENSTOCK_HOME s3://acme/home cannot be reached: ")


def test_a_home_that_cannot_be_made_names_the_home(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        DeltaLedger(str(tmp_path / "file" / "home"), "events").create()
    assert f"{tmp_path}/file/home cannot be reached" in caught.value.message
    assert caught.value.hint == "check that the folder can be written to"


@pytest.mark.usefixtures("s3_environment")
def test_a_home_in_a_bucket_that_does_not_exist_names_the_home() -> None:
    ledger = DeltaLedger("s3://no-such-bucket-here/home", "events")
    for use in (ledger.exists, ledger.create, ledger.open):
        with pytest.raises(ConfigError, match="s3://no-such-bucket-here/home cannot be reached"):
            use()


@pytest.mark.usefixtures("s3_environment")
def test_a_home_on_s3_may_have_odd_characters() -> None:
    bucket = f"ledger-{secrets.token_hex(6)}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    ledger = DeltaLedger(f"s3://{bucket}/ä +&#?=/home", "events")
    ledger.create()
    ledger.plan(ledger.open(), [A], [], "c1")
    keys = [found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert {key.rpartition("/ledger/events/")[0] for key in keys} == {"ä +&#?=/home"}
    assert [r.batch for r in ledger.open().batches()] == [A]


def test_compaction_keeps_every_row_and_few_files(ledger: DeltaLedger, table: Path) -> None:
    for number in range(2, 32):
        uri = f"s3://drops/{number}.csv"
        made = batch(number, uri)
        ledger.plan(ledger.open(), [made], [], "c1")
        outcome = FileOutcome(uri, "v1", 1, State.FAILED, f"because {number}")
        ledger.record(made, State.FAILED, reason=f"because {number}", outcomes=[outcome])
    view = ledger.open()
    assert [(r.batch.sequence, r.state) for r in view.batches()] == [
        (1, State.PLANNED),
        *((number, State.FAILED) for number in range(2, 32)),
    ]
    assert [r.reason for r in view.batches()][1:] == [f"because {n}" for n in range(2, 32)]
    assert len(view.files()) == 31
    assert DeltaTable(table).version() > 60
    assert len(DeltaTable(table).file_uris()) <= 2 * 10
    assert DeltaTable(table).transaction_version("penstock-plan:events") == 31


def test_a_view_that_was_opened_before_a_compaction_can_still_plan(ledger: DeltaLedger) -> None:
    view = ledger.open()
    ledger.record(
        A, State.FAILED, outcomes=[FileOutcome("s3://drops/a.csv", "v1", 1, State.FAILED)]
    )
    ledger.compact()
    ledger.plan(view, [batch(2, "s3://drops/b.csv")], [], "c1")
    assert [r.batch.sequence for r in ledger.open().batches()] == [1, 2]


def test_a_compaction_hides_no_conflict(ledger: DeltaLedger) -> None:
    view = ledger.open()
    ledger.plan(ledger.open(), [A], [], "c1")
    ledger.compact()
    with pytest.raises(PlanConflict):
        ledger.plan(view, [batch(2, "s3://drops/b.csv")], [], "c1")


def test_a_failing_compaction_fails_no_append(
    ledger: DeltaLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(DeltaLedger, "_compact_handle", fail)
    for _ in range(20):
        ledger.record(A, State.SKIPPED)
    assert [r.state for r in ledger.open().batches()] == [State.SKIPPED]


def test_a_plan_that_landed_and_was_reported_failed_is_found_by_its_batch_id(
    ledger: DeltaLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def land_and_fail(handle: DeltaTable, *args: object, **options: object) -> None:
        write(handle, *args, **options)  # type: ignore[arg-type]  # handed on as it came
        raise CommitFailedError("the answer was lost")

    write = delta_ledger.write_deltalake
    monkeypatch.setattr(delta_ledger, "write_deltalake", land_and_fail)
    with pytest.raises(PlanConflict):
        ledger.plan(ledger.open(), [A], [], "c1")
    assert [r.batch.id for r in ledger.open().batches()] == [A.id]


def test_an_outcome_that_is_overtaken_is_recorded_in_the_end(
    ledger: DeltaLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(handle: DeltaTable, *args: object, **options: object) -> None:
        if len(tries) < 3:
            tries.append(1)
            raise CommitFailedError("overtaken")
        write(handle, *args, **options)  # type: ignore[arg-type]  # handed on as it came

    tries: list[int] = []
    write = delta_ledger.write_deltalake
    monkeypatch.setattr(delta_ledger, "write_deltalake", overtaken)
    ledger.record(A, State.LOADED)
    assert len(tries) == 3
    assert [r.state for r in ledger.open().batches()] == [State.LOADED]


def test_an_outcome_that_is_overtaken_for_ever_can_be_tried_again(
    ledger: DeltaLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_: object, **__: object) -> None:
        raise CommitFailedError("overtaken")

    monkeypatch.setattr(delta_ledger, "write_deltalake", overtaken)
    monkeypatch.setattr(delta_ledger.time, "sleep", lambda _: None)
    with pytest.raises(Retryable, match="the ledger of events was busy 8 times"):
        ledger.record(A, State.LOADED)


def test_a_kept_handle_that_went_bad_is_replaced(
    ledger: DeltaLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(handle: DeltaTable, *args: object, **options: object) -> None:
        handles.append(handle)
        if handle is handles[0]:
            raise OSError("credentials have expired")
        write(handle, *args, **options)  # type: ignore[arg-type]  # handed on as it came

    ledger.record(A, State.SKIPPED)
    handles: list[DeltaTable] = []
    write = delta_ledger.write_deltalake
    monkeypatch.setattr(delta_ledger, "write_deltalake", expired)
    ledger.record(A, State.LOADED)
    assert len(handles) == 2
    assert [r.state for r in ledger.open().batches()] == [State.LOADED]


def test_a_new_handle_that_does_not_work_is_an_error(
    ledger: DeltaLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("access denied")

    monkeypatch.setattr(delta_ledger, "write_deltalake", refused)
    with pytest.raises(ConfigError, match="cannot be reached: access denied"):
        ledger.record(A, State.LOADED)


def test_planning_does_not_wait_for_pandas(table: Path) -> None:
    code = """if True:
        import sys
        from penstock.adapters.delta_ledger import DeltaLedger
        view = DeltaLedger(sys.argv[1], "events").open()
        assert len(view.files()) == 1 and view.files()["s3://drops/a.csv"].size == 7
        assert view.batches()[0].batch.files
        sys.exit("pandas" in sys.modules)
    """
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "lib")}
    home = str(table.parents[1])
    subprocess.run([sys.executable, "-c", code, home], env=environment, check=True)
