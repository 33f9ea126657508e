"""What a listing found, on its way from ``discover`` to ``plan``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from penstock.model.files import FileVersion


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the feed, and what its name says: capture name to text (dates as ISO text)."""

    file: FileVersion
    captures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that belongs to the feed and can't be loaded. ``file.uri`` is printable."""

    file: FileVersion
    reason: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that is none of the feed's business. ``uri`` is printable."""

    uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that has not been still for ``settle`` seconds yet."""

    file: FileVersion


Sighting = FoundFile | Rejected | Ignored | Waiting


class Discovered:
    """A listing, sorted out while it streams by, so that a million files cost no memory.

    Go through :attr:`files` once (``plan`` does); the other attributes are complete afterwards:

    | attribute | meaning |
    |---|---|
    | ``listed`` | objects listed, all kinds together |
    | ``waiting`` | of these, files too young (``settle``) |
    | ``ignored`` | of these, not the feed's: reason to count |
    | ``rejected`` | of these, the feed's and not loadable, with the reason |
    """

    __slots__ = ("_sightings", "_started", "ignored", "listed", "rejected", "waiting")

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        self._sightings = sightings
        self._started = False
        self.listed = 0
        self.waiting = 0
        self.ignored: Counter[str] = Counter()
        self.rejected: list[Rejected] = []

    @property
    def files(self) -> Iterator[FoundFile]:
        """The feed's files, in no stated order.

        :raises RuntimeError: asked for a second time; the listing has streamed by.
        """
        if self._started:
            raise RuntimeError("a listing can be gone through once only: discover again")
        self._started = True
        return self._sort_out()

    def _sort_out(self) -> Iterator[FoundFile]:
        for sighting in self._sightings:
            self.listed += 1
            if isinstance(sighting, FoundFile):
                yield sighting
            elif isinstance(sighting, Ignored):
                self.ignored[sighting.reason] += 1
            elif isinstance(sighting, Waiting):
                self.waiting += 1
            else:
                self.rejected.append(sighting)
