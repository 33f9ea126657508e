"""The command line without a JVM: plans, checks, errors and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import Penstock

FEED = """\
feed: things
source:
  path: {drops}
  format: csv
  match: "things_<day:yyyy_MM_dd>.csv"
columns:
  id: {{type: string, required: true}}
  amount: {{type: "decimal(12,2)"}}
target:
  connection: embedded
  table: public.things
  key: [id]
"""


@pytest.fixture
def penstock(tmp_path: Path) -> Iterator[Penstock]:
    conf = tmp_path / "conf"
    (conf / "feeds").mkdir(parents=True)
    (tmp_path / "drops").mkdir()
    (conf / "feeds" / "things.yml").write_text(FEED.format(drops=tmp_path / "drops"))
    # Java must not be found: nothing here may need it.
    yield Penstock(tmp_path, {"JAVA_HOME": "/nonexistent"}, conf)
    if (tmp_path / "home" / "postgres").exists():
        Penstock(tmp_path, {}, conf)("database", "--stop")


def drop(penstock: Penstock, name: str, text: str = "id,amount\n1,2.50\n") -> None:
    (penstock.drops / name).write_text(text)


def test_plan_lists_new_files_and_writes_nothing(penstock: Penstock) -> None:
    drop(penstock, "things_2024_10_01.csv")
    drop(penstock, "other.csv")
    plan = penstock.json("plan", "things")
    assert plan["files"] == 1
    assert plan["bytes"] == 17
    assert plan["listed"] == 2
    assert [f.rsplit("/", 1)[-1] for f in plan["batches"][0]["files"]] == ["things_2024_10_01.csv"]
    assert not penstock.home.exists()


def test_plan_names_a_file_that_cannot_be_loaded(penstock: Penstock) -> None:
    drop(penstock, "things_2024_02_31.csv")
    (rejected,) = penstock.json("plan", "things")["rejected"]
    assert rejected["uri"].endswith("things_2024_02_31.csv")
    assert "2024_02_31" in rejected["reason"]


def test_a_run_with_nothing_new_needs_no_java(penstock: Penstock) -> None:
    document = penstock.json("run", "things")
    assert document["feeds"][0]["batches"] == []
    assert document["feeds"][0]["totals"]["files"] == 0


def test_a_missing_java_is_one_sentence_and_nothing_is_lost(penstock: Penstock) -> None:
    drop(penstock, "things_2024_10_01.csv")
    penstock("run", "things", code=2)
    assert "Java 17" in penstock.stderr
    assert penstock.json("batch", "list", "things")["batches"][0]["state"] == "planned"


def test_check_reaches_source_and_target_and_changes_nothing(penstock: Penstock) -> None:
    drop(penstock, "things_2024_10_01.csv")
    checks = penstock.json("check", "things")["checks"]
    assert len(checks) == 3
    found = penstock.json("query", "--connection", "embedded", "--sql",
                          "SELECT to_regclass('public.things') AS found")  # fmt: skip
    assert found["rows"] == [{"found": None}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "thing"], "things"),
        (["run", "things", "--var", "nonsense"], "not of the form name=value"),
        (["batch", "show", "things", "abc"], "0 batches of things"),
        (["query", "nope"], "no such query"),
        (["run", "things", "--watch", "60s", "--json"], "--watch never ends"),
    ],
)
def test_a_wrong_command_is_exit_code_2_and_says_what_to_do(
    penstock: Penstock, arguments: list[str], message: str
) -> None:
    penstock(*arguments, code=2)
    assert message in penstock.stderr
    assert "hint: " in penstock.stderr
    assert "Traceback" not in penstock.stderr


def test_an_unknown_key_names_file_line_and_the_right_name(penstock: Penstock) -> None:
    path = penstock.conf / "feeds" / "things.yml"
    path.write_text(path.read_text().replace("  format: csv", "  formt: csv"))
    penstock("plan", "things", code=2)
    assert "things.yml:4: " in penstock.stderr
    assert "format" in penstock.stderr


def test_a_missing_folder_is_exit_code_2(penstock: Penstock) -> None:
    penstock.drops.rmdir()
    penstock("plan", "things", code=2)
    assert "hint: " in penstock.stderr


def test_sql_prints_ddl_and_transaction(penstock: Penstock) -> None:
    text = penstock("sql", "things")
    assert 'CREATE TABLE IF NOT EXISTS "public"."things"' in text
    assert "UPDATE penstock.mutex" in text
    assert text.index("UPDATE penstock.mutex") < text.index('INSERT INTO "public"."things"')


def test_planning_imports_no_spark() -> None:
    code = (
        "import sys, penstock.cli.load, penstock.pipeline, penstock.config, penstock.plan\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('pyspark', 'py4j')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "lib")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout) == []
