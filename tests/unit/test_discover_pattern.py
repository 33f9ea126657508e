"""The grammar of ``source.match``."""

from __future__ import annotations

import pytest

from penstock.discover.pattern import compile_match
from penstock.errors import ConfigError

GLOBS = [
    ("*.csv", "a.csv", True),
    ("*.csv", "deep/er/a.csv", True),
    ("*.csv", "a.csv.gz", False),
    ("*.csv", "a.CSV", False),
    ("*.csv", "a.csv\n", False),
    ("*.csv", "a\nb.csv", True),
    ("*.csv", "x\ny/a.csv", True),
    ("in/**/a.csv", "in/x\ny/a.csv", True),
    ("a.csv", "x/a.csv", True),
    ("a.csv", "xa.csv", False),
    ("a.csv", "axcsv", False),
    ("in/*.csv", "in/a.csv", True),
    ("in/*.csv", "in/b/a.csv", False),
    ("in/*.csv", "x/in/a.csv", False),
    ("*/a.csv", "in/a.csv", True),
    ("*/a.csv", "a.csv", False),
    ("a?.csv", "ab.csv", True),
    ("a?.csv", "a.csv", False),
    ("a?b/*", "a/b/c", False),
    ("[abc].csv", "b.csv", True),
    ("[abc].csv", "d.csv", False),
    ("[a-c]x", "bx", True),
    ("[a-c]x", "-x", False),
    ("[-a]x", "-x", True),
    ("[a-]x", "-x", True),
    ("[^a]x", "bx", True),
    ("[^a]x", "ax", False),
    ("[!a]x", "bx", True),
    ("[!a]x", "ax", False),
    ("in[^a]x", "in/x", False),
    ("in[+-9]x/y", "in/x/y", False),
    ("[]]x", "]x", True),
    ("[^]]x", "]x", False),
    ("[&&~|]x", "|x", True),
    ("{a,b}.csv", "b.csv", True),
    ("{a,b}.csv", "c.csv", False),
    ("{a,b{1,2}}.csv", "b2.csv", True),
    ("{a,b{1,2}}.csv", "b.csv", False),
    ("a{,.gz}", "a", True),
    ("a{,.gz}", "a.gz", True),
    ("{in,out/x}/*", "out/x/a", True),
    ("{a*,b?}.csv", "axyz.csv", True),
    ("a,b.csv", "a,b.csv", True),
    ("**", "a/b/c", True),
    ("**/a.csv", "a.csv", True),
    ("**/a.csv", "x/y/a.csv", True),
    ("**/a.csv", "xa.csv", False),
    ("in/**/a.csv", "in/a.csv", True),
    ("in/**/a.csv", "in/x/y/a.csv", True),
    ("in/**/a.csv", "inx/a.csv", False),
    ("in/**", "in/x/y", True),
    ("in/**", "in", False),
    ("in**.csv", "in/x.csv", True),
    ("a***b", "a/b", True),
    ("\\*.csv", "*.csv", True),
    ("\\*.csv", "a.csv", False),
    ("a\\<b>", "a<b>", True),
    ("a\\\\b", "a\\b", True),
    ("a.b|c+(d)^$", "a.b|c+(d)^$", True),
    ("zażółć-*.csv", "zażółć-🙂.csv", True),
]


@pytest.mark.parametrize(("match", "path", "expected"), GLOBS)
def test_a_glob_matches_as_in_spark(match: str, path: str, expected: bool) -> None:
    assert (compile_match(match).match(path) is not None) is expected


@pytest.mark.parametrize(
    ("match", "path", "expected"),
    [
        ("events_<date:yyyy_MM_dd>*.csv", "events_2024_09_20_b.csv", {"date": "2024-09-20"}),
        (
            "network_<network>_transactions_<day:yyyy_MM_dd>*",
            "in/network_3_transactions_2024_09_20",
            {"network": "3", "day": "2024-09-20"},
        ),
        ("<a>_<b>.csv", "x_y_z.csv", {"a": "x", "b": "y_z"}),
        ("<region>/<day:yyyy/MM/dd>/*", "eu/2024/09/20/a", {"region": "eu", "day": "2024-09-20"}),
        ("<a>.csv", ".csv", None),
        ("<a>/x.csv", "p/q/x.csv", None),
        ("<t:yyyyMMddHHmmss>", "20240920100000", {"t": "2024-09-20T10:00:00"}),
        ("<t:yyyy-MM-dd'T'HHmm>", "2024-09-20T1015", {"t": "2024-09-20T10:15:00"}),
        ("<m:yyyy-MM>.csv", "2024-10.csv", {"m": "2024-10-01"}),
        ("<m:dd.MM.yyyy>", "20.09.2024", {"m": "2024-09-20"}),
        ("<m:dd.MM.yyyy>", "20x09x2024", None),
        ("*<day:yyyyMMdd>*", "x12024092055.csv", {"day": "2024-09-20"}),
        ("*_<day:yyyyMMdd>.csv", "a_20240229.csv", {"day": "2024-02-29"}),
    ],
)
def test_captures_are_the_text_and_dates_are_iso(
    match: str, path: str, expected: dict[str, str] | None
) -> None:
    assert compile_match(match).match(path) == expected


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("e_2024_02_31.csv", "name: 2024_02_31 is not a date of the form yyyy_MM_dd"),
        ("e_2023_02_29.csv", "name: 2023_02_29 is not a date of the form yyyy_MM_dd"),
        ("e_1900_02_29.csv", "name: 1900_02_29 is not a date of the form yyyy_MM_dd"),
        ("e_2024_13_01.csv", "name: 2024_13_01 is not a date of the form yyyy_MM_dd"),
        ("e_0000_01_01.csv", "name: 0000_01_01 is not a date of the form yyyy_MM_dd"),
        ("e_2024_9_20.csv", None),
        ("e_latest.csv", None),
        ("e_٢٠٢٤_٠٩_٢٠.csv", None),
    ],
)
def test_a_date_that_does_not_exist_does_not_match_and_is_complained_about(
    path: str, reason: str | None
) -> None:
    pattern = compile_match("e_<date:yyyy_MM_dd>.csv")
    assert pattern.match(path) is None
    assert pattern.complaint(path) == reason


def test_the_complaint_is_about_the_date_that_is_wrong() -> None:
    pattern = compile_match("<a:yyyyMMdd>-<b:HHmmyyyy>")
    assert pattern.complaint("20240920-25002024") == (
        "name: 25002024 is not a date of the form HHmmyyyy"
    )


@pytest.mark.parametrize("path", ["e_2024_09_20.csv", "e_2024_02_29.csv", "orders.csv"])
def test_there_is_no_complaint_about_other_names(path: str) -> None:
    assert compile_match("e_<date:yyyy_MM_dd>.csv").complaint(path) is None
    assert compile_match("*.csv").complaint(path) is None


@pytest.mark.parametrize(
    ("match", "prefix"),
    [
        ("in/events_*.csv", "in/events_"),
        ("in/2024/a.csv", "in/2024/a.csv"),
        ("in/{a,b}/c", "in/"),
        ("in/\\*x?/a", "in/*x"),
        ("in/<a>/b", "in/"),
        ("in/[a]", "in/"),
        ("in/**/b", "in/"),
        ("a,b/*", "a,b/"),
        ("events_*.csv", ""),
        ("a.csv", ""),
        ("**/a.csv", ""),
    ],
)
def test_the_literal_beginning_prunes_the_listing(match: str, prefix: str) -> None:
    assert compile_match(match).literal_prefix == prefix


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ("", "is empty"),
        ("/a.csv", "must not start with /"),
        ("[abc", r"\[ that is not closed"),
        ("[]", r"\[ that is not closed"),
        ("{a,b", r"{ that is not closed"),
        ("a}", "no { before it"),
        ("<a", "< that is not closed"),
        ("<>", "not a name"),
        ("<1a>", "not a name"),
        ("<a b>", "not a name"),
        ("<a>_<a>", "<a> twice"),
        ("{<a>,b}", "inside"),
        ("a\\", r"ends in a \\"),
        ("[z-a]", "bad character range"),
        ("<a:YYYY>", '"YYYY"'),
        ("<a:MM_dd>", "needs yyyy"),
        ("<a:yyyyMMyyyy>", "each part of the date once"),
        ("<a:>", "needs yyyy"),
        ("<a:yyyy_M>", '"M"'),
    ],
)
def test_a_wrong_pattern_is_refused_with_a_remedy(match: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        compile_match(match)
    assert caught.value.hint


def test_the_captures_are_known_before_any_file_is() -> None:
    captures = compile_match("<network>_<day:yyyyMMdd>_<at:yyyyMMddHH>").captures
    assert [
        (c.name, c.date and c.date.text, bool(c.date and c.date.has_time)) for c in captures
    ] == [
        ("network", None, False),
        ("day", "yyyyMMdd", False),
        ("at", "yyyyMMddHH", True),
    ]
