"""The jars that Spark needs beside its own: locked by checksum, fetched by the Ivy in pyspark.

    python jars.py lock LINE VENV       resolve jars-LINE.txt, write jars-LINE.sha256
    python jars.py fetch LINE VENV      fill VENV/jars with exactly what jars-LINE.sha256 lists

A line of ``jars-LINE.txt`` is ``group:name:version``, or ``!group:name`` for one to leave out. Jars
that pyspark ships in any version are left out as well. To resolve from a mirror, name an Ivy
settings file in PENSTOCK_IVY_SETTINGS.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent

_PARALLEL = 4


class Jar(NamedTuple):
    group: str
    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Jar:
        group, name, version = text.strip().split(":")
        return cls(group, name, version)

    @property
    def file(self) -> str:
        return f"{self.group}_{self.name}-{self.version}.jar"

    def __str__(self) -> str:
        return ":".join(self)


def wanted(line: str) -> tuple[list[Jar], list[tuple[str, str]]]:
    """The direct dependencies of a Spark line, and the modules to leave out."""
    text = (HERE / f"jars-{line}.txt").read_text(encoding="utf-8")
    entries = [entry.strip() for entry in text.splitlines() if entry.strip()]
    jars = [Jar.parse(entry) for entry in entries if entry[0] not in "#!"]
    excluded = [entry[1:].split(":") for entry in entries if entry[0] == "!"]
    return jars, [(group, name) for group, name in excluded]


def locked(line: str) -> dict[Jar, str]:
    """Each jar of a Spark line with its sha256."""
    text = (HERE / f"jars-{line}.sha256").read_text(encoding="utf-8")
    return {Jar.parse(jar): digest for digest, jar in map(str.split, text.splitlines())}


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ivy(
    java: str,
    shipped: Path,
    jars: Iterable[Jar],
    folder: Path,
    excluded: Iterable[tuple[str, str]] = (),
    *,
    transitive: bool,
) -> None:
    """Let Ivy put these jars, and with ``transitive`` what they depend on, into a folder."""
    lines = [
        f"<dependency org={quoteattr(jar.group)} name={quoteattr(jar.name)} "
        f'rev={quoteattr(jar.version)} transitive="{str(transitive).lower()}" '
        'conf="default->default(compile),master,runtime"/>'
        for jar in jars
    ]
    lines += [
        f"<exclude org={quoteattr(group)} module={quoteattr(name)}/>" for group, name in excluded
    ]
    module = (
        '<ivy-module version="2.0"><info organisation="penstock" module="jars"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{''.join(lines)}</dependencies></ivy-module>"
    )
    with tempfile.TemporaryDirectory(prefix="penstock-ivy-") as scratch:
        description = Path(scratch, "ivy.xml")
        description.write_text(module, encoding="utf-8")
        settings = os.environ.get("PENSTOCK_IVY_SETTINGS")
        command = [java, "-jar", str(next(shipped.glob("ivy-*.jar")))]
        command += ["-settings", settings] if settings else []
        command += ["-ivy", str(description), "-cache", f"{scratch}/cache", "-confs", "default"]
        command += ["-types", "jar", "bundle"]
        command += ["-retrieve", f"{folder}/[organisation]_[artifact]-[revision].jar"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stdout[-4000:]}\nIvy could not fetch the jars: see above")


def lock(line: str, venv: Path, java: str) -> None:
    """Resolve ``jars-LINE.txt`` and write ``jars-LINE.sha256``."""
    direct, excluded = wanted(line)
    shipped = spark_jars(venv)
    present = {module(path) for path in shipped.glob("*.jar")}
    with tempfile.TemporaryDirectory(prefix="penstock-jars-") as scratch:
        folder = Path(scratch)
        ivy(java, shipped, direct, folder, excluded, transitive=True)
        found = {}
        for path in folder.glob("*.jar"):
            group, _, rest = path.stem.partition("_")
            name = module(Path(rest + ".jar"))
            if name not in present:
                found[Jar(group, name, rest.removeprefix(name + "-"))] = sha256(path)
    rows = (f"{digest}  {jar}\n" for jar, digest in sorted(found.items()))
    (HERE / f"jars-{line}.sha256").write_text("".join(rows), encoding="utf-8")


def module(path: Path) -> str:
    """The artifact's name without its version: ``netty-codec`` of ``netty-codec-4.1.jar``."""
    return re.split(r"-\d", path.stem, maxsplit=1)[0]


def fetch(line: str, venv: Path, java: str) -> None:
    """Fill VENV/jars with exactly the locked jars; those already there are kept."""
    expected, folder = locked(line), venv / "jars"
    folder.mkdir(exist_ok=True)
    missing = [
        jar
        for jar, digest in expected.items()
        if not (folder / jar.file).exists() or sha256(folder / jar.file) != digest
    ]
    with tempfile.TemporaryDirectory(prefix="jars-", dir=venv) as scratch:
        shares = [missing[start::_PARALLEL] for start in range(_PARALLEL)]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for done in [
                pool.submit(ivy, java, spark_jars(venv), share, Path(scratch), transitive=False)
                for share in shares
                if share
            ]:
                done.result()
        for jar in missing:
            path = Path(scratch, jar.file)
            if not path.exists() or sha256(path) != expected[jar]:
                raise SystemExit(f"{jar} is not the jar that jars-{line}.sha256 lists: not used")
            path.replace(folder / jar.file)
    for path in folder.glob("*.jar"):
        if path.name not in {jar.file for jar in expected}:
            path.unlink()


def spark_jars(venv: Path) -> Path:
    """The folder of the jars that pyspark ships."""
    return next(venv.glob("lib/python3*/site-packages/pyspark/jars"))


def main() -> None:
    action, line, venv = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    java = os.environ.get("JAVA_HOME")
    command = {"lock": lock, "fetch": fetch}[action]
    command(line, venv, f"{java}/bin/java" if java else shutil.which("java") or "java")


if __name__ == "__main__":
    main()
