"""``${VAR}`` (environment) and ``${var:name}`` (``--var name=value``) in scalar text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from penstock.config.problems import SettingError
from penstock.config.suggest import nearest

_TOKEN = re.compile(r"\$\$|\$\{(?P<inside>[^}]*)(?P<end>\}?)")
_REFERENCE = re.compile(
    r"(?:(?P<environ>[A-Za-z_]\w*)|var:(?P<variable>[A-Za-z_][\w.-]*?))(?::-(?P<default>.*))?",
    re.ASCII | re.DOTALL,
)


Origin = Literal["file", "environ", "variable"]
_ENVIRON: Origin = "environ"
_VARIABLE: Origin = "variable"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and where it came from; a default counts as a variable."""

    text: str
    origin: Origin = "file"


def substitute(
    text: str, variables: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[Piece, ...]:
    """Replace the references in one scalar; ``$$`` stands for ``$``, a ``$`` alone for itself.

    ``${NAME:-text}`` and ``${var:name:-text}`` have a default, taken where the variable has no
    value or an empty one, as in a shell.

    :raises SettingError: a reference is malformed or has no value.
    """
    pieces: list[Piece] = []
    end = 0
    for token in _TOKEN.finditer(text):
        pieces.append(Piece(text[end : token.start()]))
        end = token.end()
        pieces.append(Piece("$") if token[0] == "$$" else _look_up(token, variables, environ))
    pieces.append(Piece(text[end:]))
    return tuple(p for p in pieces if p.text or p.origin != "file")


def literal_text(text: str, mark: str = "") -> str:
    """What a scalar says by itself: variables become ``mark``, or the default they have."""

    def replacement(token: re.Match[str]) -> str:
        reference = _REFERENCE.fullmatch(token["inside"] or "")
        default = reference["default"] if reference else None
        return mark if default is None else default

    return _TOKEN.sub(replacement, text)


def _look_up(
    token: re.Match[str], variables: Mapping[str, str], environ: Mapping[str, str]
) -> Piece:
    reference = _REFERENCE.fullmatch(token["inside"])
    if not token["end"] or not reference:
        raise SettingError(
            f'holds "{token[0]}", which is no reference to a variable',
            "write ${NAME} for the environment, ${var:name} for --var, or $${ for the text itself",
        )
    name, default = reference["variable"], reference["default"]
    known, origin = (variables, _VARIABLE) if name else (environ, _ENVIRON)
    name = name or reference["environ"]
    if default is not None and not known.get(name):
        return Piece(default, _VARIABLE)
    if name in known:
        return Piece(known[name], origin)
    if origin == _ENVIRON:
        raise SettingError(f"needs ${{{name}}}, which is not set", f"export {name}=...")
    given = nearest(name, variables)
    hint = f"pass --var {name}=..." + (f" ({given} was given)" if given else "")
    raise SettingError(f"needs ${{var:{name}}}, which has no value", hint)
