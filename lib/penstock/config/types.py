"""Spark SQL's type names, read without Spark.

The grammar is that of https://spark.apache.org/docs/latest/sql-ref-datatypes.html, without
intervals, ``void`` and ``variant``; ``uuid`` is our own: text that must be a UUID.
"""

from __future__ import annotations

import re

from penstock.config.problems import SettingError
from penstock.config.suggest import nearest

_ALIASES = {
    "tinyint": "tinyint",
    "byte": "tinyint",
    "smallint": "smallint",
    "short": "smallint",
    "int": "int",
    "integer": "int",
    "bigint": "bigint",
    "long": "bigint",
    "float": "float",
    "real": "float",
    "double": "double",
    "boolean": "boolean",
    "string": "string",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ltz": "timestamp",
    "timestamp_ntz": "timestamp_ntz",
    "binary": "binary",
    "uuid": "uuid",
}
_DECIMAL = ("decimal", "dec", "numeric")
_LENGTH = ("varchar", "char", "character")
_NESTED = ("array", "struct", "map")
_ELSEWHERE = {
    "text": "string",
    "str": "string",
    "object": "string",
    "json": "string",
    "jsonb": "string",
    "super": "string",
    "bool": "boolean",
    "int2": "smallint",
    "int4": "int",
    "int8": "bigint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "serial": "int",
    "float4": "float",
    "float8": "double",
    "float32": "float",
    "float64": "double",
    "number": "decimal(38,10)",
    "money": "decimal(19,4)",
    "datetime": "timestamp",
    "timestamptz": "timestamp",
    "bytea": "binary",
    "bytes": "binary",
}
_TOKEN = re.compile(r"\s*(?:(?P<word>\w+)|(?P<quoted>`[^`]+`)|(?P<sign>[<>(),:]))")

INTEGERS = frozenset({"tinyint", "smallint", "int", "bigint"})
INSTANTS = frozenset({"date", "timestamp", "timestamp_ntz"})
TEXTS = frozenset({"string", "uuid"})


def canonical(text: str) -> str:
    """A type in canonical form: lower case, no blanks, aliases resolved
    (``Numeric(12, 2)`` -> ``decimal(12,2)``); names of struct fields keep their case.

    :raises SettingError: it is not a type.
    """
    parser = _Parser(text)
    result = parser.type(nested=False)
    if parser.token:
        raise parser.refuse()
    return result


def is_nested(type_: str) -> bool:
    return "<" in type_


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._split(text)
        self.position = 0

    @property
    def token(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def type(self, *, nested: bool) -> str:
        name = self.take().lower()
        if name in _DECIMAL:
            return self.decimal()
        if name in _LENGTH:
            self.numbers(1)
            return "string"
        if name in _NESTED:
            return self.nested(name)
        if name == "uuid" and nested:
            raise SettingError(
                f'must not hold uuid inside another type: "{self.text}"', "write string"
            )
        if name not in _ALIASES:
            raise self.refuse(name)
        return _ALIASES[name]

    def decimal(self) -> str:
        numbers = self.numbers(1, 2) if self.token == "(" else [10]
        precision, scale = [*numbers, 0][:2]
        if not (1 <= precision <= 38 and scale <= precision):
            hint = "precision is 1 to 38 digits in all, scale how many of them are decimals"
            raise SettingError(f'must be a decimal that exists, not "{self.text}"', hint)
        return f"decimal({precision},{scale})"

    def nested(self, name: str) -> str:
        self.expect("<")
        if name == "array":
            inner = self.type(nested=True)
        elif name == "map":
            key = self.type(nested=True)
            self.expect(",")
            inner = f"{key},{self.type(nested=True)}"
        else:
            inner = ",".join(self.fields())
        self.expect(">")
        return f"{name}<{inner}>"

    def fields(self) -> list[str]:
        fields = []
        while True:
            name = self.take()
            self.expect(":")
            fields.append(f"{name}:{self.type(nested=True)}")
            if self.token != ",":
                return fields
            self.expect(",")

    def numbers(self, *counts: int) -> list[int]:
        self.expect("(")
        numbers = [self.number()]
        while self.token == ",":
            self.expect(",")
            numbers.append(self.number())
        self.expect(")")
        if len(numbers) not in counts:
            raise self.refuse()
        return numbers

    def number(self) -> int:
        if not (self.token.isascii() and self.token.isdigit()):
            raise self.refuse()
        return int(self.take())

    def take(self) -> str:
        token = self.token
        if not token or token in "<>(),:":
            raise self.refuse()
        self.position += 1
        return token

    def expect(self, sign: str) -> None:
        if self.token != sign:
            raise self.refuse()
        self.position += 1

    def refuse(self, name: str = "") -> SettingError:
        known = [*_ALIASES, "decimal", "varchar", *_NESTED]
        meant = _ELSEWHERE.get(name) or (nearest(name, known, 0.7) if name else None)
        if meant == "decimal":
            meant = "decimal(12,2)"
        hint = f"did you mean {meant}?" if meant else "write for example string, decimal(12,2)"
        if not meant:
            hint += ", timestamp, array<string> or struct<a:int,b:string>"
        return SettingError(f'must be a type of Spark SQL, not "{self.text}"', hint)

    def _split(self, text: str) -> list[str]:
        tokens, end = [], 0
        text = text.strip()
        while end < len(text):
            match = _TOKEN.match(text, end)
            if not match:
                raise self.refuse()
            tokens.append(match[match.lastgroup or 0])
            end = match.end()
        return tokens
