"""Staged records into Postgres by Spark's own JDBC writer: no driver on the way, only executors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict

from penstock.errors import ConfigError
from penstock.model import StagedBatch, Status

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def jdbc_loader(
    spark: Callable[[], SparkSession],
) -> Callable[[str, StagedBatch, tuple[str, str], tuple[tuple[str, str], ...]], None]:
    """A bulk loader that lets every executor insert its part over JDBC.

    A task that is retried after its commit writes its rows twice; the publish counts the staging
    table before it reads from it, and has it filled anew.
    """

    def load(
        url: str,
        staged: StagedBatch,
        table: tuple[str, str],
        columns: tuple[tuple[str, str], ...],
    ) -> None:
        address, properties = jdbc_address(url)
        accepted = (
            spark()
            .read.format("delta")
            .load(staged.uri)
            .where(f"_status = '{Status.ACCEPTED}'")
            .select(*(f"`{name}`" for name, _ in columns))
        )
        accepted.write.mode("append").jdbc(
            address,
            f'"{table[0]}"."{table[1]}"',
            properties={"driver": "org.postgresql.Driver", "batchsize": "10000", **properties},
        )

    return load


def jdbc_address(url: str) -> tuple[str, dict[str, str]]:
    """The JDBC form of a libpq connection string, with user and password apart from the address.

    :raises ConfigError: it names a Unix socket, which JDBC cannot use.
    """
    parts = {k: str(v) for k, v in conninfo_to_dict(url).items() if v is not None}
    host = parts.get("host", "localhost")
    if host.startswith("/"):
        raise ConfigError(
            "target.write: jdbc needs a TCP address, and the connection names a Unix socket",
            hint="give host and port in conf/connections.yml, or use write: copy",
        )
    options = {"reWriteBatchedInserts": "true", "ApplicationName": "penstock"}
    if "sslmode" in parts:
        options["sslmode"] = parts["sslmode"]
    address = (
        f"jdbc:postgresql://{host}:{parts.get('port', '5432')}/{parts.get('dbname', 'postgres')}"
        f"?{urlencode(options)}"
    )
    credentials: dict[str, str] = {k: parts[k] for k in ("user", "password") if k in parts}
    return address, credentials
