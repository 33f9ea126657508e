"""Laws of planning, for any listing and any history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from penstock.model import (
    Batch,
    BatchRecord,
    Discovery,
    Feed,
    FileRecord,
    FileVersion,
    Plan,
    State,
)
from penstock.model.discovered import Discovered, FoundFile, Rejected
from penstock.plan import make_plan
from tests.support.fake_store import MODIFIED
from tests.support.feeds import column, feed

DAYS = ["2024-09-20", "2024-09-21", "2024-10-01"]


@st.composite
def versions(draw: st.DrawFn, uri: str) -> FileVersion:
    size = draw(st.integers(0, 20))
    content = draw(st.sampled_from("xyz"))
    modified = MODIFIED + timedelta(seconds=draw(st.integers(0, 100)))
    return FileVersion(uri, f"{content}-{size}", size, modified)


@st.composite
def sightings(draw: st.DrawFn) -> list[FoundFile | Rejected]:
    """One version of each of a few files."""
    names = draw(st.lists(st.text("ab/é 🙂", min_size=1, max_size=4), unique=True, max_size=12))
    made: list[FoundFile | Rejected] = []
    for name in names:
        file = draw(versions(f"s3://drops/in/{name}"))
        if draw(st.integers(0, 5)) == 0:
            made.append(Rejected(file, "its name is wrong"))
        else:
            made.append(FoundFile(file, {"day": draw(st.sampled_from(DAYS))}))
    return made


@st.composite
def feeds(draw: st.DrawFn) -> Feed:
    return feed(
        (column("id"),),
        captures=(column("day", "date"),) if draw(st.booleans()) else (column("day"),),
        mode=draw(st.sampled_from(["append", "replace"])),
        discovery=Discovery(
            max_files_per_batch=draw(st.integers(1, 5)),
            max_bytes_per_batch=draw(st.integers(1, 40)),
            overwrites=draw(st.sampled_from(["fail", "ignore"])),
        ),
    )


@dataclass
class History:
    """A ledger that records each plan, and what became of its batches."""

    known: dict[str, FileRecord] = field(default_factory=dict)
    batches: list[BatchRecord] = field(default_factory=list)

    def plan(self, wanted: Feed, seen: list[Any], **options: Any) -> Plan:
        return make_plan(wanted, Discovered(seen), self.known, self.batches, **options)

    def record(self, plan: Plan, outcome: st.DataObject, states: list[State]) -> None:
        self.known |= {r.uri: r for r in plan.rejected}
        for batch in plan.batches:
            state = outcome.draw(st.sampled_from(states))
            self.batches.append(BatchRecord(batch, state))
            for file in batch.files:
                ended = state
                if state is State.LOADED and outcome.draw(st.integers(0, 4)) == 0:
                    ended = State.FAILED
                self.known[file.uri] = FileRecord(
                    file.uri, file.file.version, file.generation, ended, batch.id, "", 0, None, "c1"
                )


SETTLED = [State.LOADED, State.FAILED, State.HELD, State.SKIPPED, State.PLANNED]


def histories(draw_from: st.DataObject, wanted: Feed, rounds: int) -> History:
    history = History()
    for _ in range(rounds):
        plan = history.plan(wanted, draw_from.draw(sightings()))
        history.record(plan, draw_from, [*SETTLED, State.ABANDONED])
    return history


def files(plan: Plan) -> list[Any]:
    return [f for b in plan.batches for f in b.files]


@given(wanted=feeds(), seen=sightings())
def test_every_new_file_is_in_exactly_one_batch_or_reported(
    wanted: Feed, seen: list[FoundFile | Rejected]
) -> None:
    plan = History().plan(wanted, seen)
    found = [s.file for s in seen if isinstance(s, FoundFile)]
    assert Counter(f.file for f in files(plan)) == Counter(found)
    assert {f.generation for f in files(plan)} <= {1}
    assert sorted(r.uri for r in plan.rejected) == sorted(
        s.file.uri for s in seen if isinstance(s, Rejected)
    )


@given(wanted=feeds(), data=st.data())
def test_no_batch_exceeds_its_limits_unless_it_cannot_help_it(
    wanted: Feed, data: st.DataObject
) -> None:
    history = histories(data, wanted, 2)
    plan = history.plan(wanted, data.draw(sightings()))
    limits = wanted.source.discovery
    if wanted.target.mode == "replace":
        assert len(plan.batches) <= 1
        return
    for batch in plan.batches:
        assert 1 <= len(batch.files) <= limits.max_files_per_batch
        assert batch.bytes <= limits.max_bytes_per_batch or len(batch.files) == 1


@given(wanted=feeds(), data=st.data())
def test_batches_follow_the_stated_order(wanted: Feed, data: st.DataObject) -> None:
    history = histories(data, wanted, 1)
    plan = history.plan(wanted, data.draw(sightings()))
    dated = wanted.captures[0].type == "date"
    order = [
        [(f.captures["day"] if dated else "", f.uri) for f in batch.files] for batch in plan.batches
    ]
    assert all(max(a) < min(b) for a, b in pairwise(order))
    assert all(list(b.files) == sorted(b.files) for b in plan.batches)
    first = 1 + max((b.batch.sequence for b in history.batches), default=0)
    assert [b.sequence for b in plan.batches] == list(range(first, first + len(plan.batches)))


@given(wanted=feeds(), data=st.data())
def test_the_order_of_the_listing_changes_nothing(wanted: Feed, data: st.DataObject) -> None:
    history = histories(data, wanted, 2)
    seen = data.draw(sightings())
    shuffled = data.draw(st.permutations(seen))
    plan, other = history.plan(wanted, seen), history.plan(wanted, shuffled)
    assert plan == other
    assert [b.id for b in plan.batches] == [b.id for b in other.batches]


@given(wanted=feeds(), data=st.data())
def test_once_its_outcomes_are_recorded_the_same_listing_gives_an_empty_plan(
    wanted: Feed, data: st.DataObject
) -> None:
    history = histories(data, wanted, 2)
    seen = data.draw(sightings())
    history.record(history.plan(wanted, seen), data, SETTLED)
    again = history.plan(wanted, seen)
    assert (again.batches, again.rejected) == ((), ())


@given(wanted=feeds(), data=st.data())
def test_no_batch_id_comes_twice_and_generations_only_grow(
    wanted: Feed, data: st.DataObject
) -> None:
    history = History()
    for _ in range(4):
        plan = history.plan(wanted, data.draw(sightings()))
        for file in [*files(plan), *plan.rejected]:
            before = history.known.get(file.uri)
            assert file.generation == (before.generation + 1 if before else 1)
        history.record(plan, data, list(State))
    ids = [b.batch.id for b in history.batches]
    assert len(ids) == len(set(ids))
    sequences = [b.batch.sequence for b in history.batches]
    assert sequences == sorted(set(sequences))


@given(wanted=feeds(), data=st.data(), limit=st.integers(0, 4))
def test_a_plan_cut_short_is_the_beginning_of_the_whole(
    wanted: Feed, data: st.DataObject, limit: int
) -> None:
    history = histories(data, wanted, 1)
    seen = data.draw(sightings())
    whole = history.plan(wanted, seen)
    cut = history.plan(wanted, seen, max_batches=limit)
    assert cut == replace(whole, batches=whole.batches[:limit])


@given(wanted=feeds(), data=st.data())
def test_planning_in_rounds_of_one_batch_loses_and_doubles_nothing(
    wanted: Feed, data: st.DataObject
) -> None:
    seen = data.draw(sightings())
    history, loaded = History(), Counter[FileVersion]()
    while (plan := history.plan(wanted, seen, max_batches=1)).batches:
        loaded.update(f.file for f in files(plan))
        history.known |= {
            f.uri: FileRecord(f.uri, f.file.version, f.generation, State.LOADED)
            for f in files(plan)
        }
        history.batches += [BatchRecord(b, State.LOADED) for b in plan.batches]
    assert loaded == Counter(s.file for s in seen if isinstance(s, FoundFile))


@given(wanted=feeds(), contents=st.lists(st.sampled_from("xyz"), min_size=1, max_size=8))
def test_every_change_of_a_file_is_one_generation_even_back_to_an_old_content(
    wanted: Feed, contents: list[str]
) -> None:
    history, uri = History(), "s3://drops/in/a"
    changes = 0
    for content, before in zip(contents, [None, *contents], strict=False):
        plan = history.plan(wanted, [FoundFile(FileVersion(uri, content, 1, MODIFIED))])
        noted: list[Batch | FileRecord] = [*plan.batches, *plan.rejected]
        assert len(noted) == (content != before)
        changes += len(noted)
        history.known |= {r.uri: r for r in plan.rejected}
        for batch in plan.batches:
            (file,) = batch.files
            history.batches.append(BatchRecord(batch, State.LOADED))
            history.known[uri] = FileRecord(
                uri, file.file.version, file.generation, State.LOADED, batch.id
            )
        assert history.known[uri].generation == changes
    assert len(history.batches) == 1
