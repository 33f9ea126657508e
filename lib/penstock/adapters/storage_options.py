"""Where Penstock's own Delta tables live, and how the clouds' own variables reach them.

One place for both readers: ``deltalake`` (the log) and pyarrow (staged Parquet). URIs are raw,
never percent-encoded; a local one is a plain path or starts with ``file://``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

import pyarrow.fs as pa_fs

from penstock.errors import ConfigError

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_NOISE = re.compile(r"\x1b\[\d*m|↳|\s+\d+: <unknown>|<\?xml.*", re.DOTALL)
_CONNECT_SECONDS, _REQUEST_SECONDS = 10, 60


def canonical(uri: str) -> str:
    """An address as ``file:///...`` or ``s3://...``, without a slash at its end.

    :raises ConfigError: a kind of storage no table can live on, or a percent sign: Delta writers
        disagree on whether it is an escape, so a table below it can be lost.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        scheme, rest = "file", str(Path(uri).absolute())
    if scheme not in ("file", "s3"):
        raise ConfigError(
            f"PENSTOCK_HOME is {uri}, and ledger and stage cannot live on {scheme}://",
            hint="set PENSTOCK_HOME to a local folder or to an s3:// address",
        )
    if "%" in rest:
        raise ConfigError(
            f"PENSTOCK_HOME is {uri}, and Delta tables cannot live below a percent sign",
            hint="set PENSTOCK_HOME to an address without a percent sign",
        )
    return f"{scheme}://{rest.rstrip('/')}"


def table_address(uri: str) -> str:
    """A canonical URI as ``deltalake`` takes it: local ones as paths, remote ones escaped."""
    scheme, _, rest = uri.partition("://")
    return rest if scheme == "file" else f"{scheme}://{quote(rest)}"


def storage_options(uri: str) -> dict[str, str]:
    """Options of ``deltalake`` for a canonical URI; none for a local one.

    | variable | effect |
    |---|---|
    | ``AWS_ENDPOINT_URL_S3``, ``AWS_ENDPOINT_URL`` | another server than AWS's; plain HTTP is allowed if it says so |
    | ``AWS_REGION``, ``AWS_DEFAULT_REGION`` | the region; else the profile's |
    | ``AWS_PROFILE``, ``AWS_ACCESS_KEY_ID``, ... | credentials, by boto3's chain, so that ledger and listing agree |

    Commits are conditional puts (``If-None-Match``): no lock table is needed.
    """  # noqa: E501  # a table row cannot be broken
    if not uri.startswith("s3://"):
        return {}
    options = {
        "conditional_put": "etag",
        "connect_timeout": f"{_CONNECT_SECONDS}s",
        "timeout": f"{_REQUEST_SECONDS}s",
    }
    if endpoint := _endpoint():
        options["AWS_ENDPOINT_URL"] = endpoint
        options["AWS_ALLOW_HTTP"] = str(endpoint.startswith("http://")).lower()
    return options | _session_options()


def filesystem(uri: str) -> pa_fs.FileSystem:
    """The pyarrow filesystem of a canonical URI; paths in it are what follows ``://``."""
    if uri.startswith("file://"):
        return pa_fs.LocalFileSystem()
    session = _session_options()
    scheme, _, host = (_endpoint() or "https://").partition("://")
    key, secret, token = (session.get(name) for name in _CREDENTIALS)
    return pa_fs.S3FileSystem(
        access_key=key,
        secret_key=secret,
        session_token=token,
        region=session.get("AWS_REGION"),
        scheme=scheme,
        endpoint_override=host or None,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
    )


def one_line(error: Exception) -> str:
    """What a storage library said, without its colours, line breaks and stack frames."""
    text = _NOISE.sub(" ", str(error))
    return " ".join(text.split())[:300]


def _endpoint() -> str:
    env = os.environ
    return (env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or "").rstrip("/")


def _session_options() -> dict[str, str]:
    """Region and the credentials of the moment, as boto3 finds them; what it doesn't is left out.

    :raises ConfigError: AWS_PROFILE names no profile.
    """
    import boto3  # a third of a second, needed for remote homes only
    from botocore.exceptions import ProfileNotFound

    env = os.environ
    try:
        session = boto3.Session(profile_name=env.get("AWS_PROFILE") or None)
        found = session.get_credentials()
    except ProfileNotFound as error:
        raise ConfigError(
            f"AWS_PROFILE: {error}", hint="name a profile of ~/.aws/config, or unset AWS_PROFILE"
        ) from error
    options = {}
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or session.region_name
    if region:
        options["AWS_REGION"] = region
    if found is not None:
        frozen = found.get_frozen_credentials()
        values = (frozen.access_key, frozen.secret_key, frozen.token)
        options |= {name: value for name, value in zip(_CREDENTIALS, values, strict=True) if value}
    return options
