"""Make a development environment for one Spark line: ``sh deploy/packaging/setup.sh LINE VENV``.

Every step is skipped if nothing has changed since it was done; each leaves its mark in VENV.

1. a virtual environment of the Python that runs this
2. the locked packages, by hash, and Penstock itself, editable
3. the locked jars, in VENV/jars
4. an archive of Spark's classes, which halves the time it takes to start
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import runpy
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import jars

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LINES = ("spark35", "spark40", "spark42")

_UV_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "cert": "SSL_CERT_FILE",
}


def java_or_exit() -> Path:
    """The Java that Spark will use; one sentence if there is none."""
    finder = runpy.run_path(str(ROOT / "lib" / "penstock" / "adapters" / "java.py"))
    try:
        java: Path = finder["usable_java"]()
    except finder["JavaError"] as error:
        raise SystemExit(f"{error}: {finder['REMEDY']}.") from error
    return java


def main() -> None:
    line, folder = sys.argv[1], Path(sys.argv[2]).absolute()
    java = java_or_exit()
    requirements = HERE / f"requirements-{line}.txt"
    packages = _digest(requirements, ROOT / "pyproject.toml", note=f"{sys.version} {ROOT}")
    if _mark(folder, "packages") != packages:
        _say(f"{folder.name}: installing the packages of {requirements.name}")
        _install(folder, requirements)
        _set_mark(folder, "packages", packages)
    python = folder / "bin" / "python"
    shipped = next(folder.glob("lib/python3*/site-packages/pyspark/jars"))
    if not jars.complete(line, folder / "jars"):
        _say(f"{folder.name}: fetching the jars of jars-{line}.sha256")
        jars.fetch(line, jars.Ivy(java, shipped), folder / "jars")
    archive = _digest(
        HERE / f"jars-{line}.sha256", HERE / "archive.py", note=f"{packages} {_release(java)}"
    )
    if _mark(folder, "archive") != archive:
        _say(f"{folder.name}: archiving Spark's classes, so that it starts faster")
        _run(python, HERE / "archive.py", env={"PENSTOCK_JARS_DIR": str(folder / "jars")})
        _set_mark(folder, "archive", archive)


def _install(folder: Path, requirements: Path) -> None:
    """Bring a new environment, or one of older lock files, to just what is locked."""
    python = folder / "bin" / "python"
    if _mark(folder, "packages") is None:  # absent, or left half made
        if importlib.util.find_spec("ensurepip") is None:
            raise SystemExit(
                f"{sys.executable} cannot make virtual environments: install its venv module "
                "(Debian, Ubuntu: apt install python3-venv)."
            )
        venv.create(folder, clear=True, with_pip=True, symlinks=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    text = requirements.read_text(encoding="utf-8")
    uv_alone = re.search(r"^uv==.*\n(?: +--hash=.*\n)+", text, re.MULTILINE)
    assert uv_alone is not None
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(uv_alone[0])
        file.flush()
        _run(*pip, "install", "--quiet", "--require-hashes", "-r", file.name)
    uv = [folder / "bin" / "uv", "--quiet", "pip"]
    env = _uv_environment(pip)
    locked = ("--require-hashes", "--build-constraints", requirements, requirements)
    _run(*uv, "sync", "--python", python, *locked, env=env)
    own = ("--no-deps", "--no-build-isolation", "--editable", ROOT)
    _run(*uv, "install", "--python", python, *own, env=env)


def _run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    code = subprocess.run(command, env=os.environ | (env or {}), check=False).returncode
    if code:
        what = " ".join(str(word) for word in command)
        raise SystemExit(f"Set-up stopped: this ended with code {code}: {what}")


def _uv_environment(pip: list[str | Path]) -> dict[str, str]:
    """Whatever pip is told of mirrors and certificates, told to uv, which reads none of it."""
    listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=True)
    told = {
        name.rpartition(".")[2]: value.strip("'\"")
        for name, _, value in (row.partition("=") for row in listed.stdout.splitlines())
    }
    return {
        uv: told[name]
        for name, uv in _UV_SETTINGS.items()
        if told.get(name) and uv not in os.environ
    }


def _release(java: Path) -> str:
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    return done.stderr


def _digest(*paths: Path, note: str) -> str:
    digest = hashlib.sha256(note.encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _mark(folder: Path, step: str) -> str | None:
    path = folder / f".{step}.done"
    return path.read_text() if path.exists() else None


def _set_mark(folder: Path, step: str, value: str) -> None:
    (folder / f".{step}.done").write_text(value)


if __name__ == "__main__":
    main()
