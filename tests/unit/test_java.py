"""Finding Java without starting it, and saying in one sentence what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.adapters.java import JavaError, java_version, usable_java


def runtime(home: Path, release: str | None, banner: str = "") -> Path:
    """A stand-in for a Java runtime: its launcher fails if it is started without need."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{banner}' >&2\n" if banner else "#!/bin/sh\nexit 9\n")
    java.chmod(0o755)
    if release is not None:
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{release}"\n')
    return java


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.2"])
def test_java_of_java_home_is_taken_if_spark_runs_on_it(tmp_path: Path, version: str) -> None:
    java = runtime(tmp_path, version)
    assert usable_java({"JAVA_HOME": str(tmp_path), "PATH": ""}) == java


@pytest.mark.parametrize("version", ["11.0.20", "1.8.0_392", "25"])
def test_java_of_another_version_is_named_with_what_is_needed(tmp_path: Path, version: str) -> None:
    java = runtime(tmp_path, version)
    number = version.split(".", maxsplit=1)[0]
    sentence = f"Java 17 is needed, and {java} is Java {number}"
    with pytest.raises(JavaError, match=f"^{re.escape(sentence)}$"):
        usable_java({"JAVA_HOME": str(tmp_path)})


def test_java_home_without_java_is_named(tmp_path: Path) -> None:
    sentence = f"Java 17 is needed, and JAVA_HOME is {tmp_path}, which has no bin/java"
    with pytest.raises(JavaError, match=f"^{re.escape(sentence)}$"):
        usable_java({"JAVA_HOME": str(tmp_path)})


def test_version_is_asked_for_where_no_file_tells_it(tmp_path: Path) -> None:
    assert java_version(runtime(tmp_path, None, 'openjdk version "17.0.15" 2025-04-15')) == 17


def test_a_program_that_is_no_java_has_no_version(tmp_path: Path) -> None:
    assert java_version(runtime(tmp_path, None)) is None
