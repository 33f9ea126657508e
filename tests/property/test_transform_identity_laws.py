"""Laws of ``dedupe``, ``uuid_clash`` and ``mark_identity``, each against plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.transform import content_hash, dedupe, uuid_clash
from penstock.transform.marks import CLASHES, SUPERSEDED, Policy, mark_identity
from tests.support.identity_oracle import Record, first_hash, groups, newest_hash

SCHEMA = "case string, id string, ts int, v string"
MARKED = f"{SCHEMA}, _file int, _status string, _reasons array<string>"
UPPER = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"
IDS = ["a", "a ", "A", "b", UPPER, UPPER.lower(), UPPER + " ", "", " ", None]
KEY = ("case", "id")

contents = st.tuples(
    st.sampled_from(IDS), st.sampled_from([None, -1, 1, 2]), st.sampled_from([None, "", "x", "|y"])
)


@st.composite
def batches(draw: st.DrawFn, width: int = 8) -> list[Record]:
    """Many small cases side by side: a query costs the same for one as for all."""
    cases = draw(st.lists(st.lists(contents, max_size=8), min_size=1, max_size=width))
    return [Record(f"c{i}", *row) for i, rows in enumerate(cases) for row in rows]


few = settings(max_examples=6, deadline=None, derandomize=True, database=None)


def frame(spark: SparkSession, records: Sequence[Record]) -> DataFrame:
    return spark.createDataFrame([tuple(r) for r in records], SCHEMA)


def shuffled(spark: SparkSession, records: Sequence[Record], seed: int) -> DataFrame:
    """The same records in another order and other partitions."""
    order = list(records)
    Random(seed).shuffle(order)
    return frame(spark, order).repartition(3, F.col("v"))


def rows(df: DataFrame) -> Counter[tuple[object, ...]]:
    return Counter(tuple(tuple(v) if isinstance(v, list) else v for v in r) for r in df.collect())


clash: Callable[[DataFrame], DataFrame] = uuid_clash(KEY, order_by="ts")


def settled(records: Sequence[Record]) -> Counter[tuple[object, ...]]:
    """What ``clash`` must give: case, id, ts, content hash, original_id."""
    expected: Counter[tuple[object, ...]] = Counter()
    for record in records:
        if record.key is None:
            id_ = None if record.id is None else record.id.rstrip(" ")
            expected[record.case, id_, record.ts, record.hash, None] += 1
    for (case, id_), group in groups(records).items():
        for hash_, copies in group.items():
            keeps = hash_ == first_hash(group)
            new = id_ if keeps else copies[0].rekeyed
            expected[case, new, copies[0].ts, hash_, None if keeps else id_] += 1
    return expected


def outcome(df: DataFrame) -> Counter[tuple[object, ...]]:
    return rows(df.select("case", "id", "ts", "content_hash", "original_id"))


@few
@given(records=batches(), seed=st.integers(0, 99))
def test_clashes_are_settled_as_plain_python_does_whatever_the_order(
    spark: SparkSession, records: list[Record], seed: int
) -> None:
    expected = settled(records)
    assert outcome(frame(spark, records).transform(clash)) == expected
    assert outcome(shuffled(spark, records, seed).transform(clash)) == expected


@few
@given(records=batches())
def test_settling_clashes_twice_changes_nothing_and_ids_are_unique(
    spark: SparkSession, records: list[Record]
) -> None:
    once = frame(spark, records).transform(clash)
    assert rows(once.transform(clash)) == rows(once)
    ids = Counter((r.case, r.id) for r in once.collect() if r.id is not None and r.id.strip())
    assert max(ids.values(), default=1) == 1


@few
@given(first=batches(width=5), later=batches(width=5), seed=st.integers(0, 99))
def test_what_was_delivered_before_is_recognised_and_keeps_its_id(
    spark: SparkSession, first: list[Record], later: list[Record], seed: int
) -> None:
    keyed = [r for r in first if r.key]
    known = frame(spark, keyed).transform(clash)
    again = [*keyed, *(r for r in later if r.key)]
    added = shuffled(spark, again, seed).transform(uuid_clash(KEY, order_by="ts", history=known))
    seen = {(r.key, r.hash) for r in keyed}
    new = {(r.key, r.hash): r for r in again if (r.key, r.hash) not in seen}
    holders = {r.key for r in keyed}
    for key, group in groups(list(new.values())).items():
        if key not in holders:
            new.pop((key, first_hash(group)))
            holders.add(key)
    expected = Counter((r.case, r.rekeyed, r.hash) for r in new.values())
    got = added.collect()
    assert Counter((r.case, r.id, r.content_hash) for r in got if r.original_id) == expected
    everything = [(r.case, r.id) for r in [*known.collect(), *got]]
    assert len(everything) == len(set(everything)) == len({(r.key, r.hash) for r in again})


def marked(spark: SparkSession, records: Sequence[Record], seed: int) -> DataFrame:
    """As the pipeline has them: each of a file and a status, one in four quarantined."""
    data = [(*r, i % 3, "accepted", None) for i, r in enumerate(records)]
    data = [(*d[:5], "quarantined", ["v: bad"]) if i % 4 == 3 else d for i, d in enumerate(data)]
    Random(seed).shuffle(data)
    df = spark.createDataFrame(data, MARKED).repartition(3, F.col("_file"))
    return df.transform(content_hash(ignore="_file"))


def judged(records: Sequence[Record], policy: Policy) -> Counter[tuple[object, ...]]:
    """What ``mark_identity`` must say: case, content hash, status, reasons, id."""
    expected: Counter[tuple[object, ...]] = Counter()
    taking_part = [r for i, r in enumerate(records) if i % 4 != 3]
    for record in [r for i, r in enumerate(records) if i % 4 == 3]:
        expected[record.case, record.hash, "quarantined", ("v: bad",)] += 1
    for record in taking_part:
        if record.key is None:
            reasons = ("id: is empty, and part of the key",)
            expected[record.case, record.hash, "quarantined", reasons] += 1
    for (case, id_), group in groups(taking_part).items():
        leader = newest_hash(group) if policy == "upsert" else first_hash(group)
        for hash_, copies in group.items():
            verdict: tuple[str, tuple[str, ...] | None] = ("accepted", None)
            if hash_ != leader and policy == "upsert":
                verdict = ("duplicate", (SUPERSEDED,))
            elif hash_ != leader and policy != "rekey":
                verdict = ("quarantined", (f"id: '{id_}' {CLASHES}",))
            expected[case, hash_, *verdict] += 1
            if len(copies) > 1:
                expected[case, hash_, "duplicate", None] += len(copies) - 1
    return expected


@few
@given(
    records=batches(),
    policy=st.sampled_from(["rekey", "quarantine", "fail", "upsert"]),
    seed=st.integers(0, 99),
)
def test_marks_are_as_plain_python_has_them_and_nothing_vanishes(
    spark: SparkSession, records: list[Record], policy: Policy, seed: int
) -> None:
    step = mark_identity(KEY, policy, order_by="ts", version_column="ts")
    result = marked(spark, records, seed).transform(step)
    got = rows(result.select("case", "content_hash", "_status", "_reasons"))
    assert got == judged(records, policy)
    assert sum(got.values()) == len(records)
    again = marked(spark, records, seed + 1).transform(step)
    assert rows(result) == rows(again)


@few
@given(records=batches(), seed=st.integers(0, 99))
def test_dedupe_leaves_each_content_once(
    spark: SparkSession, records: list[Record], seed: int
) -> None:
    once = frame(spark, records).transform(dedupe())
    assert Counter(Record(*r).hash for r in once.collect()) == Counter({r.hash for r in records})
    assert rows(once.transform(dedupe())) == rows(once)
    assert rows(shuffled(spark, records, seed).transform(dedupe())) == rows(once)


@few
@given(records=batches(), seed=st.integers(0, 99))
def test_dedupe_with_ignored_columns_depends_on_no_order(
    spark: SparkSession, records: list[Record], seed: int
) -> None:
    step = dedupe(ignore=["ts", "v"])
    once = rows(frame(spark, records).transform(step))
    assert rows(shuffled(spark, records, seed).transform(step)) == once
    assert Counter((case, id_ or "") for case, id_, *_ in once.elements()) == Counter(
        {(r.case, r.id or "") for r in records}
    )
