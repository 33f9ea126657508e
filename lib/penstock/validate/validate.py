"""Records of text to typed records, each accepted or quarantined with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column as Expr
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from penstock.model import Column, Feed, Status, UuidClashStep
from penstock.transform.frames import TEMPORARY, col
from penstock.validate.casts import clean, typed
from penstock.validate.rules import reason, rejected


def validate(df: DataFrame, feed: Feed, carry_raw: bool = False) -> DataFrame:
    """Cast every declared and captured column and give a reason for each rejected cell. Lazy.

    :param df: what ``penstock.read.read_records`` gives: declared and captured columns as string,
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
    malformed, raw, texts = F.col("_malformed"), F.col("_raw"), F.col(_TEXTS)
    bad = reduce(or_, (s.rejects(s.cleaned, s.typed) for s in specs), malformed.isNotNull())
    # Two projections, of which the second looks at rejected records only. In one, Spark would
    # evaluate the rules twice: it evaluates an expression once for all its uses outside of a CASE.
    values = df.select(
        *(s.typed.alias(s.column.name) for s in specs),
        *("_file", "content_hash", "_rescued_data", "_malformed"),
        (raw if carry_raw else F.when(bad, raw)).alias("_raw"),
        F.when(bad, F.struct(*(s.cleaned.alias(s.text) for s in specs))).alias(_TEXTS),
    )
    reasons = F.filter(
        F.array(*(s.complaint(texts[s.text], col(s.column.name)) for s in specs)),
        lambda said: said.isNotNull(),
    )
    reasons = F.when(malformed.isNotNull(), F.array(malformed)).otherwise(reasons)
    return values.select(
        *(col(s.column.name) for s in specs),
        *("_file", "content_hash", "_rescued_data"),
        F.when(texts.isNotNull(), reasons).alias("_reasons"),
        "_raw",
        F.when(texts.isNotNull(), F.lit(Status.QUARANTINED.value))
        .otherwise(F.lit(Status.ACCEPTED.value))
        .alias("_status"),
    )


_TEXTS = f"{TEMPORARY}texts"
"""Struct of the cleaned texts of a record that is rejected; NULL for any other."""


@dataclass(frozen=True, slots=True)
class _Spec:
    """A column on its way from text to value; ``text`` names its text, ``cleaned``, in
    ``_TEXTS``."""

    column: Column
    cleaned: Expr
    typed: Expr
    required: bool
    timezone: str
    text: str

    def rejects(self, text: Expr, value: Expr) -> Expr:
        return rejected(text, value, self.column, self.timezone, required=self.required)

    def complaint(self, text: Expr, value: Expr) -> Expr:
        """Why the cell is rejected, or NULL."""
        said = reason(text, value, self.column, self.timezone)
        return F.when(self.rejects(text, value), said)


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
    timezone = feed.source.timezone
    specs = []
    for number, (name, column) in enumerate(columns.items()):
        cleaned = clean(col(name), column, () if name in captured else nulls)
        specs.append(
            _Spec(
                column=column,
                cleaned=cleaned,
                typed=typed(cleaned, column, timezone),
                required=column.required or name in keys,
                timezone=timezone,
                text=f"text_{number}",
            )
        )
    return specs
