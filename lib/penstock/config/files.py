"""Opening configuration files."""

from __future__ import annotations

from pathlib import Path as FilePath

from penstock.config.problems import Problem, Problems
from penstock.config.reader import Reader
from penstock.config.tree import dotted, leaves, parse
from penstock.config.urls import has_literal_secret, is_secret_key
from penstock.config.variables import literal_text

# A column may well be called "token".
_USERS_NAMES = ("columns", "transform")


def open_reader(file: FilePath, problems: Problems) -> Reader | None:
    """A parsed YAML file, before substitution; None if it cannot be read at all."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problems.add(Problem(str(file), 0, "is not UTF-8 text", "save it as UTF-8"))
        return None
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        problems.add(Problem(str(file), 0, f"cannot be read: {reason}", "check its rights"))
        return None
    document = parse(text, str(file), problems)
    return Reader(document, problems) if document else None


def check_no_secrets(reader: Reader) -> None:
    """Note each secret that is written out in the file; what it is appears in no message."""
    for path, leaf in leaves(reader.document.root):
        name = str(path[-1]) if path else ""
        if path[:1] and path[0] in _USERS_NAMES:
            secret = False
        elif is_secret_key(name):
            secret = not leaf.is_null and bool(literal_text(leaf.raw))
        else:
            secret = has_literal_secret(leaf.raw)
        if secret:
            other = is_secret_key(name) and name.lower() != "password"
            variable = name.upper() if other else "PGPASSWORD"
            sentence = f"{dotted(path)} holds a secret in plain text"
            hint = f"write ${{{variable}}} there, and export {variable}=..."
            reader.add(path, sentence, hint)
