"""YAML text as plain mappings, lists and leaves, with the line of each entry.

The composed nodes are read, never constructed objects: a scalar keeps the text it was written
with (``007`` stays ``007``, ``NO`` is no boolean), duplicate keys and aliases are errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import yaml

from penstock.config.problems import Problem, Problems
from penstock.config.variables import Piece

Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = "Leaf | dict[str, Value] | list[Value]"

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar. ``raw`` is its text in the file, ``pieces`` the same after substitution,
    ``quoted`` whether it is text for certain. ``missing``: a variable in it has no value."""

    raw: str
    quoted: bool = False
    pieces: tuple[Piece, ...] | None = None
    missing: bool = False

    @property
    def text(self) -> str:
        return self.raw if self.pieces is None else "".join(p.text for p in self.pieces)

    @property
    def substituted(self) -> bool:
        return any(p.origin != "file" for p in self.pieces or ())

    @property
    def literal(self) -> bool:
        """Plain in the file, so that YAML's own null, booleans and numbers apply."""
        return not self.quoted and not self.substituted

    @property
    def is_null(self) -> bool:
        return self.literal and self.raw in _NULL

    @property
    def flag(self) -> bool | None:
        return _FLAGS.get(self.text.strip())

    @property
    def is_integer(self) -> bool:
        return _INTEGER.fullmatch(self.text.strip()) is not None

    @property
    def is_number(self) -> bool:
        return _NUMBER.fullmatch(self.text.strip()) is not None

    @property
    def shown(self) -> str:
        """For messages: what came from the environment may be secret and is left out."""
        if any(p.origin == "environ" for p in self.pieces or ()):
            return f"the value of {self.raw}"
        if self.substituted:
            return f'"{self.text}" (from {self.raw})'
        return (
            self.raw
            if self.literal and (self.is_number or self.raw in _FLAGS)
            else f'"{self.text}"'
        )


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file. ``lines``: the line of each mapping entry and list item, by its path."""

    file: str
    root: Value
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of ``path``, or of the nearest entry around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def get(self, path: Path) -> Value | None:
        value: Value | None = self.root
        for part in path:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value


def parse(text: str, file: str, problems: Problems) -> Document | None:
    """Read one YAML document; None if it cannot be read at all (the reason is in ``problems``)."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = error.problem or "it cannot be parsed"
        context = f"{error.context} " if error.context and what.startswith("but ") else ""
        problems.add(_syntax(file, line, context + what, text))
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problems.add(
            _syntax(file, line, f"the character #x{error.character:04x} is not allowed", text)
        )
        return None
    except RecursionError:
        problems.add(Problem(file, 0, "is nested too deeply", "check its brackets"))
        return None
    if node is None:
        problems.add(Problem(file, 0, "is empty", "write a feed's settings into it"))
        return None
    builder = _Builder(file, problems)
    return Document(file, builder.build(node, ()), builder.lines)


def dotted(path: Path) -> str:
    """A setting's name in messages: ``source.discovery.settle``, ``window.column``."""
    parts = [p for p in path if isinstance(p, str)]
    if parts[:1] == ["transform"] and len(parts) > 1:
        parts = parts[1:]
    return ".".join(parts)


def leaves(value: Value, path: Path = ()) -> list[tuple[Path, Leaf]]:
    """Every leaf of a tree with its path."""
    if isinstance(value, Leaf):
        return [(path, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [found for key, item in items for found in leaves(item, (*path, key))]


def map_leaves(value: Value, change: Callable[[Path, Leaf], Leaf], path: Path = ()) -> Value:
    """The same tree with each leaf changed."""
    if isinstance(value, Leaf):
        return change(path, value)
    if isinstance(value, dict):
        return {k: map_leaves(v, change, (*path, k)) for k, v in value.items()}
    return [map_leaves(v, change, (*path, i)) for i, v in enumerate(value)]


def replace_at(document: Document, path: Path, value: Value) -> Document:
    """The document with another value at ``path``, which must exist."""

    def put(tree: Value, rest: Path) -> Value:
        if not rest:
            return value
        head, tail = rest[0], rest[1:]
        if isinstance(tree, dict) and isinstance(head, str):
            return {**tree, head: put(tree[head], tail)}
        raise KeyError(path)

    return replace(document, root=put(document.root, path))


class _Loader(yaml.SafeLoader):
    """Refuses aliases where they stand, so that a small file cannot grow into a large one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.current_event
            raise yaml.composer.ComposerError(
                None, None, f"the alias *{event.anchor} is not followed", event.start_mark
            )
        return super().compose_node(parent, index)


def _syntax(file: str, line: int, problem: str, text: str) -> Problem:
    if "alias" in problem:
        return Problem(file, line, problem, "write the value out in both places")
    hint = "indent with blanks, not tabs" if "'\\t'" in problem else "check indentation and quotes"
    if "${" in "".join(text.splitlines()[line - 1 : line]):
        hint = 'put "${...}" in quotes, for { begins a mapping'
    return Problem(file, line, f"is not valid YAML: {problem}", hint)


@dataclass(slots=True)
class _Builder:
    file: str
    problems: Problems
    lines: dict[Path, int] = field(default_factory=dict)

    def build(self, node: yaml.Node, path: Path) -> Value:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if node.tag not in _TAGS:
            hint = "remove it: values are plain text, lists and mappings"
            self.problems.add(
                Problem(self.file, line, f"the tag {node.tag} means nothing here", hint)
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        return Leaf(node.value, quoted=getattr(node, "style", None) is not None)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Value]:
        result: dict[str, Value] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                hint = "quote it if it starts with [ or {"
                self.problems.add(Problem(self.file, line, "a key must be text", hint))
            elif key.value == "<<" and key.style is None:
                hint = "write the settings out"
                self.problems.add(
                    Problem(self.file, line, "the merge key << is not followed", hint)
                )
            elif key.value in result:
                first = self.lines[(*path, key.value)]
                name = dotted((*path, key.value))
                sentence = f"{name} is given twice, first in line {first}"
                self.problems.add(Problem(self.file, line, sentence, "remove one of the two"))
            else:
                self.lines[(*path, key.value)] = line
                result[key.value] = self.build(value, (*path, key.value))
        return result
