"""What every object store promises: the fake one, a local disk, and S3 over HTTP."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import boto3
import pytest

from penstock.adapters.local import LocalStore
from penstock.adapters.s3 import S3Store
from penstock.errors import FileUnreadable, SourceUnreachable
from penstock.ports import ObjectStore
from tests.support.fake_store import FakeStore
from tests.support.moto_server import moto_server, s3_environment

__all__ = ["moto_server", "s3_environment"]

HOSTILE = [
    "a b.csv",
    "a+b.csv",
    "a%20b.csv",
    "a%2Fb.csv",
    "a&b=c.csv",
    "a?b#c.csv",
    "a:b.csv",
    "a\\b.csv",
    "a\nb.csv",
    "'quoted\"<x>.csv",
    "[a]{b}*.csv",
    "zażółć-漢字-🙂.csv",
    "e\u0301 and \u00e9.csv",
    "~tilde(1)!.csv",
    "deep/er/.hidden",
]


class Drop(Protocol):
    """A folder of a store, and the way its content is changed from outside."""

    store: ObjectStore
    root: str
    nowhere: str

    def put(self, path: str, content: bytes) -> None: ...

    def remove(self, path: str) -> None: ...


class FakeDrop:
    def __init__(self) -> None:
        self.fake = FakeStore("s3://drops/")
        self.store: ObjectStore = self.fake
        self.root, self.nowhere = "s3://drops/in/", "s3://no-such-bucket/"

    def put(self, path: str, content: bytes) -> None:
        self.fake.put(self.root + path, content, datetime.now(UTC))

    def remove(self, path: str) -> None:
        self.fake.remove(self.root + path)


class LocalDrop:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "in"
        self.folder.mkdir()
        self.store: ObjectStore = LocalStore()
        self.root, self.nowhere = f"file://{self.folder}/", f"file://{folder}/nowhere/"

    def put(self, path: str, content: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.stat().st_mtime_ns if file.exists() else None
        file.write_bytes(content)
        if before is not None:
            # Two writes within one tick of the clock are the documented limit.
            os.utime(file, ns=(before + 10**9, before + 10**9))

    def remove(self, path: str) -> None:
        (self.folder / path).unlink()


class S3Drop:
    def __init__(self) -> None:
        self.client = boto3.client("s3")
        self.bucket = f"drops-{uuid.uuid4().hex}"
        self.client.create_bucket(Bucket=self.bucket)
        self.store: ObjectStore = S3Store()
        self.root, self.nowhere = f"s3://{self.bucket}/in/", f"s3://nowhere-{uuid.uuid4().hex}/"

    def put(self, path: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"in/{path}", Body=content)

    def remove(self, path: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=f"in/{path}")


@pytest.fixture(params=["fake", "local", "s3"])
def drop(request: pytest.FixtureRequest, tmp_path: Path) -> Drop:
    if request.param == "fake":
        return FakeDrop()
    if request.param == "local":
        return LocalDrop(tmp_path)
    request.getfixturevalue("s3_environment")
    return S3Drop()


@pytest.fixture(params=["fake", "s3"])
def keyed(request: pytest.FixtureRequest) -> Drop:
    """A store whose names are keys, with no folders and no rules."""
    if request.param == "fake":
        return FakeDrop()
    request.getfixturevalue("s3_environment")
    return S3Drop()


def paths(drop: Drop, starting: str = "") -> list[str]:
    return sorted(f.uri.removeprefix(drop.root) for f in drop.store.list(drop.root, starting))


def test_everything_below_the_prefix_is_listed_at_any_depth(drop: Drop) -> None:
    for path in ("a.csv", "_x.csv", "2024/09/b.csv", "2024/c.csv"):
        drop.put(path, b"1")
    assert paths(drop) == ["2024/09/b.csv", "2024/c.csv", "_x.csv", "a.csv"]


def test_a_neighbour_whose_name_begins_alike_is_not_listed(drop: Drop) -> None:
    drop.put("events/a.csv", b"1")
    drop.put("events2/b.csv", b"1")
    drop.put("events.csv", b"1")
    listed = [f.uri for f in drop.store.list(f"{drop.root}events/")]
    assert listed == [f"{drop.root}events/a.csv"]


def test_a_listing_can_be_narrowed_to_a_beginning(drop: Drop) -> None:
    for path in ("events_1.csv", "orders_1.csv", "events/a.csv", "events/b/c.csv", "x/events_1"):
        drop.put(path, b"1")
    assert paths(drop, "events") == ["events/a.csv", "events/b/c.csv", "events_1.csv"]
    assert paths(drop, "events/") == ["events/a.csv", "events/b/c.csv"]
    assert paths(drop, "events/b") == ["events/b/c.csv"]
    assert paths(drop, "no/such/folder/x") == []


def test_an_emptied_prefix_lists_nothing(drop: Drop) -> None:
    drop.put("a.csv", b"1")
    drop.remove("a.csv")
    assert paths(drop) == []


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_name_comes_raw_and_leads_back_to_its_file(drop: Drop, path: str) -> None:
    if "\n" in path and isinstance(drop, S3Drop):
        pytest.skip("moto's server finds no route to a key with a newline")
    content = path.encode()
    drop.put(path, content)
    (found,) = drop.store.list(drop.root)
    assert found.uri == drop.root + path
    assert drop.store.head(found.uri) == found
    assert drop.store.read(found.uri) == content
    drop.store.copy(found.uri, f"{drop.root}copies/{path}")
    assert drop.store.read(f"{drop.root}copies/{path}") == content


@pytest.mark.parametrize("path", ["a//b.csv", "/a.csv", "./a.csv", "a/../b.csv", "a/"])
def test_a_key_that_no_disk_could_hold_is_listed_and_read(keyed: Drop, path: str) -> None:
    keyed.put(path, b"content")
    (found,) = keyed.store.list(keyed.root)
    assert (found.uri, found.size) == (keyed.root + path, 7)
    assert keyed.store.head(found.uri) == found
    assert keyed.store.read(found.uri) == b"content"


def test_more_files_than_one_page_holds_are_all_listed(drop: Drop) -> None:
    names = [f"{i:04}.csv" for i in range(1001)]
    for name in names:
        drop.put(name, b"")
    assert paths(drop) == names


def test_head_and_listing_agree_on_version_size_and_time(drop: Drop) -> None:
    drop.put("a.csv", b"12345")
    (listed,) = drop.store.list(drop.root)
    head = drop.store.head(listed.uri)
    assert head == listed
    assert listed.size == 5
    assert listed.version.endswith("-5")
    assert '"' not in listed.version
    assert listed.modified.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - listed.modified) < timedelta(hours=1)


def test_a_version_changes_with_the_content_alone(drop: Drop) -> None:
    uri = f"{drop.root}a.csv"
    drop.put("a.csv", b"one")
    first = drop.store.head(uri)
    assert drop.store.head(uri) == first
    drop.put("a.csv", b"two")
    second = drop.store.head(uri)
    assert first is not None
    assert second is not None
    assert second.version != first.version


@pytest.mark.parametrize(
    "path", ["gone.csv", "folder", "folder/", "folder/gone.csv", "folder/a.csv/", ""]
)
def test_there_is_no_version_of_what_is_no_file(drop: Drop, path: str) -> None:
    drop.put("folder/a.csv", b"1")
    assert drop.store.head(drop.root + path) is None


@pytest.mark.parametrize(
    ("length", "offset", "expected"),
    [
        (None, 0, b"abcde"),
        (0, 0, b""),
        (2, 0, b"ab"),
        (5, 0, b"abcde"),
        (4096, 0, b"abcde"),
        (2, 1, b"bc"),
        (None, 3, b"de"),
        (9, 4, b"e"),
        (0, 2, b""),
        (2, 5, b""),
        (None, 9, b""),
    ],
)
def test_reading_gives_the_part_asked_for_as_far_as_there_is_one(
    drop: Drop, length: int | None, offset: int, expected: bytes
) -> None:
    drop.put("a.csv", b"abcde")
    assert drop.store.read(f"{drop.root}a.csv", length, offset) == expected


@pytest.mark.parametrize("length", [None, 0, 4096])
def test_reading_an_empty_file_gives_nothing(drop: Drop, length: int | None) -> None:
    drop.put("empty.csv", b"")
    assert drop.store.read(f"{drop.root}empty.csv", length) == b""


def test_reading_a_file_that_is_gone_names_it(drop: Drop) -> None:
    drop.put("a.csv", b"1")
    with pytest.raises(FileUnreadable) as caught:
        drop.store.read(f"{drop.root}gone.csv")
    assert caught.value.uri == f"{drop.root}gone.csv"


def test_a_copy_replaces_its_target(drop: Drop) -> None:
    drop.put("a.csv", b"new")
    drop.put("b.csv", b"old and longer")
    drop.store.copy(f"{drop.root}a.csv", f"{drop.root}b.csv")
    assert drop.store.read(f"{drop.root}b.csv") == b"new"
    assert drop.store.read(f"{drop.root}a.csv") == b"new"
    assert paths(drop) == ["a.csv", "b.csv"]


def test_copying_a_file_that_is_gone_names_it_and_makes_none(drop: Drop) -> None:
    drop.put("a.csv", b"1")
    with pytest.raises(FileUnreadable) as caught:
        drop.store.copy(f"{drop.root}gone.csv", f"{drop.root}b.csv")
    assert caught.value.uri == f"{drop.root}gone.csv"
    assert paths(drop) == ["a.csv"]


def test_a_place_that_does_not_exist_is_unreachable_and_says_what_to_do(drop: Drop) -> None:
    with pytest.raises(SourceUnreachable) as caught:
        list(drop.store.list(drop.nowhere))
    assert drop.nowhere.rstrip("/") in caught.value.message
    assert caught.value.hint
