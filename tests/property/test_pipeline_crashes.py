"""Exactly once, whatever dies when: the pipeline over fake ports that crash at any call."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model import Counts, Discovery, Feed, RunReport, State
from penstock.pipeline import Ports, Request, run
from tests.support.crashing import Crash, Crashing, Fuse
from tests.support.fake_ledger import FakeLedger
from tests.support.fake_store import FakeStore
from tests.support.fake_warehouse import FakeProcessor, FakeStages, FakeWarehouse
from tests.support.feeds import column, feed

FEED = feed((column("line"),), path="mem:///drop/", discovery=Discovery(max_files_per_batch=2))


class FixedClock:
    def now(self) -> datetime:
        return datetime(2024, 10, 1, tzinfo=UTC)


class Silent:
    def step(self, *_: object) -> None: ...

    def done(self, *_: object) -> None: ...


@dataclass
class World:
    """What survives a crash: storage, ledger, stages and warehouse."""

    store: FakeStore = field(default_factory=lambda: FakeStore("mem:///drop/"))
    ledger: FakeLedger = field(default_factory=lambda: FakeLedger(FEED.name))
    stages: FakeStages = field(default_factory=FakeStages)
    warehouse: FakeWarehouse = field(default_factory=FakeWarehouse)
    gate: str | None = None

    def ports(self, fuse: Fuse | None = None) -> Ports:
        processor = FakeProcessor(self.store, self.stages, self.warehouse)
        ports = {
            "store": self.store,
            "ledger": self.ledger,
            "stages": self.stages,
            "warehouse": self.warehouse,
            "processor": processor,
        }
        if fuse:
            ports = {name: Crashing(port, fuse) for name, port in ports.items()}
        return Ports(
            **ports,  # type: ignore[arg-type]  # fakes behind proxies
            gate=lambda _, counts: self.gate if counts.quarantined else None,
            clock=FixedClock(),
            observer=Silent(),
        )

    def put(self, name: str, *lines: str) -> None:
        self.store.put(f"mem:///drop/{name}", "\n".join(lines).encode())

    def run(self, configured: Feed = FEED, **request: object) -> RunReport:
        return run(configured, self.ports(), Request(**request))  # type: ignore[arg-type]

    @property
    def lines(self) -> Counter[str]:
        return Counter(line for _, line in self.warehouse.rows)


@settings(max_examples=200, deadline=None)
@given(
    files=st.integers(1, 5),
    crashes=st.lists(st.integers(0, 60), max_size=6),
    late=st.integers(0, 2),
)
def test_every_line_is_loaded_once_wherever_drivers_die(
    files: int, crashes: list[int], late: int
) -> None:
    world = World()
    for i in range(files):
        world.put(f"{i}.csv", f"line {i}")
    for number, left in enumerate(crashes):
        with contextlib.suppress(Crash):
            run(FEED, world.ports(Fuse(left)))
        if number < late:
            world.put(f"late-{number}.csv", f"late {number}")
    world.run()
    expected = [f"line {i}" for i in range(files)]
    expected += [f"late {n}" for n in range(min(late, len(crashes)))]
    assert world.lines == Counter(expected)
    assert world.run().batches == ()


@settings(max_examples=100, deadline=None)
@given(left=st.integers(0, 60), other=st.integers(0, 60))
def test_a_driver_that_wakes_up_late_does_no_harm(left: int, other: int) -> None:
    world = World()
    for i in range(3):
        world.put(f"{i}.csv", f"line {i}")
    for fuse in (left, other):
        with contextlib.suppress(Crash):
            run(FEED, world.ports(Fuse(fuse)))
    world.ledger = FakeLedger(FEED.name)  # the ledger is lost on top
    world.run()
    assert world.lines == Counter(f"line {i}" for i in range(3))


def test_a_second_run_finds_nothing_new() -> None:
    world = World()
    world.put("a.csv", "1")
    assert [b.state for b in world.run().batches] == [State.LOADED]
    assert world.run().batches == ()


def test_a_file_replaced_before_it_was_read_is_loaded_in_its_new_version_only() -> None:
    world = World()
    world.put("a.csv", "old")
    world.put("b.csv", "other")
    with contextlib.suppress(Crash):
        run(FEED, world.ports(Fuse(20)))
    world.put("a.csv", "new", "lines")
    world.run()
    world.run()
    loaded = world.lines
    assert loaded["other"] == 1
    assert loaded["old"] + loaded["new"] == 1


def test_a_lost_ledger_is_rebuilt_from_the_load_log() -> None:
    world = World()
    world.put("a.csv", "1")
    world.run()
    world.ledger = FakeLedger(FEED.name)
    assert world.run().batches == ()
    assert world.lines == Counter(["1"])


def test_a_held_batch_does_not_block_later_files() -> None:
    world = World(gate="too many")
    world.put("a.csv", "bad", "good")
    first = world.run()
    assert first.exit_code == 3
    world.put("b.csv", "fine")
    second = world.run()
    assert [b.state for b in second.batches] == [State.LOADED]
    assert world.lines == Counter(["fine"])


def test_a_held_batch_is_tried_again_when_the_configuration_changes_or_on_release() -> None:
    world = World(gate="too many")
    world.put("a.csv", "bad", "good")
    held = world.run().batches[0]
    assert world.run().batches == ()
    changed = world.run(replace(FEED, config_hash="c2"))
    assert [b.state for b in changed.batches] == [State.HELD]
    released = world.run(replace(FEED, config_hash="c2"), release=[held.batch_id])
    assert [b.state for b in released.batches] == [State.LOADED]
    assert released.totals == Counts(read=2, loaded=1, quarantined=1)
    assert world.lines == Counter(["good"])


def test_max_batches_leaves_the_rest_planned_for_the_next_run() -> None:
    world = World()
    for i in range(5):
        world.put(f"{i}.csv", str(i))
    assert len(world.run(max_batches=1).batches) == 1
    world.run()
    assert world.lines == Counter("01234")
