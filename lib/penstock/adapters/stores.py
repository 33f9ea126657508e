"""Which object store a URI lives in."""

from __future__ import annotations

from penstock.adapters.local import LocalStore
from penstock.errors import ConfigError
from penstock.ports import ObjectStore


def store_for(uri: str) -> ObjectStore:
    """A new store for ``file://`` and ``s3://`` addresses. Nothing is connected to yet.

    :raises ConfigError: another scheme, or no bucket.
    """
    scheme, separator, rest = uri.partition("://")
    if separator and scheme == "file":
        return LocalStore()
    if separator and scheme == "s3":
        if not rest.partition("/")[0]:
            raise ConfigError(f"{uri} names no bucket", hint="write s3://bucket/folder/")
        from penstock.adapters.s3 import S3Store  # the SDK takes a while to import

        return S3Store()
    if scheme in ("s3a", "s3n") and separator:
        raise ConfigError(f"{uri}: {scheme}:// is Hadoop's own name", hint=f"write s3://{rest}")
    raise ConfigError(
        f"{uri} is in no kind of storage that this version reads",
        hint="use s3://bucket/folder/, file:///folder/ or a plain folder",
    )
