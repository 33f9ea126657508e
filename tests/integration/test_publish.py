"""The publish transaction on a real Postgres, against an oracle written without SQL."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql as pgsql

from penstock.adapters.postgres import PostgresWarehouse
from penstock.errors import BatchFailed, BatchRefused, ConfigError, GateHeld, TargetUnreachable
from penstock.model import (
    Batch,
    Counts,
    DedupeStep,
    FileVersion,
    History,
    PlannedFile,
    StagedBatch,
    StagedFile,
    State,
    Status,
    UuidClashStep,
)
from tests.support.feeds import column, feed

MODIFIED = datetime(2024, 10, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """An accepted record as Spark stages it."""

    id: str
    value: str
    version: int | None = None
    original_id: str | None = None
    file: int = 0

    @property
    def content_hash(self) -> str:
        return f"v1:{self.original_id or self.id}|{self.value}|{self.version}"

    @property
    def rekeyed_id(self) -> str:
        return f"re:{self.content_hash}"


class Loader:
    """Fills the staging table from memory instead of Parquet."""

    def __init__(self) -> None:
        self.rows: dict[str, Sequence[Row]] = {}
        self.short = 0

    def __call__(
        self,
        url: str,
        staged: StagedBatch,
        table: tuple[str, str],
        columns: tuple[tuple[str, str], ...],
    ) -> None:
        rows = self.rows[staged.attempt]
        if self.short:
            self.short, rows = self.short - 1, rows[:-1]
        names = [name for name, _ in columns]
        copy = pgsql.SQL("COPY {} ({}) FROM STDIN").format(
            pgsql.Identifier(*table), pgsql.SQL(",").join(map(pgsql.Identifier, names))
        )
        with psycopg.connect(url) as connection, connection.cursor().copy(copy) as writer:
            for row in rows:
                writer.write_row([row.file if n == "_file" else getattr(row, n) for n in names])


class Harness:
    def __init__(self, url: str, **target: Any) -> None:
        self.url = url
        self.loader = Loader()
        self.warehouse = PostgresWarehouse(url, "postgres://test", self.loader)
        name = f"f_{secrets.token_hex(6)}"
        self.feed = feed(
            (column("id"), column("value"), column("version", "bigint")),
            name=name,
            table=f"public.{name}",
            **target,
        )
        self.warehouse.prepare(self.feed)
        self.sequence = 0

    def batch(self, uri: str | None = None, generation: int = 1, version: str = "1-1") -> Batch:
        self.sequence += 1
        file = FileVersion(uri or f"file:///{self.sequence}.csv", version, 1, MODIFIED)
        return Batch(self.feed.name, "load", self.sequence, (PlannedFile(file, generation),))

    def staged(self, rows: Sequence[Row], batch: Batch | None = None, **extra: int) -> StagedBatch:
        batch, attempt = batch or self.batch(), secrets.token_hex(8)
        self.loader.rows[attempt] = rows
        counts = {Status.ACCEPTED: len(rows)} | {Status(k): v for k, v in extra.items()}
        return StagedBatch(
            batch=batch,
            attempt=attempt,
            uri="file:///stage",
            config_hash="c1",
            columns=(),
            files=tuple(StagedFile(f"file:///{s}", s, n, 1) for s, n in counts.items()),
            rows_by_file={0: sum(counts.values())},
        )

    def rows(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            query = f"SELECT id, value, original_id FROM {self.feed.target.table} ORDER BY 1, 2"
            return connection.execute(query.encode()).fetchall()

    def one(self, query: str) -> Any:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode(), [self.feed.name]).fetchone()
            return row[0] if row else None


REKEY = {"transform": (UuidClashStep(key=("id",)),), "key": ("id",)}


def test_a_batch_and_its_load_log_arrive_together(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    receipt = h.warehouse.publish(h.feed, h.staged([Row("a", "1"), Row("b", "2")], duplicate=3))
    assert receipt.counts == Counts(read=5, loaded=2, duplicate=3)
    assert receipt.state is State.LOADED
    assert not receipt.already
    assert h.rows() == [("a", "1", None), ("b", "2", None)]
    assert h.one("SELECT rows_read FROM penstock.loads WHERE feed = %s") == 5
    assert h.one("SELECT rows FROM penstock.load_files WHERE feed = %s") == 5


def test_publishing_a_batch_again_changes_nothing_and_says_so(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    staged = h.staged([Row("a", "1")])
    first = h.warehouse.publish(h.feed, staged)
    again = h.warehouse.publish(h.feed, h.staged([Row("a", "1")], staged.batch))
    assert again.already
    assert again.counts == first.counts
    assert h.rows() == [("a", "1", None)]


def test_staging_tables_are_gone_after_a_publish(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    assert h.one("SELECT count(*) FROM penstock.staging WHERE feed = %s") == 0


def test_a_clash_with_history_is_rekeyed_and_recognised_when_redelivered(
    postgres_url: str,
) -> None:
    h = Harness(postgres_url, **REKEY)
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    clash = h.warehouse.publish(h.feed, h.staged([Row("a", "2")]))
    assert clash.counts == Counts(read=1, loaded=1, rekeyed=1)
    again = h.warehouse.publish(h.feed, h.staged([Row("a", "2"), Row("a", "1")][:1]))
    assert again.counts == Counts(read=1, duplicate=1)
    assert h.rows() == [("a", "1", None), (Row("a", "2").rekeyed_id, "2", "a")]


def test_an_incoming_id_that_equals_a_generated_one_is_itself_rekeyed(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    h.warehouse.publish(h.feed, h.staged([Row("a", "2")]))
    intruder = Row(Row("a", "2").rekeyed_id, "9")
    receipt = h.warehouse.publish(h.feed, h.staged([intruder]))
    assert receipt.counts == Counts(read=1, loaded=1, rekeyed=1)
    assert len({row[0] for row in h.rows()}) == 3


def test_a_generated_id_that_is_taken_is_held_back_with_its_reason(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    squatter = Row(Row("a", "2").rekeyed_id, "9")
    h.warehouse.publish(h.feed, h.staged([Row("a", "1"), squatter]))
    receipt = h.warehouse.publish(h.feed, h.staged([Row("a", "2")]))
    assert receipt.counts == Counts(read=1, quarantined=1)
    reason = h.one("SELECT reason FROM penstock.clashes WHERE feed = %s")
    assert reason == "id: the id made for it is taken"


def test_a_generated_id_that_comes_in_the_same_batch_is_held_back(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    moved = Row(Row("a", "2").rekeyed_id, "2", original_id="a")
    rows = [Row("a", "1"), moved, Row(moved.id, "9")]
    receipt = h.warehouse.publish(h.feed, h.staged(rows))
    assert receipt.counts == Counts(read=3, loaded=2, quarantined=1)


def test_a_snapshot_holds_back_a_generated_id_that_comes_with_it(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY, mode="replace")
    moved = Row(Row("a", "2").rekeyed_id, "2", original_id="a")
    for _ in range(2):
        receipt = h.warehouse.publish(h.feed, h.staged([Row("a", "1"), moved, Row(moved.id, "9")]))
        assert receipt.counts == Counts(read=3, loaded=2, quarantined=1)
        assert h.rows() == [("a", "1", None), (moved.id, "9", None)]


def test_without_uuid_clash_a_clash_is_held_back(postgres_url: str) -> None:
    h = Harness(postgres_url, key=("id",))
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    receipt = h.warehouse.publish(h.feed, h.staged([Row("a", "2"), Row("b", "1")]))
    assert receipt.counts == Counts(read=2, loaded=1, quarantined=1)
    reason = h.one("SELECT reason FROM penstock.clashes WHERE feed = %s")
    assert reason == "id: the target holds another record of this id"


def test_on_clash_fail_loads_nothing_and_names_the_key(postgres_url: str) -> None:
    h = Harness(postgres_url, key=("id",), transform=(UuidClashStep(key=("id",), on_clash="fail"),))
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    with pytest.raises(BatchFailed, match=r"the first with key 'a'"):
        h.warehouse.publish(h.feed, h.staged([Row("a", "2"), Row("b", "1")]))
    assert h.rows() == [("a", "1", None)]


def test_dedupe_without_a_key_goes_by_content(postgres_url: str) -> None:
    h = Harness(postgres_url, transform=(DedupeStep(),))
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    receipt = h.warehouse.publish(h.feed, h.staged([Row("a", "1"), Row("a", "2")]))
    assert receipt.counts == Counts(read=2, loaded=1, duplicate=1)


def test_without_dedupe_and_key_equal_rows_stay(postgres_url: str) -> None:
    h = Harness(postgres_url)
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    h.warehouse.publish(h.feed, h.staged([Row("a", "1"), Row("a", "1")]))
    assert h.rows() == [("a", "1", None)] * 3


UPSERT = {"mode": "upsert", "key": ("id",), "version_column": "version"}


def test_upsert_newest_wins_and_older_never_overwrites_newer(postgres_url: str) -> None:
    h = Harness(postgres_url, **UPSERT)
    h.warehouse.publish(h.feed, h.staged([Row("a", "new", 5), Row("b", "old", 1)]))
    receipt = h.warehouse.publish(
        h.feed, h.staged([Row("a", "late", 4), Row("b", "new", 2), Row("c", "x", None)])
    )
    assert receipt.counts == Counts(read=3, loaded=2, duplicate=1, updated=1)
    assert h.rows() == [("a", "new", None), ("b", "new", None), ("c", "x", None)]


def test_upsert_takes_null_for_the_lowest_version(postgres_url: str) -> None:
    h = Harness(postgres_url, **UPSERT)
    h.warehouse.publish(h.feed, h.staged([Row("a", "null", None), Row("b", "one", 1)]))
    h.warehouse.publish(h.feed, h.staged([Row("a", "one", 1), Row("b", "null", None)]))
    assert h.rows() == [("a", "one", None), ("b", "one", None)]


def test_upsert_by_arrival_takes_the_later_planned_batch(postgres_url: str) -> None:
    h = Harness(postgres_url, **(UPSERT | {"version_column": "arrival"}))
    first, second = h.batch(), h.batch()
    h.warehouse.publish(h.feed, h.staged([Row("a", "second")], second))
    receipt = h.warehouse.publish(h.feed, h.staged([Row("a", "first")], first))
    assert receipt.counts == Counts(read=1, duplicate=1)
    assert h.rows() == [("a", "second", None)]


def test_replace_keeps_views_and_refuses_an_older_snapshot(postgres_url: str) -> None:
    h = Harness(postgres_url, mode="replace", key=("id",))
    older, newer = h.batch(), h.batch()
    view = f"{h.feed.target.table}_view"
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"CREATE VIEW {view} AS SELECT id FROM {h.feed.target.table}".encode())
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")], newer))
    with pytest.raises(BatchRefused, match="a later snapshot"):
        h.warehouse.publish(h.feed, h.staged([Row("z", "1")], older))
    h.warehouse.publish(h.feed, h.staged([Row("b", "1")]))
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute(f"SELECT id FROM {view}".encode()).fetchall() == [("b",)]


def test_history_of_some_days_compares_with_no_older_rows(postgres_url: str) -> None:
    h = Harness(postgres_url, key=("id",), history=History(kind="days", column="day", days=2))
    h.feed = feed(
        (*h.feed.columns, column("day", "date")),
        name=h.feed.name,
        table=h.feed.target.table,
        key=("id",),
        history=h.feed.target.history,
    )
    h.warehouse.prepare(h.feed)

    @dataclass(frozen=True)
    class Dated(Row):
        day: str = "2024-10-01"

    h.warehouse.publish(h.feed, h.staged([Dated("a", "1"), Dated("b", "1", day="2024-10-09")]))
    receipt = h.warehouse.publish(
        h.feed, h.staged([Dated("a", "1", day="2024-10-10"), Dated("b", "1", day="2024-10-10")])
    )
    assert receipt.counts == Counts(read=2, loaded=1, duplicate=1)


def test_history_none_compares_with_nothing(postgres_url: str) -> None:
    h = Harness(postgres_url, key=("id",), history=History(kind="none"))
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))
    assert h.warehouse.publish(h.feed, h.staged([Row("a", "1")])).counts.loaded == 1


def test_an_abandoned_batch_is_refused_for_ever(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    staged = h.staged([Row("a", "1")])
    assert h.warehouse.abandon(h.feed, staged.batch, "changed").state is State.ABANDONED
    with pytest.raises(BatchRefused, match="abandoned") as refused:
        h.warehouse.publish(h.feed, staged)
    assert refused.value.abandoned
    assert h.rows() == []


def test_a_loaded_batch_cannot_be_abandoned(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    staged = h.staged([Row("a", "1")])
    h.warehouse.publish(h.feed, staged)
    assert h.warehouse.abandon(h.feed, staged.batch, "late").state is State.LOADED


@pytest.mark.parametrize("generation", [1, 2])
def test_a_file_loaded_by_this_or_a_later_plan_is_refused(
    postgres_url: str, generation: int
) -> None:
    h = Harness(postgres_url, **REKEY)
    uri = "file:///same.csv"
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")], h.batch(uri, generation)))
    stale = Batch(
        h.feed.name,
        "load",
        7,
        (*h.batch(uri, 1).files, *h.batch("file:///other.csv").files),
    )
    with pytest.raises(BatchRefused) as refused:
        h.warehouse.publish(h.feed, h.staged([Row("b", "1")], stale))
    assert refused.value.loaded_elsewhere == (uri,)


def test_the_gate_judges_the_final_counts_and_rolls_back(postgres_url: str) -> None:
    h = Harness(postgres_url, key=("id",))
    h.warehouse.publish(h.feed, h.staged([Row("a", "1")]))

    def gate(counts: Counts) -> str | None:
        return f"{counts.quarantined} of {counts.read}" if counts.quarantined else None

    with pytest.raises(GateHeld, match="1 of 2"):
        h.warehouse.publish(h.feed, h.staged([Row("a", "2"), Row("c", "1")]), gate=gate)
    assert h.rows() == [("a", "1", None)]
    assert h.one("SELECT count(*) FROM penstock.clashes WHERE feed = %s") == 0


def test_a_staging_table_that_lost_rows_is_filled_again(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    h.loader.short = 1
    receipt = h.warehouse.publish(h.feed, h.staged([Row("a", "1"), Row("b", "1")]))
    assert receipt.counts.loaded == 2


def test_drivers_that_publish_the_same_records_at_once_load_them_once(postgres_url: str) -> None:
    h = Harness(postgres_url, **REKEY)
    staged = [h.staged([Row(str(i), "x") for i in range(200)]) for _ in range(4)]
    receipts: list[Counts] = []

    def publish(batch: StagedBatch) -> None:
        receipts.append(h.warehouse.publish(h.feed, batch).counts)

    threads = [threading.Thread(target=publish, args=[batch]) for batch in staged]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(c.loaded for c in receipts) == [0, 0, 0, 200]
    assert len(h.rows()) == 200


def test_a_changed_isolation_default_changes_nothing(postgres_url: str) -> None:
    strict = f"{postgres_url}{'&' if '?' in postgres_url else '?'}options=-c%20" + (
        "default_transaction_isolation%3Dserializable"
    )
    h = Harness(strict, **REKEY)
    with h.warehouse.session() as session:
        from penstock.publish.load import take_lock

        take_lock(session, h.feed.target.table, "b")
        assert session.query("SHOW transaction_isolation") == [("read committed",)]


def test_a_new_column_is_added_and_another_type_is_a_clear_error(postgres_url: str) -> None:
    h = Harness(postgres_url)
    wider = feed((*h.feed.columns, column("more", "date")), name="w", table=h.feed.target.table)
    h.warehouse.prepare(wider)
    other = feed((column("id", "int"),), name="w", table=h.feed.target.table)
    with pytest.raises(ConfigError, match="column id is integer in the feed but text in"):
        h.warehouse.prepare(other)


def test_a_not_null_column_that_the_feed_lacks_is_a_clear_error(postgres_url: str) -> None:
    name = f"public.t_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"CREATE TABLE {name} (id text, must text NOT NULL)".encode())
    with pytest.raises(ConfigError, match="must is NOT NULL"):
        PostgresWarehouse(postgres_url, "x", Loader()).prepare(feed((column("id"),), table=name))


def test_an_unreachable_server_names_itself_but_no_secret() -> None:
    url = "postgresql://joe:hunter2@127.0.0.1:1/db"
    with (
        pytest.raises(TargetUnreachable, match="cannot connect to the warehouse") as error,
        PostgresWarehouse(url, "the warehouse", Loader()).session(),
    ):
        pass
    assert "hunter2" not in str(error.value)


# -- laws, against an oracle -------------------------------------------------------------------


def resolve(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """What Spark does within a batch: true duplicates dropped, clashes re-keyed."""
    kept: list[Row] = []
    taken: set[str] = set()
    unique = sorted(set(rows), key=lambda r: (r.id, r.content_hash))
    for row in unique:
        if row.id in taken:
            kept.append(Row(row.rekeyed_id, row.value, row.version, original_id=row.id))
        else:
            taken.add(row.id)
            kept.append(row)
    return kept, len(rows) - len(unique)


records = st.builds(Row, st.sampled_from("abc"), st.sampled_from("123"))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.lists(records, max_size=6), max_size=4))
def test_rekey_keeps_ids_unique_loses_nothing_and_loads_each_record_once(
    postgres_url: str, batches: list[list[Row]]
) -> None:
    h = Harness(postgres_url, **REKEY)
    seen: dict[str, set[str]] = {}
    total = Counts()
    for rows in batches:
        kept, duplicates = resolve(rows)
        total += h.warehouse.publish(h.feed, h.staged(kept, duplicate=duplicates)).counts
        for row in rows:
            seen.setdefault(row.id, set()).add(row.value)
    expected = {(i, v) for i, values in seen.items() for v in values}
    target = h.rows()
    assert sorted((original or i, v) for i, v, original in target) == sorted(expected)
    assert len({i for i, _, _ in target}) == len(target)
    assert {original or i for i, _, original in target if original is None} == set(seen)
    assert total.reconciles
    assert total.loaded == len(target)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.dictionaries(
            st.sampled_from("ab"),
            st.tuples(st.sampled_from("12"), st.sampled_from([None, 1, 2])),
            max_size=2,
        ),
        max_size=4,
    )
)
def test_upsert_ends_with_the_highest_version_whatever_the_order(
    postgres_url: str, batches: list[dict[str, tuple[str, int | None]]]
) -> None:
    h = Harness(postgres_url, **UPSERT)
    best: dict[str, Row] = {}
    for batch in batches:
        rows = [Row(i, value, version) for i, (value, version) in batch.items()]
        h.warehouse.publish(h.feed, h.staged(rows))
        for row in rows:
            old = best.get(row.id)
            rank = (row.version is not None, row.version or 0, row.content_hash)
            if old is None or rank > (
                old.version is not None,
                old.version or 0,
                old.content_hash,
            ):
                best[row.id] = row
    assert h.rows() == sorted((r.id, r.value, None) for r in best.values())


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("penstock.adapters.postgres.time.sleep", lambda _: None)
    return
