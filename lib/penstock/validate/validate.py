"""Records of text to typed records, each accepted or quarantined with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column as Expr
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from penstock.model import Column, Feed, Status, UuidClashStep
from penstock.transform.frames import col
from penstock.validate.casts import clean, typed
from penstock.validate.rules import judge


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
    specs = _specs(feed)
    # Leaves the partitions as they are, and parts the code that Spark generates: the JVM compiles
    # small methods only, and reading, whose expressions are small, would be one with what follows.
    df = df.coalesce(2**31 - 1)
    # Two projections: an expression that another mentions several times must be a plain column
    # there, or be mentioned outside of a CASE, to be evaluated once; and each projection copies
    # every row.
    texts = df.select(
        *(s.cleaned.alias(s.text) for s in specs),
        *(
            typed(s.cleaned, s.column, s.timezone).alias(s.value)
            for s in specs
            if s.column.type != "string"
        ),
        *_CARRIED,
    )
    values = [
        typed(F.col(s.text), s.column, s.timezone) if s.column.type == "string" else F.col(s.value)
        for s in specs
    ]
    cells = [
        judge(F.col(s.text), value, s.column, s.timezone, required=s.required)
        for s, value in zip(specs, values, strict=True)
    ]
    malformed, raw = F.col("_malformed"), F.col("_raw")
    bad = reduce(or_, (cell.rejected for cell in cells), malformed.isNotNull())
    reasons = F.filter(
        F.array(*(F.when(cell.rejected, cell.reason) for cell in cells)),
        lambda reason: reason.isNotNull(),
    )
    reasons = F.when(malformed.isNotNull(), F.array(malformed)).otherwise(reasons)
    return texts.select(
        *(value.alias(s.name) for s, value in zip(specs, values, strict=True)),
        "_file",
        "content_hash",
        "_rescued_data",
        F.when(bad, reasons).alias("_reasons"),
        (raw if carry_raw else F.when(bad, raw)).alias("_raw"),
        F.when(bad, F.lit(Status.QUARANTINED.value))
        .otherwise(F.lit(Status.ACCEPTED.value))
        .alias("_status"),
    )


_CARRIED = ("_file", "content_hash", "_rescued_data", "_malformed", "_raw")


@dataclass(frozen=True, slots=True)
class _Spec:
    """A column on its way; ``text`` and ``value`` name its text, ``cleaned``, and its value."""

    column: Column
    cleaned: Expr
    required: bool
    timezone: str
    text: str
    value: str

    @property
    def name(self) -> str:
        return self.column.name


def _specs(feed: Feed) -> list[_Spec]:
    """In the order of the output."""
    options = {name.lower(): value for name, value in feed.source.options.items()}
    nulls = (options["nullvalue"],) if options.get("nullvalue") else ()
    keys = set(feed.target.key)
    for step in feed.transform:
        if isinstance(step, UuidClashStep):
            keys |= set(step.key)
    captured = {c.name: c for c in feed.captures}
    columns = {c.name: c for c in feed.columns} | captured
    return [
        _Spec(
            column=column,
            cleaned=clean(col(name), column, () if name in captured else nulls),
            required=column.required or name in keys,
            timezone=feed.source.timezone,
            text=f"text_{i}",
            value=f"value_{i}",
        )
        for i, (name, column) in enumerate(columns.items())
    ]
