"""discover -> plan -> read -> validate -> transform -> stage -> publish -> commit.

The order of things, and what each failure means; the doing is in the stages and adapters.
No Spark is imported here: the four verbs in the middle are one ``ports.Processor``.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock import failpoints
from penstock.commit import recovery
from penstock.discover import Discovered, changed_files, discover, discover_explicit
from penstock.errors import (
    BatchRefused,
    ConfigError,
    GateHeld,
    PlanConflict,
    Retryable,
    SourceChanged,
    Terminal,
)
from penstock.model import (
    Batch,
    BatchReport,
    Counts,
    Feed,
    Plan,
    Receipt,
    RunReport,
    StagedBatch,
    State,
)
from penstock.plan import make_plan
from penstock.ports import (
    Clock,
    Ledger,
    LedgerView,
    ObjectStore,
    Observer,
    Processor,
    StageStore,
    Warehouse,
)

log = logging.getLogger(__name__)

Gate = Callable[[Feed, Counts], str | None]

_ROUNDS = 5
"""How often a run plans anew after a batch had to be abandoned, before it leaves the rest to the
next run: files that keep changing must not keep it for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one feed."""

    store: ObjectStore
    ledger: Ledger
    stages: StageStore
    warehouse: Warehouse
    processor: Processor
    gate: Gate
    clock: Clock
    observer: Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asked of a run. ``retry``: batches to try again; ``release``: held batches to
    publish in spite of their gate."""

    files: Sequence[str] = ()
    max_batches: int | None = None
    retry: Collection[str] = ()
    release: Collection[str] = ()


def plan(feed: Feed, store: ObjectStore, view: LedgerView, clock: Clock, request: Request) -> Plan:
    """What is new, packed into batches; nothing is written."""
    now = clock.now()
    found: Discovered = (
        discover_explicit(store, feed.source, request.files)
        if request.files
        else discover(store, feed.source, now=now)
    )
    return make_plan(feed, found, view.files(), view.batches())


def run(feed: Feed, ports: Ports, request: Request | None = None) -> RunReport:
    """Load everything new, then stop."""
    request, started = request or Request(), time.monotonic()
    ports.warehouse.prepare(feed)
    reports: dict[str, BatchReport] = {}
    rejected: dict[str, str] = {}
    for _ in range(_ROUNDS):
        view = recovery.open_ledger(ports.ledger, ports.warehouse, feed)
        asked = {*request.retry, *request.release}
        batches = [r.batch for r in recovery.unfinished(view, feed, requested=asked - set(reports))]
        resumed = {b.id for b in batches}
        if not asked:
            planned = _commit_plan(feed, ports, view, request)
            rejected |= {f.uri: f.reason for f in planned.rejected if f.state is State.FAILED}
            batches += [b for b in planned.batches if b.id not in resumed]
        else:
            batches = [b for b in batches if b.id in asked]
        room = None if request.max_batches is None else request.max_batches - len(reports)
        for batch in batches[:room]:
            reports[batch.id] = _Load(
                feed, ports, batch, resumed=batch.id in resumed, release=batch.id in request.release
            ).run()
            ports.observer.done(reports[batch.id])
        if not any(reports[b.id].state is State.ABANDONED for b in batches[:room]):
            break
    return RunReport(
        feed=feed.name,
        batches=tuple(reports.values()),
        seconds=time.monotonic() - started,
        target=f"{feed.target.table} on {ports.warehouse.label}",
        rejected_files=rejected,
    )


def _commit_plan(feed: Feed, ports: Ports, view: LedgerView, request: Request) -> Plan:
    """Plan and append the plan; on a conflict somebody else's plan counts, and ours is made anew.

    A commit that landed and was reported failed needs no case of its own: its batches are in the
    reloaded ledger, and are taken up from there.
    """
    for attempt in range(_ROUNDS):
        planned = plan(feed, ports.store, view, ports.clock, request)
        if not planned.batches and not planned.rejected:
            return planned
        failpoints.reach("plan.before")
        try:
            ports.ledger.plan(view, planned.batches, planned.rejected, feed.config_hash)
        except PlanConflict:
            log.info("another driver planned first; looking again (%d)", attempt + 1)
            view = ports.ledger.open()
            theirs = recovery.unfinished(view, feed)
            if theirs:
                return replace(planned, batches=tuple(r.batch for r in theirs), rejected=())
            continue
        failpoints.reach("plan.after")
        return planned
    raise PlanConflict(f"the ledger of {feed.name} was busy {_ROUNDS} times; run again")


@dataclass(slots=True)
class _Load:
    """One batch on its way; ``steps`` holds the seconds each step took."""

    feed: Feed
    ports: Ports
    batch: Batch
    resumed: bool
    release: bool
    steps: dict[str, float] = field(default_factory=dict)
    verdict: Mapping[str, Any] | None = None
    staged: StagedBatch | None = None

    def run(self) -> BatchReport:
        try:
            receipt = self._load()
        except GateHeld as held:
            return self._settle(State.HELD, held.message)
        except (SourceChanged, BatchRefused) as error:
            word = self.ports.warehouse.abandon(self.feed, self.batch, error.message)
            recovery.settle(self.ports.ledger, self.batch, word, self.feed.config_hash)
            return self._report(word.state, word, error.message)
        except ConfigError:
            # Not the batch's fault (no Java, say): it stays planned, and nothing is recorded.
            raise
        except Terminal as error:
            return self._settle(State.FAILED, str(error))
        except Retryable as error:
            # Nothing is settled: the batch stays planned, and the next run takes it up.
            return self._report(State.PLANNED, None, error.message)
        return self._report(receipt.state, receipt)

    def _load(self) -> Receipt:
        staged = self._find_staged() if self.resumed else None
        if staged is None:
            with self._step("stage"):
                failpoints.reach("stage.before")
                staged = self.ports.processor.stage(self.feed, self.batch, secrets.token_hex(8))
                failpoints.reach("stage.after")
        self.staged = staged
        with self._step("check"):
            self._check_unchanged()
            if not self.release and (reason := self.ports.gate(self.feed, staged.counts)):
                raise GateHeld(reason)
        if self.feed.quality.expectations and staged.counts.loaded:
            with self._step("expectations"):
                self.verdict = self.ports.processor.expectations(self.feed, staged)
            if not self.verdict["success"] and not self.release:
                raise GateHeld("the expectation suite failed: " + ", ".join(self.verdict["failed"]))
        with self._step("publish"):
            gate = None if self.release else lambda counts: self.ports.gate(self.feed, counts)
            receipt = self.ports.warehouse.publish(self.feed, staged, gate=gate)
        with self._step("commit"):
            recovery.settle(self.ports.ledger, self.batch, receipt, self.feed.config_hash)
            failpoints.reach("ledger.after")
        if self.resumed:
            self.ports.stages.remove(self.feed.name, self.batch.id, receipt.attempt)
        return receipt

    def _find_staged(self) -> StagedBatch | None:
        """An attempt of a predecessor that was staged completely, by today's configuration."""
        self._check_unchanged()
        for attempt in self.ports.stages.attempts(self.feed.name, self.batch.id):
            staged = self.ports.stages.committed(self.feed, self.batch, attempt)
            if staged and staged.config_hash == self.feed.config_hash:
                log.info("batch %s: publishing the staged attempt %s", self.batch.id[:12], attempt)
                return staged
        return None

    def _check_unchanged(self) -> None:
        if changed := changed_files(self.ports.store, self.batch.files):
            raise SourceChanged(changed)

    def _settle(self, state: State, reason: str) -> BatchReport:
        recovery.fail(self.ports.ledger, self.batch, state, reason, self.feed.config_hash)
        return self._report(state, None, reason)

    def _step(self, name: str) -> _Step:
        self.ports.observer.step(self.feed.name, self.batch, name)
        return _Step(self.steps, name)

    def _report(self, state: State, receipt: Receipt | None, reason: str = "") -> BatchReport:
        failed = self.staged.failed if self.staged else {}
        return BatchReport(
            batch_id=self.batch.id,
            kind=self.batch.kind,
            state=state,
            files=len(self.batch.files),
            bytes=self.batch.bytes,
            counts=receipt.counts if receipt else Counts(),
            seconds=sum(self.steps.values()),
            reason=reason,
            attempt=receipt.attempt if receipt else "",
            stages=dict(self.steps),
            failed_files={self.batch.files[i].uri: why for i, why in failed.items()},
            expectations=self.verdict,
        )


class _Step:
    """Adds the time spent inside to ``seconds[name]``, failed or not."""

    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self._seconds, self._name = seconds, name

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        spent = time.monotonic() - self._started
        self._seconds[self._name] = self._seconds.get(self._name, 0.0) + spent
