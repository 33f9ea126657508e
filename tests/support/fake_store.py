"""An object store in memory, with S3's manners: raw keys, etag versions, no folders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from penstock.errors import FileUnreadable, SourceUnreachable
from penstock.model import FileVersion

MODIFIED = datetime(2024, 9, 20, 10, tzinfo=UTC)


class FakeStore:
    """``ports.ObjectStore`` over a dict. What is outside ``roots`` cannot be reached.

    :param roots: URIs ending in ``/``, like buckets.
    """

    def __init__(self, *roots: str) -> None:
        self.roots = roots or ("s3://drops/",)
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.listed: list[str] = []

    def put(self, uri: str, content: bytes = b"", modified: datetime = MODIFIED) -> FileVersion:
        self.objects[uri] = (content, modified)
        return self._version(uri)

    def remove(self, uri: str) -> None:
        del self.objects[uri]

    def list(self, prefix: str, starting: str = "") -> Iterator[FileVersion]:
        self.listed.append(prefix + starting)
        if not prefix.startswith(self.roots):
            raise SourceUnreachable(f"{prefix} does not exist", hint="create it")
        for uri in sorted(self.objects):
            if uri.startswith(prefix + starting):
                yield self._version(uri)

    def head(self, uri: str) -> FileVersion | None:
        return self._version(uri) if uri in self.objects else None

    def read(self, uri: str, length: int | None = None, offset: int = 0) -> bytes:
        if uri not in self.objects:
            raise FileUnreadable(uri, "it is not there any more")
        content = self.objects[uri][0][offset:]
        return content if length is None else content[:length]

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.read(source))

    def _version(self, uri: str) -> FileVersion:
        content, modified = self.objects[uri]
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return FileVersion(uri, f"{digest}-{len(content)}", len(content), modified)
