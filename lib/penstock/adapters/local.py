"""Files on a local disk, or on one mounted."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from penstock.errors import FileUnreadable, Retryable, SourceUnreachable
from penstock.model import FileVersion

log = logging.getLogger(__name__)

SCHEME = "file://"


class LocalStore:
    """``ports.ObjectStore`` over folders: URIs are ``file:///absolute/path``, raw.

    A version is ``mtime_ns-size``. Symbolic links to files are followed, links to folders are
    not, so that no loop can come up. What is neither file nor folder is passed over. Names that
    are not UTF-8 come as Python has them, with surrogate escapes.
    """

    def list(self, prefix: str, starting: str = "") -> Iterator[FileVersion]:
        """See ``ports.ObjectStore.list``.

        :raises SourceUnreachable: the folder, or one below it, is not there or may not be read.
        """
        root = _path(prefix).rstrip("/") + "/"
        _check_folder(root)
        folder, slash, beginning = starting.rpartition("/")
        first = root + folder + slash
        waiting = [first]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    yield from _files(entries, waiting, beginning if folder == first else "")
            except (FileNotFoundError, NotADirectoryError):
                continue  # not there, or removed while the listing was under way
            except OSError as error:
                raise _unlisted(folder, error) from error

    def head(self, uri: str) -> FileVersion | None:
        """See ``ports.ObjectStore.head``."""
        if uri.endswith("/"):
            return None
        try:
            found = Path(_path(uri)).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unlisted(_path(uri), error) from error
        return _version(uri, found) if stat.S_ISREG(found.st_mode) else None

    def read(self, uri: str, length: int | None = None, offset: int = 0) -> bytes:
        """See ``ports.ObjectStore.read``."""
        try:
            with _opened(uri) as file:
                file.seek(offset)
                return file.read(-1 if length is None else length)
        except OSError as error:
            raise FileUnreadable(uri, _why(error)) from error

    def copy(self, source: str, target: str) -> None:
        """See ``ports.ObjectStore.copy``; readers of ``target`` see its old or its new content.

        :raises FileUnreadable: ``source`` is gone or may not be read.
        :raises Retryable: ``target`` cannot be written.
        """
        final = Path(_path(target))
        unfinished = final.with_name(f".penstock-{uuid.uuid4().hex}")
        with _opened(source) as content:
            try:
                final.parent.mkdir(parents=True, exist_ok=True)
                with unfinished.open("xb") as written:
                    shutil.copyfileobj(content, written, 1 << 20)
                unfinished.replace(final)
            except OSError as error:
                unfinished.unlink(missing_ok=True)
                raise Retryable(
                    f"{target} cannot be written: {_why(error)}",
                    hint="make room or grant the right to write there, and run again",
                ) from error


def _path(uri: str) -> str:
    return uri.removeprefix(SCHEME)


def _opened(uri: str) -> BinaryIO:
    try:
        return Path(_path(uri)).open("rb")
    except OSError as error:
        raise FileUnreadable(uri, _why(error)) from error


def _check_folder(path: str) -> None:
    try:
        found = Path(path).stat()
    except OSError as error:
        raise _unlisted(path, error) from error
    if not stat.S_ISDIR(found.st_mode):
        raise SourceUnreachable(
            f"{SCHEME}{path.rstrip('/')} is a file, not a folder",
            hint="set source.path to the folder, and source.match to the file's name",
        )


# Strings, scandir and local names: this runs once per file, and there may be millions.
def _files(
    entries: Iterator[os.DirEntry[str]], folders: list[str], beginning: str
) -> Iterator[FileVersion]:
    regular, make = stat.S_ISREG, _version
    for entry in entries:
        if beginning and not entry.name.startswith(beginning):
            continue
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.path + "/")
            continue
        try:
            found = entry.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue  # removed meanwhile, or a link to nothing
        if regular(found.st_mode):
            yield make(SCHEME + entry.path, found)
        elif stat.S_ISDIR(found.st_mode):
            log.info("%s%s is a link to a folder and is not followed", SCHEME, entry.path)


def _version(uri: str, found: os.stat_result) -> FileVersion:
    try:
        modified = datetime.fromtimestamp(found.st_mtime, UTC)
    except (OverflowError, ValueError):
        # A disk can hold dates that Python cannot.
        modified = datetime.max.replace(tzinfo=UTC)
    return FileVersion(uri, f"{found.st_mtime_ns}-{found.st_size}", found.st_size, modified)


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _unlisted(path: str, error: OSError) -> SourceUnreachable:
    if isinstance(error, FileNotFoundError):
        hint = "create the folder, or correct source.path"
    else:
        hint = "grant the right to read it, or point source.path past it"
    return SourceUnreachable(f"{SCHEME}{path} cannot be read: {_why(error)}", hint=hint)
