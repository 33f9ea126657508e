"""The answer sheet: what must become of every record of a drop, known without the pipeline.

``_answers/<feed>.json`` describes the drop, ``_answers/<feed>.csv`` has a row per record:

=============  ================================================================================
``_file``      name of the file
``_record``    position of the record in it, from 1 (the header does not count)
``_status``    see ``STATUSES``
``_group``     records of one key and different content share a group; else empty
``_keeps``     of a record ``loaded`` in a group: whether it keeps its id where the files of the
               group are in one batch (``yes``, ``no``); the others are re-keyed
``_across``    ``1`` where a group's records are in several files, so that the batches decide
               which one keeps the id
``_reasons``   columns that the reasons of a quarantined record name, separated by ``;``
(data columns) expected values as canonical text, empty for NULL
``_rescued``   expected ``_rescued_data``, or empty
=============  ================================================================================

Canonical text: instants as ``2024-10-05T10:11:12.000000Z``, dates as ``2024-10-05``, decimals
with their scale, booleans as ``true`` and ``false``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from penstock.sample.formats import LineFile, quoted
from penstock.sample.records import DropFile, Record

STATUSES: Mapping[str, str] = {
    "loaded": "in the target once",
    "duplicate": "equal to a loaded record, dropped",
    "quarantined": "held back, with reasons",
    "out_of_window": "outside the processing window",
    "superseded": "an older version of its key: overwritten, or dropped as not new",
    "contested": "one of its group is loaded, the others are quarantined",
}
FIXED = ("_file", "_record", "_status", "_group", "_keeps", "_across", "_reasons")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """A file of a drop; ``size`` in bytes as written."""

    name: str
    layout: str
    records: int
    size: int
    captures: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSheet:
    """What a drop holds. ``counts``: records by status, ``read`` for all and ``rekeyed`` for those
    loaded under a generated id. ``troubles``: how often each kind of trouble occurs."""

    feed: str
    seed: int
    rows: int
    directory: Path
    json_path: Path
    csv_path: Path
    files: tuple[SampleFile, ...]
    counts: Mapping[str, int]
    troubles: Mapping[str, int]

    @property
    def bytes(self) -> int:
        return sum(f.size for f in self.files)


class SheetWriter:
    """Rows of an answer sheet, in the order in which they become known."""

    def __init__(self, out: LineFile, columns: Sequence[str]) -> None:
        self.out = out
        self.counts: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self._width = len(columns)
        out.lines.append(",".join((*FIXED, *columns, "_rescued")))

    def plain(self, file: str, record: int, values: tuple[str, ...], rescued: str) -> None:
        """A loaded record whose values need no quoting; ``rescued`` is quoted already."""
        self.out.lines.append(f"{file},{record},loaded,,,,,{','.join(values)},{rescued}")
        self.counts["loaded"] += 1

    def known(
        self,
        file: DropFile,
        record: int,
        status: str,
        content: Record,
        *,
        group: str = "",
        keeps: str = "",
        across: bool = False,
        reasons: Sequence[str] = (),
        counted_as: str = "",
    ) -> None:
        """A record with values, in a clash group or not."""
        fixed = (file.name, str(record), status, group, keeps, "1" if across else "")
        values = ",".join(quoted(v) for v in content.values)
        self.out.lines.append(f"{','.join(fixed)},{';'.join(reasons)},{values},")
        self.counts[counted_as or status] += 1

    def quarantined(self, file: DropFile, record: int, reasons: Sequence[str]) -> None:
        empty = "," * self._width
        line = f"{file.name},{record},quarantined,,,,{';'.join(reasons)},{empty}"
        self.out.lines.append(line)
        self.counts["quarantined"] += 1


def rescued_json(field: str, text: str) -> str:
    """The expected ``_rescued_data``: a JSON object of the undeclared field, or nothing."""
    return json.dumps({field: text}, ensure_ascii=False) if field and text else ""


def describe(sheet: AnswerSheet, details: Mapping[str, object]) -> str:
    """The JSON part of a sheet; ``details`` are the feed's own (key, types, ...)."""
    document = {
        "schema_version": 1,
        "feed": sheet.feed,
        "seed": sheet.seed,
        "rows": sheet.rows,
        "records": sheet.csv_path.name,
        **details,
        "counts": dict(sheet.counts),
        "troubles": dict(sorted(sheet.troubles.items())),
        "files": [
            {
                "name": f.name,
                "layout": f.layout,
                "records": f.records,
                "bytes": f.size,
                "captures": dict(f.captures),
            }
            for f in sheet.files
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
