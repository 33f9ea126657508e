"""What is true of S3 alone."""

from __future__ import annotations

import socket
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError

from penstock.adapters.s3 import S3Store
from penstock.adapters.s3_errors import file_error, store_error
from penstock.adapters.stores import store_for
from penstock.errors import FileUnreadable, PenstockError, Retryable, SourceUnreachable
from tests.support.moto_server import environment, moto_server, s3_environment

__all__ = ["moto_server", "s3_environment"]

SESSION = ("AKIATESTTESTTESTLAST", "a-very-secret-key")


def refusal(code: str, status: int = 403, operation: str = "ListObjectsV2") -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> boto3.session.Session:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SESSION[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SESSION[1])
    return boto3.session.Session()


@pytest.mark.usefixtures("s3_environment")
def test_an_address_with_s3_is_read_through_the_endpoint_of_the_environment() -> None:
    bucket = f"drops-{uuid.uuid4().hex}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    written = client.put_object(Bucket=bucket, Key="in/a.csv", Body=b"123")
    (found,) = store_for(f"s3://{bucket}/in/").list(f"s3://{bucket}/in/")
    assert found.uri == f"s3://{bucket}/in/a.csv"
    assert found.version == written["ETag"].strip('"') + "-3"


@pytest.mark.usefixtures("s3_environment")
def test_a_whole_bucket_can_be_a_drop_zone() -> None:
    bucket = f"drops-{uuid.uuid4().hex}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="folder/")
    client.put_object(Bucket=bucket, Key="folder/a.csv", Body=b"1")
    listed = sorted((f.uri, f.size) for f in S3Store().list(f"s3://{bucket}/"))
    assert listed == [(f"s3://{bucket}/folder/", 0), (f"s3://{bucket}/folder/a.csv", 1)]


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> str:
    """An endpoint where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    for name, value in environment(endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return endpoint


def test_a_listing_of_a_service_that_is_not_there_names_bucket_and_endpoint(deaf: str) -> None:
    with pytest.raises(SourceUnreachable) as caught:
        list(S3Store().list("s3://drops/in/"))
    host = deaf.removeprefix("http://")
    assert caught.value.message == f"s3://drops cannot be reached at {host}"
    assert "AWS_ENDPOINT_URL" in caught.value.hint


@pytest.mark.usefixtures("deaf")
def test_one_call_that_gets_no_answer_may_be_tried_again() -> None:
    store = S3Store()
    with pytest.raises(Retryable):
        store.head("s3://drops/a.csv")
    with pytest.raises(Retryable):
        store.read("s3://drops/a.csv")
    with pytest.raises(Retryable):
        store.copy("s3://drops/a.csv", "s3://drops/b.csv")


@pytest.mark.usefixtures("deaf")
def test_absent_credentials_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SourceUnreachable) as caught:
        list(S3Store().list("s3://drops/"))
    assert caught.value.message == "no complete AWS credentials were found for s3://drops"
    assert "AWS_PROFILE" in caught.value.hint


@pytest.mark.usefixtures("deaf")
def test_an_unknown_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SourceUnreachable, match=r"s3://drops cannot be used: .*nobody"):
        list(S3Store().list("s3://drops/"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            refusal("AccessDenied"),
            "s3://drops refuses access to the environment's AWS credentials with the key ...LAST",
        ),
        (
            refusal("SignatureDoesNotMatch"),
            "s3://drops does not accept the environment's AWS credentials "
            "with the key ...LAST (SignatureDoesNotMatch)",
        ),
        (refusal("NoSuchBucket", 404), "the bucket s3://drops does not exist"),
        (
            refusal("MalformedPolicy", 400),
            "s3://drops refuses ListObjectsV2 by the environment's AWS credentials "
            "with the key ...LAST (MalformedPolicy)",
        ),
    ],
)
def test_a_refusal_names_bucket_and_credentials_and_no_secret(
    session: boto3.session.Session, error: ClientError, said: str
) -> None:
    found = store_error(error, "drops", session)
    assert type(found) is SourceUnreachable
    assert found.message == said
    assert found.hint
    assert SESSION[1] not in str(found)
    assert SESSION[0] not in str(found)


@pytest.mark.parametrize("unavailable", [Retryable, SourceUnreachable])
def test_a_service_that_is_busy_is_unavailable(
    session: boto3.session.Session, unavailable: type[PenstockError]
) -> None:
    found = store_error(refusal("SlowDown", 503), "drops", session, unavailable)
    assert type(found) is unavailable
    assert found.message == "s3://drops does not answer (SlowDown)"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDenied", "it may not be read: grant s3:GetObject (and kms:Decrypt) on it"),
        ("InvalidObjectState", "it is archived: restore it, and drop it again"),
        ("NoSuchKey", "it is not there any more"),
    ],
)
def test_a_file_that_cannot_be_read_fails_alone(
    session: boto3.session.Session, code: str, reason: str
) -> None:
    found = file_error(refusal(code, operation="GetObject"), "s3://drops/a", "drops", session)
    assert type(found) is FileUnreadable
    assert (found.uri, found.reason) == ("s3://drops/a", reason)
