"""Field types of the YAML models: each turns a leaf of the file into a value, or refuses it.

Text such as ``"10"`` will do for a number (variables are always text); a bare number or boolean
will not do for text, because it is mostly a slip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator

from penstock.config.problems import AlreadyReportedError, SettingError
from penstock.config.suggest import nearest
from penstock.config.tree import Leaf
from penstock.config.types import canonical
from penstock.errors import ConfigError

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"": 0, "b": 0, "k": 1, "kb": 1, "m": 2, "mb": 2, "g": 3, "gb": 3, "t": 4, "tb": 4}
_FLAGS = dict.fromkeys(("yes", "on", "y", "1"), "true") | dict.fromkeys(
    ("no", "off", "n", "0"), "false"
)
_QUANTITY = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[a-z]*)", re.ASCII)


def leaf(value: object, what: str) -> Leaf:
    """``value`` as a leaf that has a value.

    :raises SettingError: it is a mapping or a list, or empty.
    """
    if isinstance(value, dict | list):
        kind = "a mapping" if isinstance(value, dict) else "a list"
        raise SettingError(f"must be {what}, not {kind}", "write a single value")
    if not isinstance(value, Leaf):
        raise TypeError(f"not a leaf of a YAML file: {type(value).__name__}")
    if value.missing:
        raise AlreadyReportedError
    if value.is_null:
        raise SettingError("has no value", "give it one, or remove the line")
    return value


def as_text(value: object) -> str:
    """Text that is not empty."""
    found = leaf(value, "text")
    if found.literal and (found.is_number or found.flag is not None):
        kind = "the number" if found.is_number else "the boolean"
        raise SettingError(
            f"must be text, not {kind} {found.raw}", f'put it in quotes: "{found.raw}"'
        )
    if not found.text.strip():
        raise SettingError("must be text, and is blank", "give it a value, or remove the line")
    return found.text


def as_written(value: object) -> str:
    """A scalar's text as it stands in the file: ``007`` stays ``007``."""
    return leaf(value, "a single value").text


def as_flag(value: object) -> bool:
    found = leaf(value, "true or false")
    if found.flag is None:
        hint = f"write {_FLAGS.get(found.text.strip().lower(), 'one of the two')}"
        raise SettingError(f"must be true or false, not {found.shown}", hint)
    return found.flag


def as_count(value: object) -> int:
    """A whole number of at least 1."""
    found = leaf(value, "a whole number")
    if not found.is_integer:
        raise SettingError(f"must be a whole number, not {found.shown}", "write digits only")
    if int(found.text) < 1:
        raise SettingError(f"must be at least 1, not {found.shown}", "write a higher number")
    return int(found.text)


def as_seconds(value: object) -> float:
    """``60s``, ``5m``, ``2h``, ``1d`` or a number of seconds."""
    number, unit = _quantity(value, _SECONDS, "a duration", "write for example 60s, 5m, 2h or 1d")
    return float(number * _SECONDS[unit])


def parse_duration(text: str) -> float:
    """Seconds of a duration given on the command line: ``60s``, ``5m``, ``2h``, ``1d``, ``0.5``.

    :raises ConfigError: it is not a duration.
    """
    try:
        return as_seconds(Leaf(text, quoted=True))
    except SettingError as error:
        raise ConfigError(f"the duration {error.sentence}", hint=error.hint) from None


def as_bytes(value: object) -> int:
    """``64k``, ``512m``, ``10g``, ``1t`` (binary units, as Spark's) or a number of bytes."""
    number, unit = _quantity(value, _BYTES, "a size", "write for example 64k, 512m, 10g or 1t")
    size = int(number * 1024 ** _BYTES[unit])
    if size < 1:
        raise SettingError("must be at least 1 byte", "write for example 64k, 512m, 10g or 1t")
    return size


def as_share(value: object) -> float:
    """``5%`` or ``0.05``: a share of 0 to 1."""
    found = leaf(value, "a share")
    text = found.text.strip()
    percent = text.endswith("%")
    number = text[:-1].strip() if percent else text
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", number, re.ASCII):
        raise SettingError(f"must be a share, not {found.shown}", "write for example 5% or 0.05")
    share = Decimal(number) / 100 if percent else Decimal(number)
    if share > 1:
        hint = "write 100% at most" if percent else f"write {number}% for a percentage"
        raise SettingError(f"must be a share of 0 to 1, not {found.shown}", hint)
    return float(share)


def as_texts(value: object) -> tuple[str, ...]:
    """A list of different texts, or a single one."""
    items = tuple(as_text(v) for v in (value if isinstance(value, list) else [value]))
    if not items:
        raise SettingError("is an empty list", "name at least one, or remove the line")
    twice = next((item for i, item in enumerate(items) if item in items[:i]), None)
    if twice is not None:
        raise SettingError(f'holds "{twice}" twice', "remove one of the two")
    return items


def as_written_list(value: object) -> tuple[str, ...]:
    """A list of scalars as written, or a single one."""
    return tuple(as_written(v) for v in (value if isinstance(value, list) else [value]))


def as_type(value: object) -> str:
    """A type of Spark SQL, in canonical form."""
    return canonical(as_text(value))


def as_zone(value: object) -> str:
    """A name of the IANA time zone database."""
    name = as_text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        meant = nearest(name, sorted(available_timezones()))
        hint = f"did you mean {meant}?" if meant else "write a name such as UTC or Europe/Berlin"
        raise SettingError(f'must be a time zone, not "{name}"', hint) from None
    return name


def choice(
    allowed: tuple[str, ...],
    synonyms: Mapping[str, str] | None = None,
    later: Mapping[str, str] | None = None,
    null: str | None = None,
) -> BeforeValidator:
    """One of a few words.

    :param synonyms: what other tools call them.
    :param later: words that are planned, with what to write until then.
    :param null: the word that an empty value stands for.
    """

    def check(value: object) -> str:
        if null is not None and isinstance(value, Leaf) and value.is_null:
            return null
        found = leaf(value, f"one of {', '.join(allowed)}")
        word = found.text.strip()
        if word in allowed:
            return word
        if later and word in later:
            raise SettingError(f"is {word}, which is not available yet", later[word])
        meant = (synonyms or {}).get(word.lower()) or nearest(word, allowed)
        hint = f"did you mean {meant}?" if meant else "write one of them"
        raise SettingError(f"must be one of {', '.join(allowed)}, not {found.shown}", hint)

    return BeforeValidator(check)


def _quantity(value: object, units: Mapping[str, int], what: str, hint: str) -> tuple[Decimal, str]:
    found = leaf(value, what)
    match = _QUANTITY.fullmatch(found.text.strip().lower())
    if not match or match["unit"] not in units:
        raise SettingError(f"must be {what}, not {found.shown}", hint)
    return Decimal(match["number"]), match["unit"]


def _type(check: Callable[[object], object]) -> BeforeValidator:
    return BeforeValidator(check)


Text = Annotated[str, _type(as_text)]
Written = Annotated[str, _type(as_written)]
Flag = Annotated[bool, _type(as_flag)]
Count = Annotated[int, _type(as_count)]
Seconds = Annotated[float, _type(as_seconds)]
Bytes = Annotated[int, _type(as_bytes)]
Share = Annotated[float, _type(as_share)]
Type = Annotated[str, _type(as_type)]
Texts = Annotated[tuple[str, ...], _type(as_texts)]
WrittenList = Annotated[tuple[str, ...], _type(as_written_list)]
Zone = Annotated[str, _type(as_zone)]
