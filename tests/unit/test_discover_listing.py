"""Which files of a drop zone are the feed's, and why others are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.discover import Discovered, changed_files, discover, discover_explicit, printable
from penstock.discover.listing import FOLDER, HIDDEN, NO_MATCH
from penstock.errors import ConfigError, Retryable, SourceUnreachable
from penstock.model import Discovery, FileVersion, PlannedFile, Source
from tests.support.fake_store import MODIFIED, FakeStore

ROOT = "s3://drops/in/"


def source(match: str = "*.csv", settle: float = 0.0, **fields: Any) -> Source:
    fields = {"path": ROOT, "format": "csv"} | fields
    return Source(match=match, discovery=Discovery(settle=settle), **fields)


def store(*paths: str, root: str = ROOT) -> FakeStore:
    made = FakeStore("s3://drops/", "file:///")
    for path in paths:
        made.put(root + path, b"1")
    return made


def uris(discovered: Discovered) -> list[str]:
    return sorted(f.file.uri.removeprefix(ROOT) for f in discovered.files)


def look(made: FakeStore, wanted: Source, now: datetime = MODIFIED) -> tuple[Discovered, list[str]]:
    discovered = discover(made, wanted, now=now)
    return discovered, uris(discovered)


def test_matching_files_are_found_with_their_captures() -> None:
    made = store("network_3_2024_09_20.csv", "x/network_4_2024_09_21.csv", "readme.txt")
    discovered = discover(made, source("network_<network>_<day:yyyy_MM_dd>.csv"), now=MODIFIED)
    found = {f.file.uri: f for f in discovered.files}
    assert {uri: f.captures for uri, f in found.items()} == {
        f"{ROOT}network_3_2024_09_20.csv": {"network": "3", "day": "2024-09-20"},
        f"{ROOT}x/network_4_2024_09_21.csv": {"network": "4", "day": "2024-09-21"},
    }
    first = f"{ROOT}network_3_2024_09_20.csv"
    assert found[first].file == made.head(first)
    assert (discovered.listed, discovered.waiting) == (3, 0)
    assert discovered.ignored == {NO_MATCH: 1}
    assert discovered.rejected == []


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("_a.csv", True),
        (".a.csv", True),
        ("x/_y/a.csv", True),
        (".x/a.csv", True),
        ("_SUCCESS/a.csv", True),
        ("a.csv._COPYING_", True),
        ("a_b/c.d.csv", False),
        ("_day=1/a.csv", False),
        ("_k=v.csv", False),
    ],
)
def test_what_spark_takes_for_hidden_is_ignored_visibly(path: str, hidden: bool) -> None:
    discovered, found = look(store(path), source("**"))
    assert found == ([] if hidden else [path])
    assert discovered.ignored == ({HIDDEN: 1} if hidden else {})


def test_folder_markers_are_ignored_and_files_named_like_them_are_reported() -> None:
    made = store("full.csv/", "full.txt/")
    made.put(f"{ROOT}empty.csv/", b"")
    made.put(ROOT, b"")
    discovered, found = look(made, source())
    assert found == []
    assert discovered.ignored == {FOLDER: 2, NO_MATCH: 1}
    assert [(r.file.uri, r.reason) for r in discovered.rejected] == [
        (f"{ROOT}full.csv/", "its name ends in /, which Spark takes for a folder: rename it")
    ]


def test_a_file_with_an_impossible_date_is_rejected_with_the_reason() -> None:
    discovered, found = look(
        store("e_2024_02_31.csv", "e_2024_02_29.csv"), source("e_<date:yyyy_MM_dd>.csv")
    )
    assert found == ["e_2024_02_29.csv"]
    assert [(r.file.uri, r.reason) for r in discovered.rejected] == [
        (f"{ROOT}e_2024_02_31.csv", "name: 2024_02_31 is not a date of the form yyyy_MM_dd")
    ]


def test_a_compression_spark_cannot_read_is_rejected_if_the_feed_asks_for_the_file() -> None:
    made = store("a.csv.zip", "b.csv.gz")
    discovered, found = look(made, source("*.csv*"))
    assert found == ["b.csv.gz"]
    assert [r.file.uri for r in discovered.rejected] == [f"{ROOT}a.csv.zip"]
    discovered, found = look(made, source("*.gz"))
    assert (found, discovered.rejected) == (["b.csv.gz"], [])


def test_a_name_that_is_not_utf8_is_rejected_under_a_printable_name() -> None:
    made = store("caf\udce9.csv", "caf\udce9.txt", "café.csv")
    discovered, found = look(made, source())
    assert found == ["café.csv"]
    (rejected,) = discovered.rejected
    assert rejected.file.uri == f"{ROOT}caf\\xe9.csv"
    assert rejected.reason == "its name is not UTF-8: rename it"
    assert discovered.ignored == {NO_MATCH: 1}


@pytest.mark.parametrize(
    ("age", "waits"),
    [(59.999, True), (60, False), (3600, False), (-59.999, True), (-86400 * 365, False)],
)
def test_a_file_waits_until_it_has_been_still_for_the_settle_time(age: float, waits: bool) -> None:
    made = store()
    made.put(f"{ROOT}a.csv", b"1", MODIFIED - timedelta(seconds=age))
    discovered, found = look(made, source(settle=60))
    assert found == ([] if waits else ["a.csv"])
    assert discovered.waiting == int(waits)
    assert discovered.listed == 1


def test_without_a_settle_time_no_file_waits_whatever_its_clock_says() -> None:
    made = store()
    made.put(f"{ROOT}a.csv", b"1", MODIFIED + timedelta(days=1))
    assert look(made, source())[1] == ["a.csv"]


def test_a_young_file_is_not_rejected_before_it_has_settled() -> None:
    discovered, found = look(store("a.csv.zip"), source("*", settle=60))
    assert (found, discovered.rejected, discovered.waiting) == ([], [], 1)


def test_a_young_file_of_others_is_ignored_not_waited_for() -> None:
    discovered, _ = look(store("a.txt", "_a.csv"), source(settle=60))
    assert (discovered.waiting, discovered.ignored) == (0, {NO_MATCH: 1, HIDDEN: 1})


def test_only_the_literal_beginning_of_the_pattern_is_listed() -> None:
    made = store("2024/events_1.csv", "2023/events_1.csv")
    discovered, found = look(made, source("2024/events_*.csv"))
    assert found == ["2024/events_1.csv"]
    assert made.listed == [f"{ROOT}2024/events_"]
    assert discovered.listed == 1


def test_a_listing_is_gone_through_once_only() -> None:
    discovered, _ = look(store("a.csv"), source())
    with pytest.raises(RuntimeError, match="discover again"):
        _ = discovered.files


def test_an_unreachable_drop_zone_is_an_error_not_an_empty_one() -> None:
    with pytest.raises(SourceUnreachable):
        look(FakeStore("s3://other/"), source())


def test_a_wrong_pattern_is_an_error_before_anything_is_listed() -> None:
    made = store("a.csv")
    with pytest.raises(ConfigError):
        discover(made, source("[a"), now=MODIFIED)
    assert made.listed == []


def test_files_named_one_by_one_are_found_once_each_without_settling() -> None:
    made = store("a_1.csv", "b_2.csv", "c_3.csv")
    wanted = source("*_<n>.csv", settle=1e9)
    discovered = discover_explicit(
        made, wanted, [f"{ROOT}b_2.csv", f"{ROOT}a_1.csv", f"{ROOT}b_2.csv"]
    )
    assert [(f.file.uri, f.captures) for f in discovered.files] == [
        (f"{ROOT}b_2.csv", {"n": "2"}),
        (f"{ROOT}a_1.csv", {"n": "1"}),
    ]
    assert made.listed == []


def test_a_file_named_that_the_feed_cannot_read_is_rejected() -> None:
    discovered = discover_explicit(store("a.csv.zip"), source("*"), [f"{ROOT}a.csv.zip"])
    assert uris(discovered) == []
    assert [r.file.uri for r in discovered.rejected] == [f"{ROOT}a.csv.zip"]


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("s3://drops/other/a.csv", f"s3://drops/other/a.csv is not below {ROOT}"),
        (f"{ROOT}gone.csv", f"{ROOT}gone.csv is not there"),
        (f"{ROOT}a.txt", f"{ROOT}a.txt is not a file of this feed: {NO_MATCH}"),
        (f"{ROOT}_a.csv", f"{ROOT}_a.csv is not a file of this feed: {HIDDEN}"),
    ],
)
def test_a_file_named_wrongly_is_a_mistake_of_the_command(uri: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        discover_explicit(store("a.txt", "_a.csv"), source(), [uri])
    assert caught.value.message == said
    assert caught.value.hint


@pytest.mark.parametrize("path", ["x/../a.csv", "./a.csv", "x//a.csv"])
def test_another_spelling_of_a_path_on_a_disk_is_refused(path: str) -> None:
    made = store(path, root="file:///drops/")
    with pytest.raises(ConfigError, match="is not below"):
        discover_explicit(made, source("**", path="file:///drops/"), [f"file:///drops/{path}"])


def test_a_double_slash_in_a_key_is_a_name_of_its_own() -> None:
    discovered = discover_explicit(store("x//a.csv"), source(), [f"{ROOT}x//a.csv"])
    assert uris(discovered) == ["x//a.csv"]


def test_a_store_that_does_not_answer_is_unreachable_for_files_named() -> None:
    class Silent(FakeStore):
        def head(self, uri: str) -> FileVersion | None:
            raise Retryable(f"{uri} cannot be reached", hint="check the network")

    with pytest.raises(SourceUnreachable, match="cannot be reached") as caught:
        discover_explicit(Silent(), source(), [f"{ROOT}a.csv"])
    assert caught.value.hint == "check the network"


def test_changed_and_removed_files_are_named_in_order() -> None:
    made = store(*(f"{i:03}.csv" for i in range(100)))
    planned = [PlannedFile(f) for f in made.list(ROOT)]
    assert changed_files(made, planned) == ()
    made.put(f"{ROOT}070.csv", b"2")
    made.remove(f"{ROOT}020.csv")
    made.put(f"{ROOT}030.csv", b"1", datetime(2030, 1, 1, tzinfo=UTC))
    assert changed_files(made, planned) == (f"{ROOT}020.csv", f"{ROOT}070.csv")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://b/zażółć 🙂.csv", "s3://b/zażółć 🙂.csv"),
        ("file:///\udcff\\xff", "file:///\\xff\\xff"),
    ],
)
def test_every_name_has_a_form_that_can_be_printed(uri: str, expected: str) -> None:
    assert printable(uri) == expected
