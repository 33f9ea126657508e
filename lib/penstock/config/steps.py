"""``transform`` -> the steps of :class:`penstock.model.Feed`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as FilePath

from penstock.config.columns import Known, add_derived
from penstock.config.literals import as_scalar
from penstock.config.overrides import read_overrides
from penstock.config.problems import SettingError
from penstock.config.reader import Reader
from penstock.config.schema import (
    SECTIONS,
    STEPS,
    DedupeSection,
    EmailCompanySection,
    FillSection,
    NullValuesSection,
    PythonSection,
    TrimSection,
    UuidClashSection,
    WindowSection,
)
from penstock.config.suggest import did_you_mean, nearest
from penstock.config.tree import Leaf, Path, Value
from penstock.config.types import INSTANTS, TEXTS
from penstock.config.windows import moment, month_bounds, to_instant
from penstock.model import (
    Column,
    DedupeStep,
    EmailCompanyStep,
    FillStep,
    NullValuesStep,
    PythonStep,
    Step,
    TrimStep,
    UuidClashStep,
    WindowStep,
)
from penstock.model.feed import Scalar

# Settings that name columns, by step.
_COLUMNS = {
    "window": ("column",),
    "email_company": ("column",),
    "uuid_clash": ("key", "order_by"),
    "trim": ("columns",),
    "null_values": ("columns",),
}
_ADDING = ("email_company", "python")
_ONCE = ("dedupe", "uuid_clash")


@dataclass(frozen=True, slots=True)
class Context:
    """What steps refer to. ``known`` grows with the columns that steps add."""

    reader: Reader
    known: Known
    declared: Mapping[str, Column | None]
    timezone: str
    target_key: tuple[str, ...]
    conf_dir: FilePath


def read_steps(context: Context) -> tuple[tuple[Step, Path], ...]:
    """The steps that are right, in order, each with its place in the file."""
    reader = context.reader
    value = reader.get("transform")
    if value is None or (isinstance(value, Leaf) and value.is_null):
        return ()
    if not isinstance(value, list):
        hint = "write each step on a line of its own, starting with  - "
        reader.refuse(("transform",), SettingError("must be a list of steps", hint))
        return ()
    steps: list[tuple[Step, Path]] = []
    seen: dict[str, int] = {}
    for i, item in enumerate(value):
        name, body = _named(reader, context.known, i, item)
        if name is None:
            continue
        path: Path = ("transform", i, name)
        if name in _ONCE and name in seen:
            sentence = f"{name} stands twice, first in line {seen[name]}"
            reader.add(path, sentence, "remove one of the two: it is done once, after all steps")
        seen.setdefault(name, reader.document.line(path))
        section = reader.read(STEPS[name], path, body)
        if name != "uuid_clash":
            _check_columns(context, path, name)
        step = _BUILD[name](context, path, section) if section is not None else None
        if step is not None:
            steps.append((step, path))
        elif name in _ADDING:
            context.known.complete = False
    for i, item in enumerate(value):
        if isinstance(item, dict) and "uuid_clash" in item:
            # Identities are settled after all other steps, so that all columns exist by then.
            _check_columns(context, ("transform", i, "uuid_clash"), "uuid_clash")
    return tuple(steps)


def _check_columns(context: Context, path: Path, name: str) -> None:
    """Note unknown columns, also where other settings of the step are wrong."""
    short = SECTIONS[name].short if name in SECTIONS else None
    mapping = isinstance(context.reader.get(*path), dict)
    for setting in _COLUMNS.get(name, ()):
        if mapping:
            context.known.check(context.reader, (*path, setting))
        elif setting == short:
            context.known.check(context.reader, path)


def _named(reader: Reader, known: Known, i: int, item: Value) -> tuple[str | None, Value]:
    """A step's name and its settings; a bare name has none."""
    path: Path = ("transform", i)
    body: Value = {}
    if isinstance(item, Leaf):
        name = item.text
    elif isinstance(item, dict) and len(item) == 1:
        name, body = next(iter(item.items()))
        if isinstance(body, Leaf) and body.is_null:
            body = {}
    else:
        hint = "write for example  - trim: [name]"
        if isinstance(item, dict) and len(item) > 1:
            hint = "start each step with  - and indent its settings below it"
        reader.add(path, "a step of transform must be one name with its settings", hint)
        return None, {}
    if name not in STEPS:
        hint = did_you_mean(name, STEPS, "the steps are")
        known.complete &= nearest(name, STEPS) not in (None, *_ADDING)
        reader.add(path, f"{name} is not a step of transform", hint)
        return None, {}
    return name, body


def _window(context: Context, path: Path, section: WindowSection) -> Step | None:
    reader = context.reader
    type_ = context.known.type(section.column)
    if type_ is not None and type_ not in INSTANTS:
        sentence = f"must be a date or a timestamp, and {section.column} is of type {type_}"
        reader.refuse((*path, "column"), SettingError(sentence, "change its type under columns"))
        type_ = None
    bounds = _bounds(reader, path, section)
    if bounds is None:
        return None
    start, end = (
        reader.attempt((*path, setting), to_instant, bound, context.timezone, type_)
        for setting, bound in bounds
    )
    if start is None or end is None:
        return None
    if start >= end:
        sentence = f"must end after its start: {start.isoformat()} to {end.isoformat()}"
        reader.refuse(path, SettingError(sentence, "end itself is not in the window"))
        return None
    return WindowStep(column=section.column, start=start, end=end, outside=section.outside)


def _bounds(
    reader: Reader, path: Path, section: WindowSection
) -> list[tuple[str, datetime]] | None:
    if section.month is not None:
        if section.start is not None or section.end is not None:
            reader.refuse(
                path, SettingError("has both month and start or end", "remove one of them")
            )
            return None
        bounds = reader.attempt((*path, "month"), month_bounds, section.month)
        return [("month", b) for b in bounds] if bounds else None
    if section.start is None or section.end is None:
        hint = 'write month: "2024-10", or start: and end:'
        reader.refuse(path, SettingError("needs a month, or a start and an end", hint))
        return None
    start = reader.attempt((*path, "start"), moment, section.start)
    end = reader.attempt((*path, "end"), moment, section.end)
    return [("start", start), ("end", end)] if start and end else None


def _email_company(context: Context, path: Path, section: EmailCompanySection) -> Step:
    _check_text(context, (*path, "column"), [section.column])
    overrides = read_overrides(context.reader, (*path, "overrides"), context.conf_dir)
    add_derived(context.reader, context.known, (*path, "output"), section.output, "string")
    add_derived(
        context.reader, context.known, (*path, "domain_output"), section.domain_output, "string"
    )
    return EmailCompanyStep(
        column=section.column,
        output=section.output,
        domain_output=section.domain_output,
        free_mail=section.free_mail,
        invalid=section.invalid,
        overrides=overrides,
    )


def _dedupe(context: Context, path: Path, section: DedupeSection) -> Step:
    sources = {c.source for c in context.declared.values() if c}
    for name in section.ignore:
        column = context.declared.get(name)
        if column and name not in sources:
            sentence = f"names the column {name}, and it takes fields of the file"
            hint = f"write {column.source}, which {name} is read from"
            context.reader.refuse((*path, "ignore"), SettingError(sentence, hint))
    return DedupeStep(ignore=section.ignore)


def _uuid_clash(context: Context, _: Path, section: UuidClashSection) -> Step:
    return UuidClashStep(
        key=section.key or context.target_key,
        order_by=section.order_by,
        on_clash=section.on_clash,
    )


def _fill(context: Context, path: Path, section: FillSection) -> Step | None:
    if not section.root:
        hint = "write  - fill: {country: unknown}"
        context.reader.refuse(path, SettingError("names no column", hint))
        return None
    values: dict[str, Scalar] = {}
    for name, text in section.root.items():
        context.known.check_name(context.reader, (*path, name), name)
        type_ = context.known.type(name)
        place = (*path, name)
        value = context.reader.attempt(place, as_scalar, type_, text) if type_ else text
        if value is not None:
            values[name] = value
    return FillStep(values=values)


def _trim(context: Context, path: Path, section: TrimSection) -> Step:
    _check_text(context, (*path, "columns"), section.columns)
    return TrimStep(columns=section.columns)


def _null_values(_: Context, __: Path, section: NullValuesSection) -> Step:
    return NullValuesStep(columns=section.columns, values=section.values)


def _python(context: Context, path: Path, section: PythonSection) -> Step:
    for name, type_ in section.adds.items():
        add_derived(context.reader, context.known, (*path, "adds", name), name, type_)
    return PythonStep(function=section.function, adds=section.adds)


def _check_text(context: Context, path: Path, names: tuple[str, ...] | list[str]) -> None:
    for name in names:
        type_ = context.known.type(name)
        if type_ is not None and type_ not in TEXTS:
            sentence = f"must be text, and {name} is of type {type_}"
            context.reader.refuse(path, SettingError(sentence, "name a column of type string"))


_BUILD: Mapping[str, Callable[..., Step | None]] = {
    "window": _window,
    "email_company": _email_company,
    "dedupe": _dedupe,
    "uuid_clash": _uuid_clash,
    "fill": _fill,
    "trim": _trim,
    "null_values": _null_values,
    "python": _python,
}
