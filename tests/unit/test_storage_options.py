"""Storage options from the clouds' own variables."""

from __future__ import annotations

from pathlib import Path

import pyarrow.fs as pa_fs
import pytest

from penstock.adapters.storage_options import (
    canonical,
    filesystem,
    one_line,
    storage_options,
    table_address,
)
from penstock.errors import ConfigError

HOME = "s3://acme/home"
ALWAYS = {"conditional_put": "etag", "connect_timeout": "10s", "timeout": "60s"}


@pytest.fixture(autouse=True)
def _no_aws_but_what_a_test_sets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("/data/home/", "file:///data/home"),
        ("file:///data/home", "file:///data/home"),
        ("s3://acme/home/", "s3://acme/home"),
        ("s3://acme", "s3://acme"),
    ],
)
def test_a_home_has_one_spelling(given: str, meant: str) -> None:
    assert canonical(given) == meant


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert canonical(".penstock") == f"file://{tmp_path}/.penstock"


@pytest.mark.parametrize("home", ["az://box/home", "s3a://acme/home", "hdfs://host/home"])
def test_a_home_where_no_table_can_live_is_refused(home: str) -> None:
    with pytest.raises(ConfigError, match="ledger and stage cannot live on") as caught:
        canonical(home)
    assert home in caught.value.message


@pytest.mark.parametrize("home", ["/data/50%", "s3://acme/a%20b"])
def test_a_home_with_a_percent_sign_is_refused(home: str) -> None:
    with pytest.raises(ConfigError, match="percent sign"):
        canonical(home)


def test_local_tables_go_by_path_and_remote_ones_escaped() -> None:
    assert table_address("file:///data/a b/ä#") == "/data/a b/ä#"
    assert table_address("s3://acme/a b/ä#?") == "s3://acme/a%20b/%C3%A4%23%3F"


def test_a_local_home_needs_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:5000")
    assert storage_options("file:///data/home") == {}


def test_without_any_variable_the_service_is_left_to_find_its_way() -> None:
    assert storage_options(HOME) == ALWAYS


def test_keys_and_region_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert storage_options(HOME) == ALWAYS | {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-west-1",
    }
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert storage_options(HOME)["AWS_REGION"] == "eu-central-1"


def test_a_profile_gives_keys_and_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[lake]\naws_access_key_id = key\naws_secret_access_key = secret\n"
    )
    (tmp_path / "config").write_text("[profile lake]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_PROFILE", "lake")
    assert storage_options(HOME) == ALWAYS | {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-north-1",
    }


def test_a_profile_that_is_nowhere_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "lake")
    with pytest.raises(ConfigError, match="AWS_PROFILE") as caught:
        storage_options(HOME)
    assert "lake" in caught.value.message


@pytest.mark.parametrize(
    ("endpoint", "plain"), [("http://127.0.0.1:5000", "true"), ("https://minio.acme.com/", "false")]
)
def test_plain_http_is_allowed_where_the_endpoint_says_so(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, plain: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert storage_options(HOME) == ALWAYS | {
        "AWS_ENDPOINT_URL": endpoint.rstrip("/"),
        "AWS_ALLOW_HTTP": plain,
    }


def test_an_endpoint_for_s3_alone_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://all.acme.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.acme.com")
    assert storage_options(HOME)["AWS_ENDPOINT_URL"] == "https://s3.acme.com"


def test_each_kind_of_home_has_its_filesystem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(filesystem("file:///data/a b")) is pa_fs.LocalFileSystem
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    found = filesystem(HOME)
    assert type(found) is pa_fs.S3FileSystem
    assert found.region == "eu-central-1"


def test_what_a_library_said_fits_one_line() -> None:
    error = OSError(
        "Generic S3 error\n  \x1b[31m↳\x1b[0m refused\n   0: <unknown>\n   1: <unknown>"
    )
    assert one_line(error) == "Generic S3 error refused"
