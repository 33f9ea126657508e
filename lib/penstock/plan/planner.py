"""A listing and the ledger give batches. Pure: the same arguments give the same plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter

from penstock.model import Batch, BatchRecord, Feed, FileRecord, FileVersion, Plan, PlannedFile
from penstock.model.discovered import Discovered, FoundFile
from penstock.model.files import State
from penstock.plan.seen import Judge, Verdict

_DATES = frozenset({"date", "timestamp", "timestamp_ntz"})


def make_plan(
    feed: Feed,
    discovered: Discovered,
    known: Mapping[str, FileRecord],
    batches: Sequence[BatchRecord],
    *,
    max_batches: int | None = None,
    retry: Collection[str] = (),
) -> Plan:
    """Pack the file versions that are not seen yet into batches.

    Order: by the dates captured from the files' names, in the order of the captures, then by URI;
    modification times and the order of the listing play no part. Packing goes through that order
    and begins a batch where the next file would exceed ``max_files_per_batch`` or
    ``max_bytes_per_batch``; a larger file is a batch alone. ``mode: replace`` makes one batch of
    all. Within a batch files are sorted by URI.

    :param discovered: gone through once here.
    :param known: the latest record of each URI.
    :param batches: every batch of the ledger.
    :param max_batches: how many batches to plan at most; later files wait for the next plan.
    :param retry: URIs of failed files to plan again on request.
    :return: ``rejected`` are files recorded without being loaded: state failed, or skipped where
        ``overwrites`` is ignore; once per version and configuration.
    """
    judge = Judge(feed, known, batches, retry)
    new: dict[str, tuple[FoundFile, Verdict]] = {}
    for found in discovered.files:
        verdict = judge.judge(found.file)
        if verdict is not None:
            other = new.get(found.file.uri)
            if other is None or _age(other[0].file) < _age(found.file):
                new[found.file.uri] = (found, verdict)
    loads = [(f, v.generation) for f, v in new.values() if v.state is State.PLANNED]
    rejected = [
        _record(feed, f.file, v.generation, v.state, v.reason)
        for f, v in new.values()
        if v.state is not State.PLANNED
    ]
    for refused in discovered.rejected:
        verdict = judge.judge(refused.file)
        if verdict is None or refused.file.uri in new:
            continue
        if verdict.state is State.PLANNED:
            verdict = Verdict(verdict.generation, State.FAILED, refused.reason)
        rejected.append(
            _record(feed, refused.file, verdict.generation, verdict.state, verdict.reason)
        )
    first = 1 + max((record.batch.sequence for record in batches), default=0)
    packed = (
        # URIs are unique here, so this is the files' own order, at a tenth of the cost.
        Batch(feed.name, "load", first + i, tuple(sorted(files, key=attrgetter("file.uri"))))
        for i, files in enumerate(_pack(feed, _ordered(feed, loads)))
    )
    return Plan(
        feed=feed.name,
        batches=tuple(islice(packed, max_batches)),
        rejected=tuple(sorted(rejected, key=lambda r: (r.uri, r.version))),
        listed=discovered.listed,
        waiting=discovered.waiting,
    )


def _age(file: FileVersion) -> tuple[float, str]:
    """Tells two sightings of one file apart, when it was replaced while the listing ran."""
    return file.modified.timestamp(), file.version


def _record(
    feed: Feed, file: FileVersion, generation: int, state: State, reason: str
) -> FileRecord:
    return FileRecord(
        uri=file.uri,
        version=file.version,
        generation=generation,
        state=state,
        reason=reason,
        size=file.size,
        config_hash=feed.config_hash,
    )


def _ordered(feed: Feed, loads: Sequence[tuple[FoundFile, int]]) -> list[PlannedFile]:
    dates = [c.name for c in feed.captures if c.type in _DATES]
    ordered = sorted(
        loads, key=lambda f: ([f[0].captures.get(d, "") for d in dates], f[0].file.uri)
    )
    return [PlannedFile(f.file, generation, f.captures) for f, generation in ordered]


def _pack(feed: Feed, files: list[PlannedFile]) -> Iterator[list[PlannedFile]]:
    limits = feed.source.discovery
    if feed.target.mode == "replace":
        if files:
            yield files
        return
    batch: list[PlannedFile] = []
    size = 0
    for planned in files:
        if batch and (
            len(batch) >= limits.max_files_per_batch
            or size + planned.file.size > limits.max_bytes_per_batch
        ):
            yield batch
            batch, size = [], 0
        batch.append(planned)
        size += planned.file.size
    if batch:
        yield batch
