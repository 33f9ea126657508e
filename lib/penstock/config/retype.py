"""Other types for a feed's columns, from Python instead of YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath

from penstock.config.hashing import config_hash
from penstock.config.problems import SettingError
from penstock.config.rules import rule_problems
from penstock.config.suggest import did_you_mean
from penstock.config.types import canonical
from penstock.errors import ConfigError
from penstock.model import Column, Feed


def retype(feed: Feed, columns: Mapping[str, str]) -> Feed:
    """The same feed with other types for some of its columns, declared or captured.

    :param columns: name to type, as in a feed file (``decimal(18,2)``).
    :raises ConfigError: no such column, no such type, or a rule of the column does not fit it.
    """
    known = {c.name for c in (*feed.columns, *feed.captures)}
    for name in columns:
        if name not in known:
            hint = did_you_mean(name, sorted(known), "its columns are")
            raise ConfigError(f"{name} is not a column of feed {feed.name}", hint=hint)
    changed = replace(
        feed,
        columns=tuple(_retyped(c, columns.get(c.name)) for c in feed.columns),
        captures=tuple(_retyped(c, columns.get(c.name)) for c in feed.captures),
    )
    suite = feed.quality.expectations
    content = FilePath(suite).read_bytes() if suite else b""
    return replace(changed, config_hash=config_hash(changed, content))


def _retyped(column: Column, type_: str | None) -> Column:
    if type_ is None:
        return column
    try:
        changed = replace(column, type=canonical(type_))
    except SettingError as error:
        raise ConfigError(f"{column.name} {error.sentence}", hint=error.hint) from None
    for rule, problem in rule_problems(changed):
        raise ConfigError(f"{column.name}.{rule} {problem.sentence}", hint=problem.hint)
    return changed
