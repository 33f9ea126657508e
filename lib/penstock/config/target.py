"""``target`` -> :class:`penstock.model.Target`, and the rules between mode, key and steps."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.config.columns import Known
from penstock.config.problems import SettingError
from penstock.config.reader import Reader
from penstock.config.scalars import leaf
from penstock.config.schema import HistorySection, TargetSection
from penstock.config.tree import Leaf, Path
from penstock.config.types import TEXTS, is_nested
from penstock.model import Connection, History, Step, Target, UuidClashStep

ARRIVAL = "arrival"
"""``version_column`` that means: the batch planned later wins."""

_DIST_STYLES = ("auto", "even", "all")
_AT: Path = ("target",)


def read_target(
    reader: Reader,
    section: TargetSection | None,
    connection: Connection | None,
    known: Known,
    steps: Iterable[tuple[Step, Path]],
) -> Target | None:
    """The target; None if its shape is wrong or its connection is."""
    _check_columns(reader, known)
    if section is None:
        return None
    history = _history(reader, section, known)
    _check_key(reader, section, known)
    _check_mode(reader, section, known)
    for step, path in steps:
        if isinstance(step, UuidClashStep):
            _check_clash(reader, section, known, step, path)
    if connection is None:
        return None
    return Target(
        connection=connection,
        table=section.table,
        mode=section.mode,
        key=section.key,
        version_column=section.version_column,
        history=history,
        write=section.write,
        dist=section.redshift.dist,
        sort=section.redshift.sort,
    )


def _history(reader: Reader, section: TargetSection, known: Known) -> History:
    path: Path = (*_AT, "history")
    value = reader.get(*path)
    if value is None:
        return History()
    if section.mode == "replace":
        hint = "remove it, or write mode: append"
        reader.refuse(
            path, SettingError("is not for mode replace, which compares with nothing", hint)
        )
        return History()
    if not isinstance(value, dict):
        word = reader.attempt(path, _history_word, value)
        if word == "none" and section.mode == "upsert":
            hint = "write history: all, or mode: append"
            sentence = "cannot be none with mode upsert, which compares with the target"
            reader.refuse(path, SettingError(sentence, hint))
        return History(kind="none") if word == "none" else History()
    known.check(reader, (*path, "column"))
    window = reader.read(HistorySection, path)
    if window is None:
        return History()
    type_ = known.type(window.column)
    if type_ not in (None, "date", "timestamp", "timestamp_ntz"):
        sentence = f"must be a date or a timestamp, and {window.column} is of type {type_}"
        reader.refuse((*path, "column"), SettingError(sentence, "name another column"))
    return History(kind="days", column=window.column, days=window.days)


def _history_word(value: object) -> str:
    found = leaf(value, "all, none, or a column with days")
    if found.text not in ("all", "none"):
        hint = "write for example {column: timestamp, days: 90}"
        raise SettingError(f"must be all, none, or a column with days, not {found.shown}", hint)
    return found.text


def _check_key(reader: Reader, section: TargetSection, known: Known) -> None:
    path: Path = (*_AT, "key")
    for name in section.key:
        type_ = known.type(name)
        if type_ and is_nested(type_):
            sentence = f"cannot hold {name}, which is of type {type_}"
            reader.refuse(path, SettingError(sentence, "name columns with single values"))


def _check_mode(reader: Reader, section: TargetSection, known: Known) -> None:
    path: Path = (*_AT, "mode")
    version = section.version_column
    if section.mode == "upsert":
        if not section.key:
            reader.refuse(path, SettingError("is upsert, which needs a key", "add target.key"))
        if version is None:
            sentence = "is upsert, which needs a version_column to tell which record is newest"
            hint = "add target.version_column, or version_column: arrival for the later batch"
            reader.refuse(path, SettingError(sentence, hint))
    elif version is not None:
        sentence = f"has no effect with mode {section.mode}"
        reader.refuse(
            (*_AT, "version_column"), SettingError(sentence, "remove it, or write mode: upsert")
        )
        return
    if version == ARRIVAL and known.clash(ARRIVAL):
        sentence = "could mean the column arrival or the arrival of the batch"
        reader.refuse((*_AT, "version_column"), SettingError(sentence, "rename the column"))
    elif version is not None and version != ARRIVAL:
        type_ = known.type(version)
        if type_ and (is_nested(type_) or type_ in ("boolean", "binary")):
            sentence = f"must have an order, and {version} is of type {type_}"
            reader.refuse((*_AT, "version_column"), SettingError(sentence, "name another column"))


def _check_clash(
    reader: Reader, section: TargetSection, known: Known, step: UuidClashStep, path: Path
) -> None:
    if section.mode == "upsert":
        sentence = "does not go with mode upsert, where the newest record wins"
        reader.refuse(path, SettingError(sentence, "remove it, or write mode: append"))
        return
    if not section.key:
        key = ", ".join(step.key) or "id"
        reader.refuse(path, SettingError("needs target.key", f"add key: [{key}] to target"))
        return
    if set(step.key) != set(section.key):
        sentence = f"must be the columns of target.key: {', '.join(section.key)}"
        reader.refuse((*path, "key"), SettingError(sentence, "remove it, and target.key is taken"))
        return
    type_ = known.type(step.key[-1])
    if step.on_clash == "rekey" and type_ and type_ not in TEXTS:
        sentence = f"cannot rekey {step.key[-1]}, which is of type {type_}"
        hint = "write on_clash: quarantine, or make the last column of the key a string or uuid"
        reader.refuse(path, SettingError(sentence, hint))


def _check_columns(reader: Reader, known: Known) -> None:
    """Note unknown columns, also where other settings of the target are wrong."""
    known.check(reader, (*_AT, "key"))
    known.check(reader, (*_AT, "redshift", "sort"))
    for path, words in (
        ((*_AT, "version_column"), (ARRIVAL,)),
        ((*_AT, "redshift", "dist"), _DIST_STYLES),
    ):
        value = reader.get(*path)
        if not isinstance(value, Leaf) or value.text.lower() not in words:
            known.check(reader, path)
