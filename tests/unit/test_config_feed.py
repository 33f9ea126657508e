"""A feed file becomes a Feed, every default filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.config import list_feeds, load_feed
from penstock.errors import ConfigError
from penstock.model import (
    Column,
    Connection,
    Discovery,
    EmailCompanyStep,
    History,
    Quality,
    Source,
    Target,
    UuidClashStep,
    WindowStep,
)
from tests.support.config_files import FEED, Conf, changed, said

SMALLEST = """\
feed: events
source: {path: s3://acme-drops/events}
columns: {id: string}
target: {connection: embedded, table: events}
"""


def test_every_setting_of_a_feed_arrives(tmp_path: Path) -> None:
    feed = Conf(tmp_path).load()
    assert feed.name == "events"
    assert feed.config_path == str(tmp_path / "conf/feeds/events.yml")
    assert len(feed.config_hash) == 64
    assert feed.source == Source(
        path="s3://acme-drops/events/",
        format="csv",
        match="events_<day:yyyy_MM_dd>*.csv",
        timezone="Europe/Berlin",
        options={"header": "true", "sep": ";"},
        discovery=Discovery(max_files_per_batch=100, settle=60.0),
    )
    assert feed.columns == (
        Column(name="id", type="string", source="id", required=True),
        Column(name="timestamp", type="timestamp", source="timestamp", required=True),
        Column(name="email", type="string", source="email", max_bytes=320),
        Column(name="amount", type="decimal(12,2)", source="amount", minimum="0"),
    )
    assert feed.captures == (Column(name="day", type="date", source="day"),)
    assert feed.evolution == "rescue"
    assert feed.transform == (
        WindowStep(
            column="timestamp",
            start=datetime(2024, 9, 30, 22, tzinfo=UTC),
            end=datetime(2024, 10, 31, 23, tzinfo=UTC),
        ),
        EmailCompanyStep(column="email"),
        UuidClashStep(key=("id",), order_by=("timestamp",), on_clash="rekey"),
    )
    assert feed.quality == Quality(max_quarantined=0.05)
    assert feed.target == Target(
        connection=Connection(
            name="warehouse",
            type="postgres",
            embedded=True,
            label="postgres embedded in .penstock",
        ),
        table="public.events",
        key=("id",),
    )


def test_what_is_left_out_gets_its_default(tmp_path: Path) -> None:
    feed = Conf(tmp_path, connections=None).load(SMALLEST)
    assert feed.source == Source(
        path="s3://acme-drops/events/",
        format="auto",
        match="*.{csv,CSV,json,JSON,jsonl,ndjson}{,.bz2,.deflate,.gz,.lz4,.snappy,.zst,.zip}",
        timezone="UTC",
        options={},
        discovery=Discovery(
            mode="listing",
            max_files_per_batch=1000,
            max_bytes_per_batch=10 * 1024**3,
            settle=0.0,
            overwrites="fail",
        ),
    )
    assert feed.columns == (Column(name="id", type="string", source="id"),)
    assert feed.captures == ()
    assert feed.evolution == "rescue"
    assert feed.transform == ()
    assert feed.quality == Quality(max_quarantined=None, expectations=None, max_attempts=3)
    assert feed.target.table == "public.events"
    assert (feed.target.mode, feed.target.key, feed.target.write) == ("append", (), "copy")
    assert feed.target.history == History(kind="all")


@pytest.mark.parametrize(
    ("format_", "match"),
    [
        ("csv", "*.{csv,CSV}{,.bz2,.deflate,.gz,.lz4,.snappy,.zst,.zip}"),
        ("json", "*.{json,JSON,jsonl,ndjson}{,.bz2,.deflate,.gz,.lz4,.snappy,.zst,.zip}"),
    ],
)
def test_files_are_found_by_the_extension_of_the_format(
    tmp_path: Path, format_: str, match: str
) -> None:
    text = SMALLEST.replace("events}", f"events, format: {format_}}}", 1)
    assert Conf(tmp_path).load(text).source.match == match


def test_feeds_are_listed_by_name_sorted(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    for name in ("orders.yml", "events.yaml", "events.yml", "notes.txt"):
        conf.write(f"feeds/{name}", FEED)
    (conf.dir / "feeds/old.yml").mkdir()
    assert list_feeds(conf.dir) == ["events", "orders"]


def test_no_folder_of_feeds_lists_none(tmp_path: Path) -> None:
    assert list_feeds(tmp_path) == []


def _load(name: str, conf_dir: Path) -> str:
    feed = load_feed(name, conf_dir=conf_dir, variables={}, environ={}, home=".penstock")
    return feed.target.connection.name


def test_a_file_in_a_folder_feeds_uses_the_conf_folder_around_it(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    file = conf.write("feeds/events.yml", FEED)
    assert _load(str(file), tmp_path / "elsewhere") == "warehouse"


def test_a_file_elsewhere_uses_the_given_conf_folder(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    file = tmp_path / "drafts" / "draft.yml"
    file.parent.mkdir()
    file.write_text(FEED)
    assert _load(str(file), conf.dir) == "warehouse"


def test_a_bare_file_name_inside_the_folder_feeds_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = Conf(tmp_path)
    conf.write("feeds/events.yml", FEED)
    monkeypatch.chdir(conf.dir / "feeds")
    assert _load("events.yml", tmp_path / "elsewhere") == "warehouse"


def test_an_unknown_feed_hints_at_the_nearest_name(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write("feeds/events.yml", FEED)
    with pytest.raises(ConfigError) as caught:
        _load("evnts", conf.dir)
    assert conf.shown(caught.value) == (
        "there is no feed evnts in conf/feeds\n  hint: did you mean events?"
    )


def test_an_unknown_feed_lists_all_when_none_is_near(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write("feeds/events.yml", FEED)
    conf.write("feeds/orders.yml", FEED)
    with pytest.raises(ConfigError) as caught:
        _load("zzz", conf.dir)
    assert conf.shown(caught.value) == (
        "there is no feed zzz in conf/feeds\n  hint: the feeds are events, orders"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    with pytest.raises(ConfigError) as caught:
        _load(str(conf.dir / "nope.yml"), conf.dir)
    assert conf.shown(caught.value) == (
        "conf/nope.yml: there is no such file\n  hint: check the path of the feed"
    )


def test_missing_sections_are_all_named(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal("feed: events\n") == said(
        (1, "source is missing", "write source: with a path"),
        (1, "columns is missing", "write columns: with a name and a type each"),
        (1, "target is missing", "write target: with a connection and a table"),
    )


def test_missing_settings_are_named_at_their_section(tmp_path: Path) -> None:
    text = changed(
        ("  path: s3://acme-drops/events/\n", ""),
        ("  connection: warehouse\n  table: public.events\n", ""),
    )
    assert Conf(tmp_path).refusal(text) == said(
        (3, "source.path is missing", "write path: s3://bucket/prefix/, or a folder"),
        (
            23,
            "target.connection is missing",
            "write connection: and a name in connections.yml, a URL, or embedded",
        ),
        (23, "target.table is missing", "write table: schema.table"),
    )


@pytest.mark.parametrize("name", ["Events", "my feed", "_x", "a" * 64, "a/b"])
def test_the_name_of_a_feed_is_short_and_plain(tmp_path: Path, name: str) -> None:
    assert Conf(tmp_path).refusal(changed(("feed: events", f"feed: {name}"))) == said(
        (
            2,
            f'feed must be a short name, not "{name}"',
            "use lower-case letters, digits, _ and -, 63 at most",
        ),
    )


def test_errors_of_all_sections_are_reported_together_by_line(tmp_path: Path) -> None:
    text = changed(
        ("format: csv", "format: xml"),
        ("type: timestamp", "type: timestmp"),
        ("column: email", "column: mail"),
        ("5%", "lots"),
        ("mode: append", "mode: merge"),
        ("key: [id]", "key: [idd]"),
    )
    assert Conf(tmp_path).refusal(text) == said(
        (
            5,
            'source.format must be one of csv, json, auto, not "xml"',
            "write one of them",
        ),
        (
            14,
            'columns.timestamp.type must be a type of Spark SQL, not "timestmp"',
            "did you mean timestamp?",
        ),
        (
            20,
            'email_company.column is "mail", which is not a column of this feed',
            "did you mean email?",
        ),
        (23, 'quality.max_quarantined must be a share, not "lots"', "write for example 5% or 0.05"),
        (
            27,
            'target.mode must be one of append, upsert, replace, not "merge"',
            "did you mean upsert?",
        ),
        (28, 'target.key is "idd", which is not a column of this feed', "did you mean id?"),
    )


def test_a_suite_is_found_below_the_conf_folder(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    file = conf.write("expectations/events.json", '{"name": "events"}')
    text = changed(("quality:\n", "quality:\n  expectations: expectations/events.json\n"))
    assert conf.load(text).quality == Quality(max_quarantined=0.05, expectations=str(file))


@pytest.mark.parametrize(
    ("content", "sentence", "hint"),
    [
        (None, "which does not exist", "the path is relative to the conf folder"),
        ('{"a":\n nope}', "which is not JSON in line 2", "mend the file"),
        ("[]", "which holds no suite", "write a JSON object"),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused(
    tmp_path: Path, content: str | None, sentence: str, hint: str
) -> None:
    conf = Conf(tmp_path)
    if content is not None:
        conf.write("suite.json", content)
    text = changed(("  max_quarantined: 5%", "  expectations: suite.json"))
    assert conf.refusal(text) == said(
        (23, f"quality.expectations names conf/suite.json, {sentence}", hint)
    )
