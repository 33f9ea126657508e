"""Sample drops of ``customer_transactions``: CSV and JSON chunks of several payment networks.

Ids are a network's own: the same id in two networks is no clash. Times carry no zone; they are
local to Berlin, two hours ahead of UTC on every day of the drop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random

from penstock.sample.formats import Layout
from penstock.sample.recipe import BrokenMaker, OddMaker, Recipe
from penstock.sample.records import Broken, DropFile, Odd, Policy, Record, pick
from penstock.sample.words import TEXTS

NETWORKS = ("3", "7", "12")
METHODS = ("card", "transfer", "direct_debit", "wallet")
CURRENCIES = ("EUR", "USD", "GBP", "JPY")
MERCHANTS = ("Bakery", "Bookshop", "Pharmacy", "Florist", "Garage", "Cinema", "Bistro")
BERLIN = timedelta(hours=2)
_NUMBERS = frozenset({"amount"})
LAYOUTS = (
    Layout(name="csv_without_extension", suffix=""),
    Layout(name="json_without_extension", suffix="", format="json", literals=_NUMBERS),
    Layout(name="plain", suffix=".csv"),
    Layout(name="json", suffix=".json", format="json", literals=_NUMBERS),
    Layout(name="json_gzip", suffix=".json.gz", format="json", gzip=True, literals=_NUMBERS),
    Layout(name="reordered", suffix=".csv", reordered=True),
    Layout(name="gzip", suffix=".csv.gz", gzip=True),
    Layout(
        name="json_extra_column",
        suffix=".json",
        format="json",
        reordered=True,
        extra="channel",
        literals=_NUMBERS,
    ),
    Layout(name="missing_column", suffix=".csv", missing="description"),
    Layout(name="crlf", suffix=".csv", newline="\r\n"),
    Layout(name="bom", suffix=".csv", bom=True, blank_line=True),
    Layout(name="header_only", suffix=".csv", empty=True),
)
# Text that careless readers turn into binary fractions, or strip of its last zero.
AMOUNTS = ("0.10", "4821.30", "-19.99", "100.00", "0.00")
BAD_CELLS: Mapping[str, tuple[str, Sequence[str]]] = {
    "missing_id": ("transaction_id", ("",)),
    "blank_id": ("transaction_id", ("  ",)),
    "missing_amount": ("amount", ("",)),
    "bad_amount": ("amount", ("abc", "12,50", "€12.50", "1.2.3", "12345678901.00")),
    "bad_time": ("occurred_at", ("20.09.2024 10:00", "2024-09-31 10:00:00", "noon")),
    "unknown_currency": ("currency", ("EURO", "eur", "")),
    "unknown_method": ("method", ("cheque",)),
    "bad_customer": ("customer_id", ("C12", "12345678")),
}


class Transactions(Recipe):
    """Transactions from 20 September 2024 on, in chunks by network and day."""

    types: Mapping[str, str] = {
        "transaction_id": "string",
        "customer_id": "string",
        "occurred_at": "timestamp",
        "amount": "decimal(12,2)",
        "currency": "string",
        "method": "string",
        "merchant": "string",
        "description": "string",
        "network": "string",
    }
    columns = tuple(types)[:8]
    policy: Policy = "rekey"
    key = ("network", "transaction_id")
    optional = "description"

    def __init__(self, rng: Random) -> None:
        self._offset = rng.getrandbits(32)
        self._made = 0
        self._texts = cycle(TEXTS)
        self._amounts = cycle(AMOUNTS)
        self._shared: dict[str, list[Record]] = {}

    def files(self, count: int) -> list[DropFile]:
        chunks: Counter[tuple[str, date]] = Counter()
        out = []
        for n in range(count):
            network = NETWORKS[n % len(NETWORKS)]
            day = date(2024, 9, 20) + timedelta(days=n // 6 % 10)
            # Only the first chunk of a day comes without a number, and without an extension.
            layout = LAYOUTS[n] if n < len(LAYOUTS) else LAYOUTS[2 + n % 2]
            chunk = f"_{chunks[network, day]:03d}" if chunks[network, day] else ""
            chunks[network, day] += 1
            name = f"network_{network}_transactions_{day:%Y_%m_%d}{chunk}{layout.suffix}"
            captures = {"network": network, "transaction_date": day.isoformat()}
            out.append(DropFile(name, layout, day, captures, scope=network))
        return out

    def plain(self, rng: Random, file: DropFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
        record = self._make(rng, file, f"{int(rng.random() * 50_000) / 100:.2f}")
        return record.cells, record.values

    def record(self, rng: Random, file: DropFile) -> Record:
        return self._make(rng, file, f"{int(rng.random() * 500)}.50")

    def variant(self, rng: Random, record: Record, step: int) -> Record:
        start = datetime.fromisoformat(record.cells[2])
        changed = self.both(record, amount=f"{step}{int(rng.random() * 10_000)}.25")
        return self._at(changed, start + timedelta(minutes=30 * step + int(rng.random() * 29)))

    def odd(self) -> Mapping[str, OddMaker]:
        return {
            "free_text": self._free_text,
            "same_id_in_two_networks": self._shared_id,
            "exact_amount": self._exact_amount,
            "padded_cells": self._padded,
            "null_value": self._null_value,
        }

    def broken(self) -> Mapping[str, BrokenMaker]:
        return {
            "too_few_fields": self.damaged("too_few"),
            **self.bad_cells(BAD_CELLS),
            "too_many_fields": self.damaged("too_many"),
            "two_bad_cells": self._two_bad_cells,
        }

    def _make(self, rng: Random, file: DropFile, amount: str) -> Record:
        self._made += 1
        # An odd factor permutes the 32-bit numbers: each id once, in no visible order.
        number = (self._made * 2_654_435_761 + self._offset) & 0xFFFFFFFF
        skew = rng.random()
        cells = (
            f"T{number:010d}",
            f"C{int(skew * skew * 5_000):06d}",
            "",
            amount,
            pick(rng, CURRENCIES),
            pick(rng, METHODS),
            f"{pick(rng, MERCHANTS)} {int(rng.random() * 90) + 10}",
            "",
        )
        at = datetime.combine(file.day, time(8)) + timedelta(seconds=int(rng.random() * 36_000))
        return self._at(Record(cells, (*cells, file.scope)), at)

    def _at(self, record: Record, at: datetime) -> Record:
        expected = f"{(at - BERLIN).isoformat()}.000000Z"
        record = self.written(record, occurred_at=f"{at:%Y-%m-%d %H:%M:%S}")
        return self.expected(record, occurred_at=expected)._replace(order=expected)

    def _free_text(self, rng: Random, file: DropFile) -> Odd:
        return Odd(self.both(self.record(rng, file), description=next(self._texts)))

    def _exact_amount(self, rng: Random, file: DropFile) -> Odd:
        return Odd(self.both(self.record(rng, file), amount=next(self._amounts)))

    def _null_value(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        return Odd(self.expected(self.written(record, merchant="unknown"), merchant=""))

    def _padded(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        cells = dict(zip(self.types, record.cells, strict=False))
        padded = {n: f" {cells[n]} " for n in ("transaction_id", "amount", "currency")}
        return Odd(self.written(record, **padded))

    def _shared_id(self, rng: Random, file: DropFile) -> Odd:
        """A record that another network's file has, or one that another will have."""
        for scope, records in self._shared.items():
            if scope != file.scope and records:
                return Odd(self.expected(records.pop(), network=file.scope))
        record = self.record(rng, file)
        self._shared.setdefault(file.scope, []).append(record)
        return Odd(record)

    def _two_bad_cells(self, rng: Random, file: DropFile) -> Broken:
        record = self.written(self.record(rng, file), amount="much", currency="shells")
        return Broken(record.cells, ("amount", "currency"))
