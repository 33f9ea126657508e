"""Where a feed reads from, and with which options."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.config.options import with_known_case
from penstock.config.places import source_uri
from penstock.config.problems import SettingError
from tests.support.config_files import Conf, changed, said

OPTIONS = '  options: {header: true, sep: ";"}'


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("s3://acme-drops", "s3://acme-drops/"),
        ("s3://acme-drops/", "s3://acme-drops/"),
        ("s3://acme-drops/a b%20/ü", "s3://acme-drops/a b%20/ü/"),
        ("s3://acme-drops/a//", "s3://acme-drops/a//"),
        ("/data/drops", "file:///data/drops/"),
        ("/data//x/../drops/", "file:///data/drops/"),
        ("/", "file:///"),
        ("file:///data/a b%20ü#1", "file:///data/a b%20ü#1/"),
        ("file:/data", "file:///data/"),
    ],
)
def test_a_drop_zone_is_a_uri_with_raw_characters_and_a_slash(path: str, uri: str) -> None:
    assert source_uri(path) == uri


@pytest.mark.parametrize(
    ("path", "below"),
    [("drops", "drops/"), ("./drops/x/..", "drops/"), ("../drops", "../drops/"), (".", "")],
)
def test_a_plain_folder_is_taken_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, below: str
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    expected = os.path.normpath(f"{work}/{below}")
    assert source_uri(path) == f"file://{expected}/"


def test_links_are_kept_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert source_uri(str(tmp_path / "link")) == f"file://{tmp_path}/link/"


@pytest.mark.parametrize(
    ("path", "sentence", "hint"),
    [
        (
            "az://acme/drops",
            "is on az://: Azure is not available yet",
            "copy the files to s3:// or a folder until then",
        ),
        (
            "abfss://c@a.dfs.core.windows.net/x",
            "is on abfss://: Azure is not available yet",
            "copy the files to s3:// or a folder until then",
        ),
        ("s3a://acme/x", 'must start with s3://, not s3a://: "s3a://acme/x"', "write s3://"),
        ("gs://acme/x", "is on gs://, which Penstock does not read", "use s3:// or a folder"),
        (
            "https://acme.example/x",
            "is on https://, which Penstock does not read",
            "use s3:// or a folder",
        ),
        (
            "s3:///x",
            'must be s3://bucket/prefix/, not "s3:///x"',
            "name a bucket in lower case",
        ),
        (
            "s3://acme/*.csv",
            'must be a folder without wildcards, not "s3://acme/*.csv"',
            "write the folder here, and the pattern in source.match",
        ),
        (
            "~/drops",
            "must not start with ~, which means a folder to shells only",
            "write ${HOME}",
        ),
    ],
)
def test_other_places_are_refused(path: str, sentence: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        source_uri(path)
    assert (caught.value.sentence, caught.value.hint) == (sentence, hint)


def test_a_refused_place_is_named_with_its_line(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal(changed(("s3://acme-drops/events/", "az://acme/x"))) == said(
        (
            4,
            "source.path is on az://: Azure is not available yet",
            "copy the files to s3:// or a folder until then",
        )
    )


def test_options_take_sparks_own_spelling(tmp_path: Path) -> None:
    text = changed((OPTIONS, "  options: {HEADER: TRUE, multiline: 'False', x_new: 1, quote: ''}"))
    assert Conf(tmp_path).load(text).source.options == {
        "header": "true",
        "multiLine": "false",
        "quote": "",
        "x_new": "1",
    }


def test_options_come_sorted() -> None:
    assert list(with_known_case({"sep": ";", "header": "true"})) == ["header", "sep"]


@pytest.mark.parametrize(
    ("option", "sentence", "hint"),
    [
        (
            "inferSchema",
            "would guess types anew from each batch of files",
            "declare the types under columns",
        ),
        (
            "MODE",
            "is always PERMISSIVE, or records would be lost without a trace",
            "remove it: broken records are quarantined; quality.max_quarantined bounds them",
        ),
        (
            "enforceschema",
            "would align columns by position",
            "remove it: columns are matched by header name",
        ),
        ("schema", "would name columns by position", "declare the types under columns"),
        (
            "columnNameOfCorruptRecord",
            "is set by Penstock",
            "remove it: broken records are quarantined with their raw text",
        ),
        ("path", "would read other files than those planned", "write source.path"),
        (
            "ignoreCorruptFiles",
            "would lose files without a trace",
            "remove it: such a file is failed",
        ),
        ("timestampFormat", "has no effect on text", "write format at the column"),
        ("heder", "is no option of Spark's readers", "did you mean header?"),
    ],
)
def test_options_that_would_lose_or_guess_are_refused(
    tmp_path: Path, option: str, sentence: str, hint: str
) -> None:
    text = changed((OPTIONS, f"  options: {{{option}: x}}"))
    assert Conf(tmp_path).refusal(text) == said((8, f"source.options.{option} {sentence}", hint))


def test_an_option_in_two_spellings_is_refused(tmp_path: Path) -> None:
    text = changed((OPTIONS, "  options: {header: true, Header: false}"))
    assert Conf(tmp_path).refusal(text) == said(
        (8, "source.options.Header is the same option as header", "remove one of the two")
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence", "hint"),
    [
        (
            "    settle: 60s",
            "    mode: events",
            11,
            "source.discovery.mode is events, which is not available yet",
            "write mode: listing",
        ),
        (
            "    settle: 60s",
            "    overwrites: reload",
            11,
            "source.discovery.overwrites is reload, which is not available yet",
            "write overwrites: fail, or drop the corrected file under a new name",
        ),
        (
            "    settle: 60s",
            "    max_bytes_per_batch: plenty",
            11,
            'source.discovery.max_bytes_per_batch must be a size, not "plenty"',
            "write for example 64k, 512m, 10g or 1t",
        ),
        (
            OPTIONS,
            "  options: header",
            8,
            'source.options must be a mapping of settings, not "header"',
            "write  name: value  for each setting",
        ),
        (
            OPTIONS,
            "  options:",
            8,
            "source.options has no value",
            "write a mapping of settings below it, or remove the line",
        ),
        (
            "<day:yyyy_MM_dd>",
            "<day:YYYY_MM_dd>",
            6,
            'source.match has "YYYY" in <day:YYYY_MM_dd>, which is no part of a date',
            "did you mean yyyy?",
        ),
    ],
)
def test_wrong_settings_of_the_source_are_explained(
    tmp_path: Path, old: str, new: str, line: int, sentence: str, hint: str
) -> None:
    assert Conf(tmp_path).refusal(changed((old, new))) == said((line, sentence, hint))


def test_a_wrong_pattern_does_not_make_its_captures_unknown_columns(tmp_path: Path) -> None:
    text = changed(("<day:yyyy_MM_dd>", "<day:yyyy_MM_dd"), ("key: [id]", "key: [id, day]"))
    pattern = "events_<day:yyyy_MM_dd*.csv"
    assert Conf(tmp_path).refusal(text).splitlines()[0] == (
        f'conf/feeds/events.yml:6: source.match has a < that is not closed: "{pattern}"'
    )
