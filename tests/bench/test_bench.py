"""The benchmark's own arithmetic, and that it sees what a process and its children use."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bench.contenders import plan_command
from tests.bench.drops import write_drop, write_many
from tests.bench.figures import Run, difference, median_steps, summarise, table
from tests.bench.measure import measure

MIB = 1 << 20


def run(
    contender: str,
    round_: int,
    wall: float,
    *,
    error: str = "",
    steps: Mapping[str, float] | None = None,
) -> Run:
    return Run(
        contender=contender,
        round=round_,
        wall=wall,
        cpu=wall,
        peak=10_000_000,
        load=0.0,
        rows=None if error else 10,
        error=error,
        steps=steps or {},
    )


def test_a_ratio_is_the_median_over_pairs_of_one_round() -> None:
    runs = [run("a", 0, 2.0), run("b", 0, 4.0), run("a", 1, 9.0), run("b", 1, 10.0)]
    runs += [run("a", 2, 3.0), run("b", 2, 4.0)]
    summaries = summarise(runs, reference="a")
    assert [(s.contender, s.wall, s.ratio) for s in summaries] == [
        ("a", 3.0, 1.0),
        ("b", 4.0, 0.75),
    ]


def test_a_failed_run_has_no_part_in_medians_and_ratios() -> None:
    runs = [run("a", 0, 2.0), run("b", 0, 1.0, error="exit status 1")]
    runs += [run("a", 1, 6.0), run("b", 1, 12.0)]
    failing = summarise(runs, reference="a")[1]
    assert (failing.runs, failing.failed, failing.wall, failing.ratio) == (2, 1, 12.0, 0.5)


def test_a_contender_that_always_fails_has_no_figures() -> None:
    runs = [run("a", 0, 2.0), run("b", 0, 1.0, error="exit status 1")]
    assert table(summarise(runs, reference="a"), expected=10, reference="a").splitlines() == [
        "| contender | wall s | CPU s | peak MB | rows | beside an exact load | a / it |",
        "| --- | --: | --: | --: | --: | --: | --: |",
        "| a | 2.0 | 2.0 | 10 | 10 | exact |  |",
        "| b (1 of 1 failed) | - | - | - | - | - | - |",
    ]


def test_wrong_row_counts_are_shown() -> None:
    assert [difference(rows, 1_000) for rows in (1_000, 990, 2_500)] == ["exact", "-10", "+1,500"]


def test_steps_are_medians_of_one_contender() -> None:
    runs = [run("a", n, 1.0, steps={"stage": float(n)}) for n in (1, 2, 6)]
    assert median_steps([*runs, run("b", 0, 1.0, steps={"stage": 9.0})], "a") == {"stage": 2.0}


def test_a_grandchild_is_measured_too(tmp_path: Path) -> None:
    grandchild = f"b = bytearray({200 * MIB}); import time; time.sleep(1); print(len(b))"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    measured = measure([sys.executable, "-c", child], environ=os.environ, logs=tmp_path)
    assert measured.status == 0
    assert (tmp_path / "stdout").read_text() == f"{200 * MIB}\n"
    assert measured.peak > 200 * MIB


def test_what_an_orphan_uses_is_counted_until_it_ends(tmp_path: Path) -> None:
    marker = tmp_path / "orphan"
    orphan = f"import time; time.sleep(1); open({str(marker)!r}, 'w').close()"
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {orphan!r}])"
    measure([sys.executable, "-c", child], environ=os.environ, logs=tmp_path)
    assert marker.exists()


def test_an_exit_status_is_handed_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    assert measure(command, environ=os.environ, logs=tmp_path).status == 3


@pytest.mark.parametrize("files", [1, 3])
def test_a_drop_has_its_rows_in_files_of_one_layout(tmp_path: Path, files: int) -> None:
    drop = write_drop(tmp_path, rows=1_000, files=files)
    paths = sorted(drop.events.iterdir())
    tables = [list(csv.reader(path.read_text().splitlines(keepends=True))) for path in paths]
    assert len(paths) == drop.files == files
    assert sum(len(rows) - 1 for rows in tables) == drop.rows == 1_000
    assert {tuple(rows[0]) for rows in tables} == {tuple(tables[0][0])}
    assert drop.bytes == sum(path.stat().st_size for path in paths)


def test_a_drop_is_written_once(tmp_path: Path) -> None:
    first = write_drop(tmp_path, rows=100, files=2)
    before = {path: path.stat().st_mtime_ns for path in first.events.iterdir()}
    assert write_drop(tmp_path, rows=100, files=2) == first
    assert {path: path.stat().st_mtime_ns for path in first.events.iterdir()} == before


def test_many_files_have_names_of_their_own(tmp_path: Path) -> None:
    assert len(list((write_many(tmp_path, 100) / "events").iterdir())) == 100


def test_penstock_is_planned_without_an_address_on_the_command_line(tmp_path: Path) -> None:
    command, environ = plan_command(tmp_path, tmp_path / "drop", tmp_path / "home")
    assert not [word for word in command if "postgresql://" in word]
    assert environ["PENSTOCK_HOME"] == str(tmp_path / "home")
