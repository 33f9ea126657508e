"""Records of text to typed records, each accepted or quarantined with its reasons."""

from __future__ import annotations

from functools import reduce
from operator import or_

from pyspark.sql import Column as Expr
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from penstock.model import Feed, Status, UuidClashStep
from penstock.validate.casts import clean
from penstock.validate.rules import Cell, judge


def validate(df: DataFrame, feed: Feed, carry_raw: bool = False) -> DataFrame:
    """Cast every declared and captured column and give a reason for each rejected cell. Lazy.

    :param df: what ``penstock.read.read_groups`` gives: declared and captured columns as string,
        ``_file`` int, ``content_hash``, ``_rescued_data``, ``_malformed`` and ``_raw`` string.
    :param carry_raw: keep ``_raw`` of accepted records too.
    :returns: columns in this order:

    ===================  =============  =======================================================
    declared, captures   as declared    typed; NULL where the cell is empty, a null value or
                                        not of its type (uuid: string)
    ``_file``            int            unchanged
    ``content_hash``     string         unchanged
    ``_rescued_data``    string         unchanged
    ``_reasons``         array<string>  one for each rejected cell in column order, or the one
                                        why the record does not parse; NULL if there are none
    ``_raw``             string         NULL unless there are reasons (or ``carry_raw``)
    ``_status``          string         ``accepted``, or ``quarantined`` if there are reasons
    ===================  =============  =======================================================

    Key columns are required whether declared so or not. The reader option ``nullValue`` is one
    more null value of every column that is read from records.
    """
    cells = _cells(feed)
    malformed = F.col("_malformed")
    bad = reduce(or_, (cell.rejected for cell in cells.values()), malformed.isNotNull())
    reasons = F.filter(
        F.array(*(F.when(cell.rejected, cell.reason) for cell in cells.values())),
        lambda reason: reason.isNotNull(),
    )
    raw = F.col("_raw")
    return df.select(
        *(cell.value.alias(name) for name, cell in cells.items()),
        "_file",
        "content_hash",
        "_rescued_data",
        F.when(malformed.isNotNull(), F.array(malformed)).when(bad, reasons).alias("_reasons"),
        (raw if carry_raw else F.when(bad, raw)).alias("_raw"),
        F.when(bad, F.lit(Status.QUARANTINED.value))
        .otherwise(F.lit(Status.ACCEPTED.value))
        .alias("_status"),
    )


def _cells(feed: Feed) -> dict[str, Cell]:
    """Cell by column name, in the order of the output."""
    options = {name.lower(): value for name, value in feed.source.options.items()}
    nulls = (options["nullvalue"],) if options.get("nullvalue") else ()
    keys = set(feed.target.key)
    for step in feed.transform:
        if isinstance(step, UuidClashStep):
            keys |= set(step.key)
    captured = {c.name: c for c in feed.captures}
    columns = {c.name: c for c in feed.columns} | captured
    return {
        name: judge(
            clean(_column(name), spec, () if name in captured else nulls),
            spec,
            feed.source.timezone,
            required=spec.required or name in keys,
        )
        for name, spec in columns.items()
    }


def _column(name: str) -> Expr:
    return F.col("`" + name.replace("`", "``") + "`")
