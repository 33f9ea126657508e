"""The Spark session: the one that is there, or a local one that starts fast and stays quiet."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from penstock.adapters.java import REMEDY, JavaError, usable_java
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ARCHIVE = "spark.jsa"
"""Class data archive beside the jars, made at set-up; the JVM ignores one that doesn't fit it."""

_EXCLUDED_RULES = "spark.sql.optimizer.excludedRules"

SESSION_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # INT96, Spark's default, is read as nanoseconds and overflows in the year 2262
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # else Spark 3.5 refuses to write dates before the Gregorian calendar; later ones do not
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    # the JVM compiles no method of more than 8,000 bytes: rather many small ones
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # it moves tests for NULL into the CASEs of typed values, which then no longer equal what the
    # values are made of, so that Spark evaluates both
    _EXCLUDED_RULES: "org.apache.spark.sql.catalyst.optimizer.PushFoldableIntoBranches",
    # it traces a join's key down through every projection and writes each expression out as often
    # as it is used: exponential in the layers of a feed's steps, for tables that we never join
    "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
    "spark.databricks.delta.snapshotPartitions": "1",
    # a task writes a file for each status as its rows come, rather than sort them by status first
    "spark.sql.maxConcurrentOutputFileWriters": "8",
    # row counts stay, minima and maxima of columns nobody filters by do not
    "spark.databricks.delta.properties.defaults.dataSkippingNumIndexedCols": "0",
}
"""What every session of Penstock's own is set to, on whatever cluster."""

STATIC_SETTINGS = {
    # else pyspark 4 tells the JVM of each expression which line of Python it comes from, which is
    # most of the time that a feed's steps take to build
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
"""What can be set only where a session's context is made."""

_RESULTS_DEPEND_ON = ("spark.sql.session.timeZone", "spark.sql.legacy.timeParserPolicy")

# Ten times the JVM's defaults: the optimizing compiler takes up only what is really hot, where it
# would else spend more time on start-up code than the whole of a small batch takes.
_JAVA_OPTIONS = (
    "-XX:+UseParallelGC",
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
    "-Duser.timezone=UTC",
)
# A first touch of memory is dear on virtual machines, and this makes fewer of them.
_LINUX_JAVA_OPTIONS = ("-XX:+UseTransparentHugePages",)
_PARTITIONS_PER_CORE = 16
_FILE_PARTITIONS_PER_CORE = 4
_LOG_LIMIT = 1_000_000
_CONTAINER_MEMORY = Path("/sys/fs/cgroup/memory.max")


def spark_session(home: str, *, app: str = "penstock", master: str | None = None) -> SparkSession:
    """The session Penstock works in; call it once and hand it on.

    | where | session |
    |---|---|
    | one is active (a notebook, Databricks) | :func:`own_session` of it |
    | under ``spark-submit``, or ``SPARK_REMOTE`` is set | made with the cluster's own settings |
    | anywhere else | a local one, as :func:`local_settings` says; it ends with the process |

    :param home: PENSTOCK_HOME; a local one takes Spark's log (``logs/spark.log``) and scratch.
    :param master: of a session made here; by default ``local[*]``.
    :raises ConfigError: pyspark or a fitting Java is missing, or Spark does not start.
    """
    try:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise ConfigError(
            "Spark is needed, and pyspark is not installed",
            hint="pip install 'penstock[spark40]', or run on a cluster that has it",
        ) from error
    active = SparkSession.getActiveSession()
    if active is not None:
        return own_session(active)
    if "SPARK_REMOTE" in os.environ:
        return own_session(SparkSession.builder.appName(app).getOrCreate())
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        builder = SparkSession.builder.appName(app)
        for name, value in STATIC_SETTINGS.items():
            builder = builder.config(name, value)
        return own_session(builder.getOrCreate())
    if SparkContext._active_spark_context is not None:  # made in another thread
        return own_session(SparkSession.builder.getOrCreate())
    _start_local(home, app, master)
    return SparkSession.builder.getOrCreate()


def own_session(session: SparkSession) -> SparkSession:
    """A session with Penstock's settings on the same cluster.

    A classic session gets a sibling (same context, jars and cache), so that its own settings stay
    as its owner made them. Spark Connect has no siblings: there the settings that results depend
    on are set on the session itself.
    """
    if type(session).__module__.startswith("pyspark.sql.connect"):
        for name in _RESULTS_DEPEND_ON:
            session.conf.set(name, SESSION_SETTINGS[name])
        return session
    sibling = session.newSession()
    for name, value in SESSION_SETTINGS.items():
        theirs = session.conf.get(name, None) if name == _EXCLUDED_RULES else None
        sibling.conf.set(name, f"{theirs},{value}" if theirs else value)
    return sibling


def jars_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the jars that Spark needs beside its own are: ``make setup`` puts them there."""
    return Path(environ.get("PENSTOCK_JARS_DIR") or Path(sys.prefix, "jars"))


def local_settings(
    home: str, jars: Path, *, cores: int, memory: int, environ: Mapping[str, str]
) -> dict[str, str]:
    """Settings of a local session. Pure but for a look at which jars are there.

    :param jars: folder of further jars; Delta is configured only if its jar is among them. They
        come before Spark's own on the class path.
    :param memory: of the machine, in bytes; the driver's heap is a quarter of it, 1 to 4 GiB,
        unless PENSTOCK_DRIVER_MEMORY says otherwise (``6g``).
    """
    found = sorted(jars.glob("*.jar"))
    java_options = [*_JAVA_OPTIONS, *(_LINUX_JAVA_OPTIONS if sys.platform == "linux" else ())]
    if (jars / ARCHIVE).exists():
        java_options.append(f'-XX:SharedArchiveFile="{jars / ARCHIVE}"')
    settings = {
        **SESSION_SETTINGS,
        **STATIC_SETTINGS,
        "spark.driver.memory": environ.get("PENSTOCK_DRIVER_MEMORY") or _heap(memory),
        "spark.driver.extraJavaOptions": " ".join(java_options),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # an upper bound: adaptive execution joins small partitions, but splits no large ones
        "spark.sql.shuffle.partitions": str(_PARTITIONS_PER_CORE * cores),
        # of files that cannot be split; else a core may have nothing to do for the last of three
        "spark.sql.files.minPartitionNum": str(_FILE_PARTITIONS_PER_CORE * cores),
        **s3_settings(environ),
    }
    if found:
        settings["spark.driver.extraClassPath"] = os.pathsep.join(str(jar) for jar in found)
    if any("delta-spark" in jar.name for jar in found):
        settings["spark.sql.extensions"] = "io.delta.sql.DeltaSparkSessionExtension"
        settings["spark.sql.catalog.spark_catalog"] = (
            "org.apache.spark.sql.delta.catalog.DeltaCatalog"
        )
    if "://" not in home:
        settings["spark.sql.warehouse.dir"] = str(Path(home, "warehouse").absolute())
        if "," not in home:  # it would be a list of folders
            settings["spark.local.dir"] = str(Path(home, "tmp").absolute())
    return settings


def s3_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """S3A for ``s3://``, led by the variables that every AWS tool honours.

    | variable | effect |
    |---|---|
    | AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL | another server than AWS's, buckets in the path |
    | AWS_REGION, AWS_DEFAULT_REGION | the region |
    | AWS_PROFILE, AWS_ACCESS_KEY_ID, ... | credentials, by the SDK's default chain |
    """
    import pyspark

    sdk_v1 = pyspark.__version__.startswith("3.")
    settings = {
        "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "fs.s3a.aws.credentials.provider": (
            "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"
            if sdk_v1
            else "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
        ),
    }
    if endpoint := environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"):
        settings["fs.s3a.endpoint"] = endpoint
        settings["fs.s3a.path.style.access"] = "true"
        settings["fs.s3a.connection.ssl.enabled"] = str(endpoint.startswith("https:")).lower()
    if region := environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"):
        settings["fs.s3a.endpoint.region"] = region
    return {f"spark.hadoop.{name}": value for name, value in settings.items()}


def _start_local(home: str, app: str, master: str | None) -> None:
    """Start a JVM and a context in it. What the JVM writes goes to a log, as stderr is ours."""
    from py4j.protocol import Py4JError
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway

    try:
        java = usable_java()
    except JavaError as error:
        raise ConfigError(str(error), hint=REMEDY) from error
    if sys.platform == "darwin":  # whose PATH has a stub, which starts the latest Java
        os.environ.setdefault("JAVA_HOME", str(java.parent.parent))
    settings = local_settings(
        home, jars_folder(), cores=_cores(), memory=_memory(), environ=os.environ
    )
    conf = SparkConf(loadDefaults=False).setMaster(master or "local[*]").setAppName(app)
    conf.setAll(list(settings.items()))
    with _log(home) as log:
        try:
            # a context that was stopped leaves its JVM to the next one
            running = SparkContext._gateway
            gateway = running or launch_gateway(conf, {"stdout": log, "stderr": log})
            SparkContext(conf=conf, gateway=gateway)
        except (PySparkException, Py4JError) as error:
            raise ConfigError("Spark did not start", hint=f"see {log.name}") from error


def _log(home: str) -> IO[bytes]:
    """Spark's log, appended to; emptied first when it has grown large."""
    if "://" in home:
        return tempfile.NamedTemporaryFile(prefix="penstock-spark-", suffix=".log", delete=False)
    path = Path(home, "logs", "spark.log")
    path.parent.mkdir(parents=True, exist_ok=True)
    large = path.exists() and path.stat().st_size > _LOG_LIMIT
    return path.open("wb" if large else "ab")


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int:
    """Bytes of memory this process may use: the machine's, or its container's if that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(_CONTAINER_MEMORY.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or "max"
        return machine


def _heap(memory: int) -> str:
    return f"{min(max(memory // 4, 1024**3), 4 * 1024**3) // 1024**2}m"
