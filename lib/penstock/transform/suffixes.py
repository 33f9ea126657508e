"""What is known of domains, as one small DataFrame to look names up in.

Sources: the Public Suffix List (``data/public_suffixes.txt``, whose header has its date) and a
reviewed list of free-mail domains (``data/free_mail.txt``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession

from penstock.transform.frames import TEMPORARY
from penstock.transform.inline import inline_table

TAIL = f"{TEMPORARY}tail"
REGISTRY = f"{TEMPORARY}registry"
REGISTRY_PATTERN = f"{TEMPORARY}registry_pattern"
OWNED = f"{TEMPORARY}owned"
OWNED_PATTERN = f"{TEMPORARY}owned_pattern"
FREE = f"{TEMPORARY}free"
NAMES = f"{TEMPORARY}names"

_SCHEMA = (
    f"{TAIL}: string, {REGISTRY}: int, {REGISTRY_PATTERN}: string, {OWNED}: int, "
    f"{OWNED_PATTERN}: string, {FREE}: array<string>, "
    f"{NAMES}: array<struct<ending: string, company: string>>"
)


class Suffixes(NamedTuple):
    """The list's rules of two labels and more, as published: ``co.uk``, ``*.kobe.jp``,
    ``!city.kobe.jp``."""

    icann: tuple[str, ...]
    private: tuple[str, ...]

    @property
    def wild(self) -> tuple[str, ...]:
        """Top-level domains under which every name is a public suffix."""
        return tuple(rule[2:] for rule in self.icann if rule[:2] == "*." and rule.count(".") == 1)


@cache
def suffixes() -> Suffixes:
    """The shipped Public Suffix List."""
    icann, private = _data("public_suffixes.txt").split("// ===BEGIN PRIVATE DOMAINS===")
    return Suffixes(tuple(_rules(icann)), tuple(_rules(private)))


@cache
def free_mail() -> frozenset[str]:
    """Registrable domains that hand out mailboxes to anybody."""
    lines = _data("free_mail.txt").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def lookup(spark: SparkSession, overrides: Mapping[str, str]) -> DataFrame:
    """One row per last two labels of a domain of which anything is known.

    ==============================  ==========================================================
    ``_penstock_tail``              string: the last two labels, such as ``co.uk``
    ``_penstock_registry``          int: how many labels are public by the rules of registries
    ``_penstock_registry_pattern``  string: instead, where rules of more labels end so; see
                                    ``_pattern``
    ``_penstock_owned``             int: how many are public by the rules of private owners
    ``_penstock_owned_pattern``     string: instead, likewise
    ``_penstock_free``              array<string>: free-mail domains that end so
    ``_penstock_names``             array<struct<ending: string, company: string>>:
                                    ``overrides``, whose domains are in the form of
                                    ``to_unicode``; the longest first
    ==============================  ==========================================================

    NULL where there is nothing.
    """
    names: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for domain in sorted(overrides, key=len, reverse=True):
        names[tail(domain)].append({"ending": f".{domain}", "company": overrides[domain]})
    columns: dict[str, Mapping[str, object]] = {**_by_tail(), NAMES: names}
    rows = [
        {TAIL: key, **{name: values[key] for name, values in columns.items() if key in values}}
        for key in sorted({key for values in columns.values() for key in values})
    ]
    return inline_table(spark, rows, _SCHEMA)


def to_unicode(domain: str) -> str:
    """A domain name in lower case and Unicode, without a trailing dot.

    :raises ValueError: it has fewer than two labels, or one that is no Punycode.
    """
    labels = domain.strip().lower().rstrip(".").split(".")
    if len(labels) < 2 or not all(labels):
        raise ValueError(f"email_company: {domain!r} in overrides is not a domain name")
    try:
        return ".".join(
            label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
            for label in labels
        )
    except UnicodeError:
        raise ValueError(f"email_company: {domain!r} in overrides is not Punycode") from None


def tail(domain: str) -> str:
    return ".".join(domain.split(".")[-2:])


@cache
def _by_tail() -> dict[str, Mapping[str, object]]:
    known = suffixes()
    columns: dict[str, Mapping[str, object]] = {FREE: _grouped(sorted(free_mail()))}
    for labels, pattern, rules in (
        (REGISTRY, REGISTRY_PATTERN, known.icann),
        (OWNED, OWNED_PATTERN, known.private),
    ):
        groups = _grouped(rules)
        columns[labels] = {end: 2 for end, group in groups.items() if group == [end]}
        columns[pattern] = {end: _pattern(group) for end, group in groups.items() if group != [end]}
    return columns


def _pattern(rules: Iterable[str]) -> str:
    """A regular expression whose first group is the public suffix of a name: the longest that a
    rule allows, found from the left, and none that an exception takes back."""
    exceptions = [rule[1:] for rule in rules if rule.startswith("!")]
    endings = []
    for rule in rules:
        if rule.startswith("!"):
            label, _, rest = rule[1:].partition(".")
            endings.append(rf"(?<=(?:\A|\.){re.escape(label)}\.){re.escape(rest)}")
        elif rule.startswith("*."):
            taken_back = "".join(rf"(?!{re.escape(name)}\z)" for name in exceptions)
            endings.append(rf"{taken_back}[^.]+\.{re.escape(rule[2:])}")
        else:
            endings.append(re.escape(rule))
    return rf"\A(?:.*?\.)??({'|'.join(endings)})\z"


def _grouped(rules: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        groups[tail(rule.lstrip("!"))].append(rule)
    return dict(groups)


def _rules(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("//")]


def _data(name: str) -> str:
    path = resources.files("penstock.transform") / "data" / name
    return path.read_text(encoding="utf-8")
