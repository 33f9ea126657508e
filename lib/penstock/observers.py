"""What a run tells of itself to the log."""

from __future__ import annotations

import logging

from penstock.model import Batch, BatchReport

log = logging.getLogger("penstock.run")


class LogObserver:
    """Writes each step to the log."""

    def step(self, feed: str, batch: Batch, name: str) -> None:
        log.info("%s", name, extra={"feed": feed, "batch_id": batch.id, "files": len(batch.files)})

    def done(self, report: BatchReport) -> None:
        log.info(
            "%s",
            report.state,
            extra={
                "batch_id": report.batch_id,
                "rows_read": report.counts.read,
                "rows_loaded": report.counts.loaded,
                "seconds": round(report.seconds, 3),
            },
        )
