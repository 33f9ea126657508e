"""The SQL of a publish, as pure text.

A *publish* moves one staged batch from its staging table into the target inside one
transaction. Every statement here is standard enough for Postgres and Redshift alike: no
ON CONFLICT, no RETURNING, no MERGE. Values travel as ``%(name)s`` parameters; identifiers
come from validated configuration and are quoted all the same.

Staging tables of an attempt:

====================  ==========================================================
``stage_<attempt>``   the accepted records (``layout.staging_columns``)
``files_<attempt>``   the batch's files with position and outcome
``verdict``           temporary: what the target already knows of staged records
====================  ==========================================================
"""

from __future__ import annotations

from dataclasses import dataclass

from penstock.model import Feed
from penstock.model.layout import (
    CONTENT_HASH,
    LINEAGE,
    ORIGINAL_ID,
    REKEYED_ID,
    Policy,
    clash_policy,
    data_columns,
    staging_columns,
)
from penstock.publish.ddl import typed_column
from penstock.publish.names import column_list, literal, quote, table
from penstock.publish.types import is_nested


@dataclass(frozen=True, slots=True)
class PublishSql:
    """The statements of one feed's publish; ``attempt`` names its staging tables."""

    feed: Feed
    attempt: str

    # -- names --

    @property
    def stage(self) -> str:
        return f"penstock.{quote('stage_' + self.attempt)}"

    @property
    def stage_table(self) -> tuple[str, str]:
        """Schema and unquoted name of the staging table, for a bulk loader."""
        return "penstock", f"stage_{self.attempt}"

    @property
    def files(self) -> str:
        return f"penstock.{quote('files_' + self.attempt)}"

    @property
    def target(self) -> str:
        return table(self.feed.target.table)

    @property
    def policy(self) -> Policy:
        return clash_policy(self.feed)

    @property
    def compares(self) -> bool:
        """Whether records are compared with those the target already holds."""
        target = self.feed.target
        return (
            target.mode != "replace"
            and self.policy != "none"
            and (target.mode == "upsert" or target.history.kind != "none")
        )

    @property
    def keeps_ids_unique(self) -> bool:
        """Whether no two rows of the target may have one id, whatever the records say."""
        return self.compares or self.feed.target.mode == "replace"

    # -- staging, in a transaction of its own --

    def create_staging(self) -> tuple[str, ...]:
        columns = ", ".join(
            typed_column(self.feed, n, "string" if is_nested(t) else t)
            for n, t in staging_columns(self.feed)
        )
        return (
            *self.drop_staging(),
            f"CREATE UNLOGGED TABLE {self.stage} ({columns})",
            f"CREATE UNLOGGED TABLE {self.files} (position integer PRIMARY KEY, uri text, "
            "version text, generation integer, size bigint, modified timestamp with time zone, "
            "captures text, outcome text, reason text, rows bigint)",
            "DELETE FROM penstock.staging WHERE attempt = %(attempt)s",
            "INSERT INTO penstock.staging (attempt, batch_id, feed, created_at) "
            "VALUES (%(attempt)s, %(batch_id)s, %(feed)s, now())",
        )

    def insert_file(self) -> str:
        return (
            f"INSERT INTO {self.files} VALUES (%(position)s, %(uri)s, %(version)s, %(generation)s, "
            "%(size)s, %(modified)s, %(captures)s, %(outcome)s, %(reason)s, %(rows)s)"
        )

    def drop_staging(self) -> tuple[str, ...]:
        return (f"DROP TABLE IF EXISTS {self.stage}", f"DROP TABLE IF EXISTS {self.files}")

    # -- under the lock --

    @staticmethod
    def lock() -> str:
        """Must change exactly one row; waits for whoever else publishes to this target."""
        return (
            "UPDATE penstock.mutex SET batch_id = %(batch_id)s, locked_at = now() "
            "WHERE target = %(target)s"
        )

    @staticmethod
    def find_load() -> str:
        return (
            "SELECT state, attempt, rows_read, rows_loaded, rows_duplicate, rows_quarantined, "
            "rows_out_of_window, rows_rekeyed, rows_updated FROM penstock.loads "
            "WHERE batch_id = %(batch_id)s"
        )

    @staticmethod
    def find_load_files() -> str:
        return (
            "SELECT uri, version, generation, outcome, reason, rows FROM penstock.load_files "
            "WHERE batch_id = %(batch_id)s ORDER BY position"
        )

    def loaded_elsewhere(self) -> str:
        """Files of this batch of which this or a later-planned version is loaded already."""
        return (
            f"SELECT DISTINCT f.uri FROM {self.files} f JOIN penstock.load_files l "
            "ON l.feed = %(feed)s AND l.uri = f.uri AND l.outcome = 'loaded' "
            "AND l.generation >= f.generation ORDER BY f.uri"
        )

    @staticmethod
    def later_load() -> str:
        return (
            "SELECT count(*) FROM penstock.loads WHERE feed = %(feed)s AND target = %(target)s "
            "AND state = 'loaded' AND sequence > %(sequence)s"
        )

    def staged_rows(self) -> str:
        return f"SELECT count(*) FROM {self.stage}"

    def target_has_rows(self) -> str:
        return f"SELECT EXISTS (SELECT 1 FROM {self.target})"

    # -- comparison --

    def _source_key(self, column: str) -> str:
        """A key column of a staged record as it arrived: before it was re-keyed in the batch."""
        if self.policy == "rekey" and column == self.feed.target.key[-1]:
            return f"coalesce(s.{quote(ORIGINAL_ID)}, s.{quote(column)})"
        return f"s.{quote(column)}"

    def _bounded(self) -> str:
        history = self.feed.target.history
        if history.kind != "days" or history.column is None:
            return ""
        column = quote(history.column)
        return (
            f" AND t.{column} >= (SELECT min({column}) FROM {self.stage}) "
            f"- interval '{history.days} days'"
        )

    def verdict(self) -> tuple[str, ...]:
        """Temporary table ``verdict``: a row per staged record the target knows something of.

        ================  =============================================================
        key columns       the record's key as it arrived
        ``content_hash``  of the staged record
        ``verdict``       ``duplicate``, ``clash`` (append), ``newer`` or ``older`` (upsert)
        ================  =============================================================
        """
        create = "CREATE TEMPORARY TABLE verdict ON COMMIT DROP AS "
        if self.policy == "content":
            return (
                create
                + f"SELECT DISTINCT s.{CONTENT_HASH}, 'duplicate' AS verdict FROM {self.stage} s "
                f"JOIN {self.target} t ON t.{CONTENT_HASH} = s.{CONTENT_HASH}{self._bounded()}",
                "ANALYZE verdict",
            )
        key = self.feed.target.key
        sources = [f"{self._source_key(c)} AS {quote(c)}" for c in key]
        if self.policy == "upsert":
            on = " AND ".join(f"t.{quote(c)} = s.{quote(c)}" for c in key)
            return (
                create + f"SELECT {', '.join(sources)}, s.{CONTENT_HASH}, "
                f"CASE WHEN t.{CONTENT_HASH} = s.{CONTENT_HASH} THEN 'duplicate' "
                f"WHEN {self._newer()} THEN 'newer' ELSE 'older' END AS verdict "
                f"FROM {self.stage} s JOIN {self.target} t ON {on}{self._arrival_join()}",
                "ANALYZE verdict",
            )
        id_, scope = key[-1], key[:-1]
        in_scope = "".join(f" AND t.{quote(c)} = s.{quote(c)}" for c in scope)
        match = (
            f"SELECT {', '.join(sources)}, s.{CONTENT_HASH}, "
            f"t.{CONTENT_HASH} = s.{CONTENT_HASH} AS same FROM {self.stage} s JOIN {self.target} t "
        )
        matches = match + f"ON t.{quote(id_)} = {self._source_key(id_)}{in_scope}{self._bounded()}"
        if self.policy == "rekey":
            # A record re-keyed earlier is known by the id it arrived with.
            matches += (
                " UNION ALL "
                + match
                + f"ON t.{ORIGINAL_ID} = {self._source_key(id_)}{in_scope}{self._bounded()}"
            )
        return (
            create + f"SELECT {column_list(key)}, {CONTENT_HASH}, "
            "CASE WHEN bool_or(same) THEN 'duplicate' ELSE 'clash' END AS verdict "
            f"FROM ({matches}) m GROUP BY {column_list(key)}, {CONTENT_HASH}",
            "ANALYZE verdict",
        )

    def _newer(self) -> str:
        column = self.feed.target.version_column
        if column == "arrival":
            return "l.batch_id IS NULL OR l.feed <> %(feed)s OR l.sequence < %(sequence)s"
        # NULL is the lowest version; equal versions are settled by the content hash.
        types = dict(data_columns(self.feed))
        collate = ' COLLATE "C"' if column and types.get(column) == "string" else ""
        s, t = f"s.{quote(column or '')}{collate}", f"t.{quote(column or '')}{collate}"
        return (
            f"({s} IS NOT NULL AND ({t} IS NULL OR {s} > {t})) "
            f"OR (({s} = {t} OR ({s} IS NULL AND {t} IS NULL)) "
            f'AND s.{CONTENT_HASH} COLLATE "C" > t.{CONTENT_HASH} COLLATE "C")'
        )

    def _arrival_join(self) -> str:
        if self.feed.target.version_column != "arrival":
            return ""
        return " LEFT JOIN penstock.loads l ON l.batch_id = t._batch_id"

    def verdict_counts(self) -> str:
        return "SELECT verdict, count(*) FROM verdict GROUP BY verdict"

    def _verdict_join(self) -> str:
        if self.policy == "content":
            return f" LEFT JOIN verdict v ON v.{CONTENT_HASH} = s.{CONTENT_HASH}"
        on = " AND ".join(f"v.{quote(c)} = {self._source_key(c)}" for c in self.feed.target.key)
        return f" LEFT JOIN verdict v ON {on} AND v.{CONTENT_HASH} = s.{CONTENT_HASH}"

    def first_clash(self) -> str:
        key = column_list(self.feed.target.key)
        return f"SELECT {key} FROM verdict WHERE verdict = 'clash' LIMIT 1"

    def generated(self) -> tuple[str, ...]:
        """Temporary table ``generated``: the ids made for clashing records, and the ids among
        them that are taken: by a row of the target or by another record of the batch."""
        key = self.feed.target.key
        sources = ", ".join(f"{self._source_key(c)} AS {quote(c)}" for c in key)
        return (
            "CREATE TEMPORARY TABLE generated ON COMMIT DROP AS "
            f"SELECT {sources}, s.{CONTENT_HASH}, s.{REKEYED_ID} FROM {self.stage} s"
            f"{self._verdict_join()} WHERE v.verdict = 'clash' OR "
            f"(s.{ORIGINAL_ID} IS NOT NULL AND v.verdict IS NULL)",
            "UPDATE verdict SET verdict = 'taken' FROM generated g WHERE "
            + " AND ".join(f"verdict.{quote(c)} = g.{quote(c)}" for c in key)
            + f" AND verdict.{CONTENT_HASH} = g.{CONTENT_HASH} AND ({self._taken()})",
            f"INSERT INTO verdict SELECT {column_list(key, 'g')}, g.{CONTENT_HASH}, 'taken' "
            f"FROM generated g WHERE ({self._taken()}) AND NOT EXISTS "
            "(SELECT 1 FROM verdict v WHERE "
            + " AND ".join(f"v.{quote(c)} = g.{quote(c)}" for c in key)
            + f" AND v.{CONTENT_HASH} = g.{CONTENT_HASH})",
        )

    def made_id_is_taken(self) -> str:
        """Whether an id made for a clash within the batch is that of another of its records."""
        # Counted, for EXISTS has Postgres hope for an early match and compare row by row.
        return (
            f"SELECT count(*) > 0 FROM {self.stage} g JOIN {self.stage} t "
            f"ON {self._has_made_id()} "
            f"WHERE g.{ORIGINAL_ID} IS NOT NULL AND t.{ORIGINAL_ID} IS NULL"
        )

    def _taken(self) -> str:
        same_id = self._has_made_id()
        return (
            f"EXISTS (SELECT 1 FROM {self.target} t WHERE {same_id}) "
            f"OR EXISTS (SELECT 1 FROM {self.stage} t WHERE t.{ORIGINAL_ID} IS NULL AND {same_id})"
        )

    def _has_made_id(self) -> str:
        """Whether the row ``t`` has, in the same scope, the id made for the record ``g``."""
        *scope, id_ = self.feed.target.key
        in_scope = "".join(f" AND t.{quote(c)} = g.{quote(c)}" for c in scope)
        return f"t.{quote(id_)} = g.{REKEYED_ID}{in_scope}"

    # -- writing --

    def can_skip_wal(self) -> str:
        """Whether emptying the empty table first spares its rows the write-ahead log: they do not
        need it in a table that this very transaction truncated, at ``wal_level = minimal``."""
        return (
            "SELECT current_setting('wal_level') = 'minimal' AND NOT EXISTS (SELECT 1 FROM "
            "pg_catalog.pg_constraint WHERE confrelid = to_regclass(%(target)s))"
        )

    def truncate(self) -> str:
        return f"TRUNCATE {self.target}"

    def clear(self) -> str:
        """``replace`` deletes rather than truncates or re-creates: views and grants survive, and
        a roll-back gives the old rows back."""
        return f"DELETE FROM {self.target}"

    def delete_superseded(self) -> str:
        on = " AND ".join(f"t.{quote(c)} = v.{quote(c)}" for c in self.feed.target.key)
        return f"DELETE FROM {self.target} t USING verdict v WHERE {on} AND v.verdict = 'newer'"

    def hold_back(self) -> str:
        """Clashes that the feed does not re-key, and generated ids that are taken."""
        id_ = self.feed.target.key[-1]
        key = " || '|' || ".join(f"CAST(v.{quote(c)} AS text)" for c in self.feed.target.key)
        return (
            "INSERT INTO penstock.clashes (batch_id, feed, target, source_file, content_hash, "
            "record_key, reason) "
            f"SELECT %(batch_id)s, %(feed)s, %(target)s, f.uri, s.{CONTENT_HASH}, {key}, "
            f"CASE WHEN v.verdict = 'taken' THEN {literal(id_ + ': the id made for it is taken')} "
            f"ELSE {literal(id_ + ': the target holds another record of this id')} END "
            f"FROM {self.stage} s JOIN {self.files} f ON f.position = s._file"
            f"{self._verdict_join()} WHERE v.verdict IN {self._held()}"
        )

    def _held(self) -> str:
        return "('taken')" if self.policy == "rekey" else "('clash')"

    def insert(self, *, compared: bool) -> str:
        """Insert what is left: everything if nothing was ``compared``."""
        names, values = [], []
        id_ = self.feed.target.key[-1] if self.feed.target.key else ""
        rekeys = compared and self.policy == "rekey"
        for name, spark_type in data_columns(self.feed):
            names.append(name)
            value = f"s.{quote(name)}"
            if rekeys and name == id_:
                value = f"CASE WHEN v.verdict = 'clash' THEN s.{REKEYED_ID} ELSE {value} END"
            values.append(f"CAST({value} AS jsonb)" if is_nested(spark_type) else value)
        original = f"s.{ORIGINAL_ID}"
        if rekeys:
            original = (
                f"CASE WHEN v.verdict = 'clash' THEN {self._source_key(id_)} ELSE {original} END"
            )
        names += [name for name, _ in LINEAGE]
        values += [original, f"s.{CONTENT_HASH}", "%(batch_id)s", "f.uri", "f.version", "now()"]
        select = (
            f"SELECT {', '.join(values)} FROM {self.stage} s "
            f"JOIN {self.files} f ON f.position = s._file"
        )
        if compared:
            select += f"{self._verdict_join()} WHERE v.verdict IS NULL OR v.verdict IN "
            select += {"rekey": "('clash')", "upsert": "('newer')"}.get(self.policy, "('')")
        return f"INSERT INTO {self.target} ({column_list(names)}) {select}"

    def rekeyed_rows(self, *, compared: bool) -> str:
        """Records that are loaded under another id than they came with."""
        if not compared:
            return f"SELECT count(*) FROM {self.stage} s WHERE s.{ORIGINAL_ID} IS NOT NULL"
        return (
            f"SELECT count(*) FROM {self.stage} s{self._verdict_join()} WHERE "
            f"v.verdict = 'clash' OR (s.{ORIGINAL_ID} IS NOT NULL AND v.verdict IS NULL)"
        )

    # -- the load log --

    @staticmethod
    def insert_load() -> str:
        return (
            "INSERT INTO penstock.loads (batch_id, feed, target, kind, sequence, state, attempt, "
            "config_hash, hash_version, rows_read, rows_loaded, rows_duplicate, rows_quarantined, "
            "rows_out_of_window, rows_rekeyed, rows_updated, reason, loaded_at) VALUES "
            "(%(batch_id)s, %(feed)s, %(target)s, %(kind)s, %(sequence)s, %(state)s, %(attempt)s, "
            "%(config_hash)s, %(hash_version)s, %(read)s, %(loaded)s, %(duplicate)s, "
            "%(quarantined)s, %(out_of_window)s, %(rekeyed)s, %(updated)s, %(reason)s, now())"
        )

    def insert_load_files(self) -> str:
        return (
            "INSERT INTO penstock.load_files (feed, uri, version, generation, batch_id, position, "
            "size, modified, captures, outcome, reason, rows) SELECT %(feed)s, uri, version, "
            "generation, %(batch_id)s, position, size, modified, captures, outcome, reason, rows "
            f"FROM {self.files}"
        )

    @staticmethod
    def other_attempts() -> str:
        return "SELECT attempt FROM penstock.staging WHERE batch_id = %(batch_id)s ORDER BY attempt"

    @staticmethod
    def forget_attempt() -> str:
        return "DELETE FROM penstock.staging WHERE attempt = %(attempt)s"


def transaction_text(feed: Feed) -> tuple[str, ...]:
    """Every statement of a publish in order, as ``penstock sql`` prints it."""
    sql = PublishSql(feed, "<attempt>")
    statements = [
        *sql.create_staging(),
        sql.insert_file(),
        f"COPY {sql.stage} FROM STDIN",
        "COMMIT",
    ]
    statements += ["BEGIN ISOLATION LEVEL READ COMMITTED", sql.lock(), sql.find_load()]
    statements += [sql.loaded_elsewhere(), sql.staged_rows()]
    if feed.target.mode == "replace":
        statements += [sql.later_load(), sql.clear()]
    if sql.policy == "rekey" and sql.keeps_ids_unique:
        statements.append(sql.made_id_is_taken())
    if sql.compares:
        statements += [*sql.verdict(), sql.verdict_counts()]
        if sql.policy == "rekey":
            statements += sql.generated()
        if sql.policy in ("rekey", "quarantine"):
            statements.append(sql.hold_back())
        if sql.policy == "upsert":
            statements.append(sql.delete_superseded())
    statements += [sql.insert(compared=sql.compares), sql.insert_load(), sql.insert_load_files()]
    return (*statements, "COMMIT", *sql.drop_staging())
