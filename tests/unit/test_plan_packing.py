"""How new files are ordered and packed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from penstock.model import (
    Batch,
    BatchRecord,
    Discovery,
    FileRecord,
    FileVersion,
    PlannedFile,
    State,
)
from penstock.model.discovered import Discovered, FoundFile, Ignored, Rejected, Waiting
from penstock.plan import make_plan
from tests.support.fake_store import MODIFIED
from tests.support.feeds import column, feed

ROOT = "s3://drops/in/"


def found(name: str, size: int = 1, **captures: str) -> FoundFile:
    return FoundFile(FileVersion(ROOT + name, f"v-{size}", size, MODIFIED), captures)


def a_feed(files: int = 1000, size: int = 10**9, **fields: Any) -> Any:
    discovery = Discovery(max_files_per_batch=files, max_bytes_per_batch=size)
    return feed((column("id"),), discovery=discovery, **fields)


def packed(wanted: Any, *files: FoundFile, **options: Any) -> list[list[str]]:
    plan = make_plan(wanted, Discovered(files), {}, (), **options)
    return [[f.uri.removeprefix(ROOT) for f in b.files] for b in plan.batches]


def test_files_are_packed_by_number() -> None:
    files = [found(n) for n in "edcba"]
    assert packed(a_feed(files=2), *files) == [["a", "b"], ["c", "d"], ["e"]]


def test_files_are_packed_by_size_and_a_larger_one_is_alone() -> None:
    files = [found("a", 4), found("b", 6), found("c", 1), found("d", 11), found("e", 0)]
    assert packed(a_feed(size=10), *files) == [["a", "b"], ["c"], ["d"], ["e"]]


def test_captured_dates_order_the_batches_before_names_do() -> None:
    wanted = a_feed(files=1, captures=(column("network"), column("day", "date")))
    files = [
        found("a", network="1", day="2024-10-01"),
        found("b", network="9", day="2024-09-30"),
        found("c", network="2", day="2024-10-01"),
        found("d", network="1", day="2024-09-30"),
    ]
    assert packed(wanted, *files) == [["b"], ["d"], ["a"], ["c"]]


def test_modification_times_do_not_order_anything() -> None:
    late = FoundFile(FileVersion(f"{ROOT}a", "v", 1, MODIFIED + timedelta(days=9)))
    assert packed(a_feed(files=1), found("b"), late) == [["a"], ["b"]]


def test_within_a_batch_files_are_sorted_by_uri_and_keep_their_captures() -> None:
    wanted = a_feed(captures=(column("day", "date"),))
    files = [found("a", day="2024-10-02"), found("b", day="2024-10-01")]
    (batch,) = make_plan(wanted, Discovered(files), {}, ()).batches
    assert batch.files == (
        PlannedFile(files[0].file, 1, {"day": "2024-10-02"}),
        PlannedFile(files[1].file, 1, {"day": "2024-10-01"}),
    )
    assert [f.captures for f in batch.files] == [{"day": "2024-10-02"}, {"day": "2024-10-01"}]


def test_replace_is_one_batch_whatever_the_limits() -> None:
    wanted = a_feed(files=1, size=1, mode="replace")
    assert packed(wanted, found("b", 5), found("a", 5)) == [["a", "b"]]
    assert packed(wanted) == []


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (1, 1), (2, 2), (9, 3), (None, 3)])
def test_a_plan_stops_at_max_batches(limit: int | None, expected: int) -> None:
    files = [found(n) for n in "abc"]
    assert packed(a_feed(files=1), *files, max_batches=limit) == [["a"], ["b"], ["c"]][:expected]


def test_sequences_go_on_from_the_highest_known() -> None:
    known = [
        BatchRecord(Batch("things", "load", n, (PlannedFile(found(f"k{n}").file),)), State.LOADED)
        for n in (3, 7, 5)
    ]
    plan = make_plan(a_feed(files=1), Discovered([found("a"), found("b")]), {}, known)
    assert [(b.sequence, b.feed, b.kind) for b in plan.batches] == [
        (8, "things", "load"),
        (9, "things", "load"),
    ]


def test_the_first_batch_of_a_feed_has_sequence_one() -> None:
    (batch,) = make_plan(a_feed(), Discovered([found("a")]), {}, ()).batches
    assert batch.sequence == 1


def test_a_file_replaced_while_it_was_listed_is_planned_once_as_its_later_version() -> None:
    old, new = found("a", 1), found("a", 2)
    new = FoundFile(FileVersion(new.file.uri, "v-2", 2, MODIFIED + timedelta(seconds=1)))
    for order in ([old, new], [new, old]):
        plan = make_plan(a_feed(), Discovered(order), {}, ())
        assert [f.file for b in plan.batches for f in b.files] == [new.file]


def test_a_file_is_not_reported_where_one_of_its_printable_name_is_loaded() -> None:
    rejected = Rejected(found("a").file, "its name is not UTF-8: rename it")
    plan = make_plan(a_feed(), Discovered([rejected, found("a", 2)]), {}, ())
    assert plan.rejected == ()
    assert [f.file for b in plan.batches for f in b.files] == [found("a", 2).file]


def test_the_plan_counts_what_was_listed_and_what_waits() -> None:
    discovered = Discovered(
        [
            Waiting(found("w").file),
            Ignored(f"{ROOT}i", "hidden"),
            Rejected(found("z").file, "bad name"),
            Rejected(found("r").file, "bad name"),
            found("a"),
        ]
    )
    plan = make_plan(a_feed(), discovered, {}, ())
    assert (plan.feed, plan.listed, plan.waiting) == ("things", 5, 1)
    assert [r.uri for r in plan.rejected] == [f"{ROOT}r", f"{ROOT}z"]
    assert discovered.ignored == {"hidden": 1}


def test_nothing_new_gives_no_batch() -> None:
    file = found("a")
    known = {file.file.uri: FileRecord(file.file.uri, file.file.version, 1, State.LOADED)}
    plan = make_plan(a_feed(), Discovered([file]), known, ())
    assert (plan.batches, plan.rejected, plan.listed) == ((), (), 1)
