"""What is true of a local disk alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.adapters import local
from penstock.adapters.local import LocalStore
from penstock.adapters.stores import store_for
from penstock.errors import ConfigError, FileUnreadable, Retryable, SourceUnreachable


def names(folder: Path) -> list[str]:
    return sorted(
        f.uri.removeprefix(f"file://{folder}/") for f in LocalStore().list(f"file://{folder}/")
    )


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    drops = tmp_path / "drops"
    (drops / "sub").mkdir(parents=True)
    (tmp_path / "elsewhere.csv").write_bytes(b"12345")
    (drops / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    (drops / "loop").symlink_to(drops)
    (drops / "sub" / "up").symlink_to(drops)
    (drops / "dangling.csv").symlink_to(tmp_path / "gone.csv")
    os.mkfifo(drops / "pipe.csv")
    (found,) = LocalStore().list(f"file://{drops}/")
    assert (found.uri, found.size) == (f"file://{drops}/link.csv", 5)


def test_a_drop_zone_that_is_a_link_itself_is_listed_under_the_links_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert [f.uri for f in LocalStore().list(f"file://{tmp_path}/link/")] == [
        f"file://{tmp_path}/link/a.csv"
    ]


def test_a_version_is_time_in_nanoseconds_and_size(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"123")
    os.utime(file, ns=(0, 1_726_826_400_123_456_789))
    found = LocalStore().head(f"file://{file}")
    assert found is not None
    assert found.version == "1726826400123456789-3"
    assert found.modified.isoformat() == "2024-09-20T10:00:00.123457+00:00"


def test_a_name_that_is_not_utf8_is_listed_and_read(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    Path(os.fsdecode(raw)).write_bytes(b"1")
    (found,) = LocalStore().list(f"file://{tmp_path}/")
    assert os.fsencode(found.uri) == b"file://" + raw
    assert LocalStore().read(found.uri) == b"1"


def test_a_file_in_place_of_the_folder_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(SourceUnreachable, match=r"a\.csv is a file, not a folder"):
        list(LocalStore().list(f"file://{tmp_path}/a.csv/"))


def test_a_folder_that_may_not_be_read_stops_the_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if "locked" in path:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(local.os, "scandir", refuse)
    with pytest.raises(SourceUnreachable, match="locked/ cannot be read: permission denied"):
        names(tmp_path)


def test_a_folder_removed_during_the_listing_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "going").mkdir()
    (tmp_path / "a.csv").touch()
    scandir = os.scandir

    def vanish(path: str) -> object:
        if "going" in path:
            raise FileNotFoundError(2, "No such file or directory")
        return scandir(path)

    monkeypatch.setattr(local.os, "scandir", vanish)
    assert names(tmp_path) == ["a.csv"]


def test_reading_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable) as caught:
        LocalStore().read(f"file://{tmp_path}")
    assert caught.value.reason == "is a directory"


def test_a_copy_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1")
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(Retryable, match=r"b\.csv cannot be written"):
        LocalStore().copy(f"file://{tmp_path}/a.csv", f"file://{tmp_path}/b.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("ftp://host/x/", "no kind of storage"),
        ("/plain/folder/", "no kind of storage"),
        ("s3a://bucket/x/", "Hadoop's own name"),
        ("s3:///x/", "names no bucket"),
    ],
)
def test_an_address_of_another_kind_is_refused_with_a_remedy(uri: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        store_for(uri)
    assert caught.value.hint
