"""Amazon S3, and whatever speaks its protocol at ``AWS_ENDPOINT_URL``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from penstock.adapters.s3_errors import file_error, is_missing, store_error
from penstock.errors import FileUnreadable, SourceUnreachable
from penstock.model import FileVersion

if TYPE_CHECKING:
    from boto3.session import Session
    from types_boto3_s3 import S3Client

SCHEME = "s3://"

_LARGEST_SIMPLE_COPY = 5 * 1024**3
_COPIED_PART = 256 * 1024**2
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")
_FAILURES = (ClientError, BotoCoreError)


class S3Store:
    """``ports.ObjectStore`` over S3: URIs are ``s3://bucket/key``, keys raw.

    A version is ``etag-size``. Credentials, profile, region and endpoint come from where every
    AWS tool takes them; with an endpoint of one's own, buckets stand in the path. One client
    serves all threads; it is made at the first call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._client: S3Client | None = None

    def list(self, prefix: str, starting: str = "") -> Iterator[FileVersion]:
        """See ``ports.ObjectStore.list``. Folder markers (``key/``) are listed as well."""
        bucket, key = _split(prefix)
        try:
            pages = self._connected().get_paginator("list_objects_v2")
            # botocore asks for URL-encoded keys by itself, and decodes them: XML can't carry all.
            for page in pages.paginate(Bucket=bucket, Prefix=key + starting):
                for found in page.get("Contents", ()):
                    yield _version(
                        f"{SCHEME}{bucket}/{found['Key']}",
                        found["ETag"],
                        found["Size"],
                        found["LastModified"],
                    )
        except _FAILURES as error:
            raise store_error(error, bucket, self._session, SourceUnreachable) from error

    def head(self, uri: str) -> FileVersion | None:
        """See ``ports.ObjectStore.head``.

        :raises Retryable: the service cannot be reached at the moment.
        :raises SourceUnreachable: it can, and refuses.
        """
        bucket, key = _split(uri)
        if not key:
            return None
        try:
            found = self._connected().head_object(Bucket=bucket, Key=key)
        except _FAILURES as error:
            if is_missing(error):
                return None
            raise store_error(error, bucket, self._session) from error
        return _version(uri, found["ETag"], found["ContentLength"], found["LastModified"])

    def read(self, uri: str, length: int | None = None, offset: int = 0) -> bytes:
        """See ``ports.ObjectStore.read``.

        :raises Retryable: the service cannot be reached at the moment.
        """
        bucket, key = _split(uri)
        if not key:
            raise FileUnreadable(uri, "names a bucket, not a file")
        try:
            client = self._connected()
            if length is None and not offset:
                return client.get_object(Bucket=bucket, Key=key)["Body"].read()
            end = "" if length is None else offset + max(length, 1) - 1
            wanted = f"bytes={offset}-{end}"
            body = client.get_object(Bucket=bucket, Key=key, Range=wanted)["Body"]
            return body.read()[:length]
        except _FAILURES as error:
            if _is_past_end(error):
                return b""
            raise file_error(error, uri, bucket, self._session) from error

    def copy(self, source: str, target: str) -> None:
        """See ``ports.ObjectStore.copy``. Nothing passes through this machine.

        :raises FileUnreadable: ``source`` is gone or may not be read.
        :raises Retryable: the service cannot be reached at the moment.
        :raises SourceUnreachable: it can, and refuses.
        """
        (bucket, key), (to_bucket, to_key) = _split(source), _split(target)
        try:
            self._connected().copy(
                {"Bucket": bucket, "Key": key},
                to_bucket,
                to_key,
                Config=TransferConfig(
                    multipart_threshold=_LARGEST_SIMPLE_COPY, multipart_chunksize=_COPIED_PART
                ),
            )
        except _FAILURES as error:
            # The managed copy looks at the source first.
            if isinstance(error, ClientError) and (
                error.operation_name == "HeadObject"
                or error.response["Error"]["Code"] == "NoSuchKey"
            ):
                raise file_error(error, source, bucket, self._session) from error
            raise store_error(error, to_bucket, self._session) from error

    def _connected(self) -> S3Client:
        with self._lock:
            if self._client is None:
                self._session = self._session or boto3.session.Session()
                self._client = _client(self._session)
            return self._client


def _client(session: Session) -> S3Client:
    config = Config(
        retries={"mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=32,
    )
    client = session.client("s3", config=config)
    # The endpoint may come from a variable, a profile or a service section: ask what came of it.
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    if host.endswith(_AMAZON):
        return client
    path_style = Config(s3={"addressing_style": "path"})
    return session.client("s3", config=config.merge(path_style))


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    return bucket, key


def _version(uri: str, etag: str, size: int, modified: datetime) -> FileVersion:
    # Joined with the size: multipart and some compatible stores' etags are no checksums.
    return FileVersion(uri, f"{etag.strip(chr(34))}-{size}", size, modified.astimezone(UTC))


def _is_past_end(error: Exception) -> bool:
    """The object ends before the range begins: S3 refuses what is an empty read elsewhere."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "InvalidRange"
