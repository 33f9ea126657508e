"""Which files of a drop zone are a feed's, and what becomes of the others. No file is opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from penstock.discover.pattern import Pattern, compile_match
from penstock.errors import ConfigError, FileUnreadable, Retryable, SourceUnreachable
from penstock.model import FileVersion, PlannedFile, Source
from penstock.model.discovered import Discovered, FoundFile, Ignored, Rejected, Sighting, Waiting
from penstock.model.formats import format_of
from penstock.ports import ObjectStore

NO_MATCH = "does not match source.match"
HIDDEN = "hidden: a part of its name begins with . or _, or it is a copy under way"
FOLDER = "marks a folder"
"""Reasons to ignore a file; they are counted, so they name none."""

_HIDDEN = re.compile(r"(?:^|/)(?:\.|_[^/=]*(?:/|\Z))|\._COPYING_(?:/|\Z)")

_HEADS_AT_ONCE = 16


def discover(store: ObjectStore, source: Source, *, now: datetime) -> Discovered:
    """List a drop zone and tell the feed's files from the others, as the result is gone through.

    | what | becomes |
    |---|---|
    | matches, can be read | a ``FoundFile`` with its captures |
    | matches but for a date that does not exist; a compression Spark can't read; a name that is \
not UTF-8 or ends in ``/`` | ``rejected``, with the reason |
    | younger than ``discovery.settle`` seconds at ``now`` | ``waiting`` |
    | does not match; hidden, as Spark has it; an empty folder marker | ``ignored`` |

    Only objects below the pattern's literal beginning are listed, so only these are counted.

    :raises SourceUnreachable: at the first file, if the drop zone can't be listed.
    :raises ConfigError: ``source.match`` is wrong.
    """
    pattern = compile_match(source.match)
    listing = store.list(source.path, pattern.literal_prefix)
    return Discovered(_sort(listing, source, pattern, now))


def discover_explicit(store: ObjectStore, source: Source, uris: Sequence[str]) -> Discovered:
    """Look at files named one by one, under the same rules, ``settle`` aside.

    :raises ConfigError: one is not below ``source.path``, is not there, or is not the feed's.
    :raises SourceUnreachable: the drop zone can't be reached.
    """
    pattern = compile_match(source.match)
    wanted = dict.fromkeys(uris)
    for uri in wanted:
        if not uri.startswith(source.path) or _is_alias(uri, source.path):
            raise ConfigError(
                f"{printable(uri)} is not below {source.path}",
                hint="name files as `penstock files` shows them",
            )
    try:
        present = list(_heads(store, wanted))
    except Retryable as error:
        raise SourceUnreachable(error.message, hint=error.hint) from error
    sightings: list[Sighting] = []
    for uri, file in zip(wanted, present, strict=True):
        if file is None:
            raise ConfigError(
                f"{printable(uri)} is not there", hint="check the name; wildcards are not expanded"
            )
        sighting = _classify(file, source, pattern)
        if isinstance(sighting, Ignored):
            raise ConfigError(
                f"{sighting.uri} is not a file of this feed: {sighting.reason}",
                hint=f"name files that match {source.match}",
            )
        sightings.append(sighting)
    return Discovered(sightings)


def changed_files(store: ObjectStore, files: Sequence[PlannedFile]) -> tuple[str, ...]:
    """The URIs, in order, of planned files that were replaced or removed since."""
    present = _heads(store, [f.uri for f in files])
    return tuple(
        planned.uri
        for planned, file in zip(files, present, strict=True)
        if file is None or file.version != planned.file.version
    )


def printable(uri: str) -> str:
    r"""A URI that every encoding can carry: bytes of a name that is not UTF-8 become ``\xff``."""
    try:
        uri.encode()
    except UnicodeEncodeError:
        return uri.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return uri


def _is_alias(uri: str, folder: str) -> bool:
    """Whether it is another spelling of a path on a disk: one file must not be two."""
    parts = uri[len(folder) :].split("/")
    return folder.startswith("file://") and not {"", ".", ".."}.isdisjoint(parts)


def _heads(store: ObjectStore, uris: Iterable[str]) -> Iterator[FileVersion | None]:
    # A look-up is a round trip each, and a batch has a thousand files.
    with ThreadPoolExecutor(_HEADS_AT_ONCE) as pool:
        yield from pool.map(store.head, uris)


def _sort(
    listing: Iterable[FileVersion], source: Source, pattern: Pattern, now: datetime
) -> Iterator[Sighting]:
    is_young = _youth(source.discovery.settle, now)
    for file in listing:
        sighting = _classify(file, source, pattern)
        if not isinstance(sighting, Ignored) and is_young(file.modified):
            sighting = Waiting(file)
        yield sighting


def _youth(settle: float, now: datetime) -> Callable[[datetime], bool]:
    if settle <= 0:
        return lambda _: False
    still = timedelta(seconds=settle)
    # A clock that is ahead by less than that is only skew; a date in the far future tells nothing,
    # and must not keep its file waiting for years.
    return lambda modified: abs(now - modified) < still


def _classify(file: FileVersion, source: Source, pattern: Pattern) -> Sighting:
    uri = file.uri
    path = uri[len(source.path) :]
    if path.endswith("/") or not path:
        return _folder(file, path, pattern)
    if _is_hidden(path):
        return Ignored(printable(uri), HIDDEN)
    captures = pattern.match(path)
    if captures is None:
        complaint = pattern.complaint(path)
        return _reject(file, complaint) if complaint else Ignored(printable(uri), NO_MATCH)
    if not path.isascii() and printable(uri) != uri:
        return _reject(file, "its name is not UTF-8: rename it")
    try:
        format_of(uri, source.format)
    except FileUnreadable as error:
        return _reject(file, error.reason)
    return FoundFile(file, captures)


def _is_hidden(path: str) -> bool:
    """Spark's own rule (``HadoopFSUtils.shouldFilterOutPathName``), as it would read nothing from
    such a file. Names like ``_day=1`` are partitions."""
    # Most names are told by these quick looks; the expression costs more than all the rest.
    suspicious = path[0] in "._" or "/." in path or "/_" in path or "_COPYING_" in path
    return suspicious and _HIDDEN.search(path) is not None


def _folder(file: FileVersion, path: str, pattern: Pattern) -> Sighting:
    if file.size == 0:
        return Ignored(printable(file.uri), FOLDER)
    if pattern.match(path.rstrip("/")) is None:
        return Ignored(printable(file.uri), NO_MATCH)
    return _reject(file, "its name ends in /, which Spark takes for a folder: rename it")


def _reject(file: FileVersion, reason: str) -> Rejected:
    uri = printable(file.uri)
    return Rejected(FileVersion(uri, file.version, file.size, file.modified), reason)
