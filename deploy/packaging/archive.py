"""Archive the classes that a typical load uses, so that the JVM maps them instead of reading jars.

    .venv/bin/python deploy/packaging/archive.py

Run by set-up in the environment it is for. The JVM ignores the archive when Java or a jar is no
longer the same, so it can do no harm.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from penstock.adapters.spark import ARCHIVE, jars_folder, spark_session

_PATIENCE = 120.0
"""Seconds for the JVM to write the archive after it has been told to end."""


def main() -> None:
    target = jars_folder() / ARCHIVE
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        # named here, it is used by nobody before it is complete
        unfinished = Path(scratch, ARCHIVE)
        option = f'spark.driver.defaultJavaOptions=-XX:ArchiveClassesAtExit="{unfinished}"'
        os.environ["PYSPARK_SUBMIT_ARGS"] = f"--conf {shlex.quote(option)} pyspark-shell"
        spark = spark_session(f"{scratch}/home", app="archive", master="local[2]")
        work(spark, Path(scratch))
        spark.stop()
        end_jvm()
        unfinished.replace(target)


def work(spark: SparkSession, folder: Path) -> None:
    """Read CSV and JSON, clean, pick one of each key, write a partitioned Delta table."""
    rows = [f'{n % 900},2024-10-01T00:00:{n % 60:02d}Z,"a, ""{n}""",{n}.5' for n in range(1000)]
    (folder / "rows.csv").write_text("\n".join(["id,at,text,amount", *rows]), encoding="utf-8")
    (folder / "rows.json").write_text('{"id": "1", "at": "x", "more": {"a": [1]}}\n' * 100)
    schema = "id string, at string, text string, amount string"
    csv = spark.read.csv(
        str(folder / "rows.csv"), schema, header=True, multiLine=True, escape='"', encoding="UTF-8"
    )
    json = spark.read.json(str(folder / "rows.json"), schema)
    newest = Window.partitionBy("id").orderBy("at", "hash")
    cells = csv.unionByName(json).select(
        F.trim("id").alias("id"),
        F.expr("try_cast(at AS timestamp)").alias("at"),
        F.expr("try_cast(amount AS decimal(12,2))").alias("amount"),
        F.regexp_extract("text", "([a-z]+)", 1).alias("word"),
        F.md5(F.concat_ws("\x1f", *csv.columns)).alias("hash"),
        F.to_json(F.struct(*csv.columns)).alias("raw"),
        F.array_compact(F.array(F.when(F.col("at").isNull(), F.lit("at")))).alias("reasons"),
    )
    marked = cells.withColumn("rank", F.row_number().over(newest)).withColumn(
        "_status", F.when(F.col("rank") == 1, "accepted").otherwise("duplicate")
    )
    for attempt in range(2):
        table = str(folder / f"table-{attempt}")
        marked.write.format("delta").partitionBy("_status").save(table)
    spark.read.format("delta").load(table).groupBy("_status").count().collect()


def end_jvm() -> None:
    """Close what the JVM waits for, and wait until it has written the archive."""
    gateway = SparkContext._gateway
    assert gateway is not None
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(_PATIENCE)


if __name__ == "__main__":
    main()
