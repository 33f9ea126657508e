"""Write the Public Suffix List that ``email_company`` ships, from the ``publicsuffixlist`` package.

    python deploy/packaging/public_suffixes.py

Only rules of two labels and more, and wildcards, are kept: a suffix of one label is what the
list's own default rule ``*`` says of any name. The order is the source's, so that a new release
shows as a small difference.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

TARGET = (
    Path(__file__).parents[2] / "lib" / "penstock" / "transform" / "data" / "public_suffixes.txt"
)
HEADER = """\
// This Source Code Form is subject to the terms of the Mozilla Public
// License, v. 2.0. If a copy of the MPL was not distributed with this
// file, You can obtain one at https://mozilla.org/MPL/2.0/.
//
// Rules of two labels and more of the Public Suffix List, https://publicsuffix.org/list/,
// written by deploy/packaging/public_suffixes.py."""


def shorten(source: str) -> str:
    """The shipped file's text, from the text of the published list."""
    lines = [HEADER]
    for raw in source.splitlines():
        line = raw.strip()
        if line.startswith(("// VERSION:", "// ===BEGIN")):
            lines.append(line)
        elif line and not line.startswith("//"):
            rule = line.split()[0]
            if "." in rule:
                lines.append(rule)
    return "\n".join(lines) + "\n"


def published() -> str:
    """The list as the installed ``publicsuffixlist`` package bundles it."""
    path = resources.files("publicsuffixlist") / "public_suffix_list.dat"
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    TARGET.write_text(shorten(published()), encoding="utf-8")
