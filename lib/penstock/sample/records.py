"""What a sample feed is made of: records that know what must become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Literal, NamedTuple, TypeVar

from penstock.sample.formats import Layout

T = TypeVar("T")

Policy = Literal["rekey", "quarantine", "upsert"]
Damage = Literal["", "too_few", "too_many"]
MALFORMED = "_malformed"
"""Stands for the column in the reasons of a record that does not parse."""


class Record(NamedTuple):
    """One well-formed record.

    ``cells``: source text by declared column, ``""`` where absent. ``values``: the expected
    value of every data column as canonical text, ``""`` for NULL; those of the declared columns
    first, in the same order. ``order``: canonical text of the ``order_by`` or version column,
    which sorts as its values do.
    """

    cells: tuple[str, ...]
    values: tuple[str, ...]
    order: str = ""


class Odd(NamedTuple):
    """A record worth a look, and its expected fate: ``loaded`` or ``out_of_window``."""

    record: Record
    status: str = "loaded"


class Broken(NamedTuple):
    """A record to be quarantined, and the columns that the reasons must name."""

    cells: tuple[str, ...]
    reasons: tuple[str, ...]
    damage: Damage = ""


@dataclass(frozen=True, slots=True)
class DropFile:
    """One file of a drop. ``scope`` scopes ids (``""``: none); pending copies stay within it."""

    name: str
    layout: Layout
    day: date
    captures: Mapping[str, str] = field(default_factory=dict)
    scope: str = ""


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of ``options``. ``Random.choice`` may change between Python versions; this may not."""
    return options[int(rng.random() * len(options))]
