"""One feed's ledger as a Delta table, by deltalake: no Spark, no lock table.

``plan`` is the only append that may lose. It goes through the handle its view was read by and
carries the feed's application transaction, so that of two plans made from the same state one
fails; appends of outcomes in between carry none and disturb nobody.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import PostCommitHookProperties

from penstock.adapters.clock import SystemClock
from penstock.adapters.delta_ledger_rows import (
    PARTITION,
    PROPERTIES,
    SCHEMA,
    VERSION,
    VERSION_PROPERTY,
    plan_rows,
    state_rows,
)
from penstock.adapters.delta_ledger_view import DamagedLedgerError, DeltaLedgerView
from penstock.adapters.storage_options import canonical, one_line, storage_options, table_address
from penstock.errors import ConfigError, PlanConflict, Retryable
from penstock.model import Batch, FileOutcome, FileRecord, State
from penstock.ports import Clock, LedgerView

log = logging.getLogger(__name__)

COMPACT_EVERY = 100
"""Commits between two compactions. Every commit adds a small file or two, and both a commit and
an opening take time for each file there is."""

_COMPACT_TO_BYTES = 1024 * 1024
_RECORD_ATTEMPTS = 8
_PAUSE_SECONDS = 0.05
_WRITER = WriterProperties(compression="ZSTD")
# Expired logs are looked for when compacting: doing it at every commit lists the whole log.
_HOOKS = PostCommitHookProperties(cleanup_expired_logs=False)


class DeltaLedger:
    """``ports.Ledger`` at ``<home>/ledger/<feed>``.

    :param home: PENSTOCK_HOME: a folder or an ``s3://`` address.
    :param feed: the feed's id.
    :param clock: gives ``recorded_at``.
    :param compact_every: commits between two compactions.
    :raises ConfigError: no table can live at this home.
    """

    def __init__(
        self,
        home: str,
        feed: str,
        clock: Clock | None = None,
        *,
        compact_every: int = COMPACT_EVERY,
    ) -> None:
        self.feed = feed
        self.uri = f"{canonical(home)}/ledger/{feed}"
        self._clock = clock or SystemClock()
        self._compact_every = compact_every
        self._app = f"penstock-plan:{feed}"
        self._appender: DeltaTable | None = None

    def exists(self) -> bool:
        """
        :raises ConfigError: the home cannot be reached, or the ledger's version is unknown.
        """
        try:
            self._handle()
        except TableNotFoundError:
            return False
        except (DeltaError, OSError) as error:
            raise self._explained(error) from error
        return True

    def create(self) -> None:
        """
        :raises ConfigError: the home cannot be reached or written to.
        """
        if self.exists():
            return
        try:
            DeltaTable.create(
                table_address(self.uri),
                SCHEMA,
                mode="error",
                partition_by=[PARTITION],
                description=f"Penstock's ledger of the feed {self.feed}",
                configuration=PROPERTIES,
                storage_options=storage_options(self.uri),
                raise_if_key_not_exists=False,
            )
        except (DeltaError, OSError) as error:
            if not self.exists():
                raise self._unreachable(error) from error
            log.debug("another driver created the ledger %s", self.uri)

    def open(self) -> DeltaLedgerView:
        try:
            return DeltaLedgerView(self._handle())
        except (DeltaError, OSError, pa.ArrowInvalid, DamagedLedgerError) as error:
            raise self._explained(error) from error

    def plan(
        self,
        view: LedgerView,
        batches: Sequence[Batch],
        rejected: Sequence[FileRecord],
        config_hash: str,
    ) -> None:
        """
        A view plans once: after that it no longer shows the ledger.

        :raises PlanConflict: another plan was committed since the view was opened.
        :raises ConfigError: the ledger cannot be written to.
        :raises TypeError: the view is none of this kind of ledger.
        """
        if not isinstance(view, DeltaLedgerView):
            raise TypeError(f"a plan needs a view opened by its own ledger, not a {type(view)}")
        if not batches and not rejected:
            return
        if view.spent:
            raise PlanConflict(f"a plan for {self.feed} was already made from this view")
        view.spent = True
        transaction = Transaction(self._app, (view.handle.transaction_version(self._app) or 0) + 1)
        rows = plan_rows(self.feed, batches, rejected, config_hash, self._clock.now())
        try:
            self._append(view.handle, rows, [transaction])
        except CommitFailedError as error:
            raise PlanConflict(f"another driver planned {self.feed} first") from error
        except (DeltaError, OSError) as error:
            raise self._explained(error) from error
        self._compact(view.handle)

    def record(
        self,
        batch: Batch,
        state: State,
        *,
        reason: str = "",
        config_hash: str = "",
        outcomes: Sequence[FileOutcome] = (),
    ) -> None:
        """
        :raises Retryable: other drivers kept committing first; nothing was recorded.
        :raises ConfigError: the ledger cannot be reached or written to.
        """
        rows = state_rows(batch, state, reason, config_hash, outcomes, self._clock.now())
        for attempt in range(_RECORD_ATTEMPTS):
            try:
                handle = self._appender or self._handle()
                self._append(handle, rows, [])
            except CommitFailedError:
                # An append contradicts nobody; it has only been overtaken too often.
                self._appender = None
                time.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))
            except (DeltaError, OSError) as error:
                if self._appender is None:
                    raise self._explained(error) from error
                # A kept handle may be older than its credentials or than the log.
                self._appender = None
            else:
                self._appender = handle
                self._compact(handle)
                return
        raise Retryable(
            f"the ledger of {self.feed} was busy {_RECORD_ATTEMPTS} times",
            hint="run again; what was published is known to the warehouse",
        )

    def compact(self) -> None:
        """Merge the small files of many commits; readers and writers are not disturbed.

        :raises ConfigError: the ledger cannot be reached or written to.
        """
        try:
            self._compact_handle(self._handle())
        except (DeltaError, OSError) as error:
            raise self._explained(error) from error

    def _handle(self) -> DeltaTable:
        handle = DeltaTable(table_address(self.uri), storage_options=storage_options(self.uri))
        found = handle.metadata().configuration.get(VERSION_PROPERTY)
        if found != VERSION:
            raise ConfigError(
                f"the ledger {self.uri} has version {found}, this Penstock knows {VERSION}",
                hint="run the Penstock that wrote it or a newer one, or "
                f"`penstock ledger upgrade {self.feed}`",
            )
        return handle

    def _append(self, handle: DeltaTable, rows: pa.Table, transactions: list[Transaction]) -> None:
        write_deltalake(
            handle,
            rows,
            mode="append",
            writer_properties=_WRITER,
            commit_properties=CommitProperties(app_transactions=transactions),
            post_commithook_properties=_HOOKS,
        )

    def _compact(self, handle: DeltaTable) -> None:
        """Compact after every so many commits, by whoever made the last of them."""
        if (handle.version() + 1) % self._compact_every:
            return
        try:
            self._compact_handle(handle)
        except (DeltaError, OSError) as error:
            # It only saves time, and the next one does this one's work too.
            log.warning("the ledger %s could not be compacted: %s", self.uri, error)

    def _compact_handle(self, handle: DeltaTable) -> None:
        handle.optimize.compact(target_size=_COMPACT_TO_BYTES, writer_properties=_WRITER)

    def _explained(self, error: Exception) -> ConfigError:
        if isinstance(error, OSError):
            return self._unreachable(error)
        return ConfigError(
            f"the ledger {self.uri} is damaged or absent: {one_line(error)}",
            hint=f"rebuild it from the warehouse's load log: `penstock ledger rebuild {self.feed}`",
        )

    def _unreachable(self, error: Exception) -> ConfigError:
        home = self.uri.removesuffix(f"/ledger/{self.feed}")
        local = home.startswith("file://")
        return ConfigError(
            f"PENSTOCK_HOME {home} cannot be reached: {one_line(error)}",
            hint="check that the folder can be written to"
            if local
            else "check the address, the credentials and AWS_ENDPOINT_URL",
        )
