"""What a file's name, or its first bytes, say about its format."""

from __future__ import annotations

import gzip
import zlib

import pytest

from penstock.errors import FileUnreadable
from penstock.model.feed import FileFormat
from penstock.model.formats import COMPRESSIONS, FileKind, format_of, sniff


@pytest.mark.parametrize(
    ("name", "declared", "expected"),
    [
        ("a.csv", "csv", FileKind("csv", None)),
        ("a.txt", "csv", FileKind("csv", None)),
        ("a", "json", FileKind("json", None)),
        ("a.json", "csv", FileKind("csv", None)),
        ("a.csv.gz", "csv", FileKind("csv", "gz")),
        ("a.CSV", "auto", FileKind("csv", None)),
        ("a.json", "auto", FileKind("json", None)),
        ("a.jsonl.bz2", "auto", FileKind("json", "bz2")),
        ("a.ndjson", "auto", FileKind("json", None)),
        ("a.b.c.csv.zst", "auto", FileKind("csv", "zst")),
        ("network_3_transactions_2024_09_20", "auto", FileKind(None, None)),
        ("network_3.2024", "auto", FileKind(None, None)),
        ("network_3.gz", "auto", FileKind(None, "gz")),
        ("network_3.part.deflate", "auto", FileKind(None, "deflate")),
    ],
)
def test_the_name_tells_format_and_compression(
    name: str, declared: FileFormat, expected: FileKind
) -> None:
    assert format_of(f"s3://drops/v1.zip/{name}", declared) == expected


@pytest.mark.parametrize("codec", sorted(COMPRESSIONS))
def test_everything_spark_decompresses_is_accepted(codec: str) -> None:
    assert format_of(f"file:///d/a.csv.{codec}", "auto") == FileKind("csv", codec)


@pytest.mark.parametrize(
    ("name", "declared", "reason"),
    [
        (
            "a.csv.zip",
            "csv",
            "Spark cannot unpack .zip: deliver it plain or as "
            ".bz2, .deflate, .gz, .lz4, .snappy, .zst",
        ),
        (
            "a.tar.gz",
            "csv",
            "Spark cannot unpack .tar: deliver it plain or as "
            ".bz2, .deflate, .gz, .lz4, .snappy, .zst",
        ),
        (
            "a.csv.XZ",
            "auto",
            "Spark cannot unpack .xz: deliver it plain or as "
            ".bz2, .deflate, .gz, .lz4, .snappy, .zst",
        ),
        ("a.csv.GZ", "csv", "Spark decompresses only names in lower case: rename .GZ to .gz"),
        ("a.parquet", "auto", ".parquet is neither csv nor json"),
        (
            "a.snappy",
            "auto",
            "its name does not tell csv from json inside .snappy: "
            "name it .csv.snappy or .json.snappy, or set source.format",
        ),
    ],
)
def test_a_file_spark_cannot_read_is_refused_with_a_remedy(
    name: str, declared: FileFormat, reason: str
) -> None:
    with pytest.raises(FileUnreadable) as caught:
        format_of(f"s3://drops/{name}", declared)
    assert caught.value.uri == f"s3://drops/{name}"
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"id": 1}', "json"),
        (b'\n  [{"id": 1}]', "json"),
        (b'\xef\xbb\xbf\r\n{"id": 1}', "json"),
        (b"id,name\n1,{a}\n", "csv"),
        (b'"{id}",name\n', "csv"),
        (b"\xef\xbb\xbfid\n", "csv"),
        (b"", "csv"),
        (b" \n\t", "csv"),
    ],
)
def test_the_first_character_tells_json_from_csv(head: bytes, expected: str) -> None:
    assert sniff(head) == expected


@pytest.mark.parametrize(
    ("content", "expected"), [(b'{"id": 1}\n' * 9999, "json"), (b"id,name\n" * 9999, "csv")]
)
def test_a_compressed_beginning_is_enough(content: bytes, expected: str) -> None:
    assert sniff(gzip.compress(content, 0)[:4096], "gz") == expected
    assert sniff(zlib.compress(content, 0)[:4096], "deflate") == expected


def test_a_broken_compression_is_left_to_the_reader() -> None:
    assert sniff(b"{not gzip}", "gz") == "csv"
