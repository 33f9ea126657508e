"""read -> validate -> transform -> stage by Spark: the part of the pipeline a cluster runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.errors import BatchFailed, FileUnreadable, Retryable, SourceChanged
from penstock.model import Batch, Feed, StagedBatch, Status
from penstock.model.layout import clash_policy, data_columns
from penstock.ports import ObjectStore, StageStore
from penstock.read import (
    Layout,
    extend,
    field_names,
    head_bytes,
    inspect,
    needs_safe_copy,
    read_records,
    safe_name,
)
from penstock.spark_errors import SPARK_ERRORS, first_line, unreadable_file
from penstock.stage.write import write_stage
from penstock.steps import apply_steps, may_quarantine
from penstock.transform.marks import CLASHES
from penstock.validate import run_expectations, validate

log = logging.getLogger(__name__)

Transform = Callable[[DataFrame], DataFrame]

_READS_AT_ONCE = 16
_TAIL_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkProcessor:
    """``ports.Processor`` on a Spark session that starts when it is first needed."""

    spark: Callable[[], SparkSession]
    store: ObjectStore
    stages: StageStore
    home: str

    def stage(self, feed: Feed, batch: Batch, attempt: str) -> StagedBatch:
        """Stage the batch; a file that cannot be read is left out, with its reason.

        :raises SourceChanged: a file is gone.
        :raises BatchFailed: Spark cannot run the feed's steps.
        :raises Retryable: Spark failed for a reason that is none of the data's.
        """
        layouts, failed = self._layouts(feed, batch)
        while len(failed) < len(batch.files):
            readable = {i: layout for i, layout in layouts.items() if i not in failed}
            # A failed write leaves files behind: each try has an address of its own.
            name = f"{attempt}-{len(failed)}" if failed else attempt
            uri = self.stages.uri(feed.name, batch.id, name)
            try:
                extended, frame = self._frame(feed, batch, readable)
                write_stage(
                    frame,
                    uri,
                    columns=tuple(n for n, _ in data_columns(extended)),
                    config_hash=feed.config_hash,
                    failed=failed,
                )
            except AnalysisException as error:
                raise BatchFailed(
                    f"Spark cannot run the steps of {feed.name}: {first_line(error)}",
                    hint=f"check columns and transform in {feed.config_path}",
                ) from error
            except SPARK_ERRORS as error:
                failed |= self._blame(batch, readable, error)
                continue
            staged = self.stages.committed(extended, batch, name)
            if staged is None:
                raise Retryable(f"the stage {uri} is gone right after it was committed")
            if clash_policy(feed) == "fail":
                self._refuse_clashes(staged)
            return staged
        return StagedBatch(batch, attempt, "", feed.config_hash, (), (), {}, failed)

    def preview(self, feed: Feed, batch: Batch, extra: Transform | None = None) -> DataFrame:
        """Every record of the batch as it would be staged; lazy, nothing is written.

        :param extra: a function to try, run after the feed's own steps.
        :raises FileUnreadable: one of the files cannot be read.
        """
        layouts, failed = self._layouts(feed, batch)
        for position, reason in failed.items():
            raise FileUnreadable(batch.files[position].uri, reason)
        return self._frame(feed, batch, layouts, extra, verify=False)[1]

    def _refuse_clashes(self, staged: StagedBatch) -> None:
        """
        :raises BatchFailed: records of the batch clash with each other (``on_clash: fail``).
        """
        clash = F.exists("_reasons", lambda reason: reason.endswith(CLASHES))
        frame = self.spark().read.format("delta").load(staged.uri).where(clash)
        for row in frame.select("_reasons").limit(1).collect():
            raise BatchFailed(
                "; ".join(row["_reasons"]),
                hint="the feed says on_clash: fail; use rekey or quarantine, or mend the file",
            )

    def expectations(self, feed: Feed, staged: StagedBatch) -> Mapping[str, Any]:
        accepted = (
            self.spark()
            .read.format("delta")
            .load(staged.uri)
            .where(F.col("_status") == Status.ACCEPTED.value)
        )
        return run_expectations(accepted, feed.quality.expectations or "")

    def _layouts(self, feed: Feed, batch: Batch) -> tuple[dict[int, Layout], dict[int, str]]:
        """How each file is laid out, from its first bytes; no Spark yet."""

        def look(position: int) -> Layout | str:
            file = batch.files[position].file
            uri, size = file.uri, file.size
            try:
                head = self.store.read(uri, head_bytes(uri))
                start = max(size - _TAIL_BYTES, 0)
                tail = self.store.read(uri, _TAIL_BYTES, start) if len(head) < size else None
                if needs_safe_copy(uri) and not self._inputs(uri):
                    return "Spark cannot read a file of this name, and PENSTOCK_HOME is elsewhere"
                return inspect(feed, uri, head, size, tail)
            except FileUnreadable as error:
                return error.reason

        with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
            found = list(pool.map(look, range(len(batch.files))))
        failed = {i: f for i, f in enumerate(found) if isinstance(f, str)}
        if gone := [i for i in failed if self.store.head(batch.files[i].uri) is None]:
            raise SourceChanged(tuple(batch.files[i].uri for i in gone))
        return {i: f for i, f in enumerate(found) if not isinstance(f, str)}, failed

    def _frame(
        self,
        feed: Feed,
        batch: Batch,
        layouts: Mapping[int, Layout],
        extra: Transform | None = None,
        *,
        verify: bool = True,
    ) -> tuple[Feed, DataFrame]:
        """The feed, extended by new columns where it asks for that, and its marked records."""
        paths = {i: self._readable_path(batch, i) for i in layouts}
        if feed.evolution == "add_new_columns":
            feed = extend(feed, field_names(self.spark(), feed, layouts, paths))
        records = read_records(self.spark(), feed, batch, layouts, paths)
        carry_raw = extra is not None or may_quarantine(feed)
        frame = validate(records, feed, carry_raw=carry_raw)
        return feed, apply_steps(frame, feed, extra, verify=verify)

    def _readable_path(self, batch: Batch, position: int) -> str:
        """The path Spark is given: a copy under a safe name where Hadoop cannot read this one."""
        uri = batch.files[position].uri
        if not needs_safe_copy(uri):
            return uri
        copy = f"{self._inputs(uri)}/{batch.id}/{safe_name(uri, position)}"
        self.store.copy(uri, copy)
        return copy

    def _inputs(self, uri: str) -> str:
        """Folder for copies of files like this one; empty if the home is in another store."""
        scheme = uri.split("://", 1)[0]
        home = self.home if "://" in self.home else f"file://{self.home}"
        return f"{home}/inputs" if home.startswith(f"{scheme}://") else ""

    def _blame(
        self, batch: Batch, readable: Mapping[int, Layout], error: Exception
    ) -> dict[int, str]:
        """The file a failed job could not read, with the reason.

        :raises SourceChanged: the file is gone or was replaced.
        :raises Retryable: no file is to blame.
        """
        paths = {self._readable_path(batch, i): i for i in readable}
        blamed = unreadable_file(error, paths)
        if blamed is None:
            raise Retryable(f"Spark failed: {first_line(error)}") from error
        position, reason = paths[blamed[0]], blamed[1]
        planned = batch.files[position]
        present = self.store.head(planned.uri)
        if present is None or present.version != planned.file.version:
            raise SourceChanged((planned.uri,)) from error
        log.warning("%s cannot be read: %s", planned.uri, reason)
        return {position: reason}
