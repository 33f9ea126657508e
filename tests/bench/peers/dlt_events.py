"""dlt into Postgres by its Arrow path: pyarrow parses the CSV, dlt writes Parquet, ADBC copies it.

Runs in an environment of its own (requirements-dlt.txt). Cells that are no timestamp or number
become NULL, rows with too few or too many fields are skipped, as ``pyarrow.csv`` can; nothing is
held back with a reason, and no processing month is cut out.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import dlt  # type: ignore[import-not-found]  # it lives in an environment of its own
import pyarrow as pa
import pyarrow.compute as pc
from dlt.destinations import postgres  # type: ignore[import-not-found]  # likewise
from pyarrow import csv

COLUMNS = (
    "id",
    "timestamp",
    "user_id",
    "email",
    "country",
    "uri",
    "action",
    "tags",
    "duration_ms",
    "comment",
)
_DAY = (
    r"((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2\d))"
)
INSTANT = rf"^\d{{4}}-{_DAY}[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{{1,6}})?(Z|[+-]\d\d:\d\d)?$"
ZONE = r"(Z|[+-]\d\d:\d\d)$"
NUMBER = r"^-?\d{1,9}$"


def instants(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """ISO texts as instants; those without a zone are UTC, anything else is NULL."""
    text = pc.utf8_trim_whitespace(text)
    text = pc.if_else(pc.match_substring_regex(text, INSTANT), text, None)
    zoned = pc.match_substring_regex(text, ZONE)
    return pc.cast(
        pc.if_else(zoned, text, pc.binary_join_element_wise(text, "Z", "")),
        pa.timestamp("us", tz="UTC"),
    )


def numbers(text: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(text)
    return pc.cast(pc.if_else(pc.match_substring_regex(text, NUMBER), text, None), pa.int32())


def tables(folder: Path, *, keyed: bool) -> Iterator[pa.Table]:
    """A typed table per file; ``keyed`` leaves out records without an id, which no merge takes."""
    parse = csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip")
    convert = csv.ConvertOptions(
        column_types={name: pa.string() for name in COLUMNS}, strings_can_be_null=True
    )
    for path in sorted(folder.glob("*.csv*")):
        table = csv.read_csv(path, parse_options=parse, convert_options=convert)
        for name, typed in (("timestamp", instants), ("duration_ms", numbers)):
            table = table.set_column(table.schema.get_field_index(name), name, typed(table[name]))
        yield table.filter(pc.is_valid(table["id"])) if keyed else table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="PENSTOCK_BENCH_URL in the environment names the database."
    )
    parser.add_argument("--drops", type=Path, required=True, help="folder that holds events/")
    parser.add_argument("--schema", required=True, help="target schema; the table is events")
    parser.add_argument("--work", type=Path, required=True, help="scratch, empty")
    parser.add_argument("--disposition", choices=("append", "merge"), default="append")
    parser.add_argument("--format", choices=("parquet", "csv", "insert_values"), default="parquet")
    options = parser.parse_args()
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
        "NORMALIZE__WORKERS": str(os.cpu_count()),
        "LOAD__WORKERS": str(os.cpu_count()),
        # A Parquet file per source file, so that the loader has something to do in parallel.
        "DATA_WRITER__FILE_MAX_ITEMS": "100000",
    }
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(options.work / "pipelines"),
        destination=postgres(os.environ["PENSTOCK_BENCH_URL"]),
        dataset_name=options.schema,
    )
    events = dlt.resource(
        lambda: tables(options.drops / "events", keyed=options.disposition == "merge"),
        name="events",
        primary_key="id" if options.disposition == "merge" else None,
        write_disposition=options.disposition,
    )
    pipeline.run(events, loader_file_format=options.format).raise_on_failed_jobs()


if __name__ == "__main__":
    main()
