"""Names of things outside the feed: drop zones, tables, Python functions."""

from __future__ import annotations

import os
import re
from pathlib import Path as FilePath

from penstock.config.problems import SettingError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]+[a-z0-9]")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_MAX_IDENTIFIER = 63  # bytes; Postgres cuts longer identifiers off without a word
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
_OWN_SCHEMA = "penstock"


def source_uri(text: str) -> str:
    """A drop zone as a URI ending in ``/``; a plain folder is taken from the working folder and
    becomes ``file:///...`` with its characters as they are, unescaped.

    :raises SettingError: no storage that Penstock reads.
    """
    if "*" in text:
        hint = "write the folder here, and the pattern in source.match"
        raise SettingError(f'must be a folder without wildcards, not "{text}"', hint)
    scheme = _SCHEME.match(text)
    kind = scheme[1].lower() if scheme else "file"
    if kind in ("s3a", "s3n"):
        raise SettingError(f'must start with s3://, not {kind}://: "{text}"', "write s3://")
    if kind in ("az", "abfs", "abfss", "wasb", "wasbs", "adl"):
        hint = "copy the files to s3:// or a folder until then"
        raise SettingError(f"is on {kind}://: Azure is not available yet", hint)
    if kind == "s3":
        return _s3(text)
    if kind != "file":
        raise SettingError(
            f"is on {kind}://, which Penstock does not read", "use s3:// or a folder"
        )
    if text.startswith("~"):
        raise SettingError(
            "must not start with ~, which means a folder to shells only", "write ${HOME}"
        )
    folder = re.sub(r"^file:/+", "/", text, flags=re.IGNORECASE)
    # normpath, not resolve: following links would change the identity of every file below.
    absolute = os.path.normpath(FilePath(folder).absolute())
    return _closed(f"file://{absolute}")


def _s3(text: str) -> str:
    bucket, _, prefix = text[len("s3://") :].partition("/")
    if not text.lower().startswith("s3://") or not _BUCKET.fullmatch(bucket):
        raise SettingError(
            f'must be s3://bucket/prefix/, not "{text}"', "name a bucket in lower case"
        )
    return _closed(f"s3://{bucket}/{prefix}")


def _closed(uri: str) -> str:
    return uri if uri.endswith("/") else f"{uri}/"


def table_name(text: str) -> str:
    """Canonical ``schema.table`` in lower case; the schema is ``public`` unless given.

    :raises SettingError: it is not a name of letters, digits and ``_``.
    """
    parts = text.strip().split(".")
    if len(parts) > 2 or not all(_IDENTIFIER.fullmatch(p) for p in parts):
        hint = "use letters, digits and _, without quotes; a database is part of the connection"
        raise SettingError(f'must be schema.table, not "{text}"', hint)
    long = next((p for p in parts if len(p) > _MAX_IDENTIFIER), None)
    if long:
        raise SettingError(
            f"is longer than {_MAX_IDENTIFIER} bytes: {long}", "write a shorter name"
        )
    schema, table = ["public", *parts][-2:]
    if schema.lower() == _OWN_SCHEMA:
        hint = "name another schema, such as public"
        raise SettingError(f"is in the schema {_OWN_SCHEMA}, where the load log lies", hint)
    return f"{schema}.{table}".lower()


def python_function(text: str) -> str:
    """``module:function`` or ``package.module:function``; it is not imported here.

    :raises SettingError: it is no such name.
    """
    if not _FUNCTION.fullmatch(text):
        hint = "write it as mypackage.module:function"
        raise SettingError(f'must be module:function, not "{text}"', hint)
    return text
