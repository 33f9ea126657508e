"""What S3's refusals mean, in words that name the bucket and the credentials, never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from penstock.errors import FileUnreadable, PenstockError, Retryable, SourceUnreachable

if TYPE_CHECKING:
    from boto3.session import Session

_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "403", "Forbidden"})
_BAD_CREDENTIALS = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
_MISSING = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NoSuchVersion", "NotFound"})
_FILE_REASONS = {
    "InvalidObjectState": "it is archived: restore it, and drop it again",
    **dict.fromkeys(_DENIED, "it may not be read: grant s3:GetObject (and kms:Decrypt) on it"),
    **dict.fromkeys(_MISSING, "it is not there any more"),
}
_STATIC = frozenset({"env", "shared-credentials-file", "config-file"})


def is_missing(error: Exception) -> bool:
    return isinstance(error, ClientError) and _code(error) in _MISSING


def file_error(error: Exception, uri: str, bucket: str, session: Session | None) -> PenstockError:
    """The error of reading one object: it alone, or the whole store."""
    if isinstance(error, ClientError) and (reason := _FILE_REASONS.get(_code(error))):
        return FileUnreadable(uri, reason)
    return store_error(error, bucket, session)


def store_error(
    error: Exception,
    bucket: str,
    session: Session | None,
    unavailable: type[PenstockError] = Retryable,
) -> PenstockError:
    """The error of a call that concerns more than one object.

    :param unavailable: what it is when the service does not answer, or asks to come back later.
    """
    where = f"s3://{bucket}"
    if isinstance(error, ClientError):
        return _refusal(error, where, bucket, session, unavailable)
    if isinstance(error, ConnectionError | HTTPClientError):
        host = urlsplit(str(error.kwargs.get("endpoint_url", ""))).netloc.rpartition("@")[2]
        at = f" at {host}" if host else ""
        return unavailable(
            f"{where} cannot be reached{at}",
            hint="check the network, AWS_ENDPOINT_URL and AWS_REGION",
        )
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return SourceUnreachable(
            f"no complete AWS credentials were found for {where}",
            hint="set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or give this machine a role",
        )
    return SourceUnreachable(
        f"{where} cannot be used: {error}",
        hint="check the address, AWS_PROFILE and the AWS configuration",
    )


def _refusal(
    error: ClientError,
    where: str,
    bucket: str,
    session: Session | None,
    unavailable: type[PenstockError],
) -> PenstockError:
    code, used = _code(error), _credential(session)
    if code in _MISSING:
        return SourceUnreachable(
            f"the bucket {where} does not exist",
            hint=f"correct the bucket's name, or create it where {used} can see it",
        )
    if code in _DENIED:
        return SourceUnreachable(
            f"{where} refuses access to {used}",
            hint=f"grant it s3:ListBucket on arn:aws:s3:::{bucket} and s3:GetObject on "
            f"arn:aws:s3:::{bucket}/*, or choose other credentials with AWS_PROFILE",
        )
    if code in _BAD_CREDENTIALS:
        return SourceUnreachable(
            f"{where} does not accept {used} ({code})",
            hint="renew the credentials and check this machine's clock, or set AWS_PROFILE",
        )
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 or status == 429:
        return unavailable(f"{where} does not answer ({code})", hint="run again later")
    return SourceUnreachable(
        f"{where} refuses {error.operation_name} by {used} ({code})",
        hint="check the bucket's region and policies",
    )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _credential(session: Session | None) -> str:
    """Which credentials are in use: their origin, and of a key the last four characters."""
    try:
        found = session.get_credentials() if session else None
    except BotoCoreError:
        found = None
    if session is None or found is None:
        return "the AWS credentials in use"
    if found.method == "env":
        origin = "the environment's AWS credentials"
    else:
        origin = f"the AWS credentials of profile {session.profile_name} ({found.method})"
    if found.method in _STATIC and found.access_key:
        origin += f" with the key ...{found.access_key[-4:]}"
    return origin
