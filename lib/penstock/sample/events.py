"""Sample drops of the feed ``events``: CSV, ids that are re-keyed where they clash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random

from penstock.sample.formats import Layout
from penstock.sample.recipe import BrokenMaker, OddMaker, Recipe
from penstock.sample.records import Broken, DropFile, Odd, Policy, Record, pick
from penstock.sample.words import BAD_MAIL, COUNTRIES, ODD_MAIL, TEXTS, mail

ACTIONS = ("view", "click", "search", "purchase", "share", "signup")
PLACES = (
    "/home",
    "/cart",
    "/checkout",
    "/collections/winter",
    "/product",
    "/blog",
    "/help",
    "/account",
)
TAG_WORDS = ("sale", "new", "mobile", "promo", "vip", "beta", "eu", "app")
LAYOUTS = (
    Layout(name="plain", suffix=".csv"),
    Layout(name="crlf", suffix=".csv", newline="\r\n"),
    Layout(name="reordered", suffix=".csv", reordered=True, final_newline=False),
    Layout(name="gzip", suffix=".csv.gz", gzip=True),
    Layout(name="extra_column", suffix=".csv", extra="channel"),
    Layout(name="missing_column", suffix=".csv", missing="comment"),
    Layout(name="bom", suffix=".csv", bom=True, blank_line=True),
    Layout(name="all_quoted", suffix=".csv", quote_all=True),
    Layout(name="header_only", suffix=".csv", empty=True),
)
# (as written, as expected): the edges of the month, offsets, no zone, no fraction, microseconds.
INSIDE = (
    ("2024-10-01T00:00:00.000Z", "2024-10-01T00:00:00.000000Z"),
    ("2024-10-31T23:59:59.999999Z", "2024-10-31T23:59:59.999999Z"),
    ("2024-11-01T01:30:00+02:00", "2024-10-31T23:30:00.000000Z"),
    ("2024-09-30T22:00:00-05:00", "2024-10-01T03:00:00.000000Z"),
    ("2024-10-27 02:30:00", "2024-10-27T02:30:00.000000Z"),
    ("2024-10-05T10:11:12.123456Z", "2024-10-05T10:11:12.123456Z"),
)
OUTSIDE = (
    ("2024-09-30T23:59:59.999Z", "2024-09-30T23:59:59.999000Z"),
    ("2024-11-01T00:00:00.000Z", "2024-11-01T00:00:00.000000Z"),
    ("2024-10-01T01:00:00+02:00", "2024-09-30T23:00:00.000000Z"),
    ("2023-10-15T12:00:00Z", "2023-10-15T12:00:00.000000Z"),
)
BAD_CELLS: Mapping[str, tuple[str, Sequence[str]]] = {
    "missing_id": ("id", ("",)),
    "blank_id": ("id", ("   ",)),
    "bad_id": ("id", ("1234", "not-a-uuid", "3f2b8c1e-0000-4000-a000-00000000000g")),
    "missing_timestamp": ("timestamp", ("",)),
    "bad_timestamp": (
        "timestamp",
        (
            "yesterday",
            "2024-13-01T00:00:00Z",
            "2024-02-30T10:00:00Z",
            "2024-10-05T25:61:00Z",
            "05/10/2024 10:11",
            "1728123072",
        ),
    ),
    "unknown_action": ("action", ("explode", "VIEW", "")),
    "bad_number": ("duration_ms", ("abc", "1.2.3", "12 ms", "--5", "1e", "99999999999")),
    "negative_number": ("duration_ms", ("-1",)),
    "bad_country": ("country", ("de", "Germany", "D1")),
    "too_long_email": ("email", ("ü" * 160 + "@globex.com",)),
}
CLOCK = tuple(f"{h:02d}:{m:02d}:{s:02d}" for h in range(24) for m in range(60) for s in range(60))


class Events(Recipe):
    """Events of October 2024, one file or more a day."""

    types: Mapping[str, str] = {
        "id": "uuid",
        "timestamp": "timestamp",
        "user_id": "string",
        "email": "string",
        "country": "string",
        "uri": "string",
        "action": "string",
        "tags": "string",
        "duration_ms": "int",
        "comment": "string",
        "company": "string",
        "email_domain": "string",
    }
    columns = tuple(types)[:10]
    policy: Policy = "rekey"
    key = ("id",)
    optional = "comment"

    def __init__(self, rng: Random) -> None:
        self._users = [_user(rng, n) for n in range(20_000)]
        self._visits = [_visit(rng) for _ in range(4_096)]
        self._texts = cycle(TEXTS)
        self._odd_mail = cycle(ODD_MAIL)
        self._bad_mail = cycle(BAD_MAIL)
        self._inside = cycle(INSIDE)
        self._outside = cycle(OUTSIDE)

    def files(self, count: int) -> list[DropFile]:
        kinds = [*LAYOUTS, *(LAYOUTS[0] for _ in range(count))][:count]
        out = []
        for n, layout in enumerate(kinds):
            day = date(2024, 10, 1) + timedelta(days=n * 31 // max(count, 31))
            name = f"events_{day:%Y_%m_%d}_{n + 1:04d}{layout.suffix}"
            out.append(DropFile(name, layout, day, {"file_date": day.isoformat()}))
        return out

    def plain(self, rng: Random, file: DropFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
        skew = rng.random()
        user, email, country, domain, company = self._users[int(skew * skew * 20_000)]
        bits = rng.getrandbits(96)
        bits, second = divmod(bits, 86_400)
        bits, millis = divmod(bits, 1_000)
        bits, duration = divmod(bits, 30_000)
        uri, action, tags = self._visits[bits % 4_096]
        at = f"{file.captures['file_date']}T{CLOCK[second]}.{millis:03d}"
        digits = f"{rng.getrandbits(120):030x}"
        key = f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:]}"
        took = str(duration)
        return (
            (key, at + "Z", user, email, country, uri, action, tags, took, ""),
            (key, at + "000Z", user, email, country, uri, action, tags, took, "", company, domain),
        )

    def record(self, rng: Random, file: DropFile) -> Record:
        cells, values = self.plain(rng, file)
        # Away from midnight, so that variants stay on the same day, inside the month.
        minute = 60 + int(rng.random() * 600)
        return self._at(Record(cells, values), datetime.combine(file.day, time()), minute)

    def variant(self, rng: Random, record: Record, step: int) -> Record:
        start = datetime.fromisoformat(record.order.removesuffix("Z"))
        uri, action, tags = pick(rng, self._visits)
        changed = self.both(record, uri=uri, action=action, tags=tags)
        return self._at(changed, start, 30 * step + int(rng.random() * 29))

    def odd(self) -> Mapping[str, OddMaker]:
        return {
            "free_text": self._free_text,
            "bad_email": self._bad_email,
            "outside_the_window": self._out_of_window,
            "padded_cells": self._padded,
            "edge_of_the_window": self._edge,
            "odd_email": self._mail,
            "null_value": self._null_value,
            "upper_case_id": self._upper_case,
        }

    def broken(self) -> Mapping[str, BrokenMaker]:
        return {
            "too_few_fields": self.damaged("too_few"),
            **self.bad_cells(BAD_CELLS),
            "too_many_fields": self.damaged("too_many"),
            "two_bad_cells": self._two_bad_cells,
        }

    def _at(self, record: Record, start: datetime, minutes: int) -> Record:
        at = (start + timedelta(minutes=minutes)).isoformat()
        expected = f"{at}.000000Z"
        record = self.expected(self.written(record, timestamp=f"{at}Z"), timestamp=expected)
        return record._replace(order=expected)

    def _free_text(self, rng: Random, file: DropFile) -> Odd:
        return Odd(self.both(self.record(rng, file), comment=next(self._texts)))

    def _bad_email(self, rng: Random, file: DropFile) -> Odd:
        record = self.both(self.record(rng, file), email=next(self._bad_mail))
        return Odd(self.expected(record, company="", email_domain=""))

    def _mail(self, rng: Random, file: DropFile) -> Odd:
        odd = next(self._odd_mail)
        record = self.both(self.record(rng, file), email=odd.address)
        return Odd(self.expected(record, company=odd.company, email_domain=odd.domain))

    def _null_value(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        return Odd(self.expected(self.written(record, country="N/A"), country=""))

    def _padded(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        cells = zip(self.types, record.cells, strict=False)
        padded = {n: f" {c}  " for n, c in cells if n in ("id", "timestamp", "duration_ms", "uri")}
        return Odd(self.written(record, **padded))

    def _upper_case(self, rng: Random, file: DropFile) -> Odd:
        record = self.record(rng, file)
        return Odd(self.written(record, id=record.cells[0].upper()))

    def _edge(self, rng: Random, file: DropFile) -> Odd:
        written, expected = next(self._inside)
        record = self.written(self.record(rng, file), timestamp=written)
        return Odd(self.expected(record, timestamp=expected))

    def _out_of_window(self, rng: Random, file: DropFile) -> Odd:
        written, expected = next(self._outside)
        record = self.written(self.record(rng, file), timestamp=written)
        return Odd(self.expected(record, timestamp=expected), "out_of_window")

    def _two_bad_cells(self, rng: Random, file: DropFile) -> Broken:
        record = self.written(self.record(rng, file), timestamp="soon", action="explode")
        return Broken(record.cells, ("timestamp", "action"))


def _user(rng: Random, number: int) -> tuple[str, str, str, str, str]:
    """user_id, email, country, email_domain, company; one in seven is anonymous."""
    country = pick(rng, COUNTRIES)
    if number % 7 == 3:
        return "", "", country, "", ""
    address, domain, company = mail(rng, number)
    return f"u{number:05d}", address, country, domain, company


def _visit(rng: Random) -> tuple[str, str, str]:
    """uri, action, tags."""
    place = pick(rng, PLACES)
    uri = place if rng.random() < 0.3 else f"{place}/{int(rng.random() * 400)}"
    tags = sorted({pick(rng, TAG_WORDS) for _ in range(int(rng.random() * 4))})
    return uri, pick(rng, ACTIONS), ";".join(tags)
