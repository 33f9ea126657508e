"""Turns sections of a parsed file into models, and what pydantic finds into problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from penstock.config.autoloader import SYNONYMS, explain_auto_loader, is_auto_loader
from penstock.config.problems import AlreadyReportedError, Problem, Problems, SettingError
from penstock.config.schema import SECTIONS, STEPS, names
from penstock.config.suggest import nearest
from penstock.config.tree import Document, Leaf, Path, Value, dotted, map_leaves, replace_at
from penstock.config.variables import substitute

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
P = ParamSpec("P")

_LATER = {
    "schema.infer": "declare the types under columns",
    "schema.hints": "declare the types under columns",
    "source.clean": "remove it: source files stay where they are",
}
_EXAMPLES = {
    "feed": "write feed: and a short name of your own, which never changes",
    "source": "write source: with a path",
    "columns": "write columns: with a name and a type each",
    "target": "write target: with a connection and a table",
    "source.path": "write path: s3://bucket/prefix/, or a folder",
    "target.connection": "write connection: and a name in connections.yml, a URL, or embedded",
    "target.table": "write table: schema.table",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """One file under examination; ``problems`` is shared by all files of a feed."""

    document: Document
    problems: Problems

    def refuse(self, path: Path, refusal: SettingError) -> None:
        """Note that the value at ``path`` cannot be used."""
        if not isinstance(refusal, AlreadyReportedError):
            self.add(path, f"{dotted(path)} {refusal.sentence}".strip(), refusal.hint)

    def add(self, path: Path, sentence: str, hint: str) -> None:
        place = self.document
        self.problems.add(Problem(place.file, place.line(path), sentence, hint))

    def attempt(
        self, path: Path, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """The function's result, or None if it refuses what stands at ``path``."""
        try:
            return function(*args, **kwargs)
        except SettingError as refusal:
            self.refuse(path, refusal)
            return None

    def get(self, *path: str | int) -> Value | None:
        return self.document.get(path)

    def substituted(
        self, variables: Mapping[str, str], environ: Mapping[str, str], below: Path = ()
    ) -> Reader:
        """The same file with the variables filled in that stand at or below a path."""

        def fill(path: Path, leaf: Leaf) -> Leaf:
            try:
                return replace(leaf, pieces=substitute(leaf.raw, variables, environ))
            except SettingError as refusal:
                self.refuse(path, refusal)
                return replace(leaf, missing=True)

        value = self.document.get(below)
        if value is None:
            return self
        filled = map_leaves(value, fill, below)
        return Reader(replace_at(self.document, below, filled), self.problems)

    def read(self, model: type[M], path: Path, value: Value | None = None) -> M | None:
        """The value at ``path`` as a model; None if it is absent or wrong (then noted)."""
        found = self.document.get(path) if value is None else value
        if found is None:
            return None
        try:
            return model.model_validate(found)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self._note(path, detail, model)
            return None

    def _note(self, base: Path, detail: ErrorDetails, model: type[BaseModel]) -> None:
        path = (*base, *detail["loc"])
        kind = detail["type"]
        if kind == "value_error":
            refusal = detail["ctx"]["error"]
            if not isinstance(refusal, SettingError):
                raise TypeError(f"unexpected error of a field: {refusal!r}") from refusal
            self.refuse(path, refusal)
        elif kind == "extra_forbidden":
            self.unknown(path, model if len(detail["loc"]) == 1 else None)
        elif kind == "missing":
            name = dotted(path)
            self.add(path, f"{name} is missing", _EXAMPLES.get(name, f"add {name}"))
        else:
            self.refuse(path, _wrong_shape(detail["input"]))

    def unknown(self, path: Path, model: type[BaseModel] | None = None) -> None:
        """Note a setting that does not exist, with the nearest that does."""
        name, key = dotted(path), str(path[-1])
        if is_auto_loader(key):
            value = self.document.get(path)
            inner = list(value) if isinstance(value, dict) else []
            for option in [f"{key}.{i}" for i in inner] or [key]:
                refusal = explain_auto_loader(option)
                place = (*path, option[len(key) + 1 :]) if inner else path
                self.add(place, f"{option} {refusal.sentence}", refusal.hint)
        elif name in _LATER:
            self.add(path, f"{name} is not available yet", _LATER[name])
        else:
            self.add(path, f"{name} is not a setting", _hint(path, key, model))


def _hint(path: Path, key: str, model: type[BaseModel] | None) -> str:
    prefix = dotted(path[:-1])
    section = model or SECTIONS.get("columns.*" if path[0] == "columns" else prefix)
    siblings = names(section) if section else []
    if key.lower() in SYNONYMS:
        return f"write {SYNONYMS[key.lower()]}"
    elsewhere = [
        f"{name}.{key}".lstrip(".")
        for name, other in SECTIONS.items()
        if key in names(other) and "*" not in name and name not in STEPS
    ]
    if len(elsewhere) == 1 and section in SECTIONS.values():
        return f"did you mean {elsewhere[0]}?"
    meant = nearest(key, siblings)
    if meant:
        return f"did you mean {prefix}.{meant}?" if prefix else f"did you mean {meant}?"
    return f"{prefix or 'a feed'} takes {', '.join(siblings)}" if siblings else "remove it"


def _wrong_shape(value: object) -> SettingError:
    if isinstance(value, Leaf) and value.missing:
        return AlreadyReportedError()
    what = "a mapping of settings"
    if isinstance(value, Leaf) and value.is_null:
        return SettingError("has no value", f"write {what} below it, or remove the line")
    given = value.shown if isinstance(value, Leaf) else "a list"
    return SettingError(f"must be {what}, not {given}", "write  name: value  for each setting")
