"""The Spark session in processes of its own: quiet, UTC, able; and a guest in others' sessions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from penstock.adapters.spark import SESSION_SETTINGS
from tests.support.process import REPOSITORY

LOCAL = """
import json, sys
from penstock.adapters.spark import spark_session
home = sys.argv[1]
spark = spark_session(home, app="test")
spark.range(3).selectExpr("id", "'a' AS part").write.format("delta").partitionBy("part").save(
    home + "/table"
)
again = spark_session(home)
print(json.dumps({
    "rows": spark.read.format("delta").load(home + "/table").count(),
    "master": spark.conf.get("spark.master"),
    "zone": spark.sql("SELECT current_timezone()").first()[0],
    "same_application": again.sql("SELECT 1").count() == 1
        and again.conf.get("spark.app.id") == spark.conf.get("spark.app.id"),
}))
"""

EXCLUDED = "spark.sql.optimizer.excludedRules"

GUEST = """
import json, sys
from pyspark.sql import SparkSession
from penstock.adapters.spark import spark_session
theirs = (
    SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "Asia/Tokyo")
    .config("spark.sql.optimizer.excludedRules", "a.rule.of.Theirs").getOrCreate()
)
theirs.range(1).createOrReplaceTempView("view_of_theirs")
ours = spark_session(sys.argv[1])
print(json.dumps({
    "theirs": theirs.conf.get("spark.sql.session.timeZone"),
    "ours": ours.conf.get("spark.sql.session.timeZone"),
    "same_context": ours.sparkContext is theirs.sparkContext,
    "their_views": theirs.catalog.tableExists("view_of_theirs"),
    "excluded_by_theirs": theirs.conf.get("spark.sql.optimizer.excludedRules"),
    "excluded_by_ours": ours.conf.get("spark.sql.optimizer.excludedRules"),
}))
"""


def run(script: str, home: Path) -> tuple[Any, str]:
    """What a script prints as JSON, and what it leaves on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "lib"), "PENSTOCK_DRIVER_MEMORY": "1g"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_local_session_writes_delta_in_utc_and_says_nothing(tmp_path: Path) -> None:
    home = tmp_path / "a home"
    home.mkdir()
    found, said = run(LOCAL, home)
    assert found == {"rows": 3, "master": "local[*]", "zone": "UTC", "same_application": True}
    assert said == ""
    log = (home / "logs" / "spark.log").read_text()
    assert "shared archive" not in log
    assert {path.name for path in home.iterdir()} <= {"logs", "table", "tmp", "warehouse"}


def test_a_session_of_others_is_used_without_changing_it(tmp_path: Path) -> None:
    found, _ = run(GUEST, tmp_path)
    assert found == {
        "theirs": "Asia/Tokyo",
        "ours": "UTC",
        "same_context": True,
        "their_views": True,
        "excluded_by_theirs": "a.rule.of.Theirs",
        "excluded_by_ours": f"a.rule.of.Theirs,{SESSION_SETTINGS[EXCLUDED]}",
    }
