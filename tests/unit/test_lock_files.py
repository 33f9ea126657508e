"""The lock files: complete, by hash, and silent on where packages and jars come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGING = REPOSITORY / "deploy" / "packaging"
LINES = ("spark35", "spark40", "spark42")


def pinned(line: str) -> dict[str, set[str]]:
    """Locked versions by package name."""
    text = (PACKAGING / f"requirements-{line}.txt").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;]+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("line", LINES)
def test_every_package_is_locked_by_hash_and_no_registry_is_named(line: str) -> None:
    text = (PACKAGING / f"requirements-{line}.txt").read_text(encoding="utf-8")
    requirement = re.compile(
        r"[a-z0-9-]+==[^ ;]+( ; [^\\\n]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+"
    )
    assert requirement.sub("", text) == ""
    assert len(pinned(line)) > 100


@pytest.mark.parametrize("line", LINES)
def test_the_extras_of_a_line_are_locked_as_they_are_declared(line: str) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = dict(
        requirement.split(";")[0].split("==")
        for requirement in project["optional-dependencies"][line]
        if "==" in requirement.split(";")[0]
    )
    locked = pinned(line)
    assert set(declared) == {"pyspark", "delta-spark"}
    assert {name: locked[name] for name in declared} == {
        name: {version} for name, version in declared.items()
    }


@pytest.mark.parametrize("line", LINES)
def test_jars_are_locked_by_checksum_with_all_that_is_asked_for(line: str) -> None:
    asked = (PACKAGING / f"jars-{line}.txt").read_text(encoding="utf-8").splitlines()
    wanted = {row for row in asked if row and row[0] not in "#!"}
    locked = (PACKAGING / f"jars-{line}.sha256").read_text(encoding="utf-8").splitlines()
    rows = [re.fullmatch(r"[0-9a-f]{64}  ([\w.-]+:[\w.-]+:[\w.-]+)", row) for row in locked]
    assert None not in rows
    assert len(wanted) == 6
    assert wanted <= {row[1] for row in rows if row}
    assert not [row for row in locked if "bundle" in row]
