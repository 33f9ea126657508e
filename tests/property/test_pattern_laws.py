"""Laws of ``source.match``, checked against a matcher written the slow and plain way."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.discover.dates import DatePattern
from penstock.discover.pattern import compile_match

NAMES = st.text("ab/_.*[]{}<>,\\?-!^ é\n", max_size=8)

Token = tuple[str, str]


@st.composite
def globs(draw: st.DrawFn) -> list[Token]:
    """A pattern as tokens, so that the plain matcher needs no parser."""
    kinds = st.sampled_from(["text", "text", "text", "?", "*", "**", "set", "not"])
    tokens: list[Token] = [("text", "a"), ("text", "/")] if draw(st.booleans()) else []
    for kind in draw(st.lists(kinds, min_size=1, max_size=5)):
        if kind == "text":
            tokens.append((kind, draw(st.sampled_from("ab/_.-"))))
        elif kind in ("set", "not"):
            tokens.append((kind, "".join(draw(st.lists(st.sampled_from("ab_"), min_size=1)))))
        elif not tokens or "*" not in tokens[-1][0]:
            tokens.append((kind, ""))
    return tokens


def written(tokens: list[Token]) -> str:
    form = {"text": "{}", "set": "[{}]", "not": "[^{}]"}
    return "".join(form.get(kind, kind).format(text) for kind, text in tokens)


def plainly(tokens: list[Token], path: str, begins: bool = True) -> bool:
    """Whether a path matches, by trying everything. ``begins``: a segment of the pattern does."""
    if not tokens:
        return not path
    (kind, text), rest = tokens[0], tokens[1:]
    if kind == "**":
        if begins and rest[:1] == [("text", "/")]:
            folders = [i + 1 for i, sign in enumerate(path) if sign == "/"]
            return any(plainly(rest[1:], path[i:]) for i in [0, *folders])
        return any(plainly(rest, path[i:], False) for i in range(len(path) + 1))
    if kind == "*":
        end = path.find("/") if "/" in path else len(path)
        return any(plainly(rest, path[i:], False) for i in range(end + 1))
    if not path:
        return False
    sign = path[0]
    fits = {
        "text": sign == text,
        "?": sign != "/",
        "set": sign in text,
        "not": sign not in text and sign != "/",
    }
    return fits[kind] and plainly(rest, path[1:], kind == "text" and text == "/")


@given(tokens=globs(), path=st.text("ab/_.-\n", max_size=7))
def test_the_expression_agrees_with_the_plain_matcher(tokens: list[Token], path: str) -> None:
    match = written(tokens)
    if match.startswith("/"):
        return
    anywhere = "/" not in match and "**" not in match
    expected = plainly(tokens, path.rpartition("/")[2] if anywhere else path)
    pattern = compile_match(match)
    assert (pattern.match(path) is not None) is expected
    assert not expected or path.startswith(pattern.literal_prefix)


@given(name=NAMES.filter(lambda n: bool(n) and not n.startswith("/")), other=NAMES)
def test_an_escaped_name_matches_itself_alone(name: str, other: str) -> None:
    pattern = compile_match("".join(f"\\{sign}" for sign in name))
    assert pattern.match(name) == {}
    same = other == name or ("/" not in name and other.rpartition("/")[2] == name)
    assert (pattern.match(other) is not None) is same


@given(first=st.text("xy1", min_size=1), last=st.text("xy1-", min_size=1), folder=st.text("a/"))
def test_captures_give_back_what_the_name_was_made_of(first: str, last: str, folder: str) -> None:
    path = f"{folder}/n_{first}-{last}.csv"
    assert compile_match("n_<first>-<last>.csv").match(path) == {"first": first, "last": last}


@pytest.mark.parametrize(
    ("java", "python"),
    [
        ("yyyy_MM_dd", "%Y_%m_%d"),
        ("ddMMyyyy", "%d%m%Y"),
        ("MM-yyyy-dd", "%m-%Y-%d"),
        ("yyyyMMdd'T'HH:mm:ss", "%Y%m%dT%H:%M:%S"),
    ],
)
@given(instant=st.datetimes())
def test_every_date_that_exists_is_captured_as_iso(
    java: str, python: str, instant: datetime
) -> None:
    pattern = DatePattern.parse(java)
    instant = instant.replace(microsecond=0)
    # strftime does not pad years on every platform.
    text = instant.strftime(python.replace("%Y", f"{instant.year:04}"))
    expected = instant if pattern.has_time else instant.date()
    assert compile_match(f"e_<at:{java}>.csv").match(f"e_{text}.csv") == {
        "at": expected.isoformat()
    }


@given(year=st.integers(0, 9999), month=st.integers(0, 99), day=st.integers(0, 99))
@example(2000, 2, 29)
@example(1900, 2, 29)
@example(2024, 2, 29)
@example(2023, 2, 29)
@example(2024, 4, 31)
@example(2024, 12, 31)
@example(0, 1, 1)
def test_a_date_matches_exactly_if_the_calendar_has_it(year: int, month: int, day: int) -> None:
    text = f"{year:04}{month:02}{day:02}"
    try:
        expected = {"d": date(year, month, day).isoformat()}
    except ValueError:
        expected = None
    pattern = compile_match("<d:yyyyMMdd>")
    assert pattern.match(text) == expected
    assert (pattern.complaint(text) is None) is (expected is not None)
