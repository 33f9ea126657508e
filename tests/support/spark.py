"""The one Spark session of the test suite, and the fixtures that hand it out.

A conftest that imports ``spark`` and ``ansi`` gives its folder both; the session is made at the
first test that asks for it and shared by every folder.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from penstock.adapters.spark import SESSION_SETTINGS, STATIC_SETTINGS, jars_folder

needs_connect_server = pytest.mark.skipif(
    pyspark.__version__.startswith("3."), reason="pyspark 3.5 comes without a Connect server"
)


def jars() -> list[Path]:
    """The jars Delta, S3A and JDBC need, as ``make setup`` left them."""
    found = sorted(jars_folder().glob("*.jar"))
    if not found:
        raise pytest.UsageError(f"no jars in {jars_folder()}: run `make setup`")
    return found


@cache
def session() -> SparkSession:
    """Two cores, nothing on the network but loopback, scratch in a temporary folder."""
    scratch = tempfile.mkdtemp(prefix="penstock-spark-")
    settings = {
        **SESSION_SETTINGS,
        **STATIC_SETTINGS,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        # Tests are many short queries: compiling them thoroughly never pays.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.extraClassPath": os.pathsep.join(str(jar) for jar in jars()),
        "spark.local.dir": f"{scratch}/local",
        "spark.sql.warehouse.dir": f"{scratch}/warehouse",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # pyspark hands out timestamps as naive times in the process's own zone.
    os.environ["TZ"] = "UTC"
    time.tzset()
    builder = SparkSession.builder.master("local[2]").appName("penstock-tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """The shared session; tests leave its settings as they found them."""
    return session()


@pytest.fixture(params=[True, False], ids=["ansi", "no-ansi"])
def ansi(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[bool]:
    """Run the test twice: with ``spark.sql.ansi.enabled`` on and off."""
    before = spark.conf.get("spark.sql.ansi.enabled")
    spark.conf.set("spark.sql.ansi.enabled", str(request.param).lower())
    yield bool(request.param)
    spark.conf.set("spark.sql.ansi.enabled", str(before))
