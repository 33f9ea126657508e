"""Compares a warehouse with a sample drop's answer sheet. Shares no code with the package.

A sheet is the pair ``_answers/<feed>.json`` and ``<feed>.csv`` that a sample drop comes with; any
of the two paths names it. Every function returns differences as sentences, none if all is well.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

SHOWN = 10
"""How many examples of one kind of difference are named."""

Identity = tuple[str | None, ...]


@dataclass
class Sheet:
    """A sheet, indexed. An identity is a record's key as it arrived and all its values."""

    meta: dict[str, object]
    types: dict[str, str]
    key: list[str]
    captures: dict[str, dict[str, str]]
    loaded: Counter[Identity] = field(default_factory=Counter)
    files: dict[Identity, set[str]] = field(default_factory=lambda: defaultdict(set))
    groups: dict[Identity, list[tuple[Identity, bool, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    contested: dict[str, set[Identity]] = field(default_factory=lambda: defaultdict(set))
    quarantined: Counter[tuple[str, frozenset[str]]] = field(default_factory=Counter)
    """Groups: by key, each loaded member with "keeps its id in one batch" and "across files"."""

    def key_of(self, identity: Identity) -> Identity:
        names = list(self.types)
        return tuple(identity[names.index(k)] for k in self.key)


def read_sheet(path: Path | str) -> Sheet:
    base = Path(path)
    meta = json.loads(base.with_suffix(".json").read_text(encoding="utf-8"))
    captures = {f["name"]: f["captures"] for f in meta["files"]}
    sheet = Sheet(meta, meta["types"], meta["key"], captures)
    with base.with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
        for answer in csv.DictReader(lines):
            _note(sheet, answer)
    return sheet


def _note(sheet: Sheet, answer: dict[str, str]) -> None:
    status = answer["_status"]
    if status == "quarantined":
        reasons = frozenset(answer["_reasons"].split(";"))
        sheet.quarantined[answer["_file"], reasons] += 1
        return
    values = [canonical(t, answer[n] or None) for n, t in sheet.types.items()]
    identity = (*values, _rescued(answer["_rescued"] or None))
    if status in ("loaded", "duplicate", "contested"):
        sheet.files[identity].add(answer["_file"])
    if status == "loaded":
        sheet.loaded[identity] += 1
        if answer["_keeps"]:
            member = (identity, answer["_keeps"] == "yes", answer["_across"] == "1")
            sheet.groups[sheet.key_of(identity)].append(member)
    elif status == "contested":
        sheet.contested[answer["_group"]].add(identity)


def check_target(
    rows: Iterable[Mapping[str, object]],
    sheet_path: Path | str,
    *,
    one_batch: bool = False,
    lineage: bool = True,
) -> list[str]:
    """Differences between a target table and the sheet.

    :param rows: the whole table, as dicts of Python values (``timestamptz`` as aware datetimes).
    :param one_batch: the drop was loaded as one batch, which settles who keeps a clashing id.
    :param lineage: compare ``_source_file`` and captured columns too; not where files were
        delivered under other names.
    """
    sheet = read_sheet(sheet_path)
    found: list[str] = []
    actual: Counter[Identity] = Counter()
    keys: Counter[Identity] = Counter()
    keepers: dict[Identity, list[Identity]] = defaultdict(list)
    for row in rows:
        identity = _identity(sheet, row)
        actual[identity] += 1
        keys[tuple(canonical(sheet.types[k], row[k]) for k in sheet.key)] += 1
        if row["original_id"] is None:
            keepers[sheet.key_of(identity)].append(identity)
        else:
            found += _check_rekeyed(sheet, row, identity)
        if lineage:
            found += _check_lineage(sheet, row, identity)
    found += [f"id in the target {n} times: {_show(key)}" for key, n in keys.items() if n > 1]
    found += _check_contested(sheet, actual)
    found += [f"missing {n}x: {_show(i)}" for i, n in (sheet.loaded - actual).items()]
    found += [f"unexpected {n}x: {_show(i)}" for i, n in (actual - sheet.loaded).items()]
    found += _check_keepers(sheet, keepers, one_batch=one_batch)
    return _shorten(found)


def check_counts(counts: Mapping[str, int], sheet_path: Path | str) -> list[str]:
    """Differences between the load log's totals over all batches and the sheet.

    :param counts: ``read``, ``loaded``, ``duplicate``, ``quarantined``, ``out_of_window`` and, for
        feeds that re-key, ``rekeyed``; each may be called ``rows_...`` instead.
    """
    meta = read_sheet(sheet_path).meta
    expected = meta["counts"]
    assert isinstance(expected, dict)
    actual = {name.removeprefix("rows_"): n for name, n in counts.items()}
    found = []
    for name in ("read", "quarantined", "out_of_window", "rekeyed"):
        if actual[name] != expected[name]:
            found.append(f"{name}: {actual[name]}, expected {expected[name]}")
    # A superseded version is loaded if it comes in an earlier batch than the newer one.
    low, high = expected["loaded"], expected["loaded"] + expected["superseded"]
    if not low <= actual["loaded"] <= high:
        found.append(f"loaded: {actual['loaded']}, expected {low} to {high}")
    if actual["loaded"] + actual["duplicate"] != high + expected["duplicate"]:
        both = actual["loaded"] + actual["duplicate"]
        found.append(f"loaded and duplicate: {both}, expected {high + expected['duplicate']}")
    return found


def check_quarantine(
    records: Iterable[tuple[str, Iterable[str]]], sheet_path: Path | str
) -> list[str]:
    """Differences between the quarantine and the sheet, clashes left out.

    :param records: file name and reasons of each record held back by reading, validation or
        transforms. A reason begins with its column's name and a colon; one that does not is
        about the whole record.
    """
    sheet = read_sheet(sheet_path)
    actual: Counter[tuple[str, frozenset[str]]] = Counter()
    for file, reasons in records:
        columns = {_column(sheet, reason) for reason in reasons}
        actual[file.rsplit("/", 1)[-1], frozenset(columns)] += 1
    found = [_held(*k, n, "missing") for k, n in (sheet.quarantined - actual).items()]
    found += [_held(*k, n, "unexpected") for k, n in (actual - sheet.quarantined).items()]
    return _shorten(found)


def canonical(type_: str, value: object) -> str | None:
    """A value, or its text in a sheet, in one form per type."""
    if value is None or type_ == "string":
        return value if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if type_.startswith("decimal"):
        return format(Decimal(str(value)).normalize(), "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return f"{value.isoformat()} without a zone"
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower() if type_ == "uuid" else str(value)


def _identity(sheet: Sheet, row: Mapping[str, object]) -> Identity:
    source = dict(row)
    if row["original_id"] is not None:
        source[sheet.key[-1]] = row["original_id"]
    values = [canonical(t, source[n]) for n, t in sheet.types.items()]
    return (*values, _rescued(row.get("_rescued_data")))


def _rescued(value: object) -> str | None:
    """Rescued data in one form; a row without the column counts as one with nothing in it."""
    if value is None:
        return None
    return json.dumps(json.loads(str(value)), sort_keys=True, ensure_ascii=False)


def _check_rekeyed(sheet: Sheet, row: Mapping[str, object], identity: Identity) -> list[str]:
    if sheet.key_of(identity) not in sheet.groups:
        return [f"re-keyed, but its id clashes with none: {_show(identity)}"]
    generated = str(row[sheet.key[-1]])
    try:
        version = UUID(generated).version
    except ValueError:
        version = None
    return [] if version == 5 else [f"re-keyed to {generated!r}, which is no UUID of version 5"]


def _check_lineage(sheet: Sheet, row: Mapping[str, object], identity: Identity) -> list[str]:
    files = sheet.files.get(identity, set())
    name = str(row["_source_file"]).rsplit("/", 1)[-1]
    if name not in files:
        return [f"said to be of {name}, which is none of {sorted(files)}: {_show(identity)}"]
    return [
        f"{column} is {row[column]!r}, but {name} says {text!r}"
        for column, text in sheet.captures[name].items()
        if str(row[column]) != text
    ]


def _check_contested(sheet: Sheet, actual: Counter[Identity]) -> list[str]:
    """Of each contested group one record is loaded; those found are taken out of ``actual``."""
    found = []
    for members in sheet.contested.values():
        present = sum(actual.pop(member, 0) for member in members)
        if present != 1:
            first = _show(sorted(members, key=str)[0])
            found.append(f"{present} of {len(members)} records of one key are loaded: {first}")
    return found


def _check_keepers(
    sheet: Sheet, keepers: Mapping[Identity, list[Identity]], *, one_batch: bool
) -> list[str]:
    found = []
    for key, members in sheet.groups.items():
        kept = keepers.get(key, [])
        if len(kept) != 1:
            found.append(f"{len(kept)} records keep the clashing id {_show(key)}, expected 1")
            continue
        for identity, keeps, across in members:
            if keeps and (one_batch or not across) and kept[0] != identity:
                found.append(f"the clashing id {_show(key)} is kept by {_show(kept[0])}")
    return found


def _column(sheet: Sheet, reason: str) -> str:
    named = re.match(r"(\w+):", reason)
    return named[1] if named and named[1] in sheet.types else "_malformed"


def _held(file: str, columns: frozenset[str], n: int, what: str) -> str:
    return f"{what} in quarantine {n}x: {file}: {', '.join(sorted(columns))}"


def _show(identity: Identity) -> str:
    return "|".join("NULL" if v is None else v for v in identity)


def _shorten(found: list[str]) -> list[str]:
    """At most ``SHOWN`` of each kind, told by the first word, and how many more there are."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for sentence in found:
        kinds[sentence.split(" ", 1)[0]].append(sentence)
    out = []
    for kind, sentences in kinds.items():
        out += sentences[:SHOWN]
        if len(sentences) > SHOWN:
            out.append(f"{kind} ... and {len(sentences) - SHOWN} more of the kind")
    return out
