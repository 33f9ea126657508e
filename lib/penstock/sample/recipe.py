"""How the records of one feed are made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import cycle
from random import Random

from penstock.sample.records import (
    MALFORMED,
    Broken,
    Damage,
    DropFile,
    Odd,
    Policy,
    Record,
)

OddMaker = Callable[[Random, DropFile], Odd]
BrokenMaker = Callable[[Random, DropFile], Broken]


class Recipe(ABC):
    """Makes the records of one drop; it may number what it makes, so it serves no second one.

    ===========  ==============================================================================
    ``columns``  source fields, in the order of a plain file's header
    ``types``    Spark types of the data columns the sheet has values for: the declared ones, in
                 the order of ``columns``, then those derived or captured
    ``key``      data columns that identify a record
    ``optional`` the source field that a file may lack; of all records only ``free_text`` odd
                 ones fill it
    ===========  ==============================================================================
    """

    columns: Sequence[str]
    types: Mapping[str, str]
    key: Sequence[str]
    optional: str
    policy: Policy

    @abstractmethod
    def files(self, count: int) -> list[DropFile]:
        """The first ``count`` files of a drop, in the order they are written."""

    @abstractmethod
    def plain(self, rng: Random, file: DropFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Cells and values of an unremarkable record; nothing in it needs quoting in CSV."""

    @abstractmethod
    def record(self, rng: Random, file: DropFile) -> Record:
        """A plain record that copies and variants can be made of."""

    @abstractmethod
    def variant(self, rng: Random, record: Record, step: int) -> Record:
        """The same key with other content, its order later with each ``step`` from 1."""

    @abstractmethod
    def odd(self) -> Mapping[str, OddMaker]:
        """Makers of records that a careless pipeline would lose or change, by name."""

    @abstractmethod
    def broken(self) -> Mapping[str, BrokenMaker]:
        """Makers of records to be quarantined, by name."""

    # -- for the makers ----------------------------------------------------------------------

    def written(self, record: Record, **texts: str) -> Record:
        """``record`` with other source text under some data columns' names."""
        return Record(self._changed(record.cells, texts), record.values, record.order)

    def expected(self, record: Record, **texts: str) -> Record:
        """``record`` with other expected values."""
        return Record(record.cells, self._changed(record.values, texts), record.order)

    def both(self, record: Record, **texts: str) -> Record:
        """``record`` with other source text, expected as it is."""
        return self.expected(self.written(record, **texts), **texts)

    def bad_cells(self, rules: Mapping[str, tuple[str, Sequence[str]]]) -> dict[str, BrokenMaker]:
        """Makers by name, each for a data column and the texts to put there in turn."""
        return {name: self._bad_cell(column, texts) for name, (column, texts) in rules.items()}

    def damaged(self, damage: Damage) -> BrokenMaker:
        return lambda rng, file: Broken(self.record(rng, file).cells, (MALFORMED,), damage)

    def _changed(self, texts: tuple[str, ...], changes: Mapping[str, str]) -> tuple[str, ...]:
        out = list(texts)
        for name, text in changes.items():
            out[self._positions[name]] = text
        return tuple(out)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.types)}

    def _bad_cell(self, column: str, texts: Sequence[str]) -> BrokenMaker:
        options = cycle(texts)

        def make(rng: Random, file: DropFile) -> Broken:
            record = self.written(self.record(rng, file), **{column: next(options)})
            return Broken(record.cells, (column,))

        return make
