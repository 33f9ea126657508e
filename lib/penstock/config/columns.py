"""``columns`` and the captures of ``source.match`` -> the feed's columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from penstock.config.match import Capture
from penstock.config.problems import SettingError
from penstock.config.reader import Reader
from penstock.config.rules import rule_problems
from penstock.config.schema import ColumnSection
from penstock.config.suggest import did_you_mean
from penstock.config.tree import Leaf, Path, Value
from penstock.model import Column
from penstock.model.layout import CONTENT_HASH, ORIGINAL_ID, REKEYED_ID

_OURS = (CONTENT_HASH, ORIGINAL_ID, REKEYED_ID)
# Delta Lake refuses blanks and ,;{}()= in column names, Spark needs quotes for dots; the others
# are the quotes themselves.
_FORBIDDEN = " \t\r\n,;{}()=.`'\"\\%"
_MAX_NAME = 63  # bytes; Postgres cuts longer identifiers off without a word


@dataclass(slots=True)
class Known:
    """The columns a setting may refer to, with their types; None where the declaration itself is
    wrong. Not ``complete``: others may exist, if only what declares them were right."""

    types: dict[str, str | None] = field(default_factory=dict)
    complete: bool = True

    def type(self, name: str) -> str | None:
        return self.types.get(name)

    def clash(self, name: str) -> str | None:
        """The column that ``name`` cannot be told from."""
        return next((known for known in self.types if known.lower() == name.lower()), None)

    def check(self, reader: Reader, path: Path) -> None:
        """Note each name at ``path``, a single one or a list, that is not a column."""
        value = reader.get(*path)
        items = enumerate(value) if isinstance(value, list) else [(None, value)]
        for i, item in items:
            if not isinstance(item, Leaf) or item.missing or item.is_null:
                continue
            self.check_name(reader, path if i is None else (*path, i), item.text)

    def check_name(self, reader: Reader, path: Path, name: str) -> None:
        """Note that ``name`` is not a column."""
        if name not in self.types and self.complete:
            sentence = f'is "{name}", which is not a column of this feed'
            hint = did_you_mean(name, self.types, "its columns are")
            reader.refuse(path, SettingError(sentence, hint))


def check_name(name: str) -> None:
    """
    :raises SettingError: a column cannot be called so.
    """
    if name.startswith("_") or name.lower() in _OURS:
        hint = 'give the column another name, with from: "..." for the one in the file'
        raise SettingError("is a name that Penstock keeps for itself", hint)
    wrong = next((c for c in name if c in _FORBIDDEN or not c.isprintable()), None)
    if wrong or not name:
        what = {" ": "a blank", "\t": "a tab"}.get(wrong or "", wrong) or "nothing"
        hint = f'write another name, with from: "{name}"'
        raise SettingError(f"cannot be a column's name, for it holds {what}", hint)
    if len(name.encode()) > _MAX_NAME:
        hint = 'write a shorter name, with from: "..." for the one in the file'
        raise SettingError(f"is longer than {_MAX_NAME} bytes", hint)


def read_columns(reader: Reader) -> dict[str, Column | None]:
    """The declared columns by name, in their order; None for one whose declaration is wrong."""
    value = reader.get("columns")
    if value is None:
        return {}
    if not isinstance(value, dict) or not value:
        null = isinstance(value, Leaf) and value.is_null
        hint = "write a line for each column, such as  id: {type: string, required: true}"
        what = "has no value" if null else "must be a mapping of names to types"
        reader.refuse(("columns",), SettingError(what, hint))
        return {}
    columns: dict[str, Column | None] = {}
    for name in value:
        path: Path = ("columns", name)
        same = next((known for known in columns if known.lower() == name.lower()), None)
        try:
            check_name(name)
            if same:
                hint = "rename one of them: warehouses do not tell letter case apart"
                raise SettingError(f"differs from {same} in letter case only", hint)
        except SettingError as refusal:
            reader.refuse(path, refusal)
        if _cut_at_comma(reader, path, value[name]):
            columns[name] = None
            continue
        section = reader.read(ColumnSection, path)
        columns[name] = _column(reader, path, name, section) if section else None
    return columns


def _cut_at_comma(reader: Reader, path: Path, value: Value) -> bool:
    """Note a type such as ``{type: decimal(12,2)}``, which YAML ends at the comma."""
    start = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(start, Leaf) or start.quoted:
        return False
    rest = [k for k, v in value.items() if isinstance(v, Leaf) and v.is_null and k != "type"]
    if not rest or not any(start.raw.count(a) > start.raw.count(b) for a, b in ("()", "<>")):
        return False
    sentence = "ends at its comma, for inside {...} a comma separates settings"
    hint = f'put the type in quotes: "{",".join([start.raw, *rest])}"'
    reader.refuse((*path, "type"), SettingError(sentence, hint))
    return True


def with_captures(
    reader: Reader, declared: Mapping[str, Column | None], captures: Iterable[Capture]
) -> tuple[dict[str, Column | None], dict[str, Column | None]]:
    """Declared columns without the captured ones, and the captured columns.

    A captured column is of type date if it has a date pattern, else string, unless it is declared.
    Dates are captured as ISO 8601 text, whatever their pattern, so that no format applies to them.
    """
    captured: dict[str, Column | None] = {}
    for capture in captures:
        if capture.name in declared:
            captured[capture.name] = _captured(reader, capture, declared[capture.name])
            continue
        same = next((n for n in declared if n.lower() == capture.name.lower()), None)
        try:
            check_name(capture.name)
            if same:
                sentence = (
                    f"captures <{capture.name}>, which differs from {same} in letter case only"
                )
                reader.refuse(("source", "match"), SettingError(sentence, f"write <{same}>"))
        except SettingError as refusal:
            sentence = f"captures <{capture.name}>, which {refusal.sentence}"
            reader.refuse(("source", "match"), SettingError(sentence, "give it another name"))
        type_ = "date" if capture.date else "string"
        captured[capture.name] = Column(name=capture.name, type=type_, source=capture.name)
    return {n: c for n, c in declared.items() if n not in captured}, captured


def _captured(reader: Reader, capture: Capture, column: Column | None) -> Column | None:
    if column is None:
        return None
    path: Path = ("columns", capture.name)
    for setting in ("from", "format") if capture.date else ("from",):
        if reader.get(*path, setting) is not None:
            sentence = "has no use, for the column is captured by source.match"
            hint = "remove it, or rename the capture"
            reader.refuse((*path, setting), SettingError(sentence, hint))
    return column


def _column(reader: Reader, path: Path, name: str, section: ColumnSection) -> Column:
    column = Column(
        name=name,
        type=section.type,
        source=section.from_ or name,
        required=section.required,
        format=section.format,
        trim=section.trim,
        null_values=section.null_values,
        allowed=section.allowed,
        minimum=section.min,
        maximum=section.max,
        pattern=section.pattern,
        max_bytes=section.max_bytes,
    )
    for setting, problem in rule_problems(column):
        reader.refuse((*path, setting), problem)
    return column


def require(columns: Mapping[str, Column | None], key: Iterable[str]) -> tuple[Column, ...]:
    """The columns that are right, those of the key made required."""
    wanted = set(key)
    return tuple(
        replace(c, required=True) if c.name in wanted else c for c in columns.values() if c
    )


def add_derived(reader: Reader, known: Known, path: Path, name: str, type_: str | None) -> None:
    """Note a column that a step adds, unless its name is taken."""
    try:
        check_name(name)
        same = known.clash(name)
        if same:
            raise SettingError(f"adds {name}, which is a column already", "give it another name")
    except SettingError as refusal:
        named = refusal.sentence.startswith("adds")
        sentence = refusal.sentence if named else f"adds {name}, which {refusal.sentence}"
        reader.refuse(path, SettingError(sentence, "give it another name"))
    known.types.setdefault(name, type_)
