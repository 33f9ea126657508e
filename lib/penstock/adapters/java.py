"""Where Java is, and which: answered from files where possible, since a JVM takes time to ask.

Standard library alone: set-up runs this file before anything is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

SUPPORTED = (17, 21)
"""Java versions that every supported Spark line runs on; 3.5 and 4.0 refuse later ones."""

REMEDY = "install a Java 17 runtime, or set JAVA_HOME to one"

_MAC_JAVA_HOME = Path("/usr/libexec/java_home")
_RELEASE = re.compile(r'JAVA_VERSION="(\d+)')
_BANNER = re.compile(r'version "(\d+)')


class JavaError(Exception):
    """No Java that Spark runs on; the message is one sentence."""


def find_java(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The ``java`` that Spark would start: JAVA_HOME's, else the PATH's, else what macOS names."""
    if home := environ.get("JAVA_HOME"):
        java = Path(home, "bin", "java")
        return java if java.exists() else None
    if (
        _MAC_JAVA_HOME.exists()
    ):  # the PATH's is a stub there, which works only if a JDK is installed
        asked = subprocess.run(
            [_MAC_JAVA_HOME, "-v", "17"], capture_output=True, text=True, check=False
        )
        return Path(asked.stdout.strip(), "bin", "java") if asked.returncode == 0 else None
    found = shutil.which("java", path=environ.get("PATH"))
    return Path(found) if found else None


def java_version(java: Path) -> int | None:
    """The major version, or None if it cannot be told."""
    release = java.resolve().parent.parent / "release"
    if release.exists():
        match = _RELEASE.search(release.read_text(encoding="utf-8", errors="replace"))
    else:
        asked = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
        match = _BANNER.search(asked.stderr)
    return int(match[1]) if match else None


def usable_java(environ: Mapping[str, str] = os.environ) -> Path:
    """The ``java`` that Spark would start, if it is of a supported version.

    :raises JavaError: there is none, or it is of another version.
    """
    java = find_java(environ)
    if java is None:
        home = environ.get("JAVA_HOME")
        where = f"JAVA_HOME is {home}, which has no bin/java" if home else "no java was found"
        raise JavaError(f"Java 17 is needed, and {where}")
    version = java_version(java)
    if version not in SUPPORTED:
        kind = f"Java {version}" if version else "of an unknown version"
        raise JavaError(f"Java 17 is needed, and {java} is {kind}")
    return java
