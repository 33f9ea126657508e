"""JSON lines and documents, good and broken, as records of text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from penstock.model import DedupeStep
from penstock.read import extend, field_names
from tests.support.drops import Drop
from tests.support.feeds import column, feed
from tests.support.record_hash import json_fields, malformed_hash, record_hash

AB = feed((column("a"), column("b")), format="json", evolution="rescue")
NO_OBJECT = "it is not one JSON object"


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def rows(spark: SparkSession, drop: Drop, data: str | bytes, *names: str) -> list[Any]:
    drop.add("x.json", data)
    return drop.rows(spark, AB, *names)


@pytest.mark.usefixtures("ansi")
def test_the_columns_are_those_of_the_contract(spark: SparkSession, drop: Drop) -> None:
    declared = feed(
        (column("n", "int"), column("Full Name", source="name"), column("gone")),
        captures=(column("day", "date"),),
        format="json",
        evolution="rescue",
    )
    line = '{"name": "Ann", "n": 1.50, "extra": {"z": [1.0, "x"]}, "none": null}'
    drop.add("x.json", line, {"day": "2024-10-01"})
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
    assert [tuple(row) for row in frame.collect()] == [
        (
            "1.50",
            "Ann",
            None,
            "2024-10-01",
            0,
            record_hash(json_fields(line)),
            json.dumps({"extra": '{"z":[1.0,"x"]}'}, separators=(",", ":")),
            None,
            line,
        )
    ]


NUMBERS = [
    "12345678901234567.89",
    "1234567890123456789.0123456789",
    "12345678901234567890123456789012345678901234567890",
    "1.10",
    "100.00",
    "-0",
    "-0.0",
    "0",
    "1e5",
    "1E+5",
    "-2.50e-7",
    "1e400",
]


def test_numbers_keep_their_text_at_any_depth(spark: SparkSession, drop: Drop) -> None:
    lines, expected = [], []
    for number in NUMBERS:
        nested = f'[{number},{{"c":{number}}}]'
        lines += [
            f'{{"a":{number},"b":[{number},{{"c":{number}}}]}}',
            f'{{ "a" : {number} , "b" : [ {number} , {{"c" : {number} }} ] }}',
            f'{{"a":"x:{number},","b":{number}}}',
        ]
        expected += [(number, nested), (number, nested), (f"x:{number},", number)]
    assert rows(spark, drop, "\n".join(lines), "a", "b") == sorted(expected, key=repr)


def test_values_of_every_kind_become_their_text(spark: SparkSession, drop: Drop) -> None:
    lines = [
        '{"a":"x","b":true}',
        '{"a":" ","b":false}',
        '{"a":null}',
        '{"a":"","b":[]}',
        '{"a":"\\u00e9\\n\\"\\ud83d\\ude00","b":{}}',
        '{"a":"{not json","b":"[1.0,"}',
        "{}",
    ]
    assert rows(spark, drop, "\n".join(lines), "a", "b", "_malformed") == sorted(
        [
            ("x", "true", None),
            (" ", "false", None),
            (None, None, None),
            (None, "[]", None),
            ('é\n"😀', "{}", None),
            ("{not json", "[1.0,", None),
            (None, None, None),
        ],
        key=repr,
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_blank_lines_and_line_ends_are_no_records(
    spark: SparkSession, drop: Drop, end: str, mark: str
) -> None:
    data = mark + end.join(['{"a":1}', "", "  \t", '  {"a":2}  ', ""])
    assert rows(spark, drop, data, "a", "_malformed") == [("1", None), ("2", None)]


BROKEN = [
    '{"a":1} {"a":2}',
    '{"a":1},{"a":2}',
    '{"a":1}]',
    '{"a":1}] {"a":2}',
    '{"a":1} more',
    '{"a":1',
    "[1]",
    '[{"a":1}]',
    '"x"',
    "42",
    "null",
    "true",
    "a,b",
    "{'a':1}",
    "{a:1}",
    '{"a":NaN}',
    '{"a":01}',
    '{"a":5.}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":1,}',
    '{"a":"tab\tinside"}',
    '{"a":{"b":1,}}',
]


def test_a_line_that_is_not_one_object_is_broken(spark: SparkSession, drop: Drop) -> None:
    names = ("a", "b", "_malformed", "_raw", "content_hash")
    found = rows(spark, drop, "\n".join(['{"a":1}', *BROKEN]), *names)
    broken = [(None, None, NO_OBJECT, line, malformed_hash(line)) for line in BROKEN]
    fine = ("1", None, None, '{"a":1}', record_hash({"a": "1"}))
    assert found == sorted([fine, *broken], key=repr)


def test_an_object_whose_keys_are_ambiguous_is_broken(spark: SparkSession, drop: Drop) -> None:
    twice, case = "it has a key twice", "it has keys that differ in case only"
    lines = {
        '{"a":1,"a":2}': twice,
        '{"a" : 1, "a" :2}': twice,
        '{"a":1,"x":{"a":1},"a":{}}': twice,
        '{"a":1,"A":2}': case,
        '{"x":1,"X":2}': case,
        '{"a" : 1, "b" : 2}': None,
        '{"a":"x\\":y\\":","b":"\\" :"}': None,
        '{"a":{"a":1},"b":{"a":2}}': None,
        '{"a":[{"b":1},{"b":1}]}': None,
    }
    found = rows(spark, drop, "\n".join(lines), "_raw", "_malformed")
    assert found == sorted(lines.items(), key=repr)


def test_bytes_that_are_not_utf8_are_noticed(spark: SparkSession, drop: Drop) -> None:
    data = b'{"a":"caf\xe9"}\n{"a":1,"x":"\xff"}\n{"\xfe":1}\n{"a":2}\n\xff\n'
    assert rows(spark, drop, data, "_malformed", "_raw") == sorted(
        [
            ("it is not valid UTF-8", '{"a":"caf\ufffd"}'),
            ("it is not valid UTF-8", '{"a":1,"x":"\ufffd"}'),
            ("it is not valid UTF-8", '{"\ufffd":1}'),
            (None, '{"a":2}'),
            (NO_OBJECT, "\ufffd"),
        ],
        key=repr,
    )


def test_keys_match_declared_columns_whatever_their_case(spark: SparkSession, drop: Drop) -> None:
    data = '{"A":1,"b":2}\n{"B":3,"C":4}\n{"a":1,"b":2}\n'
    assert rows(spark, drop, data, "a", "b", "_rescued_data", "content_hash") == sorted(
        [
            ("1", "2", None, record_hash({"a": "1", "b": "2"})),
            ("1", "2", None, record_hash({"a": "1", "b": "2"})),
            (None, "3", '{"C":"4"}', record_hash({"b": "3", "C": "4"})),
        ],
        key=repr,
    )


def test_unknown_fields_are_rescued_as_text_in_name_order(spark: SparkSession, drop: Drop) -> None:
    data = '{"z":1.0,"y":null,"a":1,"x":{"k":[2.50]},"e":""}\n{"y":null}\n'
    rescued = json.dumps({"e": "", "x": '{"k":[2.50]}', "z": "1.0"}, separators=(",", ":"))
    assert rows(spark, drop, data, "_rescued_data") == [(rescued,), (None,)]


def test_unknown_fields_are_dropped_where_the_feed_says_so_yet_hashed(
    spark: SparkSession, drop: Drop
) -> None:
    drop.add("x.json", '{"a":1,"z":2}\n')
    declared = feed((column("a"),), format="json", evolution="none")
    assert drop.rows(spark, declared, "_rescued_data", "content_hash") == [
        (None, record_hash({"a": "1", "z": "2"}))
    ]


def test_records_with_new_fields_are_broken_where_there_must_be_none(
    spark: SparkSession, drop: Drop
) -> None:
    drop.add("x.json", '{"A":1}\n{"a":1,"y":2,"x":3}\n')
    declared = feed((column("a"),), format="json", evolution="fail_on_new_columns")
    assert drop.rows(spark, declared, "a", "_malformed") == [
        ("1", "it has fields the feed does not declare: y, x"),
        ("1", None),
    ]


def test_new_fields_become_columns_where_the_feed_says_so(spark: SparkSession, drop: Drop) -> None:
    drop.add("1.json", '{"a":1,"z":"x"}\n{"broken\n{"New One":2.50}\n')
    drop.add("2.json", '[{"y":{"k":1}}]')
    declared = feed((column("a"),), format="json", evolution="add_new_columns")
    paths = {i: f.uri for i, f in enumerate(drop.files)}
    names = field_names(spark, declared, drop.layouts(declared), paths)
    assert names == ("New One", "a", "y", "z")
    found = drop.rows(spark, extend(declared, names), "a", "New_One", "y", "z", "_rescued_data")
    assert found == sorted(
        [
            ("1", None, None, "x", None),
            (None, "2.50", None, None, None),
            (None, None, '{"k":1}', None, None),
            (None, None, None, None, None),
        ],
        key=repr,
    )


@pytest.mark.parametrize(
    "document",
    [
        '[{"a":1.10,"b":"x:1.5,y"},{"a":2,"b":{"k":[12345678901234567.89]}}]',
        '\ufeff[\n {"a": 1.10, "b": "x:1.5,y"},\n'
        ' {"a": 2, "b": {"k": [12345678901234567.89]}}\n]\n',
    ],
)
def test_an_array_is_one_record_per_element(spark: SparkSession, drop: Drop, document: str) -> None:
    assert rows(spark, drop, document, "a", "b", "_malformed", "_file") == [
        ("1.10", "x:1.5,y", None, 0),
        ("2", '{"k":[12345678901234567.89]}', None, 0),
    ]


def test_a_pretty_printed_object_is_one_record(spark: SparkSession, drop: Drop) -> None:
    found = rows(spark, drop, '{\n  "a": 1.10,\n  "b": null\n}\n', "a", "b", "_raw")
    assert found == [("1.10", None, '{\n  "a": 1.10,\n  "b": null\n}')]


def test_elements_that_are_no_objects_are_broken_one_by_one(
    spark: SparkSession, drop: Drop
) -> None:
    found = rows(spark, drop, '[1.50, null, "s", [], {"a": 2.0}]', "a", "_malformed", "_raw")
    assert found == sorted(
        [
            (None, NO_OBJECT, "1.50"),
            (None, NO_OBJECT, "null"),
            (None, NO_OBJECT, "s"),
            (None, NO_OBJECT, "[]"),
            ("2.0", None, '{"a":2.0}'),
        ],
        key=repr,
    )


@pytest.mark.parametrize("document", ['[{"a":1},\n{"a":2}', '[{"a":1}] [{"a":2}]', '{"a":1,\n'])
def test_a_document_that_does_not_parse_is_one_broken_record(
    spark: SparkSession, drop: Drop, document: str
) -> None:
    assert rows(spark, drop, document, "a", "_malformed", "_raw") == [
        (None, NO_OBJECT, document.strip())
    ]


def test_an_empty_array_has_no_records(spark: SparkSession, drop: Drop) -> None:
    assert rows(spark, drop, "[\n]", "a") == []


NESTED = [
    '{"a":{"x":1.0,"y":[1,{"q":true,"p":"é😀"}]}}',
    '{"a":{"y":[1,{"p":"\\u00e9\\ud83d\\ude00","q":true}],"x":1.0}}',
    '{ "a" : { "y" : [ 1, { "p":"é😀", "q" : true } ] , "x" : 1.0 }, "b": null }',
]
UNLIKE = [
    '{"a":{"x":1,"y":[1,{"q":true,"p":"é😀"}]}}',
    '{"a":{"x":1.0,"y":[1,{"q":"true","p":"é😀"}]}}',
    '{"a":{"x":"1.0","y":[1,{"q":true,"p":"é😀"}]}}',
    '{"a":{"x":1.0,"y":["1",{"q":true,"p":"é😀"}]}}',
    '{"a":{"x":1.0,"y":[{"q":true,"p":"é😀"},1]}}',
    '{"a":{"x":1.0,"y":"[1,{\\"q\\":true}]"}}',
    '{"a":{"x":1.0,"y":[1,{"q":true,"p":null}]}}',
    '{"a":{"x":1.0,"y":[1,{"q":true}]}}',
    '{"a":[]}',
    '{"a":{}}',
    '{"a":[[]]}',
    '{"a":[null]}',
    '{"a":"[1"}',
    '{"a":"{\\"x\\":1} y"}',
    '{"a":"{\\"x\\":1} z"}',
]


@pytest.mark.usefixtures("ansi")
def test_nested_values_are_equal_whatever_the_order_of_their_keys(
    spark: SparkSession, drop: Drop
) -> None:
    assert rows(spark, drop, "\n".join(NESTED), "content_hash") == [
        (record_hash(json_fields(NESTED[0])),)
    ] * len(NESTED)


def test_nested_values_that_differ_have_different_hashes(spark: SparkSession, drop: Drop) -> None:
    lines = [NESTED[0], *UNLIKE]
    expected = sorted((record_hash(json_fields(line)),) for line in lines)
    assert rows(spark, drop, "\n".join(lines), "content_hash") == expected
    assert len(set(expected)) == len(lines)


def test_ignored_fields_do_not_count_for_the_hash(spark: SparkSession, drop: Drop) -> None:
    step = DedupeStep(ignore=("A", "seen", "Other"))
    declared = feed(
        (column("a"), column("seen", source="seen_at")), format="auto", transform=(step,)
    )
    drop.add("x.json", '{"a":1,"seen_at":2,"other":3,"b":4}\n{"b":4,"SEEN_AT":{"x":1}}\n')
    drop.add("x.csv", "b,Seen_At\n4,9\n")
    assert drop.rows(spark, declared, "content_hash") == [(record_hash({"b": "4"}),)] * 3


def test_csv_and_json_records_of_equal_text_are_equal(spark: SparkSession, drop: Drop) -> None:
    declared = feed((column("a"), column("b")), format="auto")
    drop.add("x.json", '{"b":"x","a":1.50,"c":""}\n')
    drop.add("y.csv", "a,b\n1.50,x\n")
    hashes = drop.rows(spark, declared, "content_hash")
    assert hashes == [(record_hash({"a": "1.50", "b": "x"}),)] * 2


def test_counting_alone_counts_every_record(spark: SparkSession, drop: Drop) -> None:
    drop.add("1.json", '{"a":1}\nbroken\n\n[1]\n')
    drop.add("2.json", '[{"a":1},\n2]')
    assert drop.read(spark, AB).count() == 5
