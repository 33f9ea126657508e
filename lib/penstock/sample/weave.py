"""Weaves a drop: mostly plain records, and in each block of ten one slot for trouble.

The slots go round: a broken record, a copy or variant of an earlier record, a new story, an odd
record. So one record in forty is broken, whatever the seed, and a file of forty records or more
stays within a limit of 5 %.
"""

from __future__ import annotations

from collections import deque
from itertools import cycle
from pathlib import Path
from random import Random

from penstock.sample.formats import Encoder, drop_file, quoted
from penstock.sample.recipe import Recipe
from penstock.sample.records import DropFile
from penstock.sample.sheet import SheetWriter, rescued_json
from penstock.sample.stories import STORIES, Group, Settler, Step, steps, variants

BLOCK = 10
EXTRAS = ("web", "", "app")
"""Texts of the undeclared field, in turn."""


class Weaver:
    """Writes the files of one drop in order, one ``write`` each; then ``finish``."""

    def __init__(self, recipe: Recipe, rng: Random, sheet: SheetWriter) -> None:
        self._recipe = recipe
        self._rng = rng
        self._sheet = sheet
        self._settler = Settler(sheet, recipe.policy, tuple(recipe.key))
        self._stories = cycle(STORIES[recipe.policy].items())
        self._odd = cycle(recipe.odd().items())
        self._broken = cycle(recipe.broken().items())
        self._here: deque[deque[Step]] = deque()
        self._next: deque[deque[Step]] = deque()
        self._waiting: dict[str, deque[deque[Step]]] = {}
        self._slot = 0
        self._encode: Encoder

    def write(self, path: Path, file: DropFile, count: int) -> None:
        """One file of ``count`` records."""
        rng, recipe, sheet = self._rng, self._recipe, self._sheet
        encode = file.layout.plain_encoder(recipe.columns)
        self._encode = file.layout.encoder(recipe.columns)
        extras = EXTRAS if file.layout.extra else ("",)
        rescued = {e: quoted(rescued_json(file.layout.extra, e)) for e in extras}
        with drop_file(path, file.layout) as out:
            out.lines.extend(file.layout.header(recipe.columns))
            for start in range(0, count, BLOCK):
                special = start + int(rng.random() * BLOCK)
                for n in range(start, min(start + BLOCK, count)):
                    if n == special:
                        out.lines.append(self._special(file, n + 1))
                        continue
                    extra = extras[n % len(extras)]
                    cells, values = recipe.plain(rng, file)
                    out.lines.append(encode(cells, extra))
                    sheet.plain(file.name, n + 1, values, rescued[extra])
                out.flush()
                sheet.out.flush()
        # What found no slot in this file goes to a later one.
        waiting = self._waiting.setdefault(file.scope, deque())
        for queue in (self._next, self._here):
            waiting.extend(queue)
            queue.clear()

    def finish(self) -> None:
        """Settle what still waits for a slot: what was written is all there is."""
        for waiting in self._waiting.values():
            for left in waiting:
                self._settler.settle(left[0].group)

    def _special(self, file: DropFile, record: int) -> str:
        turn, round_ = self._slot % 4, self._slot // 4
        self._slot += 1
        if turn == 0:
            return self._break(file, record)
        if turn == 3:
            return self._oddity(file, record)
        waiting = self._waiting.get(file.scope, deque())
        queues = (waiting, self._here) if round_ % 2 else (self._here, waiting)
        for queue in queues:
            if queue and (turn == 1 or len(waiting) + len(self._here) > 4):
                return self._place(file, record, queue.popleft())
        return self._begin(file, record)

    def _break(self, file: DropFile, record: int) -> str:
        name, make = next(self._broken)
        broken = make(self._rng, file)
        self._sheet.troubles[name] += 1
        self._sheet.quarantined(file, record, broken.reasons)
        if broken.damage:
            return file.layout.damaged(self._recipe.columns, broken.cells, broken.damage)
        return self._encode(broken.cells, "")

    def _oddity(self, file: DropFile, record: int) -> str:
        name, make = next(self._odd)
        if file.layout.missing and name == "free_text":
            name, make = next(self._odd)
        odd = make(self._rng, file)
        self._sheet.troubles[name] += 1
        self._sheet.known(file, record, odd.status, odd.record)
        return self._encode(odd.record.cells, "")

    def _begin(self, file: DropFile, record: int) -> str:
        name, script = next(self._stories)
        self._sheet.troubles[name] += 1
        first = self._recipe.record(self._rng, file)
        later = range(1, variants(script))
        group = Group([first, *(self._recipe.variant(self._rng, first, n) for n in later)])
        return self._place(file, record, steps(group, script))

    def _place(self, file: DropFile, record: int, left: deque[Step]) -> str:
        step = left.popleft()
        step.group.places.append((file, record, step.variant))
        if not left:
            self._settler.settle(step.group)
        elif left[0].later:
            self._next.append(left)
        else:
            self._here.append(left)
        return self._encode(step.group.variants[step.variant].cells, "")
