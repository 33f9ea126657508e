"""The jars that Spark needs beside its own: locked by checksum, fetched by the Ivy in pyspark.

A line of ``jars-LINE.txt`` is ``group:name:version``, or ``!group:name`` for one to leave out. Jars
that pyspark ships in any version are left out as well. ``jars-LINE.sha256`` lists the outcome. To
resolve from a mirror, name an Ivy settings file in PENSTOCK_IVY_SETTINGS.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent

_AT_ONCE = 4
"""Ivy looks up one jar after the other, and mostly waits."""


class Jar(NamedTuple):
    group: str
    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Jar:
        group, name, version = text.split(":")
        return cls(group, name, version)

    @classmethod
    def of_file(cls, path: Path) -> Jar:
        group, _, rest = path.stem.partition("_")
        name = module(rest)
        return cls(group, name, rest.removeprefix(f"{name}-"))

    @property
    def file(self) -> str:
        return f"{self.group}_{self.name}-{self.version}.jar"

    def __str__(self) -> str:
        return ":".join(self)


@dataclass(frozen=True, slots=True)
class Ivy:
    """Ivy as pyspark ships it, below ``shipped``."""

    java: Path
    shipped: Path

    def retrieve(
        self,
        jars: Iterable[Jar],
        folder: Path,
        *,
        transitive: bool,
        excluded: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Put these jars, and with ``transitive`` what they depend on, into a folder."""
        wanted = "".join(
            f"<dependency org={quoteattr(jar.group)} name={quoteattr(jar.name)}"
            f' rev={quoteattr(jar.version)} transitive="{str(transitive).lower()}"'
            ' conf="default->default(compile),master,runtime"/>'
            for jar in jars
        )
        unwanted = "".join(
            f"<exclude org={quoteattr(group)} module={quoteattr(name)}/>"
            for group, name in excluded
        )
        settings = os.environ.get("PENSTOCK_IVY_SETTINGS")
        with tempfile.TemporaryDirectory(prefix="penstock-ivy-") as scratch:
            description = Path(scratch, "ivy.xml")
            description.write_text(
                '<ivy-module version="2.0"><info organisation="penstock" module="jars"/>'
                '<configurations><conf name="default"/></configurations>'
                f"<dependencies>{wanted}{unwanted}</dependencies></ivy-module>",
                encoding="utf-8",
            )
            done = subprocess.run(
                [
                    *(str(self.java), "-XX:TieredStopAtLevel=1"),
                    *("-jar", str(next(self.shipped.glob("ivy-*.jar")))),
                    *(("-settings", settings) if settings else ()),
                    *("-ivy", str(description), "-cache", f"{scratch}/cache"),
                    *("-confs", "default", "-types", "jar", "bundle"),
                    *("-retrieve", f"{folder}/[organisation]_[artifact]-[revision].jar"),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise SystemExit(f"{done.stdout[-3000:]}\nIvy could not fetch the jars, as said above.")


def lock(line: str, ivy: Ivy) -> None:
    """Resolve ``jars-LINE.txt`` and write ``jars-LINE.sha256``."""
    direct, excluded = _asked_for(line)
    present = {module(path.stem) for path in ivy.shipped.glob("*.jar")}
    with tempfile.TemporaryDirectory(prefix="penstock-jars-") as folder:
        ivy.retrieve(direct, Path(folder), transitive=True, excluded=excluded)
        found = {Jar.of_file(path): _sha256(path) for path in Path(folder).glob("*.jar")}
    rows = [f"{found[jar]}  {jar}\n" for jar in sorted(found) if jar.name not in present]
    _lock_file(line).write_text("".join(rows), encoding="utf-8")


def fetch(line: str, ivy: Ivy, folder: Path) -> None:
    """Fill a folder with exactly the locked jars; those that are there already stay."""
    expected = locked(line)
    folder.mkdir(exist_ok=True)
    missing = [jar for jar, digest in expected.items() if not _is(folder / jar.file, digest)]
    with tempfile.TemporaryDirectory(prefix="jars-", dir=folder) as scratch:
        _retrieve_at_once(ivy, missing, Path(scratch))
        for jar in missing:
            path = Path(scratch, jar.file)
            if not _is(path, expected[jar]):
                raise SystemExit(f"{jar} is not the jar that {_lock_file(line).name} lists.")
            path.replace(folder / jar.file)
    for path in set(folder.glob("*.jar")) - {folder / jar.file for jar in expected}:
        path.unlink()


def complete(line: str, folder: Path) -> bool:
    """Whether a folder has exactly the locked jars."""
    present = {path.name: _sha256(path) for path in folder.glob("*.jar")}
    return present == {jar.file: digest for jar, digest in locked(line).items()}


def locked(line: str) -> dict[Jar, str]:
    """Each jar of a Spark line with its sha256."""
    rows = _lock_file(line).read_text(encoding="utf-8").splitlines()
    return {Jar.parse(jar): digest for digest, jar in map(str.split, rows)}


def module(stem: str) -> str:
    """An artifact's name without its version: ``netty-codec`` of ``netty-codec-4.1``."""
    return re.split(r"-\d", stem, maxsplit=1)[0]


def _asked_for(line: str) -> tuple[list[Jar], list[tuple[str, str]]]:
    """The direct dependencies of a Spark line, and the modules to leave out."""
    rows = (HERE / f"jars-{line}.txt").read_text(encoding="utf-8").split("\n")
    excluded = [row[1:].split(":") for row in rows if row.startswith("!")]
    direct = [Jar.parse(row) for row in rows if row and row[0] not in "#!"]
    return direct, [(group, name) for group, name in excluded]


def _retrieve_at_once(ivy: Ivy, jars: Sequence[Jar], folder: Path) -> None:
    shares = [jars[start::_AT_ONCE] for start in range(min(_AT_ONCE, len(jars)))]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [
            pool.submit(ivy.retrieve, share, folder, transitive=False) for share in shares
        ]:
            done.result()


def _lock_file(line: str) -> Path:
    return HERE / f"jars-{line}.sha256"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is(path: Path, digest: str) -> bool:
    return path.exists() and _sha256(path) == digest
