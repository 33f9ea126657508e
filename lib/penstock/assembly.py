"""Where ports meet adapters: what the command line and the Python API both build on.

Database drivers, Parquet and Spark are imported where they are first needed: a plan, which needs
none of them, answers in about a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.adapters.clock import SystemClock
from penstock.adapters.delta_ledger import DeltaLedger
from penstock.adapters.stores import store_for
from penstock.config import load_feed
from penstock.errors import ConfigError
from penstock.model import BatchRecord, Connection, Feed, FileRecord, Plan
from penstock.pipeline import Ports, Request
from penstock.pipeline import plan as make_plan
from penstock.ports import LedgerView, Observer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from penstock.adapters.delta_stage import DeltaStageStore
    from penstock.adapters.postgres import BulkLoader, PostgresWarehouse

SparkFactory = Callable[[], "SparkSession"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where configuration, ledger and stage are, and which of the ``connections`` is meant.

    :param home: ``PENSTOCK_HOME``: an absolute folder or an ``s3://`` address.
    """

    home: str
    conf_dir: Path
    target: str = "dev"
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(
        cls,
        *,
        conf_dir: Path | None = None,
        target: str = "dev",
        variables: Mapping[str, str] | None = None,
    ) -> Workspace:
        home = os.environ.get("PENSTOCK_HOME", ".penstock")
        if "://" not in home:
            home = str(Path(home).absolute())
        return cls(
            home=home.removeprefix("file://").rstrip("/"),
            conf_dir=conf_dir or Path(os.environ.get("PENSTOCK_CONF", "conf")),
            target=target,
            variables=variables or {},
        )

    @property
    def local_home(self) -> Path:
        """
        :raises ConfigError: the home is remote, where no embedded server can live.
        """
        if "://" in self.home:
            raise ConfigError(
                f"PENSTOCK_HOME is {self.home}, and the embedded Postgres needs a local folder",
                hint="name a real warehouse in conf/connections.yml, or unset PENSTOCK_HOME",
            )
        return Path(self.home)

    def feed(self, name: str) -> Feed:
        return load_feed(
            name,
            conf_dir=self.conf_dir,
            variables=self.variables,
            environ=os.environ,
            target=self.target,
            home=self.home,
        )

    def ledger(self, feed: Feed) -> DeltaLedger:
        return DeltaLedger(self.home, feed.name)

    def stages(self) -> DeltaStageStore:
        from penstock.adapters.delta_stage import DeltaStageStore

        return DeltaStageStore(self.home)

    def warehouse(
        self, connection: Connection, loader: BulkLoader | None = None
    ) -> PostgresWarehouse:
        """The warehouse of a connection; an embedded one is started.

        :raises ConfigError: a kind of warehouse this version cannot write to.
        """
        from penstock.adapters.pg_copy import copy_loader
        from penstock.adapters.postgres import PostgresWarehouse

        if connection.type != "postgres":
            raise ConfigError(
                f"connection {connection.name} is of type {connection.type}, "
                "which this version cannot write to yet",
                hint="use a connection of type postgres",
            )
        url, label = connection.url, connection.label
        if connection.embedded:
            from penstock.adapters import embedded  # not installed on clusters

            url, label = embedded.start(self.local_home).url, f"embedded Postgres in {self.home}"
        return PostgresWarehouse(url, label, loader or copy_loader(self.stages().reader))

    def ports(self, feed: Feed, spark: SparkFactory, observer: Observer) -> Ports:
        """Everything a run of this feed needs; Spark starts when the first batch is staged."""
        from penstock.adapters.jdbc import jdbc_loader
        from penstock.processing import SparkProcessor
        from penstock.validate.gate import over_limit

        store, stages = store_for(feed.source.path), self.stages()
        loader = jdbc_loader(spark) if feed.target.write == "jdbc" else None
        return Ports(
            store=store,
            ledger=self.ledger(feed),
            stages=stages,
            warehouse=self.warehouse(feed.target.connection, loader),
            processor=SparkProcessor(spark=spark, store=store, stages=stages, home=self.home),
            gate=lambda feed, counts: over_limit(counts, feed.quality),
            clock=SystemClock(),
            observer=observer,
        )


class _Empty:
    """The view of a ledger that is not there yet."""

    def files(self) -> Mapping[str, FileRecord]:
        return {}

    def batches(self) -> tuple[BatchRecord, ...]:
        return ()


def read_ledger(workspace: Workspace, feed: Feed) -> LedgerView:
    """The ledger as it is; nothing is created, settled or written."""
    ledger = workspace.ledger(feed)
    return ledger.open() if ledger.exists() else _Empty()


def plan_only(workspace: Workspace, feed: Feed, request: Request) -> Plan:
    """What a run would load, from listing and ledger alone: no warehouse, no JVM."""
    view = read_ledger(workspace, feed)
    return make_plan(feed, store_for(feed.source.path), view, SystemClock(), request)
