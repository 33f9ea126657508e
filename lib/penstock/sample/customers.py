"""Sample drops of ``customers``: JSON lines with field names of their own, newest version wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random

from penstock.sample.formats import Layout
from penstock.sample.orders import daily_files, instant
from penstock.sample.recipe import BrokenMaker, OddMaker, Recipe
from penstock.sample.records import Broken, DropFile, Odd, Policy, Record, pick
from penstock.sample.words import BAD_MAIL, COUNTRIES, FIRST, LAST, NAMES, ODD_MAIL, TEXTS, mail

_BARE = frozenset({"newsletter"})
LAYOUTS = (
    Layout(name="json", suffix=".json", format="json", literals=_BARE),
    Layout(name="json_gzip", suffix=".json.gz", format="json", literals=_BARE, gzip=True),
    Layout(name="json_reordered", suffix=".json", format="json", literals=_BARE, reordered=True),
    Layout(name="json_missing", suffix=".json", format="json", literals=_BARE, missing="remark"),
    Layout(name="json_extra", suffix=".json", format="json", literals=_BARE, extra="loyalty"),
    Layout(name="json_crlf", suffix=".json", format="json", literals=_BARE, newline="\r\n"),
    Layout(name="json_empty", suffix=".json", format="json", empty=True),
)
BAD_CELLS: Mapping[str, tuple[str, Sequence[str]]] = {
    "missing_id": ("customer_id", ("",)),
    "missing_name": ("name", ("", "   ")),
    "bad_date": ("birth_date", ("1984-02-28", "31/02/1984", "28/13/1984")),
    "bad_flag": ("newsletter", ("sometimes",)),
    "missing_version": ("updated_at", ("",)),
    "bad_country": ("country", ("de", "Germany")),
    "bad_email": ("email", BAD_MAIL),
}


class Customers(Recipe):
    """One object per customer; an address that is none holds the record back."""

    columns = (
        "customerId",
        "name",
        "emailAddress",
        "country",
        "birthDate",
        "newsletter",
        "updatedAt",
        "remark",
    )
    types: Mapping[str, str] = {
        "customer_id": "string",
        "name": "string",
        "email": "string",
        "country": "string",
        "birth_date": "date",
        "newsletter": "boolean",
        "updated_at": "timestamp",
        "remark": "string",
        "company": "string",
        "email_domain": "string",
    }
    policy: Policy = "upsert"
    key = ("customer_id",)
    optional = "remark"

    def __init__(self) -> None:
        self._made = 0
        self._texts = cycle(TEXTS)
        self._names = cycle(NAMES)
        self._mail = cycle(ODD_MAIL)

    def files(self, count: int) -> list[DropFile]:
        return daily_files("customers", LAYOUTS, count)

    def plain(self, rng: Random, file: DropFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
        record = self.record(rng, file)
        return record.cells, record.values

    def record(self, rng: Random, file: DropFile) -> Record:
        self._made += 1
        born = date(1950, 1, 1) + timedelta(days=int(rng.random() * 20_000))
        at = datetime.combine(file.day, time(6)) + timedelta(seconds=int(rng.random() * 30_000))
        written, expected = instant(at)
        address, domain, company = mail(rng, self._made)
        start = (
            f"C{self._made:06d}",
            f"{pick(rng, FIRST).title()} {pick(rng, LAST).title()}",
            address,
            pick(rng, COUNTRIES),
        )
        newsletter = "true" if rng.random() < 0.4 else "false"
        return Record(
            (*start, f"{born:%d/%m/%Y}", newsletter, written, ""),
            (*start, born.isoformat(), newsletter, expected, "", company, domain),
            expected,
        )

    def variant(self, rng: Random, record: Record, step: int) -> Record:
        start = datetime.fromisoformat(record.cells[6].removesuffix("Z"))
        at = start + timedelta(minutes=60 * step + int(rng.random() * 59))
        written, expected = instant(at)
        changed = self.both(record, name=f"{record.cells[1]} {step + 1}")
        changed = self.expected(self.written(changed, updated_at=written), updated_at=expected)
        return changed._replace(order=expected)

    def odd(self) -> Mapping[str, OddMaker]:
        return {
            "free_text": self._free_text,
            "unicode_name": self._name,
            "odd_email": self._odd_mail,
            "null_value": self._null_value,
        }

    def broken(self) -> Mapping[str, BrokenMaker]:
        return {
            "cut_short": self.damaged("too_few"),
            **self.bad_cells(BAD_CELLS),
            "no_object": self.damaged("too_many"),
            "two_bad_cells": self._two_bad_cells,
        }

    def _free_text(self, rng: Random, file: DropFile) -> Odd:
        return Odd(self.both(self.record(rng, file), remark=next(self._texts)))

    def _name(self, rng: Random, file: DropFile) -> Odd:
        return Odd(self.both(self.record(rng, file), name=next(self._names)))

    def _odd_mail(self, rng: Random, file: DropFile) -> Odd:
        odd = next(self._mail)
        record = self.both(self.record(rng, file), email=odd.address)
        return Odd(self.expected(record, company=odd.company, email_domain=odd.domain))

    def _null_value(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        return Odd(self.expected(self.written(record, country="N/A"), country=""))

    def _two_bad_cells(self, rng: Random, file: DropFile) -> Broken:
        record = self.written(self.record(rng, file), birth_date="spring", newsletter="often")
        return Broken(record.cells, ("birth_date", "newsletter"))
