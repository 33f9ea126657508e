"""Write the lock files of every Spark line: ``make lock``.

    requirements-LINE.txt   every Python package of a line and of its tools, by hash
    jars-LINE.sha256        every jar of a line beside Spark's own, by sha256

They hold for every supported Python and platform, and name no registry: that is the business of
the machine they are used on.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import jars
from bootstrap import HERE, LINES, ROOT, java_or_exit

UV = str(Path(sys.executable).parent / "uv")
EXTRAS = ("quality", "embedded", "charts")


def lock_packages(line: str) -> Path:
    target = HERE / f"requirements-{line}.txt"
    extras = [option for extra in (line, *EXTRAS) for option in ("--extra", extra)]
    subprocess.run(
        [
            *(UV, "pip", "compile", "--quiet", "pyproject.toml", *extras, "--group", "dev"),
            *("--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade"),
            *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
            *("--output-file", str(target)),
        ],
        cwd=ROOT,
        check=True,
    )
    if address := re.search(r"\S*://\S*|^-.*", target.read_text(encoding="utf-8"), re.MULTILINE):
        raise SystemExit(f"{target.name} holds an address or an option: {address[0]}")
    return target


def lock_jars(line: str, requirements: Path) -> None:
    spark = re.search(r"^pyspark==[\d.]+", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    assert spark is not None
    with tempfile.TemporaryDirectory(prefix="penstock-spark-") as folder:
        install = (UV, "pip", "install", "--quiet", "--no-deps", "--target", folder, spark[0])
        subprocess.run(install, check=True)
        jars.lock(line, jars.Ivy(java_or_exit(), Path(folder, "pyspark", "jars")))


def main() -> None:
    for line in LINES:
        lock_jars(line, lock_packages(line))


if __name__ == "__main__":
    main()
