"""``connections.yml`` -> :class:`penstock.model.Connection`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path as FilePath

from penstock.config.files import check_no_secrets, open_reader
from penstock.config.problems import Problem, Problems, SettingError
from penstock.config.reader import Reader
from penstock.config.schema import ConnectionSection
from penstock.config.suggest import did_you_mean
from penstock.config.tree import Leaf, Path
from penstock.config.urls import build_postgres_url, expand, is_database_url, postgres_url
from penstock.errors import ConfigError
from penstock.model import Connection

FILE = "connections.yml"
EMBEDDED = "embedded"
_REDSHIFT_ONLY = ("iam", "s3_staging", "copy_role")
_PARTS = ("host", "port", "database", "user", "password", "sslmode")


def load_connections(
    conf_dir: FilePath,
    *,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    target: str = "dev",
    home: str,
) -> dict[str, Connection]:
    """Every connection of ``connections.yml`` that has this target, by name; none without a file.

    :param target: which of a connection's environments (``dev``, ``prod``, ...).
    :param home: PENSTOCK_HOME, which holds the embedded server.
    :raises ConfigError: a connection is wrong, or a variable of it has no value.
    """
    problems = Problems()
    reader = _open(conf_dir, problems)
    found: dict[str, Connection] = {}
    if reader is not None:
        for name in _names(reader):
            entry = reader.get(name)
            if isinstance(entry, dict) and "type" not in entry and target not in entry:
                continue
            connection = _entry(reader, name, target, variables, environ, home)
            if connection:
                found[name] = connection
    problems.raise_if_any()
    return found


def read_connection(
    feed: Reader,
    path: Path,
    conf_dir: FilePath,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    target: str,
    home: str,
) -> Connection | None:
    """What ``connection`` of a feed stands for: a name, a URL, or ``embedded``."""
    leaf = feed.get(*path)
    if not isinstance(leaf, Leaf) or leaf.missing or leaf.is_null:
        return None
    name = leaf.text.strip()
    if not name:
        return None
    if name == EMBEDDED:
        return feed.attempt(path, _embedded, EMBEDDED, home)
    if is_database_url(name):
        return feed.attempt(path, _at_url, "url", expand(leaf))
    reader = _open(conf_dir, feed.problems)
    if reader is None:
        if not (conf_dir / FILE).exists():
            sentence = f"is {leaf.shown}, and there is no {conf_dir / FILE}"
            feed.refuse(path, SettingError(sentence, "write that file, or connection: embedded"))
        return None
    if reader.get(name) is None:
        feed.refuse(path, _unknown(leaf.shown, name, reader, conf_dir))
        return None
    return _entry(reader, name, target, variables, environ, home)


def connection_named(
    name: str,
    *,
    conf_dir: FilePath,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    target: str = "dev",
    home: str = ".penstock",
) -> Connection:
    """One connection by its name, a URL, or ``embedded``: what a feed may write.

    :param environ: the process's own unless given.
    :raises ConfigError: there is no such connection, or it is wrong.
    """
    if name == EMBEDDED or is_database_url(name):
        try:
            return _embedded(name, home) if name == EMBEDDED else _at_url("url", name)
        except SettingError as error:
            raise ConfigError(f"the connection {error.sentence}", hint=error.hint) from None
    problems = Problems()
    reader = _open(conf_dir, problems)
    connection = None
    if reader is not None and reader.get(name) is not None:
        values = os.environ if environ is None else environ
        connection = _entry(reader, name, target, variables or {}, values, home)
    problems.raise_if_any()
    if connection is not None:
        return connection
    if reader is None:
        hint = "write that file, or name embedded or a URL"
        raise ConfigError(f"there is no {conf_dir / FILE}", hint=hint)
    unknown = _unknown(f'"{name}"', name, reader, conf_dir)
    raise ConfigError(f"the connection {unknown.sentence}", hint=unknown.hint)


def _unknown(shown: str, name: str, reader: Reader, conf_dir: FilePath) -> SettingError:
    sentence = f"is {shown}, which is not in {conf_dir / FILE}"
    return SettingError(sentence, did_you_mean(name, _names(reader), "its connections are"))


def _open(conf_dir: FilePath, problems: Problems) -> Reader | None:
    file = conf_dir / FILE
    if not file.exists():
        return None
    reader = open_reader(file, problems)
    if reader is None:
        return None
    if not isinstance(reader.document.root, dict):
        hint = "write  name: {type: postgres, ...}"
        problems.add(Problem(str(file), 1, "must be a mapping", hint))
        return None
    check_no_secrets(reader)
    if EMBEDDED in reader.document.root:
        sentence = f"{EMBEDDED} cannot be the name of a connection"
        reader.add((EMBEDDED,), sentence, "rename it: feeds write it for the embedded server")
    return reader


def _names(reader: Reader) -> list[str]:
    root = reader.document.root
    return list(root) if isinstance(root, dict) else []


def _entry(
    reader: Reader,
    name: str,
    target: str,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    home: str,
) -> Connection | None:
    """One connection; variables of other connections and targets need no value."""
    entry = reader.get(name)
    path: Path = (name,)
    if isinstance(entry, dict) and "type" not in entry:
        if target not in entry:
            sentence = f"{name} has no target {target}"
            reader.add(path, sentence, did_you_mean(target, entry, "pass --target with one of"))
            return None
        path = (name, target)
    reader = reader.substituted(variables, environ, path)
    section = reader.read(ConnectionSection, path)
    if section is None:
        return None
    before = len(reader.problems.found)
    for setting, refusal in _conflicts(section):
        reader.refuse((*path, setting) if setting else path, refusal)
    if len(reader.problems.found) > before:
        return None
    if section.embedded:
        return reader.attempt((*path, "embedded"), _embedded, name, home)
    if section.type == "redshift":
        place = f"{section.host}:{section.port or 5439}/{section.database}"
        label = f"redshift {section.host}/{section.database}"
        return Connection(name=name, type="redshift", url=f"redshift://{place}", label=label)
    leaf = reader.get(*path, "url")
    if isinstance(leaf, Leaf):
        return reader.attempt((*path, "url"), _at_url, name, expand(leaf))
    url = build_postgres_url(
        section.host or "",
        section.port,
        section.database or "",
        section.user or "",
        section.password or "",
        section.sslmode or "",
    )
    return reader.attempt(path, _at_url, name, url)


def _conflicts(section: ConnectionSection) -> list[tuple[str, SettingError]]:
    given = [part for part in _PARTS if getattr(section, part) is not None]
    found: list[tuple[str, SettingError]] = []
    if section.type == "redshift":
        for setting in ("embedded", "url"):
            if getattr(section, setting):
                hint = "write host: and database:"
                found.append((setting, SettingError("is not for type redshift", hint)))
        for setting in ("host", "database"):
            if getattr(section, setting) is None:
                found.append(("", SettingError(f"needs {setting}", f"add {setting}")))
        return found
    for setting in _REDSHIFT_ONLY:
        if getattr(section, setting) is not None:
            found.append((setting, SettingError("is for type redshift only", "remove it")))
    ways = [w for w, on in (("embedded", section.embedded), ("url", section.url)) if on]
    if ways and (given or len(ways) > 1):
        others = [*ways[1:], *given]
        sentence = f"has {ways[0]} and also {', '.join(others)}"
        found.append(("", SettingError(sentence, f"remove {ways[0]}, or the rest")))
    elif not ways and section.host is None:
        hint = "write embedded: true, url: postgresql://..., or host: and database:"
        found.append(("", SettingError("does not say where the server is", hint)))
    elif not ways and section.database is None:
        found.append(("", SettingError("needs database", "add database")))
    return found


def _embedded(name: str, home: str) -> Connection:
    if "://" in home and not home.startswith("file://"):
        sentence = (
            f"is the embedded server, which needs a local folder, and PENSTOCK_HOME is {home}"
        )
        raise SettingError(sentence, "name a real warehouse, or set PENSTOCK_HOME to a folder")
    label = f"postgres embedded in {home}"
    return Connection(name=name, type="postgres", embedded=True, label=label)


def _at_url(name: str, text: str) -> Connection:
    url, place = postgres_url(text)
    return Connection(name=name, type="postgres", url=url, label=f"postgres {place}")
