"""Words that sample records are made of: people, mail addresses, free text.

Companies and people are made up; public suffixes and free mailers are real.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from penstock.sample.records import pick


class Mail(NamedTuple):
    """An address with the ``email_domain`` and ``company`` to expect, ``""`` for NULL."""

    address: str
    domain: str
    company: str


COMPANIES: Sequence[tuple[str, str]] = (
    ("globex.com", "globex"),
    ("initech.de", "initech"),
    ("umbrella.co.jp", "umbrella"),
    ("hooli.io", "hooli"),
    ("stark-works.com", "stark-works"),
    ("wayne.org.uk", "wayne"),
    ("soylent.com.au", "soylent"),
    ("cyberdyne.com.br", "cyberdyne"),
    ("tyrell.fr", "tyrell"),
    ("wonka.co.uk", "wonka"),
    ("duff.nl", "duff"),
    ("oscorp.se", "oscorp"),
)
FREE_MAIL = ("gmail.com", "outlook.com", "icloud.com", "yahoo.co.uk", "gmx.de")

ODD_MAIL: Sequence[Mail] = (
    Mail("Anna Weber <anna.weber@initech.de>", "initech.de", "initech"),
    Mail('"Weber, Anna" <anna.weber@wonka.co.uk>', "wonka.co.uk", "wonka"),
    Mail("anna+news@globex.com", "globex.com", "globex"),
    Mail("ops@mail.eu.soylent.com.au", "mail.eu.soylent.com.au", "soylent"),
    Mail("Anna.Weber@GLOBEX.Com", "globex.com", "globex"),
    Mail("o'brien@wayne.org.uk", "wayne.org.uk", "wayne"),
    Mail("anna+shop@yahoo.co.uk", "yahoo.co.uk", ""),
    Mail("info@bücher-welt.de", "bücher-welt.de", "bücher-welt"),
    Mail("info@xn--bcher-welt-9db.de", "bücher-welt.de", "bücher-welt"),
    Mail("sales@hooli.uk.com", "hooli.uk.com", "hooli"),
)
BAD_MAIL: Sequence[str] = (
    "not-an-address",
    "anna@",
    "@globex.com",
    "anna@@globex.com",
    "anna@globex..com",
    "anna weber globex.com",
    "anna@globex.com, bob@initech.de",
    "anna@localhost",
    "anna@[192.0.2.1]",
)

TEXTS: Sequence[str] = (
    "wonderful 🎉👩‍👩‍👧 thanks",
    "مرحبا بالعالم, شكرا",
    "שלום עולם",
    "cafe\u0301 is not caf\u00e9",
    "東京から大阪まで",
    'she said "fine", twice',
    "first line\nsecond line",
    'all at once: "a,b"\n\n, and \\ a backslash',
    "ends in a backslash \\",
    'C:\\temp\\"new"',
    "carriage\r\nreturn",
    "NULL",
    "=1+1; -- <b>not</b> {json} 'quoted'",
    "tab\there",
    "Ωμέγα ß ﬁ İ 𐍈",
)
"""Free text that careless readers mangle: emoji with joiners, right-to-left, combining marks,
separators, quotes and line ends inside a field, backslashes, words that look like NULL."""

FIRST = ("anna", "bob", "chloe", "dmitri", "eva", "farid", "gita", "hugo", "ines", "jun", "kofi")
LAST = ("weber", "lopez", "okafor", "tanaka", "rossi", "smith", "novak", "silva", "khan", "berg")
NAMES: Sequence[str] = (
    "Zoë Müller",
    "José Álvarez",
    "Łukasz Żak",
    "Nguyễn Thị Hoa",
    "O'Brien, Sinéad",
    "山田 太郎",
    "ليلى حسن",
    'Dwayne "The Rock"',
    "Renée 👩‍🔬",
)
COUNTRIES = ("DE", "FR", "GB", "US", "JP", "BR", "NL", "SE", "AU", "ES", "PL", "IN")


def mail(rng: Random, number: int) -> Mail:
    """A plain address; ``number`` makes it distinct."""
    name = f"{pick(rng, FIRST)}.{pick(rng, LAST)}{number}"
    if rng.random() < 0.3:
        domain = pick(rng, FREE_MAIL)
        return Mail(f"{name}@{domain}", domain, "")
    domain, company = pick(rng, COMPANIES)
    return Mail(f"{name}@{domain}", domain, company)
