"""Durations, sizes, shares and the other types of settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from penstock.config import parse_duration
from penstock.config.problems import SettingError
from penstock.config.scalars import (
    as_bytes,
    as_count,
    as_flag,
    as_seconds,
    as_share,
    as_text,
    as_texts,
    as_written,
    as_written_list,
    as_zone,
)
from penstock.config.tree import Leaf, Value
from penstock.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60s", 60.0),
        ("5m", 300.0),
        ("2h", 7200.0),
        ("1d", 86400.0),
        ("90", 90.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("1.5h", 5400.0),
        ("5 M", 300.0),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert as_seconds(Leaf(text)) == seconds
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("64k", 65536),
        ("64KB", 65536),
        ("512m", 536870912),
        ("10g", 10737418240),
        ("1.5g", 1610612736),
        ("1t", 1099511627776),
        ("100b", 100),
    ],
)
def test_sizes_are_bytes_in_binary_units(text: str, size: int) -> None:
    assert as_bytes(Leaf(text)) == size


@pytest.mark.parametrize(
    ("text", "share"),
    [("5%", 0.05), ("0.05", 0.05), ("0", 0.0), ("1", 1.0), ("100%", 1.0), ("0.1 %", 0.001)],
)
def test_shares_are_percentages_or_fractions(text: str, share: float) -> None:
    assert as_share(Leaf(text)) == share


@pytest.mark.parametrize(
    ("function", "value", "sentence", "hint"),
    [
        (
            as_seconds,
            Leaf("5 minutes"),
            'must be a duration, not "5 minutes"',
            "write for example 60s, 5m, 2h or 1d",
        ),
        (
            as_seconds,
            Leaf("-1"),
            "must be a duration, not -1",
            "write for example 60s, 5m, 2h or 1d",
        ),
        (
            as_bytes,
            Leaf("10q"),
            'must be a size, not "10q"',
            "write for example 64k, 512m, 10g or 1t",
        ),
        (
            as_bytes,
            Leaf("0.1"),
            "must be at least 1 byte",
            "write for example 64k, 512m, 10g or 1t",
        ),
        (as_share, Leaf("5"), "must be a share of 0 to 1, not 5", "write 5% for a percentage"),
        (as_share, Leaf("101%"), 'must be a share of 0 to 1, not "101%"', "write 100% at most"),
        (as_share, Leaf("-5%"), 'must be a share, not "-5%"', "write for example 5% or 0.05"),
        (as_count, Leaf("many"), 'must be a whole number, not "many"', "write digits only"),
        (as_count, Leaf("1.5"), "must be a whole number, not 1.5", "write digits only"),
        (as_count, Leaf("0"), "must be at least 1, not 0", "write a higher number"),
        (as_count, ["1"], "must be a whole number, not a list", "write a single value"),
        (as_count, {}, "must be a whole number, not a mapping", "write a single value"),
        (as_count, Leaf(""), "has no value", "give it one, or remove the line"),
        (as_flag, Leaf("yes"), 'must be true or false, not "yes"', "write true"),
        (as_flag, Leaf("Off"), 'must be true or false, not "Off"', "write false"),
        (as_flag, Leaf("maybe"), 'must be true or false, not "maybe"', "write one of the two"),
        (as_text, Leaf("12"), "must be text, not the number 12", 'put it in quotes: "12"'),
        (as_text, Leaf("true"), "must be text, not the boolean true", 'put it in quotes: "true"'),
        (
            as_text,
            Leaf(" ", quoted=True),
            "must be text, and is blank",
            "give it a value, or remove the line",
        ),
        (as_text, Leaf("~"), "has no value", "give it one, or remove the line"),
        (as_texts, [], "is an empty list", "name at least one, or remove the line"),
        (as_texts, [Leaf("a"), Leaf("b"), Leaf("a")], 'holds "a" twice', "remove one of the two"),
        (as_zone, Leaf("Europe/Berln"), 'must be a time zone, not "Europe/Berln"', None),
        (as_zone, Leaf("../etc"), 'must be a time zone, not "../etc"', None),
        (as_zone, Leaf("Europe"), 'must be a time zone, not "Europe"', None),
    ],
)
def test_wrong_values_are_refused_with_a_remedy(
    function: Callable[[object], object], value: Value, sentence: str, hint: str | None
) -> None:
    with pytest.raises(SettingError) as caught:
        function(value)
    assert caught.value.sentence == sentence
    assert caught.value.hint
    assert hint in (None, caught.value.hint)


def test_the_nearest_time_zone_is_offered() -> None:
    with pytest.raises(SettingError) as caught:
        as_zone(Leaf("Europe/Berln"))
    assert caught.value.hint == "did you mean Europe/Berlin?"


def test_numbers_may_stand_in_quotes() -> None:
    assert as_count(Leaf("10", quoted=True)) == 10
    assert as_flag(Leaf("false", quoted=True)) is False
    assert as_text(Leaf("12", quoted=True)) == "12"


def test_a_single_value_stands_for_a_list_of_one() -> None:
    assert as_texts(Leaf("id")) == ("id",)
    assert as_texts([Leaf("a"), Leaf("b")]) == ("a", "b")


def test_values_keep_the_text_they_were_written_with() -> None:
    assert as_written(Leaf("007")) == "007"
    assert as_written_list([Leaf("NO"), Leaf("1.10"), Leaf("", quoted=True)]) == ("NO", "1.10", "")


def test_a_duration_of_the_command_line_is_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_duration("soon")
    assert str(caught.value) == (
        'the duration must be a duration, not "soon"\n  hint: write for example 60s, 5m, 2h or 1d'
    )
