from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from penstock.transform.suffixes import free_mail, suffixes

SCRIPT = Path(__file__).parents[2] / "deploy" / "packaging" / "public_suffixes.py"


def test_the_public_suffix_list_is_shipped_whole() -> None:
    known = suffixes()
    assert {"co.uk", "*.kobe.jp", "!city.kobe.jp", "公司.cn"} <= set(known.icann)
    assert {"github.io", "uk.com"} <= set(known.private)
    assert not set(known.icann) & set(known.private)
    assert len(known.icann) > 5000
    assert len(known.private) > 2000


def test_wildcards_of_top_level_domains_are_known() -> None:
    assert {"ck", "mm", "np"} <= set(suffixes().wild)


def test_wildcards_stand_at_the_beginning_of_a_rule_only() -> None:
    """The look-up relies on it."""
    rules = (*suffixes().icann, *suffixes().private)
    assert [r for r in rules if "*" in r.removeprefix("*.")] == []


def test_shortening_keeps_rules_of_two_labels_and_the_version() -> None:
    source = (
        "// notes\n// VERSION: 1\n// ===BEGIN ICANN DOMAINS===\n\n// uk\nuk\nco.uk\n"
        "*.ck  trailing words\n!www.ck\n// ===END ICANN DOMAINS===\n"
        "// ===BEGIN PRIVATE DOMAINS===\ngithub.io\n"
    )
    text = runpy.run_path(str(SCRIPT))["shorten"](source)
    assert text.startswith("// This Source Code Form is subject to the terms of the Mozilla Public")
    assert text.endswith(
        "// VERSION: 1\n// ===BEGIN ICANN DOMAINS===\nco.uk\n*.ck\n!www.ck\n"
        "// ===BEGIN PRIVATE DOMAINS===\ngithub.io\n"
    )


def test_the_free_mail_list_has_the_well_known_and_no_more_than_domains() -> None:
    domains = free_mail()
    assert {"gmail.com", "icloud.com", "yahoo.co.uk", "qq.com", "web.de"} <= domains
    assert [d for d in domains if d != d.strip().lower() or "." not in d] == []


def test_free_mail_domains_are_registrable() -> None:
    """A sub-domain in the list would never be found: names are compared when registrable."""
    package = pytest.importorskip("publicsuffixlist")
    known = package.PublicSuffixList()
    assert [d for d in sorted(free_mail()) if known.privatesuffix(d) != d] == []
