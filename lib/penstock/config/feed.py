"""``conf/feeds/<name>.yml`` -> :class:`penstock.model.Feed`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath

from penstock.config.columns import Known, read_columns, require, with_captures
from penstock.config.connections import read_connection
from penstock.config.files import check_no_secrets, open_reader
from penstock.config.hashing import config_hash
from penstock.config.problems import Problem, Problems, SettingError
from penstock.config.reader import Reader
from penstock.config.schema import FeedFile, QualitySection, SchemaSection, TargetSection
from penstock.config.source import read_source
from penstock.config.steps import Context, read_steps
from penstock.config.suggest import did_you_mean
from penstock.config.target import read_target
from penstock.config.tree import Leaf
from penstock.errors import ConfigError
from penstock.model import Feed, Quality

_FOLDER = "feeds"
_ENDINGS = (".yml", ".yaml")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


def list_feeds(conf_dir: FilePath) -> list[str]:
    """The names of the feeds in ``conf_dir/feeds``, sorted."""
    folder = conf_dir / _FOLDER
    if not folder.is_dir():
        return []
    return sorted({f.stem for f in folder.iterdir() if f.suffix in _ENDINGS and f.is_file()})


def load_feed(
    name_or_path: str,
    *,
    conf_dir: FilePath,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    target: str = "dev",
    home: str,
) -> Feed:
    """Read, check and complete one feed.

    :param name_or_path: a name in ``conf_dir/feeds``, or the path of a YAML file; the conf folder
        of a file in a folder ``feeds`` is the folder around that.
    :param conf_dir: the folder of ``feeds`` and ``connections.yml``.
    :param variables: values of ``${var:name}``.
    :param environ: values of ``${NAME}``.
    :param target: which environment of the connection (``dev``, ``prod``, ...).
    :param home: PENSTOCK_HOME, a folder or an address; the embedded server needs a folder.
    :raises ConfigError: anything is wrong; all problems are named, each with file, line, remedy.
    """
    file, conf_dir = _locate(name_or_path, conf_dir)
    problems = Problems()
    reader = open_reader(file, problems)
    feed = None
    if reader is not None and not isinstance(reader.document.root, dict):
        hint = "start with feed: and a name"
        problems.add(Problem(str(file), 1, "must be a mapping of settings", hint))
    elif reader is not None:
        check_no_secrets(reader)
        reader = reader.substituted(variables, environ)
        feed = _read(reader, conf_dir, variables, environ, target, home)
    problems.raise_if_any()
    if feed is None:
        raise AssertionError(f"{file} cannot be used, and nobody said why")
    return feed


def _read(
    reader: Reader,
    conf_dir: FilePath,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    target_name: str,
    home: str,
) -> Feed | None:
    top = reader.read(FeedFile, ())
    if top is not None and not _NAME.fullmatch(top.feed):
        hint = "use lower-case letters, digits, _ and -, 63 at most"
        reader.refuse(("feed",), SettingError(f'must be a short name, not "{top.feed}"', hint))
    source, captures = read_source(reader)
    declared, captured = with_captures(reader, read_columns(reader), captures or ())
    types = {n: c.type if c else None for n, c in {**declared, **captured}.items()}
    known = Known(types, complete=captures is not None and bool(types))
    if captured and not declared:
        hint = "declare the columns of the file, too"
        reader.refuse(
            ("columns",), SettingError("names no column that is read from the file", hint)
        )
    section = reader.read(TargetSection, ("target",))
    context = Context(
        reader=reader,
        known=known,
        declared=declared,
        timezone=source.timezone if source else "UTC",
        target_key=section.key if section else (),
        conf_dir=conf_dir,
    )
    steps = read_steps(context)
    connection = read_connection(
        reader, ("target", "connection"), conf_dir, variables, environ, target_name, home
    )
    target = read_target(reader, section, connection, known, steps)
    schema = reader.read(SchemaSection, ("schema",)) or SchemaSection()
    quality, suite = _quality(reader, conf_dir)
    if reader.problems.found or top is None or source is None or target is None:
        return None
    feed = Feed(
        name=top.feed,
        source=source,
        columns=require(declared, target.key),
        captures=require(captured, target.key),
        evolution=schema.evolution,
        transform=tuple(step for step, _ in steps),
        quality=quality,
        target=target,
        config_hash="",
        config_path=reader.document.file,
    )
    return replace(feed, config_hash=config_hash(feed, suite))


def _quality(reader: Reader, conf_dir: FilePath) -> tuple[Quality, bytes]:
    """The gates, and the content of the Great Expectations suite."""
    path = ("quality", "expectations")
    section = reader.read(QualitySection, ("quality",)) or QualitySection()
    # Looked for even where another setting of the section is wrong.
    name = reader.get(*path)
    suite = None
    if isinstance(name, Leaf) and not name.missing and not name.is_null:
        suite = conf_dir / name.text
    content = reader.attempt(path, _suite, suite) if suite else None
    quality = Quality(
        max_quarantined=section.max_quarantined,
        expectations=str(suite.absolute()) if suite else None,
        max_attempts=section.max_attempts,
    )
    return quality, content or b""


def _suite(file: FilePath) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        hint = "the path is relative to the conf folder"
        raise SettingError(f"names {file}, which {reason}", hint) from None
    try:
        suite = json.loads(content)
    except ValueError as error:
        line = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SettingError(f"names {file}, which is not JSON{line}", "mend the file") from None
    if not isinstance(suite, dict):
        raise SettingError(f"names {file}, which holds no suite", "write a JSON object")
    return content


def _locate(name_or_path: str, conf_dir: FilePath) -> tuple[FilePath, FilePath]:
    if name_or_path.endswith(_ENDINGS) or "/" in name_or_path:
        file = FilePath(name_or_path)
        if not file.is_file():
            raise ConfigError(f"{file}: there is no such file", hint="check the path of the feed")
        folder = file.parent if file.parent.name else file.absolute().parent
        return file, folder.parent if folder.name == _FOLDER else conf_dir
    for ending in _ENDINGS:
        file = conf_dir / _FOLDER / f"{name_or_path}{ending}"
        if file.is_file():
            return file, conf_dir
    feeds = list_feeds(conf_dir)
    hint = did_you_mean(name_or_path, feeds, "the feeds are")
    hint = hint or f"write {conf_dir / _FOLDER / name_or_path}.yml, or name a file"
    raise ConfigError(f"there is no feed {name_or_path} in {conf_dir / _FOLDER}", hint=hint)
