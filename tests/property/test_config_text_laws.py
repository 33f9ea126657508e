"""Laws of the small languages inside a feed file."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from penstock.config.match import captures
from penstock.config.problems import SettingError
from penstock.config.tree import Leaf
from penstock.config.types import canonical
from penstock.config.urls import expand, has_literal_secret
from penstock.config.variables import substitute
from penstock.config.windows import month_bounds, to_instant
from penstock.discover.pattern import compile_match
from penstock.errors import ConfigError

atoms = st.sampled_from(
    ["tinyint", "Byte", "INT", "bigint", "long", "float", "string", "date", "timestamp_ltz"]
) | st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: f"Decimal( {p} , {s} )"))
types = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda t: f"Array<{t}>"),
        st.tuples(inner, inner).map(lambda t: f"map< {t[0]} ,{t[1]} >"),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda ts: "struct<" + ", ".join(f"Field{i}: {t}" for i, t in enumerate(ts)) + ">"
        ),
    ),
    max_leaves=6,
)
secrets = st.text(st.characters(codec="utf-8", exclude_categories=["Co"]), min_size=1)


@given(types)
def test_canonical_types_are_canonical(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert " " not in once
    assert once.replace("Field", "") == once.replace("Field", "").lower()


@given(st.text(alphabet="intsrgade<>(),: `_01"))
def test_what_passes_for_a_type_is_canonical(text: str) -> None:
    try:
        result = canonical(text)
    except SettingError:
        return
    assert canonical(result) == result


@given(st.text(alphabet="$ab{}:-"))
def test_doubled_dollars_stand_for_themselves(text: str) -> None:
    escaped = text.replace("$", "$$")
    assert "".join(p.text for p in substitute(escaped, {}, {})) == text


@given(st.text(), st.text())
def test_values_are_never_read_again(value: str, other: str) -> None:
    pieces = substitute("<${A}${var:b}>", {"b": other}, {"A": value})
    assert "".join(p.text for p in pieces) == f"<{value}{other}>"


@given(secrets, secrets)
def test_any_password_survives_its_way_into_a_url(user: str, password: str) -> None:
    raw = "postgresql://${U}:${P}@db:5432/wh"
    leaf = Leaf(raw, pieces=substitute(raw, {}, {"U": user, "P": password}))
    parts = urlsplit(expand(leaf))
    assert (parts.hostname, parts.port, parts.path) == ("db", 5432, "/wh")
    assert unquote(parts.username or "") == user
    assert unquote(parts.password or "") == password


@given(st.text(alphabet="abc@:/?#%&=é ", min_size=1))
def test_any_literal_password_is_found(password: str) -> None:
    assert has_literal_secret(f"postgresql://u:{password}@db/wh")


@given(
    st.integers(1970, 2100),
    st.integers(1, 12),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_months_follow_each_other_without_gap_or_overlap(year: int, month: int, zone: str) -> None:
    start, end = month_bounds(f"{year}-{month:02}")
    later = end + timedelta(days=1)
    following, _ = month_bounds(f"{later.year}-{later.month:02}")
    assert following == end
    first, last = to_instant(start, zone, "timestamp"), to_instant(end, zone, "timestamp")
    assert first < last
    local = first.astimezone(ZoneInfo(zone))
    assert (local.year, local.month, local.day, local.hour) == (year, month, 1, 0)


@given(st.text(alphabet="ab*?[]{},<>:^!-\\/yMd", min_size=1, max_size=12))
def test_a_pattern_that_is_accepted_can_be_compiled(pattern: str) -> None:
    try:
        found = captures(pattern)
    except SettingError:
        return
    try:
        compiled = compile_match(pattern)
    except ConfigError as error:
        raise AssertionError(f"accepted {pattern!r}: {error}") from error
    assert [c.name for c in compiled.captures] == [c.name for c in found]
