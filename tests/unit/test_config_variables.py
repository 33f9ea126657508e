"""Variables are filled in after parsing, in scalars only."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.config.problems import SettingError
from penstock.config.variables import Piece, substitute
from penstock.model import WindowStep
from tests.support.config_files import Conf, changed, said

SYNTAX = "write ${NAME} for the environment, ${var:name} for --var, or $${ for the text itself"


def _text(text: str, variables: dict[str, str], environ: dict[str, str]) -> str:
    return "".join(p.text for p in substitute(text, variables, environ))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${HOME}", "/home/me"),
        ("${var:month}", "2024-10"),
        ("a-${HOME}-${var:month}-b", "a-/home/me-2024-10-b"),
        ("$${HOME}", "${HOME}"),
        ("$$$${HOME}", "$${HOME}"),
        ("$$${HOME}", "$/home/me"),
        ("^[a-z]+$", "^[a-z]+$"),
        ("5$ or $6", "5$ or $6"),
        ("${NESTED}", "${HOME}"),
        ("${EMPTY}", ""),
        ("${EMPTY:-b}", "b"),
        ("${ABSENT:-b}", "b"),
        ("${ABSENT:-}", ""),
        ("${HOME:-b}", "/home/me"),
        ("${var:absent:-a:-b}", "a:-b"),
        ("${var:month:-b}", "2024-10"),
        ("${var:my-name.x}", "dotted"),
    ],
)
def test_references_are_replaced_once(text: str, expected: str) -> None:
    variables = {"month": "2024-10", "my-name.x": "dotted"}
    environ = {"HOME": "/home/me", "NESTED": "${HOME}", "EMPTY": ""}
    assert _text(text, variables, environ) == expected


def test_pieces_tell_where_text_came_from() -> None:
    assert substitute("a${B}${var:c}${D:-d}", {"c": "3"}, {"B": "2"}) == (
        Piece("a"),
        Piece("2", "environ"),
        Piece("3", "variable"),
        Piece("d", "variable"),
    )


@pytest.mark.parametrize("text", ["${", "${}", "${A", "${A B}", "${1A}", "${var:}", "${A-b}"])
def test_a_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        substitute(text, {}, {})
    assert caught.value.sentence == f'holds "{text}", which is no reference to a variable'
    assert caught.value.hint == SYNTAX


def test_a_missing_variable_names_the_option_that_sets_it(tmp_path: Path) -> None:
    text = changed(('"2024-10"', '"${var:month}"'))
    assert Conf(tmp_path).refusal(text) == said(
        (19, "window.month needs ${var:month}, which has no value", "pass --var month=...")
    )


def test_a_misspelt_variable_is_pointed_out(tmp_path: Path) -> None:
    text = changed(('"2024-10"', '"${var:month}"'))
    assert Conf(tmp_path).refusal(text, variables={"mnth": "2024-10"}) == said(
        (
            19,
            "window.month needs ${var:month}, which has no value",
            "pass --var month=... (mnth was given)",
        )
    )


def test_a_missing_environment_variable_says_how_to_set_it(tmp_path: Path) -> None:
    text = changed(("acme-drops", "${BUCKET}"))
    assert Conf(tmp_path).refusal(text) == said(
        (4, "source.path needs ${BUCKET}, which is not set", "export BUCKET=...")
    )


def test_substituted_text_is_coerced_by_the_field(tmp_path: Path) -> None:
    text = changed(
        ("max_files_per_batch: 100", "max_files_per_batch: ${var:n}"),
        ("settle: 60s", "settle: ${var:settle}"),
        ("header: true", 'header: "${var:header}"'),
        ("required: true}\n  timestamp", 'required: "${var:header}"}\n  timestamp'),
    )
    feed = Conf(tmp_path).load(text, variables={"n": "7", "settle": "2m", "header": "true"})
    assert feed.source.discovery.max_files_per_batch == 7
    assert feed.source.discovery.settle == 120.0
    assert feed.source.options["header"] == "true"
    assert feed.columns[0].required is True


@pytest.mark.parametrize("value", ["a, b: c", "[x]", "{a: b}", "null", "true", "- x", "# x"])
def test_substituted_text_is_never_read_as_yaml(tmp_path: Path, value: str) -> None:
    text = changed(('sep: ";"', 'sep: "${var:sep}"'))
    feed = Conf(tmp_path).load(text, variables={"sep": value})
    assert feed.source.options == {"header": "true", "sep": value}


def test_keys_are_not_substituted(tmp_path: Path) -> None:
    text = changed(("  email: {", '  "${HOME}": {'), ("{column: email}", '{column: "$${HOME}"}'))
    assert Conf(tmp_path).refusal(text) == said(
        (
            15,
            "columns.${HOME} cannot be a column's name, for it holds {",
            'write another name, with from: "${HOME}"',
        )
    )


def test_a_month_comes_from_the_command_line(tmp_path: Path) -> None:
    text = changed(('"2024-10"', '"${var:month}"'), ("Europe/Berlin", "UTC"))
    step = Conf(tmp_path).load(text, variables={"month": "2024-12"}).transform[0]
    assert isinstance(step, WindowStep)
    assert (step.start.isoformat(), step.end.isoformat()) == (
        "2024-12-01T00:00:00+00:00",
        "2025-01-01T00:00:00+00:00",
    )


def test_messages_show_variables_of_the_command_line(tmp_path: Path) -> None:
    text = changed(("60s", "${var:settle}"))
    assert Conf(tmp_path).refusal(text, variables={"settle": "soon"}) == said(
        (
            11,
            'source.discovery.settle must be a duration, not "soon" (from ${var:settle})',
            "write for example 60s, 5m, 2h or 1d",
        )
    )


def test_messages_hide_what_came_from_the_environment(tmp_path: Path) -> None:
    text = changed(("60s", "${SETTLE}"))
    assert Conf(tmp_path).refusal(text, environ={"SETTLE": "s3cret"}) == said(
        (
            11,
            "source.discovery.settle must be a duration, not the value of ${SETTLE}",
            "write for example 60s, 5m, 2h or 1d",
        )
    )


def test_a_missing_variable_is_reported_once_and_alone(tmp_path: Path) -> None:
    text = changed(
        ("type: timestamp", 'type: "${A}"'),
        ("column: email", 'column: "${B}"'),
        ("[id]", '["${C}"]'),
        ("{evolution: rescue}", '"${D}"'),
    )
    assert Conf(tmp_path).refusal(text) == said(
        (14, "columns.timestamp.type needs ${A}, which is not set", "export A=..."),
        (17, "schema needs ${D}, which is not set", "export D=..."),
        (20, "email_company.column needs ${B}, which is not set", "export B=..."),
        (28, "target.key needs ${C}, which is not set", "export C=..."),
    )
