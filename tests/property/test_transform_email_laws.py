"""``email_company`` against the Public Suffix List's algorithm in plain Python."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from penstock.transform import email_company
from penstock.transform.suffixes import suffixes

ICANN, PRIVATE = suffixes()

labels = st.sampled_from(["a", "www", "acme", "b-c", "city", "co", "食狮", "x1"])


@st.composite
def domains(draw: st.DrawFn) -> str:
    """A name around a rule: the rule itself, above it or below it."""
    rule = draw(st.sampled_from((*ICANN, *PRIVATE)) | st.sampled_from(["com", "de", "unknown"]))
    parts = [draw(labels) if p == "*" else p for p in rule.removeprefix("!").split(".")]
    parts = parts[draw(st.integers(0, 1)) :]
    below = draw(st.lists(labels, max_size=3))
    name = [*below, *parts]
    return ".".join(["acme"] * (2 - len(name)) + name)


def suffix_length(parts: list[str], rules: Collection[str]) -> int:
    """https://github.com/publicsuffix/list/wiki/Format#algorithm, in labels."""
    best = 1 if rules is ICANN_SET else 0
    for i in range(len(parts)):
        name, above = ".".join(parts[i:]), ".".join(["*", *parts[i + 1 :]])
        if f"!{name}" in rules:
            return len(parts) - i - 1
        if name in rules or above in rules:
            best = max(best, len(parts) - i)
    return best


ICANN_SET, PRIVATE_SET = frozenset(ICANN), frozenset(PRIVATE)


def company(domain: str) -> str | None:
    parts = domain.split(".")
    registry = suffix_length(parts, ICANN_SET)
    for length in (max(registry, suffix_length(parts, PRIVATE_SET)), registry):
        if length < len(parts):
            return parts[-length - 1]
    return None


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(names=st.lists(domains(), min_size=1, max_size=200, unique=True))
def test_the_company_is_the_label_below_the_public_suffix(
    spark: SparkSession, names: list[str]
) -> None:
    df = spark.createDataFrame([(f"x@{name}",) for name in names], "email string")
    got = df.transform(email_company("email", free_mail="keep")).collect()
    assert {r.email_domain: r.company for r in got} == {name: company(name) for name in names}
