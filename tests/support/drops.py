"""Source files for tests of reading, and what the read stage makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from penstock.model import Batch, Feed, FileVersion, PlannedFile
from penstock.read import Layout, head_bytes, inspect, read_records

_TAIL_BYTES = 1024


class Drop:
    """Files in a folder, planned as one batch in the order in which they were written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[PlannedFile] = []

    def add(
        self, name: str, content: str | bytes, captures: Mapping[str, str] | None = None
    ) -> int:
        """Write a file; its position in the batch."""
        data = content.encode() if isinstance(content, str) else content
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        version = FileVersion(f"file://{path}", "1", len(data), datetime(2024, 10, 1, tzinfo=UTC))
        self.files.append(PlannedFile(version, 1, captures or {}))
        return len(self.files) - 1

    @property
    def batch(self) -> Batch:
        return Batch("things", "load", 1, tuple(self.files))

    def layouts(self, feed: Feed) -> dict[int, Layout]:
        return {i: self.layout(feed, i) for i in range(len(self.files))}

    def layout(self, feed: Feed, position: int) -> Layout:
        file = self.files[position].file
        data = Path(file.uri.removeprefix("file://")).read_bytes()
        head, tail = data[: head_bytes(file.uri)], data[-_TAIL_BYTES:]
        return inspect(feed, file.uri, head, len(data), tail if len(head) < len(data) else None)

    def read(self, spark: SparkSession, feed: Feed) -> DataFrame:
        """All records, read under the files' own names."""
        paths = {i: f.uri for i, f in enumerate(self.files)}
        return read_records(spark, feed, self.batch, self.layouts(feed), paths)

    def rows(self, spark: SparkSession, feed: Feed, *columns: str) -> list[tuple[Any, ...]]:
        """All records, by the text of their columns."""
        rows = [tuple(row) for row in self.read(spark, feed).select(*columns).collect()]
        return sorted(rows, key=repr)
