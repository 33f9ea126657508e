"""Reading and validating through Spark Connect, which has no RDD and no JVM at hand.

In a process of its own: a classic and a Connect session do not go together in one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.record_hash import json_fields, record_hash
from tests.support.spark import needs_connect_server

pytestmark = needs_connect_server

SCRIPT = """
import json, sys
from pathlib import Path
from pyspark.sql import SparkSession
from penstock.read import extend, field_names
from penstock.validate import validate
from tests.support.drops import Drop
from tests.support.feeds import column, feed

spark = SparkSession.builder.remote("local[2]").config("spark.ui.enabled", "false").getOrCreate()
assert type(spark).__module__.startswith("pyspark.sql.connect")
spark.conf.set("spark.sql.session.timeZone", "UTC")
declared = feed(
    (column("a", "int"), column("at", "timestamp"), column("n", "struct<x:int>")),
    captures=(column("day", "date"),), format="auto", evolution="rescue")
drop = Drop(Path(sys.argv[1]))
drop.add("1.csv", 'a,at,new\\n1,2024-10-01,x\\n2\\n', {"day": "2024-10-01"})
drop.add("2.csv", 'a,at,new\\nx,2024-10-01,"y\\n', {"day": "2024-10-02"})
drop.add("3.json", '{"a":1.0,"n":{"x":1},"m":[1.50]}\\n[]\\n', {"day": "2024-10-03"})
drop.add("4.json", '[{"a":4}]', {"day": "2024-10-03"})
paths = {i: f.uri for i, f in enumerate(drop.files)}
valid = validate(drop.read(spark, declared), declared)
columns = ["_file", "a", "content_hash", "_rescued_data", "_reasons", "_raw", "_status"]
rows = [list(row) for row in valid.select(*columns).collect()]
names = field_names(spark, declared, drop.layouts(declared), paths)
print(json.dumps({"rows": sorted(rows, key=repr), "names": names}))
spark.stop()
"""


def test_reading_and_validating_work_through_connect(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    path = [str(root), str(root / "lib"), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["names"] == ["a", "at", "new", "m", "n"]
    line = '{"a":1.0,"n":{"x":1},"m":[1.50]}'
    new = record_hash({"a": "1", "at": "2024-10-01", "new": "x"})
    assert [row for row in found["rows"] if row[6] == "accepted"] == [
        [0, 1, new, '{"new":"x"}', None, None, "accepted"],
        [3, 4, record_hash({"a": "4"}), None, None, None, "accepted"],
    ]
    reasons = {row[0]: (row[4], row[5]) for row in found["rows"] if row[6] == "quarantined"}
    assert len(found["rows"]) == 6
    assert reasons[0] == (["the row has 1 field, the header 3"], "2")
    assert reasons[1][0] == ["a quote is opened and never closed"]
    hashes = {row[2]: row[4] for row in found["rows"] if row[0] == 2}
    assert hashes[record_hash(json_fields(line))] == ["a: '1.0' is not INT"]
