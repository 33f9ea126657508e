"""The Python API: explore a feed by ``preview``, then ``run`` it.

>>> import penstock as ps                                        # doctest: +SKIP
>>> feed = ps.feed("events", spark=spark)                        # doctest: +SKIP
>>> feed.preview(files=2).rejected.groupBy("_reason").count()    # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.adapters.clock import SystemClock
from penstock.adapters.stores import store_for
from penstock.assembly import Workspace, plan_only
from penstock.config import retype
from penstock.discover import discover
from penstock.errors import ConfigError
from penstock.model import Batch, Feed, Plan, PlannedFile, RunReport, Status
from penstock.observers import LogObserver
from penstock.pipeline import Request, run

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Transform = Callable[["DataFrame"], "DataFrame"]


@dataclass(frozen=True)
class Preview:
    """What a run would make of some files, as lazy DataFrames; nothing is written.

    ==============  =================================================================
    ``accepted``    data columns, ``original_id``, ``content_hash``, ``_file``
    ``rejected``    the same plus ``_reason`` (one row per reason) and ``_raw``
    ``duplicates``  true duplicates within these files, and superseded records
    ``clashes``     records of one id and different content that would be re-keyed
    ``outside``     records outside the window
    ==============  =================================================================
    """

    frame: DataFrame
    files: tuple[str, ...]

    def _of(self, status: Status) -> DataFrame:
        return self.frame.where(f"_status = '{status}'")

    @property
    def accepted(self) -> DataFrame:
        return self._of(Status.ACCEPTED).drop("_status", "_reasons", "_raw", "rekeyed_id")

    @property
    def rejected(self) -> DataFrame:
        from pyspark.sql import functions as F

        rejected = self._of(Status.QUARANTINED)
        return rejected.withColumn("_reason", F.explode("_reasons")).drop("_status", "_reasons")

    @property
    def duplicates(self) -> DataFrame:
        return self._of(Status.DUPLICATE).drop("_status", "_raw", "rekeyed_id")

    @property
    def clashes(self) -> DataFrame:
        return self.accepted.where("original_id IS NOT NULL")

    @property
    def outside(self) -> DataFrame:
        return self._of(Status.OUT_OF_WINDOW).drop("_status", "rekeyed_id")

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Records by status; this one reads the files."""
        rows = self.frame.groupBy("_status").count().collect()
        return {status.value: 0 for status in Status} | {r["_status"]: r["count"] for r in rows}


@dataclass(frozen=True)
class FeedHandle:
    """A feed in one's hands; ``feed()`` makes it. Immutable: ``with_`` gives a changed copy."""

    feed: Feed
    workspace: Workspace
    spark: SparkSession | None = None

    def plan(self) -> Plan:
        """What would be loaded: files, bytes, batches."""
        return plan_only(self.workspace, self.feed, Request())

    def preview(self, files: int | None = 2, transform: Transform | None = None) -> Preview:
        """Process some files without writing anything: new ones first, else known ones.

        :param files: how many; None for all.
        :param transform: a function under development, run after the feed's own steps.
        :raises ConfigError: the drop zone holds no matching file.
        """
        from penstock.processing import SparkProcessor

        planned = self._some_files(files)
        store, stages = store_for(self.feed.source.path), self.workspace.stages()
        processor = SparkProcessor(
            spark=self._session, store=store, stages=stages, home=self.workspace.home
        )
        batch = Batch(self.feed.name, "load", 0, planned)
        frame = processor.preview(self.feed, batch, transform)
        return Preview(frame, tuple(f.uri for f in planned))

    def _some_files(self, count: int | None) -> tuple[PlannedFile, ...]:
        new = [f for batch in self.plan().batches for f in batch.files]
        if not new:
            store, now = store_for(self.feed.source.path), SystemClock().now()
            found = discover(store, self.feed.source, now=now).files
            new = [PlannedFile(f.file, 1, f.captures) for f in found]
        if not new:
            raise ConfigError(
                f"no file below {self.feed.source.path} matches {self.feed.source.match}",
                hint="check source.path and source.match in " + self.feed.config_path,
            )
        return tuple(sorted(new)[:count])

    def with_(self, *, columns: Mapping[str, str] | None = None) -> FeedHandle:
        """A copy with some columns of another type: ``with_(columns={"amount": "double"})``.

        :raises ConfigError: no such column, or no such type.
        """
        return replace(self, feed=retype(self.feed, columns or {}))

    def run(self, *, max_batches: int | None = None) -> RunReport:
        """Load everything new into the target; the only call that writes."""
        ports = self.workspace.ports(self.feed, self._session, LogObserver())
        return run(self.feed, ports, Request(max_batches=max_batches))

    def _session(self) -> SparkSession:
        if self.spark is not None:
            return self.spark
        from penstock.adapters.spark import spark_session

        return spark_session(self.workspace.home)


def feed(
    name: str,
    *,
    spark: SparkSession | None = None,
    variables: Mapping[str, str] | None = None,
    target: str = "dev",
    conf: str | Path | None = None,
) -> FeedHandle:
    """A feed by its name in ``conf/feeds``, or by a path.

    :param spark: the session to use; by default the active one, else a local one.
    :raises ConfigError: the feed's file is wrong; the message names the line.
    """
    workspace = Workspace.from_environment(
        conf_dir=Path(conf) if conf else None, target=target, variables=variables
    )
    return FeedHandle(workspace.feed(name), workspace, spark)
