"""CSV files of one layout as rows of text, with a reason for each row that does not parse.

Spark's parser leaves three kinds of broken rows unmarked: a quote left open in the last field
swallows the rest of the file; one left open earlier swallows rows up to the next quote; and bytes
that are not valid in the encoding become U+FFFD, so that different records look equal. All three
are found here. One loss is not: the parser drops some NULs behind a line break or
a doubled quote in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from penstock.model import Feed
from penstock.read.files import FILE_END, FILE_PATH, FILE_TAIL
from penstock.read.layout import Layout
from penstock.read.options import dialect, lowered
from penstock.transform.frames import quoted

CORRUPT = "corrupt"
"""Internal column: the raw text of a row whose number of fields is wrong, or NULL."""

_BEGIN = "\0"
_MAX_COLUMNS = "200000"
_OWN = ("encoding", "charset", "nullvalue", "timezone", "locale")


def field_column(index: int) -> str:
    """Internal name of field number ``index`` of the header."""
    return f"field_{index}"


def scan(spark: SparkSession, feed: Feed, layout: Layout, paths: Sequence[str]) -> DataFrame:
    """Read files of equal layout, every field as text.

    :returns: ``field_0`` ... (string), ``corrupt`` (string), ``file_path`` (string).
    """
    names = _schema_names(layout.fields)
    corrupt = _unused("_corrupt_record", names)
    options = {
        "header": "true",
        "multiLine": "true",
        "quote": '"',
        "escape": '"',
        "ignoreLeadingWhiteSpace": "false",
        "ignoreTrailingWhiteSpace": "false",
        "maxCharsPerColumn": "-1",
        "maxColumns": _MAX_COLUMNS,
    }
    theirs = {n: v for n, v in lowered(feed.source.options).items() if n not in _OWN}
    if "quote" in theirs:
        theirs.setdefault("escape", theirs["quote"])
    options = {n: v for n, v in options.items() if n.lower() not in theirs} | theirs
    rows = (
        spark.read.schema(StructType([StructField(n, StringType()) for n in (*names, corrupt)]))
        .options(**options)
        .options(
            mode="PERMISSIVE",
            columnNameOfCorruptRecord=corrupt,
            columnPruning="false",
            enforceSchema="true",
            encoding=layout.encoding,
            nullValue="",
            emptyValue="",
            # Without it, folders named like year=2024 would replace the files' own columns.
            recursiveFileLookup="true",
            ignoreCorruptFiles="false",
            ignoreMissingFiles="false",
        )
    )
    if layout.crlf:
        # Where CR LF ends lines, the parser turns the CR LF in quoted fields into LF as well.
        rows = rows.option("lineSep", "\n")
    read = rows.csv(list(paths)).select(
        *(F.col(quoted(n)).alias(field_column(i)) for i, n in enumerate(names)),
        F.col(quoted(corrupt)).alias(CORRUPT),
        F.col("_metadata.file_path").alias(FILE_PATH),
    )
    return _without_returns(read, len(names)) if layout.crlf else read


def _without_returns(rows: DataFrame, fields: int) -> DataFrame:
    """Lines were taken to end in LF: take the CR before it off, and drop lines of nothing else."""
    first, last = field_column(0), field_column(fields - 1)
    blank = F.col(first) == "\r"
    if fields > 1:
        # What the parser gives as the text of such a line differs from version to version.
        blank &= F.col(CORRUPT).isin("", "\r")
    rows = rows.where(~F.coalesce(blank, F.lit(False)))
    text = _without_return(last)
    return rows.withColumns({last: F.when(text != "", text), CORRUPT: _without_return(CORRUPT)})


def _without_return(name: str) -> Column:
    text = F.col(name)
    return F.when(text.endswith("\r"), F.left(text, F.length(text) - 1)).otherwise(text)


def malformed(feed: Feed, layout: Layout) -> Column:
    """Why a row of ``scan`` with what ``attach_file`` adds does not parse, or NULL.

    :returns: string, one clause for people.
    """
    rules = dialect(feed)
    fields = [F.col(field_column(i)) for i in range(len(layout.fields))]
    corrupt, undecodable = F.col(CORRUPT), F.lit("\ufffd")
    # All fields at once, which is cheaper than each: NUL begins each of them.
    row = F.concat_ws(_BEGIN, F.lit(""), *fields)
    odd = corrupt.isNotNull() | row.contains(undecodable)
    reason = F.when(corrupt.isNotNull(), _wrong_number(corrupt, feed, len(fields)))
    if rules.quote and rules.multiline:
        open_end = _open_end(fields, rules.quote, rules.separator)
        odd |= row.contains(_BEGIN + rules.quote) | open_end
        swallowed = row.rlike(_swallowed(rules.quote, rules.separator))
        open_quote = F.lit("a quote is opened and never closed")
        reason = reason.when(swallowed | open_end, open_quote)
    undecoded = F.lit(f"the row is not valid {layout.encoding}")
    # Nothing is odd as a rule: then the rest is not looked at.
    return F.when(odd, reason.when(row.contains(undecodable), undecoded))


def _wrong_number(row: Column, feed: Feed, expected: int) -> Column:
    rules = dialect(feed)
    bare = row
    if rules.quote:
        quote = re.escape(rules.quote)
        bare = F.regexp_replace(row, f"{quote}[^{quote}]*+{quote}", "")
    separators = F.regexp_count(bare, F.lit(re.escape(rules.separator)))
    number = (separators + 1).cast("string")
    noun = F.when(separators == 0, F.lit(" field")).otherwise(F.lit(" fields"))
    mismatch = F.concat(F.lit("the row has "), number, noun, F.lit(f", the header {expected}"))
    if not rules.quote:
        return mismatch
    return F.when(
        bare.contains(rules.quote), F.lit("a quote is opened and never closed")
    ).otherwise(mismatch)


def _swallowed(quote: str, separator: str) -> str:
    """What a row matches one of whose fields the parser gave up on as quoted, so that it kept its
    opening quote, and whose next quote after a line break begins a field: that quote belonged to
    another row. (No warehouse stores a NUL, so a field that holds one is rejected at any rate.)"""
    quote, separator = re.escape(quote), re.escape(separator)
    inside = rf"[^{quote}{_BEGIN}]*"
    return rf"{_BEGIN}{quote}{inside}\n(?:{inside}(?:{separator}|\n))?{quote}"


def _open_end(fields: Sequence[Column], quote: str, separator: str) -> Column:
    """The last field reaches to the end of the file without its closing quote.

    Where the file's tail is known: the tail ends with a field that is a quote and the value, or
    the value ends with the tail. Where not: the value ends with a line break, and its last line
    has as many separators as a row.
    """
    value, tail = fields[-1], F.col(FILE_TAIL)
    start = (separator if len(fields) > 1 else "\n") + quote
    row = rf"\n(?:[^\n]*{re.escape(separator)}){{{len(fields) - 1}}}[^\n]*\n\z"
    known = value.endswith(F.col(FILE_END)) & (
        tail.endswith(F.concat(F.lit(start), value)) | value.endswith(tail)
    )
    return F.when(tail.isNull(), value.endswith("\n") & value.rlike(row)).otherwise(known)


def _schema_names(fields: Sequence[str]) -> list[str]:
    """The header's own names, which spares a warning per file, except one that Spark has a use
    for."""
    return [_unused("metadata", fields) if f.lower() == "_metadata" else f for f in fields]


def _unused(name: str, names: Sequence[str]) -> str:
    taken = {n.lower() for n in names}
    while name in taken:
        name += "_"
    return name
