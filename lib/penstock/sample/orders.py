"""Sample drops of ``orders`` and ``order_items``: CSV files side by side in one drop zone.

Both number their orders alike, so that items have an order and orders have items where the two
drops are of similar size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random

from penstock.sample.formats import Layout
from penstock.sample.recipe import BrokenMaker, OddMaker, Recipe
from penstock.sample.records import DropFile, Odd, Policy, Record, pick
from penstock.sample.words import TEXTS

STATUSES = ("placed", "paid", "shipped", "delivered", "returned")
GOODS = ("lamp", "chair", "kettle", "rug", "mirror", "vase", "desk", "shelf")
CUSTOMERS = 2_000
ITEMS = 3
"""Lines per order."""
BAD_ORDERS: Mapping[str, tuple[str, Sequence[str]]] = {
    "missing_id": ("order_id", ("",)),
    "bad_id": ("order_id", ("12", "ORD-1")),
    "unknown_status": ("status", ("lost", "")),
    "bad_total": ("total", ("abc", "1.2.3", "")),
    "negative_total": ("total", ("-1.00",)),
    "bad_flag": ("gift", ("maybe",)),
    "missing_version": ("updated_at", ("",)),
    "bad_time": ("updated_at", ("2024-10-32T00:00:00Z", "later")),
}
BAD_ITEMS: Mapping[str, tuple[str, Sequence[str]]] = {
    "missing_order": ("order_id", ("",)),
    "missing_line": ("line_number", ("", "  ")),
    "bad_line": ("line_number", ("one", "0")),
    "bad_sku": ("sku", ("LAMP1", "lamp-1")),
    "bad_quantity": ("quantity", ("x", "0", "99999999999")),
    "bad_price": ("unit_price", ("9,99", "free")),
    "bad_date": ("ship_by", ("2024-02-30", "soon")),
}


def layouts(optional: str) -> tuple[Layout, ...]:
    return (
        Layout(name="plain", suffix=".csv"),
        Layout(name="reordered", suffix=".csv", reordered=True),
        Layout(name="gzip", suffix=".csv.gz", gzip=True),
        Layout(name="missing_column", suffix=".csv", missing=optional),
        Layout(name="extra_column", suffix=".csv", extra="warehouse"),
        Layout(name="crlf", suffix=".csv", newline="\r\n", final_newline=False),
    )


def daily_files(prefix: str, kinds: Sequence[Layout], count: int) -> list[DropFile]:
    """Files of October 2024, named by day and, after the first of a day, by a number."""
    out: list[DropFile] = []
    for n in range(count):
        layout = kinds[n] if n < len(kinds) else kinds[0]
        day = date(2024, 10, 1) + timedelta(days=n % 31)
        chunk = f"_{n // 31 + 1}" if n >= 31 else ""
        name = f"{prefix}_{day:%Y_%m_%d}{chunk}{layout.suffix}"
        out.append(DropFile(name, layout, day, {"file_date": day.isoformat()}))
    return out


def instant(at: datetime) -> tuple[str, str]:
    """As written, as expected."""
    return f"{at.isoformat()}Z", f"{at.isoformat()}.000000Z"


class Orders(Recipe):
    """One row per order, newer versions of which follow."""

    types: Mapping[str, str] = {
        "order_id": "string",
        "customer_id": "string",
        "status": "string",
        "total": "decimal(12,2)",
        "gift": "boolean",
        "ordered_at": "timestamp",
        "updated_at": "timestamp",
        "note": "string",
    }
    columns = tuple(types)
    policy: Policy = "upsert"
    key = ("order_id",)
    optional = "note"

    def __init__(self) -> None:
        self._made = 0
        self._texts = cycle(TEXTS)

    def files(self, count: int) -> list[DropFile]:
        return daily_files("orders", layouts(self.optional), count)

    def plain(self, rng: Random, file: DropFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
        record = self.record(rng, file)
        return record.cells, record.values

    def record(self, rng: Random, file: DropFile) -> Record:
        self._made += 1
        at = datetime.combine(file.day, time(6)) + timedelta(seconds=int(rng.random() * 30_000))
        written, expected = instant(at)
        cells = (
            f"ORD-{self._made:08d}",
            f"C{int(rng.random() * CUSTOMERS) + 1:06d}",
            pick(rng, STATUSES),
            f"{int(rng.random() * 90_000) / 100:.2f}",
            "true" if rng.random() < 0.1 else "false",
            written,
            written,
            "",
        )
        return Record(cells, (*cells[:5], expected, expected, ""), expected)

    def variant(self, rng: Random, record: Record, step: int) -> Record:
        start = datetime.fromisoformat(record.cells[5].removesuffix("Z"))
        at = start + timedelta(minutes=60 * step + int(rng.random() * 59))
        written, expected = instant(at)
        changed = self.written(record, status=STATUSES[step], updated_at=written)
        changed = self.expected(changed, status=STATUSES[step], updated_at=expected)
        return changed._replace(order=expected)

    def odd(self) -> Mapping[str, OddMaker]:
        return {
            "free_text": self._free_text,
            "null_value": self._null_value,
            "padded_cells": self._padded,
        }

    def broken(self) -> Mapping[str, BrokenMaker]:
        return {
            "too_few_fields": self.damaged("too_few"),
            **self.bad_cells(BAD_ORDERS),
            "too_many_fields": self.damaged("too_many"),
        }

    def _free_text(self, rng: Random, file: DropFile) -> Odd:
        return Odd(self.both(self.record(rng, file), note=next(self._texts)))

    def _null_value(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        return Odd(self.expected(self.written(record, customer_id="guest"), customer_id=""))

    def _padded(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        cells = dict(zip(self.types, record.cells, strict=True))
        padded = {n: f"  {cells[n]} " for n in ("order_id", "status", "total", "updated_at")}
        return Odd(self.written(record, **padded))


class OrderItems(Recipe):
    """The lines of the orders; a line that comes again with other content is held back."""

    types: Mapping[str, str] = {
        "order_id": "string",
        "line_number": "int",
        "sku": "string",
        "quantity": "int",
        "unit_price": "decimal(10,2)",
        "ship_by": "date",
        "description": "string",
    }
    columns = tuple(types)
    policy: Policy = "quarantine"
    key = ("order_id", "line_number")
    optional = "description"

    def __init__(self) -> None:
        self._made = 0
        self._texts = cycle(TEXTS)

    def files(self, count: int) -> list[DropFile]:
        return daily_files("order_items", layouts(self.optional), count)

    def plain(self, rng: Random, file: DropFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
        record = self.record(rng, file)
        return record.cells, record.values

    def record(self, rng: Random, file: DropFile) -> Record:
        order, line = divmod(self._made, ITEMS)
        self._made += 1
        cells = (
            f"ORD-{order + 1:08d}",
            str(line + 1),
            f"SKU-{int(rng.random() * 900) + 100}-{pick(rng, GOODS)}",
            str(int(rng.random() * 9) + 1),
            f"{int(rng.random() * 20_000) / 100:.2f}",
            (file.day + timedelta(days=int(rng.random() * 9) + 1)).isoformat(),
            "",
        )
        return Record(cells, cells)

    def variant(self, rng: Random, record: Record, step: int) -> Record:
        quantity = str(10 * step + int(rng.random() * 9))
        return self.both(record, quantity=quantity)

    def odd(self) -> Mapping[str, OddMaker]:
        return {"free_text": self._free_text, "padded_cells": self._padded}

    def broken(self) -> Mapping[str, BrokenMaker]:
        return {
            "too_few_fields": self.damaged("too_few"),
            **self.bad_cells(BAD_ITEMS),
            "too_many_fields": self.damaged("too_many"),
        }

    def _free_text(self, rng: Random, file: DropFile) -> Odd:
        return Odd(self.both(self.record(rng, file), description=next(self._texts)))

    def _padded(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        cells = dict(zip(self.types, record.cells, strict=True))
        return Odd(self.written(record, **{n: f" {cells[n]}  " for n in ("line_number", "sku")}))
