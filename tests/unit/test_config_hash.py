"""``config_hash`` changes with what a batch loads, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.config_files import Conf, changed

BASE = changed(
    ("max_quarantined: 5%", "max_quarantined: 5%\n  expectations: suite.json"),
    ("{column: email}", "{column: email, overrides: companies.csv}"),
)


def _hash(conf: Conf, text: str = BASE) -> str:
    return conf.load(text, environ={"PGUSER": "u", "PGPASSWORD": "p"}).config_hash


@pytest.fixture
def conf(tmp_path: Path) -> Conf:
    conf = Conf(tmp_path)
    conf.write("suite.json", '{"a": 1}')
    conf.write("companies.csv", "domain,company\nacme.com,ACME\n")
    return conf


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# Website events\n", ""),
        ("feed: events\n", "feed: events   # its name\n"),
        ("s3://acme-drops/events/", "/data/elsewhere"),
        ("    max_files_per_batch: 100\n", "    max_files_per_batch: 7\n"),
        ("settle: 60s", "settle: 1h"),
        ('{header: true, sep: ";"}', '{SEP: ";", header: "TRUE"}'),
        ("  email: {type: string, max_bytes: 320}", "  email: {max_bytes: 320, type: String}"),
        ("  email: {type: string, max", "  email: {type: string, trim: true, max"),
        ('"decimal(12,2)"', '"Numeric(12, 2)"'),
        ("schema: {evolution: rescue}\n", ""),
        ('month: "2024-10"', "start: 2024-10-01, end: 2024-11-01"),
        ("max_quarantined: 5%", "max_quarantined: 0.05\n  max_attempts: 9"),
        ("connection: warehouse", "connection: embedded"),
        ("connection: warehouse", 'connection: "postgresql://db/wh"'),
        ("table: public.events", "table: EVENTS"),
        ("mode: append\n", "write: jdbc\n"),
        ("mode: append\n", "redshift: {dist: id, sort: [id]}\n"),
        ("mode: append\n", "history: all\n"),
        ("key: [id]", "key: id"),
    ],
)
def test_what_changes_no_record_changes_no_hash(conf: Conf, old: str, new: str) -> None:
    assert _hash(conf, changed((old, new), text=BASE)) == _hash(conf)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format: csv", "format: auto"),
        ("_<day:yyyy_MM_dd>*.csv", "_<day:yyyy_MM_dd>*"),
        ("Europe/Berlin", "Europe/London"),
        ('sep: ";"', 'sep: ","'),
        ("header: true", "header: false"),
        ("  amount:", "  total:"),
        ("  email: {type: string, max", "  email: {type: string, from: Mail, max"),
        ("max_bytes: 320", "max_bytes: 321"),
        ("min: 0", "min: 1"),
        ("evolution: rescue", "evolution: none"),
        ('month: "2024-10"', 'month: "2024-11"'),
        ('month: "2024-10"', 'month: "2024-10", outside: drop'),
        ("{column: email, ", "{column: email, free_mail: keep, "),
        ("{order_by: [timestamp]}", "{order_by: [timestamp], on_clash: fail}"),
        ("{order_by: [timestamp]}", "{}"),
        ("  - uuid_clash", "  - dedupe\n  - uuid_clash"),
        ("5%", "6%"),
        ("public.events", "public.events2"),
        ("mode: append", "mode: replace"),
        ("mode: append", "history: none"),
        ("mode: append", "history: {column: timestamp, days: 90}"),
        ("key: [id]", "key: [email, id]"),
    ],
)
def test_what_may_change_a_record_changes_the_hash(conf: Conf, old: str, new: str) -> None:
    assert _hash(conf, changed((old, new), text=BASE)) != _hash(conf)


def test_the_order_of_steps_changes_the_hash(conf: Conf) -> None:
    first, second = "  - trim: id\n", "  - trim: email\n"
    before = "transform:\n"
    one = changed((before, before + first + second), text=BASE)
    other = changed((before, before + second + first), text=BASE)
    assert _hash(conf, one) != _hash(conf, other)


@pytest.mark.parametrize(
    ("name", "content"),
    [("suite.json", '{"a": 2}'), ("companies.csv", "domain,company\nacme.com,Acme\n")],
)
def test_files_that_a_feed_names_count_by_content(conf: Conf, name: str, content: str) -> None:
    before = _hash(conf)
    conf.write(name, content)
    assert _hash(conf) != before


def test_overrides_count_the_same_wherever_they_stand(conf: Conf) -> None:
    inline = changed(("overrides: companies.csv", "overrides: {acme.com: ACME}"), text=BASE)
    assert _hash(conf, inline) == _hash(conf)


def test_the_hash_is_stable_across_versions(tmp_path: Path) -> None:
    # A new hash means that every held batch is tried again: change it knowingly.
    text = (
        "feed: a\nsource: {path: /a, format: csv, match: '*'}\ncolumns: {id: int}\n"
        "target: {connection: embedded, table: a}\n"
    )
    assert Conf(tmp_path, connections=None).load(text).config_hash == (
        "552f85d30da2c143b39173f650ef7d8740128400923c7a54dedf76b6a77bac0c"
    )
