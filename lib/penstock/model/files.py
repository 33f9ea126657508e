"""File versions, batches and plans: what is to be loaded, before anything is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

BatchKind = Literal["load", "reload", "replay"]


class State(StrEnum):
    """States of a batch and of a file version in the ledger."""

    PLANNED = "planned"
    LOADED = "loaded"
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, order=True)
class FileVersion:
    """One version of one file, as listed. ``version``: etag or version id (S3), ``mtime_ns``
    (local), joined with the size. ``modified`` is for reports and ``settle``, never for "seen"."""

    uri: str
    version: str
    size: int
    modified: datetime = field(compare=False)


@dataclass(frozen=True, slots=True, order=True)
class PlannedFile:
    """A file version in a batch. ``generation`` counts the plans of this URI, from 1: the same
    bytes planned again (after a failure, or X -> Y -> X) are another generation."""

    file: FileVersion
    generation: int = 1
    captures: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def uri(self) -> str:
        return self.file.uri


@dataclass(frozen=True, slots=True)
class Batch:
    """A bounded set of file versions, published as one. ``sequence`` orders batches of a feed
    by the time they were planned, from 1. ``files`` are sorted; a record's ``_file`` column is
    its file's position in them."""

    feed: str
    kind: BatchKind
    sequence: int
    files: tuple[PlannedFile, ...]

    @property
    def id(self) -> str:
        """sha256 over feed, kind and the sorted inputs: every retry has the same id."""
        text = json.dumps(
            [
                self.feed,
                self.kind,
                sorted([f.uri, f.file.version, f.generation] for f in self.files),
            ],
            ensure_ascii=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def bytes(self) -> int:
        return sum(f.file.size for f in self.files)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the ledger last knew of a URI."""

    uri: str
    version: str
    generation: int
    state: State
    batch_id: str = ""
    reason: str = ""
    size: int = 0
    recorded_at: datetime | None = None
    config_hash: str = ""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """What the ledger knows of a batch; ``attempts`` counts those that ended in failure or were
    held."""

    batch: Batch
    state: State
    attempts: int = 0
    reason: str = ""
    config_hash: str = ""
    planned_at: datetime | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: batches in order, and files that will not be loaded, with the reason."""

    feed: str
    batches: tuple[Batch, ...]
    rejected: tuple[FileRecord, ...] = ()
    listed: int = 0
    waiting: int = 0
