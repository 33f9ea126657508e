"""YAML is read as text with lines; what is ambiguous in it is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.config.problems import Problem, Problems
from penstock.config.tree import Leaf, Value, parse
from tests.support.config_files import Conf, changed, said


def _plain(value: Value) -> object:
    if isinstance(value, Leaf):
        return value.text
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value]


def _parse(text: str) -> tuple[object, list[Problem]]:
    problems = Problems()
    document = parse(text, "f.yml", problems)
    return (_plain(document.root) if document else None), problems.found


def test_scalars_keep_the_text_they_were_written_with() -> None:
    text = "a: 007\nb: NO\nc: 2024-10-01\nd: 1.10\ne: 12:30:00\nf: 'x'\ng: |\n  two\n  lines\n"
    value, problems = _parse(text)
    assert problems == []
    assert value == {
        "a": "007",
        "b": "NO",
        "c": "2024-10-01",
        "d": "1.10",
        "e": "12:30:00",
        "f": "x",
        "g": "two\nlines\n",
    }


def test_lines_are_those_of_the_keys_and_list_items() -> None:
    document = parse("a:\n  b: 1\n  c:\n    - x\n    - y\n", "f.yml", Problems())
    assert document is not None
    assert dict(document.lines) == {
        (): 1,
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 3,
        ("a", "c", 0): 4,
        ("a", "c", 1): 5,
    }
    assert document.line(("a", "c", 1, "deeper")) == 5
    assert document.line(("nowhere",)) == 1


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    assert Conf(tmp_path).load("\ufeff" + changed()).name == "events"


@pytest.mark.parametrize(
    ("text", "line", "sentence", "hint"),
    [
        ("", 0, "is empty", "write a feed's settings into it"),
        ("# nothing\n", 0, "is empty", "write a feed's settings into it"),
        (
            "a: 1\n\tb: 2\n",
            2,
            "is not valid YAML: found character '\\t' that cannot start any token",
            "indent with blanks, not tabs",
        ),
        (
            "a: [1, 2\nb: 3\n",
            2,
            "is not valid YAML: expected ',' or ']', but got ':'",
            "check indentation and quotes",
        ),
        (
            "a: {b: ${C}}\n",
            1,
            "is not valid YAML: expected ',' or '}', but got '{'",
            'put "${...}" in quotes, for { begins a mapping',
        ),
        ("a: \x07\n", 1, "is not valid YAML: the character #x0007 is not allowed", None),
        (
            "a: 1\n---\nb: 2\n",
            2,
            "is not valid YAML: expected a single document in the stream "
            "but found another document",
            None,
        ),
        (
            "a: &x 1\nb: *x\n",
            2,
            "the alias *x is not followed",
            "write the value out in both places",
        ),
        (
            "a: &x\n  b: *x\n",
            2,
            "the alias *x is not followed",
            "write the value out in both places",
        ),
        ("[" * 5000, 0, "is nested too deeply", "check its brackets"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(
    text: str, line: int, sentence: str, hint: str | None
) -> None:
    value, problems = _parse(text)
    assert value is None
    assert problems == [Problem("f.yml", line, sentence, hint or "check indentation and quotes")]


@pytest.mark.parametrize(
    ("text", "line", "sentence", "hint"),
    [
        (
            "a:\n  x: 1\n  y: 2\n  x: 3\n",
            4,
            "a.x is given twice, first in line 2",
            "remove one of the two",
        ),
        ("a: 1\n<<: {b: 2}\n", 2, "the merge key << is not followed", "write the settings out"),
        ("a: 1\n? [b]\n: 2\n", 2, "a key must be text", "quote it if it starts with [ or {"),
        (
            "a: !!python/name:os.system x\n",
            1,
            "the tag tag:yaml.org,2002:python/name:os.system means nothing here",
            "remove it: values are plain text, lists and mappings",
        ),
        (
            "a: !secret x\n",
            1,
            "the tag !secret means nothing here",
            "remove it: values are plain text, lists and mappings",
        ),
    ],
)
def test_what_is_ambiguous_is_noted_and_the_rest_is_read(
    text: str, line: int, sentence: str, hint: str
) -> None:
    value, problems = _parse(text)
    assert isinstance(value, dict)
    assert "a" in value
    assert problems == [Problem("f.yml", line, sentence, hint)]


def test_a_key_given_twice_does_not_hide_other_errors(tmp_path: Path) -> None:
    text = changed(("feed: events\n", "feed: events\nfeed: events\n"), ("60s", "soon"))
    assert Conf(tmp_path).refusal(text) == said(
        (3, "feed is given twice, first in line 2", "remove one of the two"),
        (
            12,
            'source.discovery.settle must be a duration, not "soon"',
            "write for example 60s, 5m, 2h or 1d",
        ),
    )


def test_a_feed_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal("- feed\n") == said(
        (1, "must be a mapping of settings", "start with feed: and a name")
    )


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    (conf.dir / "connections.yml").write_bytes("größe: 1".encode("latin-1"))
    assert conf.refusal() == "conf/connections.yml: is not UTF-8 text\n  hint: save it as UTF-8"
