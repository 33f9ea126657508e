"""Writing a drop and its answer sheet into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from random import Random

from penstock.errors import ConfigError
from penstock.sample.customers import Customers
from penstock.sample.events import Events
from penstock.sample.formats import Layout, drop_file
from penstock.sample.orders import OrderItems, Orders
from penstock.sample.recipe import Recipe
from penstock.sample.records import DropFile
from penstock.sample.sheet import AnswerSheet, SampleFile, SheetWriter, describe
from penstock.sample.transactions import Transactions
from penstock.sample.weave import Weaver

ANSWERS = "_answers"
"""Folder of the sheets; discovery leaves out names that begin with ``_``."""
ROWS_PER_FILE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A feed that drops can be made for.

    ``folder``: where below the drop zones' root the shipped feed looks for them. ``prefix``:
    what its files' names begin with. ``files``: the fewest a drop has unless told otherwise, so
    that every layout occurs.
    """

    feed: str
    folder: str
    prefix: str
    files: int
    recipe: Callable[[Random], Recipe]


SAMPLES: Mapping[str, Sample] = {
    sample.feed: sample
    for sample in (
        Sample(feed="events", folder="events", prefix="events_", files=9, recipe=Events),
        Sample(
            feed="customer_transactions",
            folder="transactions",
            prefix="network_",
            files=12,
            recipe=Transactions,
        ),
        Sample(feed="orders", folder="shop", prefix="orders_", files=6, recipe=lambda _: Orders()),
        Sample(
            feed="order_items",
            folder="shop",
            prefix="order_items_",
            files=6,
            recipe=lambda _: OrderItems(),
        ),
        Sample(
            feed="customers",
            folder="shop",
            prefix="customers_",
            files=7,
            recipe=lambda _: Customers(),
        ),
    )
}


def write_sample(
    directory: Path, *, feed: str, rows: int, seed: int, files: int | None = None
) -> AnswerSheet:
    """Write a drop of ``rows`` records for ``feed`` into ``directory``, and its answer sheet into
    ``directory/_answers``.

    The same arguments give the same bytes on every platform, and a file that is there already
    with these bytes keeps its modification time. Records come as they are made, so memory does
    not grow with ``rows``.

    :param files: number of files; by default every layout once, and 100,000 records a file.
    :raises ConfigError: there is no such feed, a number is out of range, or ``directory`` holds
        files of the same feed that are not part of this drop.
    """
    sample = _sample(feed)
    if rows < 1 or (files is not None and files < 1):
        raise ConfigError(
            f"a sample needs at least one record and one file, not rows={rows}, files={files}",
            hint="pass --rows 10000",
        )
    rng = Random(f"{feed}/{seed}")
    recipe = sample.recipe(rng)
    drops = recipe.files(files or max(sample.files, -(-rows // ROWS_PER_FILE)))
    _refuse_leftovers(directory, sample, {d.name for d in drops})
    answers = directory / ANSWERS
    answers.mkdir(parents=True, exist_ok=True)
    records = _shares(rows, drops)
    csv_path, json_path = answers / f"{feed}.csv", answers / f"{feed}.json"
    with drop_file(csv_path, Layout(name="sheet", suffix=".csv")) as out:
        sheet = SheetWriter(out, list(recipe.types))
        weaver = Weaver(recipe, rng, sheet)
        for drop, count in zip(drops, records, strict=True):
            weaver.write(directory / drop.name, drop, count)
        weaver.finish()
    written = AnswerSheet(
        feed=feed,
        seed=seed,
        rows=rows,
        directory=directory,
        json_path=json_path,
        csv_path=csv_path,
        files=tuple(
            SampleFile(
                name=drop.name,
                layout=drop.layout.name,
                records=count,
                size=(directory / drop.name).stat().st_size,
                captures=drop.captures,
            )
            for drop, count in zip(drops, records, strict=True)
        ),
        counts={"read": rows} | {name: sheet.counts[name] for name in COUNTED},
        troubles=sheet.troubles,
    )
    json_path.write_text(describe(written, _details(recipe)), encoding="utf-8", newline="\n")
    return written


COUNTED = ("loaded", "duplicate", "quarantined", "out_of_window", "superseded", "rekeyed")


def _sample(feed: str) -> Sample:
    if feed not in SAMPLES:
        near = get_close_matches(feed, SAMPLES, 1)
        raise ConfigError(
            f"there are no sample drops for a feed {feed!r}",
            hint=f"did you mean {near[0]}?" if near else f"choose one of {', '.join(SAMPLES)}",
        )
    return SAMPLES[feed]


def _refuse_leftovers(directory: Path, sample: Sample, names: set[str]) -> None:
    """Files of an earlier, larger drop would be loaded too, and the sheet would know nothing."""
    if not directory.is_dir():
        return
    for path in sorted(directory.iterdir()):
        if path.name.startswith(sample.prefix) and path.name not in names:
            raise ConfigError(
                f"{path} is of feed {sample.feed}, but not of this drop",
                hint="choose an empty folder, or remove the earlier drop",
            )


def _shares(rows: int, drops: Sequence[DropFile]) -> list[int]:
    """How many records each file has: as equal as can be, none where the layout is empty."""
    filled = [i for i, drop in enumerate(drops) if not drop.layout.empty]
    shares = [0] * len(drops)
    for n, i in enumerate(filled):
        shares[i] = rows // len(filled) + (n < rows % len(filled))
    return shares


def _details(recipe: Recipe) -> dict[str, object]:
    return {"policy": recipe.policy, "key": list(recipe.key), "types": dict(recipe.types)}
