"""The shipped feeds, queries and expectations fit the sample drops."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest
import yaml

from penstock.sample import SAMPLES
from tests.support.naive_load import capture

CONF = Path(__file__).parents[2] / "conf"
DERIVED = {"company", "email_domain", "network"}


def feed_file(feed: str) -> dict[str, object]:
    loaded = yaml.safe_load((CONF / "feeds" / f"{feed}.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_every_shipped_feed_has_sample_drops() -> None:
    assert {path.stem for path in (CONF / "feeds").glob("*.yml")} == set(SAMPLES)


@pytest.mark.parametrize("feed", SAMPLES)
def test_a_feed_declares_what_its_drops_hold(feed: str) -> None:
    recipe = SAMPLES[feed].recipe(Random("x"))
    columns = feed_file(feed)["columns"]
    assert isinstance(columns, dict)
    expected = {n: t for n, t in recipe.types.items() if n not in DERIVED}
    assert {name: rules["type"] for name, rules in columns.items()} == expected
    sources = [rules.get("from", name) for name, rules in columns.items()]
    assert sources == list(recipe.columns)


@pytest.mark.parametrize("feed", SAMPLES)
def test_a_feed_looks_where_its_drops_are_written_and_matches_its_files_alone(feed: str) -> None:
    sample, source = SAMPLES[feed], feed_file(feed)["source"]
    assert isinstance(source, dict)
    assert source["path"] == f"${{var:drops:-.penstock/drops}}/{sample.folder}/"
    for other in SAMPLES.values():
        for file in other.recipe(Random("x")).files(40):
            captured = capture(source["match"], file.name)
            assert (captured is not None) == (other is sample)
            if captured is not None:
                assert {n: str(v) for n, v in captured.items()} == file.captures
            assert file.name.startswith(other.prefix)


@pytest.mark.parametrize("feed", SAMPLES)
def test_a_feed_has_the_key_and_policy_of_its_answer_sheet(feed: str) -> None:
    recipe = SAMPLES[feed].recipe(Random("x"))
    loaded = feed_file(feed)
    target = loaded["target"]
    assert isinstance(target, dict)
    assert tuple(target["key"]) == tuple(recipe.key)
    steps = loaded.get("transform", [])
    assert isinstance(steps, list)
    clash = [step["uuid_clash"]["on_clash"] for step in steps if "uuid_clash" in step]
    policy = "upsert" if target["mode"] == "upsert" else [*clash, "quarantine"][0]
    assert policy == recipe.policy


@pytest.mark.parametrize("path", sorted((CONF / "queries").glob("*.sql")), ids=lambda p: p.stem)
def test_a_query_has_a_title_and_a_chart_of_its_own_columns(path: Path) -> None:
    title, chart, *rest = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"-- title: [A-Z].+", title)
    drawn = re.fullmatch(r"-- chart: (bar|line) x=(\w+) y=(\w+)", chart)
    assert drawn is not None
    sql = "\n".join(rest)
    assert ";" not in sql.replace("';'", "").replace('";"', "")
    assert re.search(rf"\b{drawn[2]}\b", sql)
    assert re.search(rf"\b{drawn[3]}\b", sql)


def test_the_expectations_name_columns_of_events() -> None:
    suite = json.loads((CONF / "expectations" / "events.json").read_text(encoding="utf-8"))
    assert suite["name"] == "events"
    columns = {e["kwargs"]["column"] for e in suite["expectations"]}
    assert columns == {"id", "duration_ms", "action", "country"}
    assert columns <= set(SAMPLES["events"].recipe(Random("x")).types)


def test_connections_hold_no_secrets() -> None:
    connections = yaml.safe_load((CONF / "connections.yml").read_text(encoding="utf-8"))
    assert connections == {
        "warehouse": {
            "dev": {"type": "postgres", "embedded": True},
            "prod": {"type": "postgres", "url": "${WAREHOUSE_URL}"},
        }
    }
