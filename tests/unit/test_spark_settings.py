"""The settings of a local session, and what is said when Spark cannot be had. No JVM."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from penstock.adapters.spark import jars_folder, local_settings, s3_settings, spark_session
from penstock.errors import ConfigError

GIB = 1024**3


def settings(
    jars: Path, home: str = "/data/home", *, memory: int = 8 * GIB, **environ: str
) -> dict[str, str]:
    return local_settings(home, jars, cores=2, memory=memory, environ=environ)


def test_time_zone_is_utc_and_ansi_mode_is_left_alone(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found["spark.sql.session.timeZone"] == "UTC"
    assert "spark.sql.ansi.enabled" not in found


def test_nothing_listens_beyond_this_machine(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found["spark.ui.enabled"] == "false"
    assert {found["spark.driver.host"], found["spark.driver.bindAddress"]} == {"127.0.0.1"}


def test_delta_is_configured_only_where_its_jar_is(tmp_path: Path) -> None:
    assert "spark.sql.extensions" not in settings(tmp_path)
    assert "spark.driver.extraClassPath" not in settings(tmp_path)
    for name in ("b.jar", "io.delta_delta-spark_2.13-4.0.1.jar", "notes.txt"):
        (tmp_path / name).touch()
    found = settings(tmp_path)
    assert found["spark.sql.extensions"] == "io.delta.sql.DeltaSparkSessionExtension"
    assert found["spark.driver.extraClassPath"] == (
        f"{tmp_path}/b.jar:{tmp_path}/io.delta_delta-spark_2.13-4.0.1.jar"
    )


def test_class_archive_is_used_where_setup_made_one(tmp_path: Path) -> None:
    assert "SharedArchiveFile" not in settings(tmp_path)["spark.driver.extraJavaOptions"]
    (tmp_path / "spark.jsa").touch()
    assert settings(tmp_path)["spark.driver.extraJavaOptions"].endswith(
        f' -XX:SharedArchiveFile="{tmp_path}/spark.jsa"'
    )


@pytest.mark.parametrize(
    ("memory", "heap"), [(2 * GIB, "1024m"), (8 * GIB, "2048m"), (64 * GIB, "4096m")]
)
def test_heap_is_a_quarter_of_the_memory_within_bounds(
    tmp_path: Path, memory: int, heap: str
) -> None:
    assert settings(tmp_path, memory=memory)["spark.driver.memory"] == heap


def test_heap_can_be_set(tmp_path: Path) -> None:
    found = settings(tmp_path, PENSTOCK_DRIVER_MEMORY="6g")
    assert found["spark.driver.memory"] == "6g"


def test_scratch_and_warehouse_lie_in_a_local_home_only(tmp_path: Path) -> None:
    folders = ("spark.local.dir", "spark.sql.warehouse.dir")
    local, remote = settings(tmp_path), settings(tmp_path, "s3://bucket/home")
    assert [local[name] for name in folders] == ["/data/home/tmp", "/data/home/warehouse"]
    assert [remote.get(name) for name in folders] == [None, None]


def test_a_home_with_a_comma_is_not_taken_for_two_folders(tmp_path: Path) -> None:
    assert "spark.local.dir" not in settings(tmp_path, "/data/a,b")


def test_s3_follows_the_variables_of_aws() -> None:
    found = s3_settings(
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_DEFAULT_REGION": "eu-central-1"}
    )
    del found["spark.hadoop.fs.s3a.aws.credentials.provider"]  # depends on the SDK's version
    assert found == {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": "http://127.0.0.1:5000",
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.endpoint.region": "eu-central-1",
    }


def test_s3_endpoint_of_its_own_comes_first_and_keeps_encryption() -> None:
    found = s3_settings(
        {"AWS_ENDPOINT_URL": "http://other", "AWS_ENDPOINT_URL_S3": "https://s3.example"}
    )
    assert found["spark.hadoop.fs.s3a.endpoint"] == "https://s3.example"
    assert found["spark.hadoop.fs.s3a.connection.ssl.enabled"] == "true"


def test_no_credential_becomes_a_setting() -> None:
    secrets = {"AWS_ACCESS_KEY_ID": "AKIASECRET", "AWS_SECRET_ACCESS_KEY": "hidden"}
    assert not {"AKIASECRET", "hidden"} & set(s3_settings(secrets).values())


def test_jars_are_those_of_the_environment_unless_named() -> None:
    assert jars_folder({}) == Path(sys.prefix, "jars")
    assert jars_folder({"PENSTOCK_JARS_DIR": "/opt/jars"}) == Path("/opt/jars")


def test_missing_java_is_one_sentence_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    for name in ("PYSPARK_GATEWAY_PORT", "SPARK_REMOTE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pyspark.SparkContext._active_spark_context", None)
    with pytest.raises(ConfigError) as raised:
        spark_session(str(tmp_path))
    assert raised.value.message.startswith("Java 17 is needed, and JAVA_HOME is ")
    assert raised.value.hint == "install a Java 17 runtime, or set JAVA_HOME to one"


def test_missing_pyspark_is_one_sentence_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "pyspark.py").write_text("raise ModuleNotFoundError('pyspark')")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from penstock.adapters.spark import spark_session\n"
        "from penstock.errors import ConfigError\n"
        "try:\n    spark_session('home')\nexcept ConfigError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "Spark is needed, and pyspark is not installed\n"
        "  hint: pip install 'penstock[spark40]', or run on a cluster that has it\n"
    )
