"""What is to be done with one listed file version, given what the ledger knows of its URI."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from penstock.model import BatchRecord, Feed, FileRecord, FileVersion, State

# How the reason of a refused overwrite begins. A URI of which a version is loaded stays so when
# the next one is refused, and only this tells such a record from other failures.
_OVERWRITTEN = "overwritten after it was "

_UNSETTLED = frozenset({State.PLANNED, State.HELD, State.FAILED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A file version to plan under ``generation`` (state planned), or to record as ``state``."""

    generation: int
    state: State = State.PLANNED
    reason: str = ""


class Judge:
    """Knows the folded ledger, and tells what is new.

    | latest record of the URI | same version | another version |
    |---|---|---|
    | none | planned, generation 1 | |
    | planned | seen | seen: recovery settles its batch first |
    | held | seen | planned |
    | loaded, skipped, refused overwrite | seen | by ``overwrites``: failed, or skipped |
    | abandoned | planned | planned |
    | failed with its batch | seen: recovery's; planned on request | planned |
    | failed alone | planned if the configuration changed or on request, ``max_attempts`` times \
in a row | planned |
    """

    def __init__(
        self,
        feed: Feed,
        known: Mapping[str, FileRecord],
        batches: Sequence[BatchRecord],
        retry: Collection[str],
    ) -> None:
        self._feed = feed
        self._known = known
        self._batches = batches
        self._retry = frozenset(retry)
        self._batch_states: Mapping[str, State] | None = None
        self._plans: Mapping[str, list[tuple[int, str]]] | None = None

    def judge(self, file: FileVersion) -> Verdict | None:
        """What to do with a listed file version; None if it is seen."""
        record = self._known.get(file.uri)
        if record is None:
            return Verdict(1)
        if record.version == file.version:
            return self._unchanged(record)
        if record.state is State.PLANNED:
            return None
        if record.state in (State.LOADED, State.SKIPPED) or _is_overwrite(record):
            return self._overwrite(record)
        return Verdict(record.generation + 1)

    def _unchanged(self, record: FileRecord) -> Verdict | None:
        if record.state is State.ABANDONED:
            return Verdict(record.generation + 1)
        if record.state is not State.FAILED:
            return None
        requested = record.uri in self._retry
        if _is_overwrite(record):
            ignored = self._feed.source.discovery.overwrites == "ignore"
            return self._overwrite(record) if requested or ignored else None
        if not requested and (
            record.config_hash == self._feed.config_hash or self._is_recoverys(record)
        ):
            return None
        return self._again(record)

    def _again(self, record: FileRecord) -> Verdict:
        tried, allowed = self._tries(record), self._feed.quality.max_attempts
        if tried < allowed:
            return Verdict(record.generation + 1)
        reason = record.reason
        if record.batch_id:
            reason = (
                f"failed {tried} times in a row, as often as quality.max_attempts allows "
                f"(the last time: {reason}); mend the file and drop it again, or raise the limit"
            )
        return Verdict(record.generation + 1, State.FAILED, reason)

    def _overwrite(self, record: FileRecord) -> Verdict:
        if _is_overwrite(record):
            what = record.reason.partition(";")[0]
        else:
            batch = f", batch {record.batch_id[:12]}" if record.batch_id else ""
            what = f"{_OVERWRITTEN}{record.state} (version {record.version}{batch})"
        if self._feed.source.discovery.overwrites == "ignore":
            why, state = "source.discovery.overwrites is ignore", State.SKIPPED
        else:
            why = "drop it under another name, or set source.discovery.overwrites to ignore"
            state = State.FAILED
        return Verdict(record.generation + 1, state, f"{what}; {why}")

    def _is_recoverys(self, record: FileRecord) -> bool:
        """Whether its whole batch is unsettled, and will be tried again under its own id."""
        if self._batch_states is None:
            self._batch_states = {b.batch.id: b.state for b in self._batches}
        return self._batch_states.get(record.batch_id) in _UNSETTLED

    def _tries(self, record: FileRecord) -> int:
        """How many generations of this version were planned in a row, abandoned ones aside."""
        if self._plans is None:
            self._plans = self._failed_plans()
        count = 0
        for _, version in sorted(self._plans.get(record.uri, ()), reverse=True):
            if version != record.version:
                break
            count += 1
        return count

    def _failed_plans(self) -> Mapping[str, list[tuple[int, str]]]:
        failed: dict[str, list[tuple[int, str]]] = {
            uri: [] for uri, record in self._known.items() if record.state is State.FAILED
        }
        for batch in self._batches:
            if batch.state is not State.ABANDONED:
                for planned in batch.batch.files:
                    if planned.uri in failed:
                        failed[planned.uri].append((planned.generation, planned.file.version))
        return failed


def _is_overwrite(record: FileRecord) -> bool:
    return (
        record.state is State.FAILED
        and not record.batch_id
        and record.reason.startswith(_OVERWRITTEN)
    )
