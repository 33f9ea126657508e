"""Bytes of the layouts that senders use."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from penstock.sample.formats import Layout, drop_file

COLUMNS = ("a", "b", "c")


def written(path: Path, layout: Layout, *records: tuple[str, ...], extra: str = "") -> bytes:
    with drop_file(path, layout) as out:
        out.lines += layout.header(COLUMNS)
        out.lines += [layout.encoder(COLUMNS)(cells, extra) for cells in records]
    return path.read_bytes()


@pytest.mark.parametrize(
    ("layout", "data"),
    [
        (Layout(name="", suffix=""), b"a,b,c\n1,,x y\n"),
        (Layout(name="", suffix="", newline="\r\n"), b"a,b,c\r\n1,,x y\r\n"),
        (Layout(name="", suffix="", bom=True), b"\xef\xbb\xbfa,b,c\n1,,x y\n"),
        (Layout(name="", suffix="", reordered=True), b"b,a,c\n,1,x y\n"),
        (Layout(name="", suffix="", missing="b"), b"a,c\n1,x y\n"),
        (Layout(name="", suffix="", extra="d"), b"a,b,d,c\n1,,new,x y\n"),
        (Layout(name="", suffix="", quote_all=True), b'"a","b","c"\n"1","","x y"\n'),
        (Layout(name="", suffix="", final_newline=False), b"a,b,c\n1,,x y"),
        (Layout(name="", suffix="", blank_line=True), b"a,b,c\n1,,x y\n\n"),
    ],
)
def test_csv_layouts(layout: Layout, data: bytes, tmp_path: Path) -> None:
    assert written(tmp_path / "f", layout, ("1", "", "x y"), extra="new") == data


def test_json_omits_or_nulls_empty_fields_and_writes_literals_bare(tmp_path: Path) -> None:
    layout = Layout(name="", suffix="", format="json", extra="d", literals=frozenset("ab"))
    records = [("12.50", "true", "x"), ("", "", "é"), ("007", "maybe", "éé"), ("1e5", "-0.1", "")]
    assert written(tmp_path / "f", layout, *records, extra="").decode() == (
        '{"a": 12.50, "b": true, "d": null, "c": "x"}\n'
        '{"b": null, "d": null, "c": "é"}\n'
        '{"a": "007", "b": "maybe", "d": null, "c": "\\u00e9\\u00e9"}\n'
        '{"a": "1e5", "b": -0.1, "d": null}\n'
    )


@pytest.mark.parametrize("quote_all", [False, True])
def test_any_text_comes_back_from_csv(tmp_path: Path, quote_all: bool) -> None:
    layout = Layout(name="", suffix="", quote_all=quote_all)
    cells = ('say "x", \\', "two\nlines\r\nthree", "ümläut 🎉 עברית")
    data = written(tmp_path / "f", layout, cells).decode()
    rows = list(csv.reader(io.StringIO(data, newline=""), strict=True))
    assert rows == [list(COLUMNS), list(cells)]


def test_the_fast_encoder_writes_what_the_careful_one_does() -> None:
    cells = ("1", "", "x y")
    for layout in (
        Layout(name="", suffix=""),
        Layout(name="", suffix="", reordered=True),
        Layout(name="", suffix="", missing="b", extra="d"),
        Layout(name="", suffix="", quote_all=True),
        Layout(name="", suffix="", format="json"),
    ):
        fast, careful = layout.plain_encoder(COLUMNS), layout.encoder(COLUMNS)
        assert fast(cells, "new") == careful(cells, "new")


@pytest.mark.parametrize("damage", ["too_few", "too_many"])
def test_damaged_records_do_not_parse(damage: str) -> None:
    cells = ("1", "2", "3")
    for layout in (Layout(name="", suffix="", extra="d"), Layout(name="", suffix="")):
        width = len(layout.header(COLUMNS)[0].split(","))
        fields = layout.damaged(COLUMNS, cells, damage).split(",")
        assert len(fields) - width == {"too_few": -2, "too_many": 2}[damage]
    line = Layout(name="", suffix="", format="json").damaged(COLUMNS, cells, damage)
    with pytest.raises(json.JSONDecodeError):
        json.loads(line)


def test_a_gzip_file_of_many_blocks_unpacks_to_the_same_text(tmp_path: Path) -> None:
    layout = Layout(name="", suffix="", gzip=True)
    path = tmp_path / "f.gz"
    lines = [f"{n} wörter" for n in range(40_000)]
    with drop_file(path, layout) as out:
        for line in lines:
            out.lines.append(line)
            out.flush()
    assert gzip.decompress(path.read_bytes()).decode() == "\n".join(lines) + "\n"


def test_a_file_appears_when_it_is_complete_or_not_at_all(tmp_path: Path) -> None:
    layout = Layout(name="", suffix="")

    def fail() -> None:
        with drop_file(tmp_path / "f", layout) as out:
            out.lines.append("a")
            out.flush(1)
            assert [p.name for p in tmp_path.iterdir()] == [".f.part"]
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_json_file_has_no_bytes(tmp_path: Path) -> None:
    assert written(tmp_path / "f", Layout(name="", suffix="", format="json")) == b""
