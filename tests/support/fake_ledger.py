"""A ledger in memory, with the conflicts of the real one, and a clock set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from penstock.commit.fold import BatchEntry, fold_batch, fold_files
from penstock.errors import ConfigError, PlanConflict
from penstock.model import Batch, BatchRecord, FileOutcome, FileRecord, State
from penstock.ports import Clock, LedgerView


class HandClock:
    """Stands still at ``instant`` until somebody moves it."""

    def __init__(self, instant: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def tick(self, seconds: float = 1.0) -> datetime:
        self.instant += timedelta(seconds=seconds)
        return self.instant


@dataclass
class Rows:
    """What several drivers' ``FakeLedger`` share: the table."""

    exists: bool = False
    plans: int = 0
    files: list[FileRecord] = field(default_factory=list)
    batches: dict[str, Batch] = field(default_factory=dict)
    entries: dict[str, list[BatchEntry]] = field(default_factory=dict)


class FakeLedgerView:
    """The rows folded as they were when it was opened."""

    def __init__(self, rows: Rows) -> None:
        self.plans = rows.plans
        self.spent = False
        self._files = fold_files(rows.files)
        records = (fold_batch(rows.batches[i], about) for i, about in rows.entries.items())
        self._batches = tuple(sorted(records, key=lambda r: (r.batch.sequence, r.batch.id)))

    def files(self) -> Mapping[str, FileRecord]:
        return self._files

    def batches(self) -> Sequence[BatchRecord]:
        return self._batches


class FakeLedger:
    """``ports.Ledger`` in memory; give two of them the same ``rows`` to have two drivers."""

    def __init__(self, feed: str, clock: Clock | None = None, rows: Rows | None = None) -> None:
        self.feed = feed
        self.rows = rows if rows is not None else Rows()
        self._clock = clock or HandClock()

    def exists(self) -> bool:
        return self.rows.exists

    def create(self) -> None:
        self.rows.exists = True

    def open(self) -> FakeLedgerView:
        self._require()
        return FakeLedgerView(self.rows)

    def plan(
        self,
        view: LedgerView,
        batches: Sequence[Batch],
        rejected: Sequence[FileRecord],
        config_hash: str,
    ) -> None:
        if not isinstance(view, FakeLedgerView):
            raise TypeError(f"a plan needs a view opened by its own ledger, not a {type(view)}")
        if not batches and not rejected:
            return
        if view.spent or view.plans != self.rows.plans:
            raise PlanConflict(f"another driver planned {self.feed} first")
        view.spent = True
        self.rows.plans += 1
        now = self._clock.now()
        for batch in batches:
            self._enter(batch, BatchEntry(State.PLANNED, now, "", config_hash))
            outcomes = (
                FileOutcome(f.uri, f.file.version, f.generation, State.PLANNED) for f in batch.files
            )
            self._settle(batch, outcomes, config_hash, now)
        self.rows.files.extend(
            FileRecord(
                uri=file.uri,
                version=file.version,
                generation=file.generation,
                state=file.state,
                batch_id=file.batch_id,
                reason=file.reason,
                size=file.size,
                recorded_at=now,
                config_hash=file.config_hash or config_hash,
            )
            for file in rejected
        )

    def record(
        self,
        batch: Batch,
        state: State,
        *,
        reason: str = "",
        config_hash: str = "",
        outcomes: Sequence[FileOutcome] = (),
    ) -> None:
        self._require()
        now = self._clock.now()
        self._enter(batch, BatchEntry(state, now, reason, config_hash))
        self._settle(batch, outcomes, config_hash, now)

    def _enter(self, batch: Batch, entry: BatchEntry) -> None:
        self.rows.batches.setdefault(batch.id, batch)
        self.rows.entries.setdefault(batch.id, []).append(entry)

    def _settle(
        self, batch: Batch, outcomes: Iterable[FileOutcome], config_hash: str, now: datetime
    ) -> None:
        sizes = {(f.uri, f.generation): f.file.size for f in batch.files}
        self.rows.files.extend(
            FileRecord(
                uri=o.uri,
                version=o.version,
                generation=o.generation,
                state=o.state,
                batch_id=batch.id,
                reason=o.reason,
                size=sizes.get((o.uri, o.generation), 0),
                recorded_at=now,
                config_hash=config_hash,
            )
            for o in outcomes
        )

    def _require(self) -> None:
        if not self.rows.exists:
            raise ConfigError(f"the ledger of {self.feed} is absent", hint="create it")
