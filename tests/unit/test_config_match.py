"""Captures of ``source.match``, and mistakes in it."""

from __future__ import annotations

import pytest

from penstock.config.match import Capture, captures
from penstock.config.problems import SettingError
from penstock.discover.pattern import compile_match


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.csv", ()),
        ("events_<day:yyyy_MM_dd>*.csv", (Capture("day", "yyyy_MM_dd"),)),
        (
            "network_<network>_transactions_<date:yyyy_MM_dd>*",
            (Capture("network"), Capture("date", "yyyy_MM_dd")),
        ),
        ("**/<day:yyyy/MM/dd>/*_<part>.json", (Capture("day", "yyyy/MM/dd"), Capture("part"))),
        ("<at:yyyyMMdd'T'HHmmss>.csv", (Capture("at", "yyyyMMdd'T'HHmmss"),)),
        (r"\<a\>_[<]_{b,c{d,e}}", ()),
        ("[]]<a>[!]]<b>[^a-z]<c>", (Capture("a"), Capture("b"), Capture("c"))),
    ],
)
def test_captures_are_found_in_order(pattern: str, expected: tuple[Capture, ...]) -> None:
    assert captures(pattern) == expected
    # What is accepted here is what discovery compiles.
    assert [c.name for c in compile_match(pattern).captures] == [c.name for c in expected]


@pytest.mark.parametrize(
    ("pattern", "sentence", "hint"),
    [
        ("/a*", "must not start with /", "write it relative to source.path"),
        ("a[bc", 'has a [ that is not closed: "a[bc"', r"add ], or write \[ for the text"),
        ("a[]", 'has a [ that is not closed: "a[]"', r"add ], or write \[ for the text"),
        ("a{b,c", 'has a { that is not closed: "a{b,c"', r"add }, or write \{ for the text"),
        ("a}b", 'has a } with no { before it: "a}b"', r"write \} for the text"),
        ("a<b", 'has a < that is not closed: "a<b"', r"add >, or write \< for the text"),
        ("a\\", 'ends in a \\: "a\\"', r"write \\ for the text"),
        ("[z-a]", "has a set [z-a] whose range runs backwards", "write a-z"),
        ("{<a>,b}", 'captures inside {...}: "{<a>,b}"', "move the capture out of the braces"),
        (
            "<a b>",
            "captures <a b>, which is not a name",
            "write letters, digits and _, a letter first",
        ),
        ("<>", "captures <>, which is not a name", "write letters, digits and _, a letter first"),
        ("<a>_<A>", "captures <A> twice", "give one of them another name"),
        (
            "<a:YYYY_MM_dd>",
            'has "YYYY" in <a:YYYY_MM_dd>, which is no part of a date',
            "did you mean yyyy?",
        ),
        (
            "<a:yyyy_MMM>",
            'has "MMM" in <a:yyyy_MMM>, which is no part of a date',
            "use yyyy, MM, dd, HH, mm, ss, and put letters that are text into '...'",
        ),
        (
            "<a:yyyyMM_yyyy>",
            "needs yyyy, and each part once, in <a:yyyyMM_yyyy>",
            "write for example yyyy_MM_dd",
        ),
        (
            "<a:MM_dd>",
            "needs yyyy, and each part once, in <a:MM_dd>",
            "write for example yyyy_MM_dd",
        ),
        ("<a:>", "needs yyyy, and each part once, in <a:>", "write for example yyyy_MM_dd"),
    ],
)
def test_mistakes_are_explained(pattern: str, sentence: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        captures(pattern)
    assert (caught.value.sentence, caught.value.hint) == (sentence, hint)
