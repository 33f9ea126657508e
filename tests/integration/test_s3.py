"""Drops, ledger and stages on S3, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.support import moto_server
from tests.support.answers import check_counts, check_target
from tests.support.process import Penstock


@pytest.fixture
def penstock(tmp_path: Path) -> Iterator[Penstock]:
    with moto_server.running() as endpoint:
        penstock = Penstock(tmp_path, moto_server.environment(endpoint))
        penstock.database()
        yield penstock
        penstock("database", "--stop")


def upload(penstock: Penstock, folder: str) -> None:
    environment = penstock.environment
    s3 = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    s3.create_bucket(Bucket="acme-drops")
    s3.create_bucket(Bucket="acme-home")
    for path in sorted((penstock.drops / folder).glob("events_*")):
        s3.upload_file(str(path), "acme-drops", f"in/{folder}/{path.name}")


def test_drops_on_s3_and_then_everything_on_s3(penstock: Penstock) -> None:
    sheet = penstock.sample("events", "events", 2_000, 6)
    upload(penstock, "events")
    url = penstock.database()
    penstock.environment |= {
        "WAREHOUSE_URL": url,
        "PENSTOCK_HOME": "s3://acme-home/penstock",
    }
    arguments = ["events", "--target", "prod", "--var", "drops=s3://acme-drops/in"]
    process = penstock.start("run", *arguments)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    again = penstock.json("plan", *arguments)
    assert again["files"] == 0
    del penstock.environment["PENSTOCK_HOME"]
    assert check_target(penstock.table("public.events"), sheet, lineage=False) == []
    assert check_counts(penstock.load_log("events"), sheet) == []
