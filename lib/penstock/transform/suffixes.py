"""What is known of domains, as one small DataFrame to look names up in.

Sources: the Public Suffix List (``data/public_suffixes.txt``, whose header has its date) and a
reviewed list of free-mail domains (``data/free_mail.txt``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.transform.inline import inline_table

TAIL = "_penstock_tail"
ICANN = "_penstock_icann"
PRIVATE = "_penstock_private"
FREE = "_penstock_free"
NAMES = "_penstock_names"

_ROW = (
    "t: string, i: array<string>, p: array<string>, f: array<string>, "
    "n: array<struct<ending: string, company: string>>"
)
"""How the rows of ``lookup`` travel: tail, ICANN, private, free, names."""

EXCEPTION = 100
"""Added to the labels of an exception, so that it is above every other match."""


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

    ====================  ====================================================================
    ``_penstock_tail``     string: the last two labels, such as ``co.uk``
    ``_penstock_icann``    array<struct<ending: string, labels: int>>: rules of registries that
                           end so; see ``_rule``
    ``_penstock_private``  the same of private owners
    ``_penstock_free``     array<string>: free-mail domains that end so
    ``_penstock_names``    array<struct<ending: string, company: string>>: ``overrides``, whose
                           domains are in the form of ``to_unicode``; the longest first
    ====================  ====================================================================

    The arrays are NULL where there is nothing.
    """
    names: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for domain in sorted(overrides, key=len, reverse=True):
        names[tail(domain)].append({"ending": f".{domain}", "company": overrides[domain]})
    groups: dict[str, Mapping[str, object]] = {**_by_tail(), "n": names}
    rows = [
        {"t": key, **{column: group[key] for column, group in groups.items() if key in group}}
        for key in sorted({key for group in groups.values() for key in group})
    ]
    return inline_table(spark, rows, _ROW).select(
        F.col("t").alias(TAIL),
        F.transform("i", _rule).alias(ICANN),
        F.transform("p", _rule).alias(PRIVATE),
        F.col("f").alias(FREE),
        F.col("n").alias(NAMES),
    )


def _rule(rule: Column) -> Column:
    """What the names that match a rule end in, with a dot before it, and how many of their labels
    are public then: one more than a wildcard's, one fewer than an exception's."""
    dots = F.length(rule) - F.length(F.replace(rule, F.lit(".")))
    labels = F.when(rule.startswith("!"), dots + EXCEPTION).otherwise(dots + 1)
    ending = F.concat(F.lit("."), F.regexp_replace(rule, r"\A(?:\*\.|!)", ""))
    return F.struct(ending.alias("ending"), labels.alias("labels"))


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
def _by_tail() -> dict[str, dict[str, list[str]]]:
    known = suffixes()
    return {
        "i": _grouped(known.icann),
        "p": _grouped(known.private),
        "f": _grouped(sorted(free_mail())),
    }


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
