"""Every public transform through Spark Connect, which has no RDD and no JVM at hand.

In a process of its own: a classic and a Connect session do not go together in one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.spark import needs_connect_server

pytestmark = needs_connect_server

SCRIPT = """
import json
from pyspark.sql import SparkSession
from penstock.transform import (
    content_hash, dedupe, email_company, fill, null_values, trim, uuid_clash, window)
from penstock.transform.marks import (
    mark_duplicates, mark_identity, mark_invalid_email, mark_window)

spark = SparkSession.builder.remote("local[2]").config("spark.ui.enabled", "false").getOrCreate()
assert type(spark).__module__.startswith("pyspark.sql.connect")
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.conf.set("spark.sql.shuffle.partitions", "2")
rows = [("a", 1, " J@Acme.co.uk "), ("a", 1, " J@Acme.co.uk "), ("a", 2, "n/a"), ("b", None, "no")]
df = spark.createDataFrame(rows, "id string, n int, email string").selectExpr(
    "*", "timestamp'2024-10-01' + make_interval(0, 0, 0, coalesce(n, 0)) as at")
known = df.where("n = 1").transform(uuid_clash())
clean = (
    df.transform(trim()).transform(null_values("n/a")).transform(fill({"n": 0}))
    .transform(window("at", month="2024-10")).transform(dedupe(key="id"))
    .transform(content_hash(output="h")).transform(email_company("email", overrides={"x.de": "X"}))
    .transform(uuid_clash(order_by="n", history=known))
)
marked = (
    df.selectExpr("*", "'accepted' as _status", "cast(null as array<string>) as _reasons")
    .transform(mark_window("at", "2024-10-01", "2024-10-03"))
    .transform(email_company("email")).transform(mark_invalid_email("email"))
    .transform(content_hash())
)
print(json.dumps({
    "columns": clean.dtypes,
    "companies": sorted((r.original_id or "", r.company or "") for r in clean.collect()),
    "quarantine": sorted(
        [r._status for r in df.transform(uuid_clash(on_clash="quarantine")).collect()]),
    "identity": sorted(
        [r._status for r in marked.transform(mark_identity("id", "rekey")).collect()]),
    "duplicates": sorted([r._status for r in marked.transform(mark_duplicates()).collect()]),
}))
spark.stop()
"""


def test_every_transform_works_through_connect(tmp_path: Path) -> None:
    lib = Path(__file__).parents[2] / "lib"
    path = os.pathsep.join([str(lib), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "SPARK_LOCAL_IP": "127.0.0.1"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "columns": [
            ["id", "string"],
            ["n", "int"],
            ["email", "string"],
            ["at", "timestamp"],
            ["h", "string"],
            ["email_domain", "string"],
            ["company", "string"],
            ["content_hash", "string"],
            ["original_id", "string"],
        ],
        "companies": [["", ""], ["a", ""], ["a", "acme"]],
        "quarantine": ["accepted", "accepted", "quarantined"],
        "identity": ["accepted", "duplicate", "out_of_window", "quarantined"],
        "duplicates": ["accepted", "duplicate", "out_of_window", "quarantined"],
    }
