"""What a file's first bytes say of it; nothing here needs a JVM."""

from __future__ import annotations

import bz2
import gzip
import random
import zlib
from typing import Any

import pytest

from penstock.errors import ConfigError, FileUnreadable
from penstock.model import EmailCompanyStep
from penstock.read import Layout, extend, head_bytes, inspect
from penstock.read.layout import group, unknown_fields
from tests.support.feeds import column, feed

AB = (column("a"), column("b"))


def look(data: str | bytes, name: str = "x.csv", **settings: Any) -> Layout:
    content = data.encode() if isinstance(data, str) else data
    settings.setdefault("format", "auto")
    uri = f"file:///drops/{name}"
    head = content[: head_bytes(uri)]
    return inspect(feed(AB, **settings), uri, head, len(content))


def reason(data: str | bytes, name: str = "x.csv", **settings: Any) -> str:
    with pytest.raises(FileUnreadable) as caught:
        look(data, name, **settings)
    assert caught.value.uri == f"file:///drops/{name}"
    return caught.value.reason


@pytest.mark.parametrize(
    ("data", "options", "fields"),
    [
        ("a,b\n1,2\n", {}, ("a", "b")),
        ("a,b", {}, ("a", "b")),
        ("\n\n\na,b\n", {}, ("a", "b")),
        ("b;a\n", {"sep": ";"}, ("b", "a")),
        ("b\ta\n", {"delimiter": "\\t"}, ("b", "a")),
        ("b||a\n", {"sep": "||"}, ("b", "a")),
        ('"a, the ""first""\nof two",b\n', {}, ('a, the "first"\nof two', "b")),
        ("a,b\r1,2\r", {}, ("a", "b")),
        ("'a,x',b\n", {"quote": "'"}, ("a,x", "b")),
        ('"a\\"x",b\n', {"escape": "\\"}, ('a"x', "b")),
        ("# made by\n\n#\na,b\n", {"comment": "#"}, ("a", "b")),
        ("1,2\n", {"header": "false"}, ("a", "b")),
        (" a ,\tb\n", {}, (" a ", "\tb")),
        ("\ufeffa,b\n", {}, ("a", "b")),
        ("a,b;1,2;", {"lineSep": ";"}, ("a", "b")),
    ],
)
def test_the_header_is_parsed_as_spark_will(
    data: str, options: dict[str, str], fields: tuple[str, ...]
) -> None:
    assert look(data, options=options) == Layout(format="csv", fields=fields)


def test_a_header_may_end_in_cr_lf() -> None:
    assert look('"a",b\r\n1,2\r\n') == Layout(format="csv", fields=("a", "b"), crlf=True)


@pytest.mark.parametrize("data", ["", "\n\n", "\ufeff", "  \r\n"])
@pytest.mark.parametrize("name", ["x.csv", "x.json"])
def test_a_file_of_nothing_is_fine_and_has_no_records(data: str, name: str) -> None:
    layout = look(data, name)
    assert layout.empty
    assert group({0: layout}) == []


def test_an_empty_file_of_a_compressed_name_is_fine() -> None:
    assert look(b"", "x.csv.gz").empty
    assert look(gzip.compress(b""), "x.csv.gz").empty


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("a,,b\n", "field 2 of its header has no name"),
        ("a,b,\n1,2,\n", "field 3 of its header has no name"),
        ("a,b, A \n", "its header has the name 'A' twice"),
        (b"a,b\xe9\n1,2\n", "its header is not valid UTF-8"),
        (b"a\x00,b\n", "it is not text: its first line holds a NUL character"),
        ('a,"b\n1,2\n', "its header has no end; is a quote left open?"),
        ("a," + "b" * 300_000, "its header has no end; is a quote left open?"),
        ("1,2\n", "its header has none of the declared columns: 1, 2"),
        (" " * 300_000, "it begins with nothing but blanks"),
        ("\ufeffa".encode("utf-32"), "it is UTF-32; save it as UTF-8"),
    ],
)
def test_a_header_that_names_no_columns_makes_the_file_unreadable(
    data: str | bytes, said: str
) -> None:
    assert reason(data) == said


def test_utf16_is_told_by_its_byte_order_mark() -> None:
    assert look("a,b\n1,é\n".encode("utf-16")) == Layout(
        format="csv", fields=("a", "b"), encoding="UTF-16"
    )


def test_the_encoding_is_the_option_s() -> None:
    layout = look("a,b\n1,é\n".encode("latin-1"), options={"encoding": "ISO-8859-1"})
    assert layout == Layout(format="csv", fields=("a", "b"), encoding="ISO-8859-1")


@pytest.mark.parametrize("encoding", ["utf-9", "windows-1252"])
def test_an_encoding_that_spark_does_not_read_is_a_wrong_setting(encoding: str) -> None:
    with pytest.raises(ConfigError, match=r"conf/feeds/things.yml: source.options.encoding"):
        look("a,b\n", options={"charset": encoding})


@pytest.mark.parametrize("lead", ["", "\ufeff", " \n\n"])
@pytest.mark.parametrize(
    ("data", "document"),
    [
        ('{"a": 1}\n{"a": 2}\n', False),
        ('{"a": 1}', False),
        ('{"a": "{"}\n', False),
        ('{"a": 1\n{"a": 2}\n', False),
        ("nonsense\n", False),
        ("42\n", False),
        ('[{"a": 1}]', True),
        ('[{"a": 1}]\n', True),
        ('[{"a": 1},\n{"a": 2}]\n', True),
        ("[\n", True),
        ("[1]\n[2]\n", False),
        ('{\n  "a": 1\n}\n', True),
        ('{"a": {\n  "b": 1}}', True),
        ('{"a": 1,\n', True),
        ('{"a": "' + "x" * 300_000 + '"}\n{"a": 1}\n', False),
        ("[" + '{"a": 1},' * 100_000 + '{"a": 2}]', True),
    ],
)
def test_one_json_document_is_told_from_json_lines(lead: str, data: str, document: bool) -> None:
    assert look(lead + data, "x.json") == Layout(format="json", document=document)


def test_the_option_settles_what_an_object_s_first_line_leaves_open() -> None:
    assert look('{"a": 1,\n', "x.json", options={"multiLine": "false"}).document is False
    assert look('{"a": 1}\n', "x.json", options={"multiline": "TRUE"}).document is True


def test_json_must_be_utf8() -> None:
    said = reason('{"a": 1}'.encode("utf-16"), "x.json")
    assert said == "JSON must be UTF-8 (RFC 8259), and it is UTF-16"


def test_a_document_too_large_to_parse_at_once_is_unreadable() -> None:
    with pytest.raises(FileUnreadable, match="one JSON document of more than 512 MB"):
        inspect(feed(AB, format="json"), "file:///x.json", b'[{"a": 1},', 600 * 1024**2)


@pytest.mark.parametrize(
    ("name", "format", "data", "expected"),
    [
        ("x.csv", "auto", "a,b\n", "csv"),
        ("X.JSONL", "auto", '{"a": 1}', "json"),
        ("x", "auto", ' {"a": 1}', "json"),
        ("x", "auto", "a,b\n", "csv"),
        ("x.json", "csv", "a,b\n", "csv"),
        ("x.csv", "json", '{"a": 1}', "json"),
    ],
)
def test_the_format_is_declared_or_told_by_the_name_or_the_content(
    name: str, format: str, data: str, expected: str
) -> None:
    assert look(data, name, format=format).format == expected


def text(size: int) -> bytes:
    rows = random.Random(1).randbytes(size // 2).hex()
    return f"a,b\n1,{rows}\n2,end\n".encode()


PACK = {"gz": gzip.compress, "bz2": bz2.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("extension", PACK)
@pytest.mark.parametrize("size", [100, 3_000_000])
def test_compressed_files_are_looked_into(extension: str, size: int) -> None:
    layout = look(PACK[extension](text(size)), f"x.csv.{extension}")
    assert layout == Layout(format="csv", fields=("a", "b"))
    assert layout.tail == (None if size > 1_000_000 else text(size).decode()[-200:])


def test_all_members_of_a_gzip_are_read() -> None:
    layout = look(gzip.compress(b"a,b\n") + gzip.compress(b"1,x\n"), "x.csv.gz")
    assert layout.tail == "a,b\n1,x\n"


@pytest.mark.parametrize("extension", PACK)
def test_compressed_data_that_is_cut_short_or_broken_is_unreadable(extension: str) -> None:
    data = PACK[extension](text(1000))
    name = f"x.csv.{extension}"
    assert reason(data[:-9], name) == f"its .{extension} data is cut short"
    broken = data[:20] + bytes(255 - b for b in data[20:60]) + data[60:]
    assert reason(broken, name).startswith(f"its .{extension} data is ")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.csv.gz", b"a,b\n", "it is not gzip, though its name ends in .gz"),
        ("x.csv.bz2", b"a,b\n", "it is not bzip2, though its name ends in .bz2"),
        (
            "x.csv",
            gzip.compress(b"a,b\n"),
            "it is compressed by gzip, and its name does not say so",
        ),
        ("x.csv.zst", b"a", "its header cannot be seen inside .zst; use .gz or .bz2"),
    ],
)
def test_a_name_that_lies_about_compression_makes_the_file_unreadable(
    name: str, data: bytes, said: str
) -> None:
    assert reason(data, name) == said


def test_the_tail_is_the_end_of_the_file() -> None:
    data = b"a,b\r\n" + b"1,x\r\n" * 100_000 + b'2,"open\r\n'
    uri = "file:///drops/x.csv"
    large = inspect(feed(AB), uri, data[:300_000], len(data), data[-1024:])
    assert large.tail == ("1,x\r\n" * 100 + '2,"open\r\n')[-200:]
    assert inspect(feed(AB), uri, data[:300_000], len(data)).tail is None


@pytest.mark.parametrize(
    ("data", "crlf"),
    [
        ("a,b\n1,2\n", False),
        ('a,b\n1,"x\r\ny"\n', False),
        ("a,b\r\n1,2\r\n", True),
        ('a,b\r\n1,"x\ny"\r\n', True),
        ("a,b\r\n1,2\n", True),
        ("a,b\n1,2\r\n", True),
    ],
)
def test_lines_that_end_in_cr_lf_are_noticed(data: str, crlf: bool) -> None:
    assert look(data) == Layout(format="csv", fields=("a", "b"), crlf=crlf)


def test_files_of_equal_layout_are_one_group_whatever_their_tails() -> None:
    names = {0: "b,a\n1,2\n", 1: "a,b\n", 3: "b,a\n9,9\n", 4: "", 5: "a,b\n3,4\n"}
    groups = group({i: look(data) for i, data in names.items()})
    assert groups == [
        (Layout(format="csv", fields=("b", "a")), (0, 3)),
        (Layout(format="csv", fields=("a", "b")), (1, 5)),
    ]


def test_fields_match_declared_columns_by_name_whatever_the_case() -> None:
    declared = feed((column("id", source="ID"), column("n")), captures=(column("day"),))
    assert unknown_fields(declared, ("id", "N", "day", "m")) == ("day", "m")


def test_new_columns_make_a_file_unreadable_where_they_must_not_be() -> None:
    said = reason("x,A,y\n", evolution="fail_on_new_columns")
    assert said == "the feed declares no such columns, and they must not be new: x, y"


def test_new_columns_are_added_under_names_that_tables_can_have() -> None:
    step = EmailCompanyStep(column="a")
    declared = feed(AB, captures=(column("day"),), transform=(step,))
    names = ["B", "Order Date", "company", "_loaded_at", "day", "x.y", "X.Y", "order_date", "%"]
    added = extend(declared, [*names, "n" * 80, "n" * 79])
    assert added.columns == (
        *AB,
        column("Order_Date", source="Order Date"),
        column("company_2", source="company"),
        column("loaded_at", source="_loaded_at"),
        column("day_2", source="day"),
        column("x_y", source="x.y"),
        column("order_date_2", source="order_date"),
        column("column", source="%"),
        column("n" * 63, source="n" * 80),
        column("n" * 61 + "_2", source="n" * 79),
    )


def test_a_feed_without_new_columns_stays_the_same() -> None:
    declared = feed(AB)
    assert extend(declared, ["A", "b"]) is declared
