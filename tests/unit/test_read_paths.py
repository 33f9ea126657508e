"""Names that go through Spark unharmed, and those that need another."""

from __future__ import annotations

import pytest

from penstock.read import needs_safe_copy, safe_name
from penstock.read.paths import path_keys

FINE = [
    "plain.csv",
    "a b+c=d,e;f&g@h!i'j(k)~l$m.csv",
    "ünï 日本 😀 e\u0301.csv.gz",
    "year=2024/_under/x.csv",
    "trailing .csv",
    "two..dots.csv",
]
HOSTILE = [
    "_hidden.csv",
    ".hidden.csv",
    "x.csv._COPYING_",
    "a{b,c}.csv",
    "a[1].csv",
    "a*.csv",
    "a?.csv",
    "a\\b.csv",
    "a:b.csv",
    "a%20b.csv",
    "a#b.csv",
    'a"b.csv',
    "a|b.csv",
    "a^b.csv",
    "a`b.csv",
    "a<b>.csv",
    "a\tb.csv",
    "a\nb.csv",
    "a\x7fb.csv",
    "a\u00a0b.csv",
    "a\u2028b.csv",
    "a\udcffb.csv",
    "a//b.csv",
    "a/../b.csv",
    "./b.csv",
    "a/",
]


@pytest.mark.parametrize("root", ["file:///drops/", "s3://bucket/", "/drops/"])
@pytest.mark.parametrize("name", FINE)
def test_usual_names_are_read_in_place(root: str, name: str) -> None:
    assert not needs_safe_copy(root + name)


@pytest.mark.parametrize("root", ["file:///drops/", "s3://bucket/", "/drops/"])
@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_spark_might_misread_need_a_copy(root: str, name: str) -> None:
    assert needs_safe_copy(root + name)


@pytest.mark.parametrize("name", [*FINE, *HOSTILE])
def test_the_name_of_the_copy_is_safe(name: str) -> None:
    assert not needs_safe_copy("file:///home/" + safe_name(name, 12))


def test_the_name_of_the_copy_keeps_the_compression() -> None:
    assert safe_name("s3://b/a:b.csv.gz", 7) == "000007.gz"
    assert safe_name("s3://b/a:b.json", 1_000_000) == "1000000"


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("s3a://b/k.csv", ("s3a://b/k.csv",)),
        ("s3a://b/a k.csv", ("s3a://b/a k.csv", "s3a://b/a%20k.csv")),
        ("file:///d/k.csv", ("file:/d/k.csv", "file:///d/k.csv")),
        ("/d/k.csv", ("file:/d/k.csv", "file:///d/k.csv")),
        (
            "file:///d/é k.csv",
            ("file:/d/é k.csv", "file:/d/é%20k.csv", "file:///d/é k.csv", "file:///d/é%20k.csv"),
        ),
    ],
)
def test_every_spelling_of_a_path_is_known(path: str, keys: tuple[str, ...]) -> None:
    assert path_keys(path) == keys
