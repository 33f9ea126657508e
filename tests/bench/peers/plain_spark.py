"""The Spark job one writes by hand: read.csv -> dropDuplicates -> window -> JDBC append.

It keeps no record of what it loaded, gives no reasons (a bad cell becomes NULL, a clashing id is
only numbered), aligns columns by position, and run twice it loads twice.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

SCHEMA = (
    "id string, timestamp timestamp, user_id string, email string, country string, uri string, "
    "action string, tags string, duration_ms int, comment string"
)
START, END = "2024-10-01", "2024-11-01"


def session(memory: str, scratch: Path) -> SparkSession:
    """All cores, and the driver heap that Penstock gets as well."""
    (jdbc,) = Path(os.environ["PENSTOCK_JARS_DIR"]).glob("*postgresql-*.jar")
    settings = {
        "spark.driver.memory": memory,
        "spark.driver.extraClassPath": str(jdbc),
        "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(scratch),
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master("local[*]").appName("plain-spark")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="PENSTOCK_BENCH_URL in the environment names the database."
    )
    parser.add_argument("--drops", type=Path, required=True, help="folder that holds events/")
    parser.add_argument("--table", required=True, help="target, made if absent")
    parser.add_argument("--work", type=Path, required=True, help="scratch, empty")
    parser.add_argument("--memory", required=True, help="driver heap, such as 2g")
    options = parser.parse_args()
    spark = session(options.memory, options.work)
    target = urlsplit(os.environ["PENSTOCK_BENCH_URL"])
    by_id = Window.partitionBy("id").orderBy("timestamp", "user_id", "uri", "action", "tags")
    (
        spark.read.csv(
            str(options.drops / "events"),
            schema=SCHEMA,
            header=True,
            multiLine=True,
            escape='"',
            ignoreLeadingWhiteSpace=True,
            ignoreTrailingWhiteSpace=True,
        )
        .dropDuplicates()
        .where((F.col("timestamp") >= START) & (F.col("timestamp") < END))
        .withColumn("clash", F.row_number().over(by_id) - 1)
        .write.mode("append")
        .option("batchsize", 10_000)
        .jdbc(
            f"jdbc:postgresql://{target.hostname}:{target.port}{target.path}"
            "?reWriteBatchedInserts=true",
            options.table,
            properties={
                "driver": "org.postgresql.Driver",
                "user": unquote(target.username or ""),
                "password": unquote(target.password or ""),
            },
        )
    )
    spark.stop()


if __name__ == "__main__":
    main()
