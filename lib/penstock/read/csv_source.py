"""CSV files of one layout as rows of text, with a reason for each row that does not parse.

Spark's parser leaves three kinds of broken rows unmarked: a quote left open in the last field
swallows the rest of the file; one left open earlier swallows rows up to the next quote; and bytes
that are not valid in the encoding become U+FFFD, so that different records look equal. All three
are found here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.model import Feed
from penstock.read.files import FILE_PATH
from penstock.read.layout import Layout
from penstock.read.options import dialect, lowered

CORRUPT = "corrupt"
"""Internal column: the raw text of a row whose number of fields is wrong, or NULL."""

_MAX_COLUMNS = "200000"
_OWN = ("encoding", "charset", "nullvalue", "timezone", "locale")


def field_column(index: int) -> str:
    """Internal name of field number ``index`` of the header."""
    return f"field_{index}"


def scan(spark: SparkSession, feed: Feed, layout: Layout, paths: Sequence[str]) -> DataFrame:
    """Read files of equal layout, every field as text.

    :returns: ``field_0`` ... (string), ``corrupt`` (string), ``file_path`` (string).
    """
    names = [_schema_name(name, i) for i, name in enumerate(layout.fields)]
    corrupt = "_corrupt_record"
    while corrupt in (n.lower() for n in names):
        corrupt += "_"
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
        spark.read.schema(", ".join(f"{quoted(n)} string" for n in (*names, corrupt)))
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
        .csv(list(paths))
    )
    return rows.select(
        *(F.col(quoted(n)).alias(field_column(i)) for i, n in enumerate(names)),
        F.col(quoted(corrupt)).alias(CORRUPT),
        F.col("_metadata.file_path").alias(FILE_PATH),
    )


def quoted(name: str) -> str:
    """A name as Spark SQL wants it where any character may be in it."""
    return "`" + name.replace("`", "``") + "`"


def malformed(feed: Feed, layout: Layout) -> Column:
    """Why a row of ``scan`` with its ``file_tail`` does not parse, or NULL.

    :returns: string, one clause for people.
    """
    rules = dialect(feed)
    fields = [F.col(field_column(i)) for i in range(len(layout.fields))]
    corrupt = F.col(CORRUPT)
    reason = F.when(corrupt.isNotNull(), _wrong_number(corrupt, feed, len(fields)))
    if rules.quote and rules.multiline:
        open_quote = F.lit("a quote is opened and never closed")
        reason = reason.when(_swallowed(fields, rules.quote, rules.separator), open_quote)
        reason = reason.when(_open_end(fields, rules.quote, rules.separator), open_quote)
    undecodable = reduce(or_, (f.contains("\ufffd") for f in fields))
    return reason.when(undecodable, F.lit(f"the row is not valid {layout.encoding}"))


def _wrong_number(row: Column, feed: Feed, expected: int) -> Column:
    rules = dialect(feed)
    bare = row
    if rules.quote:
        quote = re.escape(rules.quote)
        bare = F.regexp_replace(row, f"{quote}[^{quote}]*+{quote}", "")
    separators = F.regexp_count(bare, F.lit(re.escape(rules.separator)))
    number = (separators + 1).cast("string")
    mismatch = F.concat(F.lit("the row has "), number, F.lit(f" fields, the header {expected}"))
    if not rules.quote:
        return mismatch
    return F.when(
        bare.contains(rules.quote), F.lit("a quote is opened and never closed")
    ).otherwise(mismatch)


def _swallowed(fields: Sequence[Column], quote: str, separator: str) -> Column:
    """A field that the parser gave up on as quoted, so that it kept its opening quote, whose next
    quote after a line break begins a field: that quote belonged to another row."""
    pattern = (
        rf"\A{re.escape(quote)}[^{re.escape(quote)}]*\n"
        rf"(?:[^{re.escape(quote)}]*(?:{re.escape(separator)}|\n))?{re.escape(quote)}"
    )
    return reduce(or_, (f.startswith(quote) & f.rlike(pattern) for f in fields))


def _open_end(fields: Sequence[Column], quote: str, separator: str) -> Column:
    """The last field reaches to the end of the file without its closing quote.

    Where the file's tail is known: the tail ends with the quote and the value, or the value with
    the tail. Where not: the value ends with a line break, and its last line has as many
    separators as a row.
    """
    value, tail = fields[-1], F.col("file_tail")
    row = rf"\n(?:[^\n]*{re.escape(separator)}){{{len(fields) - 1}}}[^\n]*\n\z"
    known = value.endswith(F.right(tail, F.lit(1))) & (
        tail.endswith(F.concat(F.lit(quote), value)) | value.endswith(tail)
    )
    return F.when(tail.isNull(), value.endswith("\n") & value.rlike(row)).otherwise(known)


def _schema_name(name: str, index: int) -> str:
    """The header's own name, which spares a warning per file, unless Spark has a use for it."""
    return field_column(index) if name.lower() == "_metadata" or not name.isprintable() else name
