"""Laws of ``config_hash`` over feeds written in any way."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.config import load_feed
from penstock.model import Feed

TYPES = ["int", "bigint", "string", "boolean", "date", "decimal(12,2)", "array<int>", "uuid"]

types = st.sampled_from(TYPES)
columns = st.dictionaries(
    st.text(st.sampled_from("abcxyz"), min_size=1, max_size=3),
    st.fixed_dictionaries({"type": types, "required": st.booleans(), "trim": st.booleans()}),
    min_size=1,
    max_size=5,
)


def _content(declared: dict[str, Any]) -> dict[str, Any]:
    return {
        "feed": "things",
        "source": {"path": "/drops", "format": "csv", "match": "*.csv", "timezone": "UTC"},
        "columns": declared,
        "transform": [{"dedupe": {"ignore": ["loaded_at"]}}],
        "quality": {"max_quarantined": 0.5},
        "target": {"connection": "embedded", "table": "public.things", "mode": "append"},
    }


def _load(text: str) -> Feed:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "things.yml"
        file.write_text(text, encoding="utf-8")
        return load_feed(
            str(file), conf_dir=Path(folder), variables={}, environ={}, home=".penstock"
        )


def _shuffled(value: Any, draw: st.DrawFn) -> Any:
    if isinstance(value, dict):
        return {k: _shuffled(value[k], draw) for k in draw(st.permutations(list(value)))}
    return value


@st.composite
def two_spellings(draw: st.DrawFn) -> tuple[str, str]:
    """One feed as YAML twice: other order of keys, other indentation, style and comments."""
    content = _content(draw(columns))
    first = yaml.safe_dump(content, sort_keys=False)
    other = _shuffled(content, draw)
    second = draw(
        st.sampled_from(
            [
                json.dumps(other),
                json.dumps(other, indent=1),
                yaml.safe_dump(other, sort_keys=False, default_flow_style=None, width=40),
                yaml.safe_dump(other, sort_keys=False, indent=4, default_style='"'),
            ]
        )
    )
    return first, draw(st.sampled_from(["", "# a comment\n", "\n\n"])) + second


@settings(deadline=None)
@given(two_spellings())
def test_order_of_keys_and_formatting_change_nothing(spellings: tuple[str, str]) -> None:
    first, second = spellings
    assert _load(first).config_hash == _load(second).config_hash


@settings(deadline=None)
@given(columns, st.data())
def test_any_changed_type_of_a_column_changes_the_hash(
    declared: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(declared)))
    type_ = data.draw(types.filter(lambda t: t != declared[name]["type"]))
    other = declared | {name: declared[name] | {"type": type_}}
    first = _load(yaml.safe_dump(_content(declared)))
    second = _load(yaml.safe_dump(_content(other)))
    assert first.config_hash != second.config_hash
