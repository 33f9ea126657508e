"""CSV files of every kind, good and broken, as records of text."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from penstock.errors import ConfigError
from penstock.model import Feed
from penstock.read import extend, field_names, needs_safe_copy, read_records
from tests.support.drops import Drop
from tests.support.feeds import column, feed
from tests.support.record_hash import malformed_hash, record_hash

AB = feed((column("a"), column("b")), evolution="rescue")
NEVER_CLOSED = "a quote is opened and never closed"


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def texts(spark: SparkSession, drop: Drop, data: str | bytes, declared: Feed = AB) -> list[Any]:
    """Every declared column of the records of one file."""
    drop.add("x.csv", data)
    return drop.rows(spark, declared, *(c.name for c in declared.columns))


def broken(spark: SparkSession, drop: Drop, data: str | bytes, declared: Feed = AB) -> list[Any]:
    """Reason and raw text of every record of one file."""
    drop.add("x.csv", data)
    return drop.rows(spark, declared, "_malformed", "_raw")


def test_the_columns_are_those_of_the_contract(spark: SparkSession, drop: Drop) -> None:
    declared = feed(
        (column("n", "int"), column("Full Name", source="name"), column("gone")),
        captures=(column("day", "date"),),
        evolution="rescue",
    )
    drop.add("x.csv", "name,n,extra\nAnn,1,e\nBob,,\n", {"day": "2024-10-01"})
    frame = drop.read(spark, declared)
    assert frame.dtypes == [
        ("n", "string"),
        ("Full Name", "string"),
        ("gone", "string"),
        ("day", "string"),
        ("_file", "int"),
        ("content_hash", "string"),
        ("_rescued_data", "string"),
        ("_malformed", "string"),
        ("_raw", "string"),
    ]
    assert [tuple(row) for row in frame.orderBy("`Full Name`").collect()] == [
        (
            "1",
            "Ann",
            None,
            "2024-10-01",
            0,
            record_hash({"name": "Ann", "n": "1", "extra": "e"}),
            '{"extra":"e"}',
            None,
            '{"name":"Ann","n":"1","extra":"e"}',
        ),
        (
            None,
            "Bob",
            None,
            "2024-10-01",
            0,
            record_hash({"name": "Bob"}),
            None,
            None,
            '{"name":"Bob"}',
        ),
    ]


def test_files_of_unlike_headers_are_aligned_by_name(spark: SparkSession, drop: Drop) -> None:
    for name, data in {
        "1.csv": "a,b\n1,x\n",
        "2.csv": "b,a\ny,2\n",
        "3.csv": "B\nz\n",
        "4.csv": "A,extra,b\n4,e,w\n",
        "5.csv": "a,b\n5,v\n",
        "6.csv": "",
        "7.csv": "a,b\n",
    }.items():
        drop.add(name, data)
    assert drop.rows(spark, AB, "_file", "a", "b", "_rescued_data") == [
        (0, "1", "x", None),
        (1, "2", "y", None),
        (2, None, "z", None),
        (3, "4", "w", '{"extra":"e"}'),
        (4, "5", "v", None),
    ]


def test_a_raw_record_has_the_fields_of_its_own_file(spark: SparkSession, drop: Drop) -> None:
    for name, data in {
        "1.csv": "a,b\n1,\n,\n",
        "2.csv": "new,A,more\nn,2,m\nn,,\n",
        "3.csv": "b,New\nx,N\n",
    }.items():
        drop.add(name, data)
    assert drop.rows(spark, AB, "_file", "_raw") == [
        (0, '{"a":"1"}'),
        (0, "{}"),
        (1, '{"a":"2","more":"m","new":"n"}'),
        (1, '{"new":"n"}'),
        (2, '{"b":"x","New":"N"}'),
    ]
    ignoring = feed((column("a"), column("b")), evolution="none")
    assert drop.rows(spark, ignoring, "_rescued_data", "_raw")[1:3] == [
        (None, '{"a":"2","more":"m","new":"n"}'),
        (None, '{"b":"x","New":"N"}'),
    ]


def test_a_batch_without_records_has_the_same_columns(spark: SparkSession, drop: Drop) -> None:
    drop.add("1.csv", "")
    empty = drop.read(spark, AB)
    drop.add("2.csv", "a,b\n1,2\n")
    full = drop.read(spark, AB)
    assert empty.collect() == []
    assert empty.dtypes == full.dtypes


def test_equal_content_has_an_equal_hash_whatever_its_layout(
    spark: SparkSession, drop: Drop
) -> None:
    drop.add("1.csv", "a,b\n1,x\n")
    drop.add("2.csv", 'b,empty,"A"\r\nx,,"1"\r\n')
    drop.add("3.csv", "b;a;c\nx;1;\n".replace(";", ","))
    assert set(drop.rows(spark, AB, "content_hash")) == {(record_hash({"a": "1", "b": "x"}),)}


def test_unknown_fields_count_for_the_hash_even_where_they_are_dropped(
    spark: SparkSession, drop: Drop
) -> None:
    declared = feed((column("a"),), evolution="none")
    drop.add("1.csv", "a,Z\n1,x\n")
    assert drop.rows(spark, declared, "_rescued_data", "content_hash") == [
        (None, record_hash({"a": "1", "Z": "x"}))
    ]


def test_new_columns_become_columns_where_the_feed_says_so(spark: SparkSession, drop: Drop) -> None:
    drop.add("1.csv", "a,New One\n1,x\n")
    drop.add("2.csv", "a,new one,z\n2,y,7\n")
    paths = {i: f.uri for i, f in enumerate(drop.files)}
    declared = feed((column("a"),), evolution="add_new_columns")
    names = field_names(spark, declared, drop.layouts(declared), paths)
    assert names == ("a", "New One", "new one", "z")
    rows = drop.rows(spark, extend(declared, names), "a", "New_One", "z", "_rescued_data")
    assert rows == [("1", "x", None, None), ("2", "y", "7", None)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rfc_4180_is_read_to_the_letter(
    spark: SparkSession, drop: Drop, end: str, mark: str
) -> None:
    lines = ["a,b", "1,plain", '2,"a, ""b"""', '"3","two', 'lines"', '4,""', "5,", "", '6," x "']
    assert texts(spark, drop, mark + end.join(lines)) == [
        ("1", "plain"),
        ("2", 'a, "b"'),
        ("3", "two\nlines" if end == "\r" else f"two{end}lines"),
        ("4", None),
        ("5", None),
        ("6", " x "),
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a,b\r\n1,x\n2,y\r\n\n\r\n3,\r\n4,z\n", [("1", "x"), ("2", "y"), ("3", None), ("4", "z")]),
        ('a,b\n1,"x\ny"\r\n2,"z"\n', [("1", "x\ny"), ("2", "z")]),
        ("b\r\nx\ny\r\n\r\nz\n", [(None, "x"), (None, "y"), (None, "z")]),
        ("b\nx\ny\r\n\r\nz\n", [(None, "x"), (None, "y"), (None, "z")]),
    ],
)
def test_lines_may_end_in_either_way_in_one_file(
    spark: SparkSession, drop: Drop, data: str, expected: list[Any]
) -> None:
    assert texts(spark, drop, data) == sorted(expected, key=repr)
    assert set(drop.rows(spark, AB, "_malformed")) == {(None,)}


def test_text_stays_as_it_is(spark: SparkSession, drop: Drop) -> None:
    odd = 'a,b\n 1 ,\t\u00a0\n2,😀\u0301\n3,5" disk\n4,\x00\n5,#\n6,\\N\n7,NaN\n'
    assert texts(spark, drop, odd) == [
        (" 1 ", "\t\u00a0"),
        ("2", "😀\u0301"),
        ("3", '5" disk'),
        ("4", "\x00"),
        ("5", "#"),
        ("6", "\\N"),
        ("7", "NaN"),
    ]


def test_the_feed_s_options_are_obeyed(spark: SparkSession, drop: Drop) -> None:
    declared = feed(
        (column("a"), column("b")),
        options={"sep": ";", "quote": "'", "escape": "\\", "comment": "#", "nullValue": "-"},
    )
    assert texts(spark, drop, "#\na;b\n'x;1';-\n# no\n'it\\'s';2\n", declared) == [
        ("it's", "2"),
        ("x;1", "-"),
    ]


def test_files_without_a_header_are_read_by_position(spark: SparkSession, drop: Drop) -> None:
    declared = feed((column("a"), column("b")), options={"header": "false"})
    assert texts(spark, drop, "1,2\n3,4\n", declared) == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("encoding", ["UTF-16", "latin-1", "UTF-16LE"])
def test_other_encodings_are_read(spark: SparkSession, drop: Drop, encoding: str) -> None:
    options = {} if encoding == "UTF-16" else {"encoding": encoding}
    declared = feed((column("a"), column("b")), options=options)
    data = "a,b\n1,café\n".encode(encoding)
    assert texts(spark, drop, data, declared) == [("1", "café")]


def test_compressed_files_are_read(spark: SparkSession, drop: Drop) -> None:
    drop.add("x.csv.gz", gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    assert drop.rows(spark, AB, "a", "b") == [("1", "2"), ("3", "4")]


def test_folders_named_like_partitions_replace_no_column(spark: SparkSession, drop: Drop) -> None:
    drop.add("a=9/1.csv", "a,b\n1,2\n")
    drop.add("a=9/2.csv", "a,b\n3,4\n")
    assert drop.rows(spark, AB, "a", "b") == [("1", "2"), ("3", "4")]


def test_headers_may_hold_any_name(spark: SparkSession, drop: Drop) -> None:
    header = ["_metadata", "_corrupt_record", "field_0", "x.y", "b`q", "_file", "two\nlines", "a"]
    line = ",".join(f'"{name}"' for name in header)
    drop.add("1.csv", f"{line}\n1,2,3,4,5,6,7,8\n")
    drop.add("2.csv", f"{line}\n1,2,3,4,5,6,7,8\n1\n")
    fields = {name: str(i) for i, name in enumerate(header, 1)}
    rows = drop.rows(spark, AB, "a", "_raw", "content_hash", "_malformed")
    unknown = {name: fields[name] for name in sorted(header) if name != "a"}
    raw = json.dumps({"a": "8"} | unknown, separators=(",", ":"))
    whole = ("8", raw, record_hash(fields), None)
    short = (None, "1", malformed_hash("1"), "the row has 1 field, the header 8")
    assert rows == sorted([whole, whole, short], key=repr)


def test_rows_with_a_wrong_number_of_fields_keep_their_text(
    spark: SparkSession, drop: Drop
) -> None:
    declared = feed((column("a"), column("b"), column("c")))
    data = 'a,b,c\n1\n1,2\n1,2,3,4\n"x, ""y""\n",2\n,,,,\n1,2,3\n'
    assert broken(spark, drop, data, declared) == [
        ("the row has 1 field, the header 3", "1"),
        ("the row has 2 fields, the header 3", '"x, ""y""\n",2'),
        ("the row has 2 fields, the header 3", "1,2"),
        ("the row has 4 fields, the header 3", "1,2,3,4"),
        ("the row has 5 fields, the header 3", ",,,,"),
        (None, '{"a":"1","b":"2","c":"3"}'),
    ]


def test_the_hash_of_a_broken_row_is_that_of_its_text(spark: SparkSession, drop: Drop) -> None:
    drop.add("x.csv", "a,b\n1\n1,2,3\n")
    assert drop.rows(spark, AB, "content_hash") == sorted(
        [(malformed_hash("1"),), (malformed_hash("1,2,3"),)]
    )


def test_a_row_of_very_many_fields_breaks_nothing_else(spark: SparkSession, drop: Drop) -> None:
    rows = broken(spark, drop, "a,b\n1,2\n" + "," * 150_000 + "\n3,4\n")
    assert [reason for reason, _ in rows] == ["the row has 150001 fields, the header 2", None, None]


@pytest.mark.parametrize(
    ("ending", "size", "swallowed"),
    [
        ("", 0, ""),
        ("", 0, "\n3,z"),
        ("", 300_000, "\n3,z\n4,\n5"),
        ("\n", 0, ""),
        ("\n", 0, "\n3,z\n4,\n5"),
        ("\n", 300_000, ""),
        ("\r\n", 0, ""),
        ("\r\n", 300_000, "\n3,z"),
    ],
)
def test_a_quote_left_open_in_the_last_field_is_noticed(
    spark: SparkSession, drop: Drop, ending: str, size: int, swallowed: str
) -> None:
    filler = "".join(f'{i},"quoted\n{i}, and so on"\n' for i in range(size // 30))
    data = f'a,b\n{filler}1,x\n2,"y{swallowed}{ending}'
    if ending == "\r\n":
        data = data.removesuffix(ending).replace("\n", ending) + ending
    rows = [row for row in broken(spark, drop, data) if row[0]]
    text = data.rpartition('2,"')[2]
    assert rows == [(NEVER_CLOSED, json.dumps({"a": "2", "b": text}, separators=(",", ":")))]


def test_a_quote_left_open_is_noticed_where_the_end_of_the_file_is_unknown(
    spark: SparkSession, drop: Drop
) -> None:
    filler = "".join(f"{i},{i * i}\n" for i in range(300_000)).encode()
    drop.add("x.csv.gz", gzip.compress(b"a,b\n" + filler + b'1,"y\n3,z\n4,w\n'))
    assert drop.layout(AB, 0).tail is None
    frame = drop.read(spark, AB)
    rows = frame.where("_malformed is not null").select("_malformed", "b").collect()
    assert [tuple(row) for row in rows] == [(NEVER_CLOSED, "y\n3,z\n4,w\n")]


@pytest.mark.parametrize(
    "data",
    [
        'a,b,c\n1,"x,5\n2,"y",6\n3,z,7\n',
        'a,b,c\n0,1,"x\n2,""\n3,"y"\n3,z,7\n',
        'a,b,c\n"1,x,5\n2,y,6\n3,z,7\n',
        'a,b,c\n1,"x,5\n2,y,6\n3,z,7\n',
    ],
)
def test_a_quote_left_open_earlier_is_noticed(spark: SparkSession, drop: Drop, data: str) -> None:
    declared = feed((column("a"), column("b"), column("c")))
    rows = broken(spark, drop, data, declared)
    assert [reason for reason, _ in rows if reason] == [NEVER_CLOSED]


def test_quoted_text_that_only_looks_odd_is_fine(spark: SparkSession, drop: Drop) -> None:
    data = (
        'a,b\n1,"""q"" he said,\nand more"\n2,"x\n"\n3,"a, b\nc, d\n"\n4,"a\n""b"", c"\n'
        '5,"""whole"""\n6,"ab"c\n7,"\n"\n'
    )
    assert texts(spark, drop, data) == [
        ("1", '"q" he said,\nand more'),
        ("2", "x\n"),
        ("3", "a, b\nc, d\n"),
        ("4", 'a\n"b", c'),
        ("5", '"whole"'),
        ("6", '"ab"c'),
        ("7", "\n"),
    ]
    assert {reason for (reason,) in drop.rows(spark, AB, "_malformed")} == {None}


def test_bytes_that_are_not_utf8_are_noticed_in_any_field(spark: SparkSession, drop: Drop) -> None:
    drop.add("1.csv", b"a,b\n1,caf\xe9\n2,fine\n")
    drop.add("2.csv", b"a,b,more\n3,x,\xff\n")
    assert drop.rows(spark, AB, "a", "_malformed") == [
        ("1", "the row is not valid UTF-8"),
        ("2", None),
        ("3", "the row is not valid UTF-8"),
    ]


def test_usual_names_are_read_in_place(spark: SparkSession, drop: Drop) -> None:
    names = [
        "plain.csv",
        "a b+c=d,e;f&g@h!i'j(k)~l$m.csv",
        "ünï 日本 😀 e\u0301.csv",
        "year=2024/_under/x y.csv",
        "trailing .csv",
    ]
    for i, name in enumerate(names):
        assert not needs_safe_copy(f"file://{drop.folder}/{name}")
        drop.add(name, f"a,b\n{i},x\n{i},y\n")
    expected = [(i, str(i)) for i in range(len(names)) for _ in "xy"]
    assert drop.rows(spark, AB, "_file", "a") == expected


def test_each_record_has_its_file_and_what_its_name_says(spark: SparkSession, drop: Drop) -> None:
    declared = feed((column("a"),), captures=(column("day"), column("net")))
    for i in range(40):
        drop.add(f"{i}.csv", f"a\n{i}\n", {"day": f"d{i}"} if i % 2 else {"net": f"n{i}"})
    assert drop.rows(spark, declared, "a", "_file", "day", "net") == sorted(
        [(str(i), i, f"d{i}" if i % 2 else None, None if i % 2 else f"n{i}") for i in range(40)],
        key=repr,
    )


def test_a_record_of_an_unplanned_file_fails_the_query(spark: SparkSession, drop: Drop) -> None:
    for name in ("1.csv", "2.csv", "3.csv"):
        drop.add(name, "a,b\n1,2\n")
    paths = {i: f.uri for i, f in enumerate(drop.files)}
    paths[2] = f"file://{drop.folder}"  # one folder, several files
    frame = read_records(spark, AB, drop.batch, drop.layouts(AB), paths)
    with pytest.raises(Exception, match=r"a record of a file that was not planned: file:.*/3\.csv"):
        frame.collect()


def test_counting_alone_counts_every_record(spark: SparkSession, drop: Drop) -> None:
    drop.add("1.csv", 'a,b\n1,2\n1\n1,2,3\n"x\n,",y\n')
    drop.add("2.csv", "a,b\n1,2\n")
    frame = drop.read(spark, AB)
    assert frame.count() == 5
    assert frame.where("_malformed is not null").count() == 2


def test_a_refused_option_is_named(spark: SparkSession, drop: Drop) -> None:
    drop.add("1.csv", "a,b\n1,2\n")
    declared = feed((column("a"),), options={"mode": "DROPMALFORMED"})
    with pytest.raises(ConfigError, match=r"source.options.mode is refused"):
        drop.read(spark, declared)
