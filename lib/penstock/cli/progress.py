"""Progress for people, logs for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from penstock.cli.output import console
from penstock.model import Batch, BatchReport
from penstock.observers import LogObserver

_STEPS: Final = ("stage", "check", "expectations", "publish", "commit")


class BarObserver(LogObserver):
    """A bar on stderr that moves with the steps of each batch."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=len(_STEPS))

    def __enter__(self) -> BarObserver:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def step(self, feed: str, batch: Batch, name: str) -> None:
        super().step(feed, batch, name)
        self._progress.update(
            self._task,
            completed=_STEPS.index(name) if name in _STEPS else 0,
            description=f"{feed}: {name} of batch {batch.sequence} ({len(batch.files)} files)",
        )

    def done(self, report: BatchReport) -> None:
        super().done(report)
        self._progress.update(self._task, completed=len(_STEPS))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and whatever ``extra`` holds."""

    _STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    def format(self, record: logging.LogRecord) -> str:
        document = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        document |= {k: v for k, v in vars(record).items() if k not in self._STANDARD}
        if record.exc_info:
            document["error"] = self.formatException(record.exc_info)
        return json.dumps(document, default=str)


def configure_logging(level: str, style: str) -> None:
    """Send Penstock's logs to stderr; stdout belongs to results."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter()
        if style == "json"
        else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    logger = logging.getLogger("penstock")
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
