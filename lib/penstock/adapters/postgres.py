"""Postgres as a target: psycopg for the transaction, a bulk loader for the staging table."""

from __future__ import annotations

import json
import logging
import random
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any

import psycopg
from psycopg import errors as pg

from penstock import failpoints
from penstock.adapters.postgres_schema import ensure_target
from penstock.errors import (
    BatchFailed,
    ConfigError,
    OutcomeUnknown,
    PenstockError,
    PublishConflict,
    Retryable,
    TargetUnreachable,
)
from penstock.model import (
    Batch,
    Feed,
    FileVersion,
    PlannedFile,
    Receipt,
    StagedBatch,
    State,
)
from penstock.ports import Gate, Session
from penstock.publish import load
from penstock.publish.ddl import CONTROL_DDL, CONTROL_INDEXES
from penstock.publish.sql import PublishSql

log = logging.getLogger(__name__)

BulkLoader = Callable[[str, StagedBatch, tuple[str, str], tuple[tuple[str, str], ...]], None]
"""Copies a stage's accepted records into a table: (url, staged, (schema, table), columns)."""

_ATTEMPTS = 6
_CONFLICTS = (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable)


class PostgresSession:
    """``ports.Session`` on one psycopg connection.

    Parameters are bound on the client, as CREATE TABLE AS takes none from the server side.
    """

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._cursor = psycopg.ClientCursor(connection)

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        with _errors():
            self._cursor.execute(sql.encode(), params)
        return self._cursor.rowcount

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with _errors():
            return self._cursor.execute(sql.encode(), params).fetchall()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the last query's columns."""
        return tuple(c.name for c in self._cursor.description or ())

    def commit(self) -> None:
        try:
            self._connection.commit()
        except _CONFLICTS as error:
            raise PublishConflict(str(error)) from error
        except psycopg.OperationalError as error:
            raise OutcomeUnknown(f"the connection broke around COMMIT: {error}") from error
        except psycopg.Error as error:
            raise BatchFailed(_first_line(error)) from error

    def rollback(self) -> None:
        self._connection.rollback()


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]


@contextmanager
def _errors() -> Iterator[None]:
    """Translate driver errors by their class (SQLSTATE), never by their text."""
    try:
        yield
    except _CONFLICTS as error:
        raise PublishConflict(_first_line(error)) from error
    except (psycopg.OperationalError, pg.UndefinedTable) as error:
        # An undefined table is the staging table of an attempt that another driver overtook.
        raise Retryable(_first_line(error)) from error
    except psycopg.Error as error:
        raise BatchFailed(
            f"Postgres refused the batch: {_first_line(error)}",
            hint="compare the feed's columns with the table, then `penstock batch retry`",
        ) from error


class PostgresWarehouse:
    """``ports.Warehouse`` for Postgres, embedded or at a URL.

    :param url: a libpq connection string; never logged.
    :param label: what people are shown instead.
    :param loader: how staged records get into the staging table.
    """

    def __init__(self, url: str, label: str, loader: BulkLoader) -> None:
        self._url = url
        self._label = label
        self._loader = loader

    @property
    def label(self) -> str:
        return self._label

    @contextmanager
    def session(self) -> Iterator[PostgresSession]:
        try:
            connection = psycopg.connect(
                self._url, autocommit=False, application_name="penstock", connect_timeout=15
            )
        except psycopg.OperationalError as error:
            raise TargetUnreachable(
                f"cannot connect to {self._label}: {_first_line(error)}",
                hint="check host, port, user and password in conf/connections.yml",
            ) from error
        try:
            yield PostgresSession(connection)
        finally:
            connection.close()

    def prepare(self, feed: Feed) -> None:
        with self.session() as session:
            # CREATE ... IF NOT EXISTS races with itself; DDL of all drivers goes one by one.
            session.query("SELECT pg_advisory_xact_lock(hashtext('penstock.ddl'))")
            if not session.query("SELECT to_regclass('penstock.staging')")[0][0]:
                for statement in (*CONTROL_DDL, *CONTROL_INDEXES):
                    session.execute(statement)
            ensure_target(session, feed)
            session.execute(
                "INSERT INTO penstock.mutex (target) SELECT %(target)s WHERE NOT EXISTS "
                "(SELECT 1 FROM penstock.mutex WHERE target = %(target)s)",
                {"target": feed.target.table},
            )
            session.commit()

    def publish(self, feed: Feed, staged: StagedBatch, *, gate: Gate | None = None) -> Receipt:
        """Copy to the staging table, then the one transaction, retried whole on conflicts.

        After any failure the load log is asked before anything is tried again: another driver, or
        a COMMIT whose answer was lost, may have published the batch already.
        """
        problem: PenstockError | None = None
        sql: PublishSql | None = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(min(8.0, 0.2 * 2**attempt) * random.uniform(0.5, 1.0))
            try:
                if problem and (receipt := self._settled(feed, staged.batch)):
                    self._drop_staging(feed, staged.batch.id)
                    return receipt
                if sql is None:
                    sql = self._stage(feed, staged)
                with self.session() as session:
                    receipt = load.publish(session, sql, staged, gate=gate)
                self._drop_staging(feed, staged.batch.id)
                return receipt
            except (PublishConflict, OutcomeUnknown) as error:
                problem = error
            except (Retryable, TargetUnreachable) as error:
                problem, sql = error, None
            log.warning(
                "publish of %s is tried again (%d of %d): %s",
                staged.batch.id[:12],
                attempt + 1,
                _ATTEMPTS,
                problem.message,
            )
        assert problem is not None  # every round either returns or sets it
        raise problem

    def _stage(self, feed: Feed, staged: StagedBatch) -> PublishSql:
        # A name of its own for every try: two drivers may publish the same staged attempt.
        sql = PublishSql(feed, secrets.token_hex(8))
        with self.session() as session:
            load.stage_files(session, sql, staged)
            session.commit()
        failpoints.reach("copy.before")
        if staged.counts.loaded:
            self._loader(self._url, staged, sql.stage_table, load.bulk_columns(feed))
        with self.session() as session:
            session.execute(f"ANALYZE {sql.stage}")
            session.commit()
        failpoints.reach("copy.after")
        return sql

    def _settled(self, feed: Feed, batch: Batch) -> Receipt | None:
        """The load log's word, once nobody holds the lock any more."""
        with self.session() as session:
            load.take_lock(session, feed.target.table, batch.id)
            return load.find_receipt(session, batch.id)

    def _drop_staging(self, feed: Feed, batch_id: str) -> None:
        """Drop this batch's staging tables, those of killed attempts included."""
        try:
            with self.session() as session:
                session.execute("SET LOCAL lock_timeout = '2s'")
                attempts = session.query(PublishSql.other_attempts(), {"batch_id": batch_id})
                for (attempt,) in attempts:
                    for statement in PublishSql(feed, attempt).drop_staging():
                        session.execute(statement)
                    session.execute(PublishSql.forget_attempt(), {"attempt": attempt})
                session.commit()
        except PenstockError as error:
            # The batch is loaded; what is left over is found in the registry next time.
            log.warning("staging tables of %s stay for now: %s", batch_id[:12], error.message)

    def receipt(self, batch_id: str) -> Receipt | None:
        with self.session() as session:
            return load.find_receipt(session, batch_id) if _has_log(session) else None

    def abandon(self, feed: Feed, batch: Batch, reason: str) -> Receipt:
        with self.session() as session:
            receipt = load.abandon(session, feed, batch, reason)
        self._drop_staging(feed, batch.id)
        return receipt

    def load_states(self, feed: str) -> Mapping[str, State]:
        with self.session() as session:
            if not _has_log(session):
                return {}
            rows = session.query(
                "SELECT batch_id, state FROM penstock.loads WHERE feed = %(feed)s", {"feed": feed}
            )
        return {batch_id: State(state) for batch_id, state in rows}

    def load_log(self, feed: str, batch_ids: Collection[str]) -> Iterator[tuple[Receipt, Batch]]:
        with self.session() as session:
            for batch_id in sorted(batch_ids):
                receipt = load.find_receipt(session, batch_id)
                if receipt is None:
                    continue
                ((kind, sequence),) = session.query(
                    "SELECT kind, sequence FROM penstock.loads WHERE batch_id = %(batch_id)s",
                    {"batch_id": batch_id},
                )
                files = session.query(
                    "SELECT uri, version, size, modified, generation, captures "
                    "FROM penstock.load_files WHERE batch_id = %(batch_id)s ORDER BY position",
                    {"batch_id": batch_id},
                )
                planned = tuple(
                    PlannedFile(
                        FileVersion(uri, version, size, modified.astimezone(UTC)),
                        generation,
                        json.loads(captures),
                    )
                    for uri, version, size, modified, generation, captures in files
                )
                yield receipt, Batch(feed, kind, sequence, planned)

    def clashes(self, batch_id: str) -> list[dict[str, Any]]:
        """Records of a batch that its publish held back: file, reasons and the key."""
        with self.session() as session:
            if not _has_log(session):
                return []
            rows = session.query(
                "SELECT source_file, reason, record_key FROM penstock.clashes "
                "WHERE batch_id = %(batch_id)s ORDER BY 1, 3",
                {"batch_id": batch_id},
            )
        return [{"file": file, "reasons": [reason], "raw": key} for file, reason, key in rows]

    def check(self, session: Session, feed: Feed) -> None:
        """Try the feed's DDL and roll it back.

        :raises ConfigError: as ``prepare``, or for want of a privilege.
        """
        try:
            for statement in CONTROL_DDL:
                session.execute(statement)
            ensure_target(session, feed)
        except BatchFailed as error:
            raise ConfigError(
                f"{self._label}: {error.message}",
                hint="grant CREATE on the database and on the target's schema",
            ) from error
        finally:
            session.rollback()

    def query(self, sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Column names and rows of a read-only query.

        :raises ConfigError: the database refuses it.
        """
        with self.session() as session:
            try:
                session.execute("SET TRANSACTION READ ONLY")
                rows = session.query(sql)
            except (Retryable, BatchFailed) as error:
                raise ConfigError(
                    f"the query failed: {error.__cause__ or error.message}".strip(),
                    hint="has the feed been loaded? `penstock status` tells",
                ) from error
            return session.columns, rows


def _has_log(session: Session) -> bool:
    """Whether the control tables exist; the last one created stands for all."""
    return session.query("SELECT to_regclass('penstock.staging')")[0][0] is not None
