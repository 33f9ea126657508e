"""Laws of reading, over records nobody would write by hand."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.support.drops import Drop
from tests.support.feeds import column, feed
from tests.support.record_hash import json_fields, record_hash

FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
CHARACTERS = st.characters(
    codec="utf-8", exclude_characters="\ufffd\ufdd0\ufdd1\ufeff\r", exclude_categories=("Cs",)
)
TEXT = st.text(st.one_of(CHARACTERS, st.sampled_from('a1,:;"\n\\{}[] \t')), max_size=12)
NAMES = ["a", "Bé", "c d", "Z", "_x", "10"]
# What a quote left open looks like is quarantined, be it meant or not; and Spark's parser drops a
# NUL behind a line break or a doubled quote in quotes.
CELL = TEXT.filter(
    lambda t: not (("\n" in t and t.startswith('"')) or ("\0" in t and ("\n" in t or '"' in t)))
)


@FEW
@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, CELL)), min_size=1, max_size=80), st.data()
)
def test_csv_gives_back_what_was_written_and_its_hash(
    spark: SparkSession, rows: list[dict[str, str]], data: st.DataObject
) -> None:
    declared = feed(tuple(column(n, source=n) for n in NAMES[:3]), evolution="rescue")
    header = data.draw(st.permutations(NAMES))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        drop = Drop(Path(folder))
        drop.add("x.csv", text.getvalue())
        found = drop.rows(spark, declared, "content_hash", "_malformed", "_raw")
    expected = [(record_hash(r), None, {n: t for n, t in r.items() if t}) for r in rows]
    assert sorted((h, m, json.loads(raw)) for h, m, raw in found) == sorted(expected, key=repr)


NUMBER = st.from_regex(r"\A-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?\Z")
SCALAR = st.one_of(
    NUMBER, TEXT.map(json.dumps), st.sampled_from(["true", "false", "null", '"true"', '""'])
)


KEYS = st.lists(st.text('abAB é1":,\\{', max_size=4), max_size=4, unique_by=str.lower)


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """JSON text of objects; no two of their keys are alike but for case."""

    def written(names: list[str]) -> st.SearchStrategy[str]:
        members = (values.map(lambda v, n=n: f"{json.dumps(n)}: {v}") for n in names)
        return st.tuples(*members).map(lambda texts: "{" + ", ".join(texts) + "}")

    return KEYS.flatmap(written)


VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"), objects(inner)
    ),
    max_leaves=8,
)


@FEW
@given(st.lists(objects(VALUE), min_size=1, max_size=80))
def test_json_lines_have_the_hash_of_their_fields(spark: SparkSession, lines: list[str]) -> None:
    declared = feed((column("a"), column("b")), format="json", evolution="rescue")
    lines = ['{"a": 0}', *lines]
    with tempfile.TemporaryDirectory() as folder:
        drop = Drop(Path(folder))
        drop.add("x.json", "\n".join(lines))
        found = drop.rows(spark, declared, "_raw", "content_hash", "_malformed")
    expected = [(line, record_hash(declared_names(json_fields(line))), None) for line in lines]
    assert found == sorted(expected, key=repr)


def declared_names(fields: dict[str, str | None]) -> dict[str, str | None]:
    return {n.lower() if n.lower() in ("a", "b") else n: text for n, text in fields.items()}
