"""The drop every contender loads: events by the sample's own recipe, all files of one layout.

``penstock sample`` mixes layouts (reordered headers, missing columns, gzip), which a peer that
aligns columns by position loads wrongly. So that all do the same work, these files look alike; the
troubles inside them are the sample's.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

from penstock.sample.events import LAYOUTS, Events
from penstock.sample.formats import LineFile
from penstock.sample.records import DropFile
from penstock.sample.sheet import SheetWriter
from penstock.sample.weave import Weaver

SEED = 1
_VERSION = 1
"""Goes up when the same arguments would give another drop, so that an older one is not reused."""
_PART = 100_000


class PlainEvents(Events):
    """The sample's events in files of the plain layout."""

    def files(self, count: int) -> list[DropFile]:
        plain = LAYOUTS[0]
        return [
            replace(file, layout=plain, name=file.name.partition(".")[0] + plain.suffix)
            for file in super().files(count)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """``root`` holds a folder ``events``. ``loadable``: how many records an exact load has in the
    end, by the answer sheet."""

    root: str
    rows: int
    files: int
    bytes: int
    loadable: int

    @property
    def events(self) -> Path:
        return Path(self.root) / "events"


def write_drop(scratch: Path, *, rows: int, files: int) -> Drop:
    """The drop of these dimensions below ``scratch``, written unless it is there already.

    One file is joined from several, because the sample keeps what waits for a later file in
    memory.
    """
    root = scratch / f"drop-{rows}-{files}-{SEED}-v{_VERSION}"
    described = root / "drop.json"
    if not described.exists():
        shutil.rmtree(root, ignore_errors=True)
        events = root / "events"
        events.mkdir(parents=True)
        written, loadable = _write(events, rows, files if files > 1 else -(-rows // _PART))
        if files == 1:
            _join(written)
        size = sum(path.stat().st_size for path in events.iterdir())
        drop = Drop(root=str(root), rows=rows, files=files, bytes=size, loadable=loadable)
        described.write_text(json.dumps(asdict(drop)), encoding="utf-8")
    return Drop(**json.loads(described.read_text(encoding="utf-8")))


def write_many(scratch: Path, files: int) -> Path:
    """A folder that holds ``events`` with so many files of nothing but a header."""
    root = scratch / f"many-{files}-v{_VERSION}"
    done = root / "done"
    if not done.exists():
        events = root / "events"
        events.mkdir(parents=True, exist_ok=True)
        header = ",".join(Events.columns) + "\n"
        for n in range(files):
            name = f"events_2024_10_{n % 31 + 1:02d}_{n:07d}.csv"
            (events / name).write_text(header, encoding="utf-8")
        done.touch()
    return root


def _write(folder: Path, rows: int, files: int) -> tuple[list[Path], int]:
    """The files written, and how many records an exact load has."""
    rng = Random(f"events/{SEED}")
    recipe = PlainEvents(rng)
    drops = recipe.files(files)
    # Only the sheet's counts are wanted: its text would be larger than the drop.
    with Path(os.devnull).open("wb") as nowhere:
        answers = SheetWriter(LineFile(nowhere, "\n"), list(recipe.types))
        weaver = Weaver(recipe, rng, answers)
        for n, file in enumerate(drops):
            weaver.write(folder / file.name, file, rows // files + (n < rows % files))
        weaver.finish()
    return [folder / file.name for file in drops], answers.counts["loaded"]


def _join(paths: Sequence[Path]) -> None:
    """Append all files to the first one, less their headers."""
    with paths[0].open("ab") as out:
        for path in paths[1:]:
            with path.open("rb") as part:
                part.readline()
                shutil.copyfileobj(part, out, 1 << 20)
            path.unlink()
