"""What users install: one importable package, typed, with its data, tied to no Spark version."""

from __future__ import annotations

import email
import zipfile
from email.message import Message
from pathlib import Path, PurePosixPath

import pytest
from hatchling.builders.wheel import WheelBuilder

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    [built] = WheelBuilder(str(REPOSITORY)).build(directory=str(folder), versions=["standard"])
    return zipfile.ZipFile(built)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return email.message_from_bytes(wheel.read(name))


def test_only_penstock_can_be_imported_from_the_wheel(wheel: zipfile.ZipFile) -> None:
    folders = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert folders == {"penstock", "penstock-0.1.0.dist-info"}


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    source = REPOSITORY / "lib"
    expected = {
        path.relative_to(source).as_posix()
        for path in (source / "penstock").rglob("*")
        if path.is_file() and path.suffix in {".py", ".txt", ".typed"}
    }
    assert {
        "penstock/py.typed",
        "penstock/transform/data/free_mail.txt",
        "penstock/transform/data/public_suffixes.txt",
    } <= expected
    packed = {name for name in wheel.namelist() if name.startswith("penstock/")}
    assert packed == expected


def test_spark_comes_with_an_extra_only(metadata: Message) -> None:
    spark = [
        requirement.split(";")
        for requirement in metadata.get_all("Requires-Dist", [])
        if requirement.startswith(("pyspark", "delta-spark", "great-expectations"))
    ]
    assert {(name.strip(), condition.strip()) for name, condition in spark} == {
        ("delta-spark==3.3.2", "extra == 'spark35'"),
        ("pyspark==3.5.6", "extra == 'spark35'"),
        ("delta-spark==4.0.1", "extra == 'spark40'"),
        ("pyspark==4.0.2", "extra == 'spark40'"),
        ("delta-spark==4.4.0", "extra == 'spark42'"),
        ("pyspark==4.2.0", "extra == 'spark42'"),
        ("great-expectations==1.24.1", "extra == 'quality'"),
    }


def test_the_command_is_installed(wheel: zipfile.ZipFile) -> None:
    [name] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert wheel.read(name).decode().split("\n") == [
        "[console_scripts]",
        "penstock = penstock.cli:main",
        "",
    ]


def test_licence_and_python_are_stated(metadata: Message) -> None:
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.11")
