"""Copies and clashes: what happens to the records of one key, and what must become of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from penstock.sample.records import DropFile, Policy, Record
from penstock.sample.sheet import SheetWriter

STORIES: Mapping[Policy, Mapping[str, str]] = {
    "rekey": {
        "duplicate_in_file": "A A",
        "duplicate_across_files": "A|A",
        "clash_in_file": "A B",
        "clash_in_file_later_first": "B A",
        "clash_across_files": "A|B",
        "clash_across_files_later_first": "B|A",
        "duplicates_in_and_across_files": "A A|A",
        "clash_with_copies": "A B|A B|C",
    },
    "upsert": {
        "duplicate_in_file": "A A",
        "duplicate_across_files": "A|A",
        "newer_in_file": "A B",
        "older_after_newer_in_file": "B A",
        "newer_across_files": "A|B",
        "older_after_newer_across_files": "B|A",
        "three_versions": "A|C|B",
    },
    # No copies beside a clash: they are duplicates in one batch, and may be clashes in another.
    "quarantine": {
        "duplicate_in_file": "A A",
        "duplicate_across_files": "A|A",
        "clash_in_file": "A B",
        "clash_across_files": "A|B",
    },
}
"""Stories by what a feed does about clashes. Letters are variants of one key in the order of their
time (or version), from left to right as they are delivered; after ``|`` in a later file."""


@dataclass(slots=True)
class Group:
    """The records of one key, and where they were written: (file, position, variant)."""

    variants: list[Record]
    places: list[tuple[DropFile, int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """``later``: to be written in a later file than the step before it."""

    group: Group
    variant: int
    later: bool


def variants(script: str) -> int:
    """How many variants a story has."""
    return len(set(script) - set(" |"))


def steps(group: Group, script: str) -> deque[Step]:
    return deque(_steps(group, script))


def _steps(group: Group, script: str) -> Iterator[Step]:
    for part, text in enumerate(script.split("|")):
        for position, letter in enumerate(text.split()):
            yield Step(group, ord(letter) - ord("A"), later=part > 0 and position == 0)


class Settler:
    """Writes the answers of groups whose records are all written."""

    def __init__(self, sheet: SheetWriter, policy: Policy, key: tuple[str, ...]) -> None:
        self._sheet = sheet
        self._policy = policy
        self._key = key
        self._clashes = 0

    def settle(self, group: Group) -> None:
        present = sorted({v for _, _, v in group.places})
        if len(present) == 1:
            self._copies(group)
            return
        self._clashes += 1
        name = f"g{self._clashes}"
        if self._policy == "rekey":
            self._rekeyed(group, name, present)
        elif self._policy == "upsert":
            self._versions(group, name, present)
        else:
            self._contested(group, name)

    def _copies(self, group: Group) -> None:
        for n, (file, record, variant) in enumerate(group.places):
            status = "duplicate" if n else "loaded"
            self._sheet.known(file, record, status, group.variants[variant])

    def _rekeyed(self, group: Group, name: str, present: list[int]) -> None:
        across = len({file.name for file, _, _ in group.places}) > 1
        keeper = min(present, key=lambda v: group.variants[v].order)
        seen: set[int] = set()
        for file, record, variant in group.places:
            status = "duplicate" if variant in seen else "loaded"
            keeps = "yes" if variant == keeper else "no"
            content = group.variants[variant]
            self._sheet.known(file, record, status, content, group=name, keeps=keeps, across=across)
            seen.add(variant)
        self._sheet.counts["rekeyed"] += len(present) - 1

    def _versions(self, group: Group, name: str, present: list[int]) -> None:
        newest = max(present, key=lambda v: group.variants[v].order)
        seen = False
        for file, record, variant in group.places:
            status = "superseded"
            if variant == newest:
                status, seen = "duplicate" if seen else "loaded", True
            self._sheet.known(file, record, status, group.variants[variant], group=name)

    def _contested(self, group: Group, name: str) -> None:
        for n, (file, record, variant) in enumerate(group.places):
            self._sheet.known(
                file,
                record,
                "contested",
                group.variants[variant],
                group=name,
                reasons=self._key,
                counted_as="quarantined" if n else "loaded",
            )
