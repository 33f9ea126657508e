"""Committed stages as they are read back, from a folder and from S3."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable

from penstock.adapters.delta_stage import DeltaStageStore
from penstock.adapters.storage_options import filesystem, storage_options, table_address
from penstock.errors import ConfigError
from penstock.model import Batch, Counts, FileVersion, PlannedFile, StagedFile, Status
from tests.support.feeds import column, feed
from tests.support.moto_server import moto_server, s3_environment
from tests.support.staged import staged_rows, write_staged

__all__ = ["moto_server", "s3_environment"]

FEED = feed((column("id"),), name="events")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def planned(uri: str) -> PlannedFile:
    return PlannedFile(FileVersion(uri, "v1", 7, NOON))


BATCH = Batch("events", "load", 1, (planned("s3://d/a"), planned("s3://d/b"), planned("s3://d/c")))
ROWS = staged_rows(
    id=["1", "2", "3", "4", "5"],
    _file=[0, 2, 2, 0, 2],
    _status=["accepted", "accepted", "accepted", "quarantined", "duplicate"],
    _reasons=[None, None, None, ["id: missing"], None],
    _raw=[None, None, None, '{"id":""}', None],
)


@pytest.fixture(params=["local", "s3"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return f"{tmp_path}/a home"
    request.getfixturevalue("s3_environment")
    bucket = f"stage-{secrets.token_hex(6)}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/a home"


@pytest.fixture
def store(home: str) -> DeltaStageStore:
    return DeltaStageStore(home)


@pytest.fixture
def local(tmp_path: Path) -> DeltaStageStore:
    return DeltaStageStore(str(tmp_path))


def uri(store: DeltaStageStore, attempt: str = "t1") -> str:
    return store.uri("events", BATCH.id, attempt)


def test_a_stage_has_its_place_by_feed_batch_and_attempt(tmp_path: Path) -> None:
    assert DeltaStageStore(str(tmp_path)).uri("events", "b", "t") == (
        f"file://{tmp_path}/stage/events/b/t"
    )
    assert DeltaStageStore("s3://acme/home/").uri("events", "b", "t") == (
        "s3://acme/home/stage/events/b/t"
    )


def test_an_attempt_without_a_commit_is_none(store: DeltaStageStore) -> None:
    assert store.committed(FEED, BATCH, "t1") is None
    write_staged(uri(store), ROWS)
    assert store.committed(FEED, BATCH, "t2") is None


def test_a_committed_attempt_tells_counts_by_status_and_by_file(
    home: str, store: DeltaStageStore
) -> None:
    write_staged(uri(store), ROWS, config_hash="c7", failed={1: "not gzip"})
    staged = store.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert (staged.batch, staged.attempt, staged.uri) == (BATCH, "t1", uri(store))
    assert (staged.config_hash, staged.failed) == ("c7", {1: "not gzip"})
    assert staged.rows_by_file == {0: 2, 1: 0, 2: 3}
    assert staged.counts == Counts(read=5, loaded=3, duplicate=1, quarantined=1)
    assert staged.columns == (
        ("_file", "int"),
        ("_reasons", "array<string>"),
        ("_raw", "string"),
        ("id", "string"),
    )
    assert [(f.status, f.rows) for f in staged.files] == [
        (Status.ACCEPTED, 3),
        (Status.DUPLICATE, 1),
        (Status.QUARANTINED, 1),
    ]
    base = home if home.startswith("s3://") else f"file://{home}"
    for file in staged.files:
        assert file.uri.startswith(f"{base}/stage/events/{BATCH.id}/t1/_status={file.status}/")
        info = filesystem(file.uri).get_file_info(file.uri.partition("://")[2])
        assert info.size == file.bytes


def test_types_have_sparks_names(local: DeltaStageStore) -> None:
    rows = pa.table(
        {
            "_status": ["accepted"],
            "_file": pa.array([0], pa.int32()),
            "tiny": pa.array([1], pa.int8()),
            "small": pa.array([1], pa.int16()),
            "big": pa.array([1], pa.int64()),
            "single": pa.array([1.5], pa.float32()),
            "double": [1.5],
            "flag": [True],
            "amount": pa.array([Decimal("12345678.90")], pa.decimal128(12, 2)),
            "day": [date(2026, 11, 20)],
            "at": pa.array([NOON], pa.timestamp("us", "UTC")),
            "wall": pa.array([NOON.replace(tzinfo=None)], pa.timestamp("us")),
            "bytes": [b"x"],
            "tags": [["a"]],
            "nested": [{"a": [{"b": 1}]}],
            "lookup": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())),
        }
    )
    write_staged(uri(local), rows)
    staged = local.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert dict(staged.columns) == {
        "_file": "int",
        "tiny": "tinyint",
        "small": "smallint",
        "big": "bigint",
        "single": "float",
        "double": "double",
        "flag": "boolean",
        "amount": "decimal(12,2)",
        "day": "date",
        "at": "timestamp",
        "wall": "timestamp_ntz",
        "bytes": "binary",
        "tags": "array<string>",
        "nested": "struct<a:array<struct<b:bigint>>>",
        "lookup": "map<string,int>",
    }


def create(store: DeltaStageStore, note: str | None) -> None:
    DeltaTable.create(
        table_address(uri(store)),
        ROWS.schema,
        partition_by=["_status"],
        storage_options=storage_options(uri(store)),
        commit_properties=CommitProperties(custom_metadata={"userMetadata": note} if note else {}),
    )


def test_an_empty_table_is_a_stage_only_if_penstock_says_so(local: DeltaStageStore) -> None:
    create(local, json.dumps({"config_hash": "c1", "failed": {"0": "empty"}}))
    staged = local.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert (staged.files, staged.counts) == ((), Counts())
    assert staged.rows_by_file == {0: 0, 1: 0, 2: 0}
    assert staged.failed == {0: "empty"}
    assert staged.columns[0] == ("_file", "int")


@pytest.mark.parametrize("note", [None, "by hand", "[]", '"c1"', '{"failed": {}}'])
def test_a_commit_that_is_not_penstocks_is_no_stage(
    local: DeltaStageStore, note: str | None
) -> None:
    create(local, note)
    assert local.committed(FEED, BATCH, "t1") is None


def test_a_written_commit_without_the_note_is_no_stage(local: DeltaStageStore) -> None:
    write_staged(uri(local), ROWS, config_hash=None)
    assert local.committed(FEED, BATCH, "t1") is None


def test_a_table_created_first_and_written_then_is_one_stage(local: DeltaStageStore) -> None:
    create(local, None)
    write_staged(uri(local), ROWS, mode="append")
    staged = local.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert staged.counts.read == 5


def test_counts_come_from_the_files_where_the_log_has_none(
    local: DeltaStageStore, tmp_path: Path
) -> None:
    write_staged(uri(local), ROWS)
    (commit,) = tmp_path.glob("stage/events/*/t1/_delta_log/*.json")
    actions = [json.loads(line) for line in commit.read_text().splitlines()]
    for action in actions:
        action.get("add", {}).pop("stats", None)
    commit.write_text("\n".join(map(json.dumps, actions)))
    staged = local.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert staged.counts == Counts(read=5, loaded=3, duplicate=1, quarantined=1)


def lose(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def thin(file: Path) -> None:
    pq.write_table(pq.read_table(file, partitioning=None).slice(0, 1), file)


def reorder(file: Path) -> None:
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.select(table.column_names[::-1]), file)


def misfile(file: Path) -> None:
    table = pq.read_table(file, partitioning=None)
    at = table.schema.get_field_index("_file")
    pq.write_table(table.set_column(at, "_file", pa.array([3] * len(table), pa.int32())), file)


@pytest.mark.parametrize("damage", [lose, cut, thin, reorder, misfile])
def test_a_stage_whose_files_belie_its_log_is_not_used(
    local: DeltaStageStore,
    tmp_path: Path,
    damage: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_staged(uri(local), ROWS)
    assert local.committed(FEED, BATCH, "t1") is not None
    (file,) = tmp_path.glob("stage/events/*/t1/_status=accepted/*")
    damage(file)
    with caplog.at_level(logging.WARNING):
        assert local.committed(FEED, BATCH, "t1") is None
    assert f"the stage {uri(local)} is damaged and will not be used" in caplog.text


def test_a_stage_with_a_broken_log_is_not_used(local: DeltaStageStore, tmp_path: Path) -> None:
    write_staged(uri(local), ROWS)
    (commit,) = tmp_path.glob("stage/events/*/t1/_delta_log/*.json")
    commit.write_text("not JSON")
    assert local.committed(FEED, BATCH, "t1") is None


def test_attempts_come_oldest_first_and_uncommitted_ones_before(store: DeltaStageStore) -> None:
    assert store.attempts("events", BATCH.id) == []
    for attempt in ("t9", "t5", "t7"):
        write_staged(uri(store, attempt), ROWS)
        _wait_a_tick(store, attempt)
    write_staged(store.uri("events", "another batch", "t1"), ROWS)
    leftover = uri(store, "t8").partition("://")[2]
    filesystem(uri(store)).create_dir(f"{leftover}/_status=accepted", recursive=True)
    assert store.attempts("events", BATCH.id) == ["t8", "t9", "t5", "t7"]


def _wait_a_tick(store: DeltaStageStore, attempt: str) -> None:
    """Until storage would stamp the next object later (S3 counts in seconds)."""
    files, root = filesystem(uri(store)), uri(store, attempt).partition("://")[2]
    first = files.get_file_info(f"{root}/_delta_log/{0:020}.json").mtime_ns
    later = first
    while later == first:
        with files.open_output_stream(f"{root}/tick") as stream:
            stream.write(b"x")
        later = files.get_file_info(f"{root}/tick").mtime_ns
    files.delete_file(f"{root}/tick")


def test_removing_keeps_one_attempt_and_other_batches(store: DeltaStageStore) -> None:
    for attempt in ("t1", "t2", "t3"):
        write_staged(uri(store, attempt), ROWS)
    other = Batch("events", "load", 2, (planned("s3://d/z"),) * 3)
    write_staged(store.uri("events", other.id, "t1"), ROWS)
    store.remove("events", BATCH.id, "t2")
    assert store.attempts("events", BATCH.id) == ["t2"]
    assert store.committed(FEED, BATCH, "t2") is not None
    assert store.committed(FEED, other, "t1") is not None
    store.remove("events", BATCH.id)
    assert store.attempts("events", BATCH.id) == []
    assert store.committed(FEED, BATCH, "t2") is None
    assert store.committed(FEED, other, "t1") is not None


def test_removing_what_is_not_there_does_no_harm(store: DeltaStageStore) -> None:
    store.remove("events", BATCH.id)
    store.remove("events", BATCH.id, "t1")
    assert store.attempts("events", BATCH.id) == []


def test_a_removal_that_dies_halfway_leaves_no_committed_stage(
    local: DeltaStageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DiesSoon(pa_fs.LocalFileSystem):  # type: ignore[misc]  # pyarrow has no types
        def delete_dir(self, path: str) -> None:
            super().delete_dir(path)
            raise OSError("the power went")

    write_staged(uri(local), ROWS)
    monkeypatch.setattr(DeltaStageStore, "_files", lambda _: DiesSoon())
    with pytest.raises(ConfigError):
        local.remove("events", BATCH.id)
    monkeypatch.undo()
    assert local.committed(FEED, BATCH, "t1") is None
    local.remove("events", BATCH.id)
    assert not list(tmp_path.glob("stage/events/*/*"))


def accepted(store: DeltaStageStore) -> StagedFile:
    staged = store.committed(FEED, BATCH, "t1")
    assert staged is not None
    (file,) = (f for f in staged.files if f.status is Status.ACCEPTED)
    return file


def test_a_staged_file_is_read_by_the_columns_asked_for(store: DeltaStageStore) -> None:
    write_staged(uri(store), ROWS)
    reader = store.reader(accepted(store), ("id", "_file"))
    assert reader.schema == pa.schema({"id": pa.string(), "_file": pa.int32()})
    assert reader.read_all().to_pydict() == {"id": ["1", "2", "3"], "_file": [0, 2, 2]}


def test_reading_streams_in_pieces(local: DeltaStageStore) -> None:
    count = 50_000
    rows = staged_rows(id=[str(n) for n in range(count)], _status=["accepted"] * count)
    write_staged(uri(local), rows)
    sizes = [batch.num_rows for batch in local.reader(accepted(local), ("id",))]
    assert max(sizes) == 16_384
    assert sum(sizes) == count


def test_instants_keep_their_zone_and_wall_times_have_none(local: DeltaStageStore) -> None:
    early = datetime(1, 1, 1, tzinfo=UTC)
    rows = staged_rows(
        at=[NOON, early, None],
        wall=[NOON.replace(tzinfo=None), early.replace(tzinfo=None), None],
        _status=["accepted"] * 3,
    )
    rows = rows.set_column(3, "at", rows["at"].cast(pa.timestamp("us", "UTC")))
    write_staged(uri(local), rows)
    table = local.reader(accepted(local), ("at", "wall")).read_all()
    assert table.schema == pa.schema({"at": pa.timestamp("us", "UTC"), "wall": pa.timestamp("us")})
    assert table.to_pydict() == {
        "at": [NOON, early, None],
        "wall": [NOON.replace(tzinfo=None), early.replace(tzinfo=None), None],
    }


def test_instants_in_sparks_older_form_are_read_as_instants(tmp_path: Path) -> None:
    far = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    path = tmp_path / "old.parquet"
    table = pa.table({"at": pa.array([NOON, far, None], pa.timestamp("us", "UTC"))})
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)
    file = StagedFile(f"file://{path}", Status.ACCEPTED, 3, path.stat().st_size)
    read = DeltaStageStore(str(tmp_path)).reader(file, ("at",)).read_all()
    assert read.schema == table.schema
    assert read.to_pydict() == {"at": [NOON, far, None]}


def test_a_file_that_is_gone_cannot_be_read(local: DeltaStageStore) -> None:
    with pytest.raises(FileNotFoundError):
        local.reader(StagedFile(f"{uri(local)}/none.parquet", Status.ACCEPTED, 1, 1), ("id",))


def test_records_held_back_come_with_their_reasons(store: DeltaStageStore) -> None:
    write_staged(uri(store), ROWS)
    staged = store.committed(FEED, BATCH, "t1")
    assert staged is not None
    assert list(store.records(staged, (Status.QUARANTINED, Status.DUPLICATE))) == [
        {"_status": "duplicate", "_file": 2, "_reasons": None, "_raw": None},
        {"_status": "quarantined", "_file": 0, "_reasons": ["id: missing"], "_raw": '{"id":""}'},
    ]


@pytest.mark.usefixtures("s3_environment")
def test_a_bucket_that_does_not_exist_names_the_home() -> None:
    store = DeltaStageStore("s3://no-such-bucket-here/home")
    with pytest.raises(ConfigError, match="s3://no-such-bucket-here/home cannot be reached"):
        store.committed(FEED, BATCH, "t1")
