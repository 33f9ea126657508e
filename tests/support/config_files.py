"""Configuration files for tests, and what loading them says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from penstock.config import load_feed
from penstock.errors import ConfigError
from penstock.model import Feed

FEED = """\
# Website events
feed: events
source:
  path: s3://acme-drops/events/
  format: csv
  match: "events_<day:yyyy_MM_dd>*.csv"
  timezone: Europe/Berlin
  options: {header: true, sep: ";"}
  discovery:
    max_files_per_batch: 100
    settle: 60s
columns:
  id: {type: string, required: true}
  timestamp: {type: timestamp, required: true}
  email: {type: string, max_bytes: 320}
  amount: {type: "decimal(12,2)", min: 0}
schema: {evolution: rescue}
transform:
  - window: {column: timestamp, month: "2024-10"}
  - email_company: {column: email}
  - uuid_clash: {order_by: [timestamp]}
quality:
  max_quarantined: 5%
target:
  connection: warehouse
  table: public.events
  mode: append
  key: [id]
"""

CONNECTIONS = """\
warehouse:
  dev: {type: postgres, embedded: true}
  prod: {type: postgres, url: "postgresql://${PGUSER}:${PGPASSWORD}@db.example.com/wh"}
"""


def changed(*edits: tuple[str, str], text: str = FEED) -> str:
    """The sample feed with parts of its text replaced, each of which must stand there once."""
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
        text = text.replace(old, new)
    return text


class Conf:
    """A conf folder below ``folder``."""

    def __init__(self, folder: Path, connections: str | None = CONNECTIONS) -> None:
        self.folder = folder
        self.dir = folder / "conf"
        (self.dir / "feeds").mkdir(parents=True)
        if connections is not None:
            self.write("connections.yml", connections)

    def write(self, name: str, text: str) -> Path:
        file = self.dir / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def load(
        self,
        text: str = FEED,
        *,
        variables: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        target: str = "dev",
        home: str = ".penstock",
    ) -> Feed:
        self.write("feeds/events.yml", text)
        return load_feed(
            "events",
            conf_dir=self.dir,
            variables=variables or {},
            environ=environ or {},
            target=target,
            home=home,
        )

    def refusal(self, text: str = FEED, **settings: object) -> str:
        """What loading the feed says, with paths relative to ``folder``."""
        with pytest.raises(ConfigError) as caught:
            self.load(text, **settings)  # type: ignore[arg-type]  # passed through
        return self.shown(caught.value)

    def shown(self, error: ConfigError) -> str:
        return str(error).replace(f"{self.folder}/", "")


def said(*problems: tuple[int, str, str], file: str = "conf/feeds/events.yml") -> str:
    """The message of problems (line, sentence, hint) of one file."""
    return "\n".join(f"{file}:{line}: {text}\n  hint: {hint}" for line, text, hint in problems)
