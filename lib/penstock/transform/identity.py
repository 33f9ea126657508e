"""Which of the rows that share a key is which: the core of deduplication and clash handling.

One shuffle and one sort, by the key. Nothing here drops or changes a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from penstock.transform.frames import CONTENT_HASH, TEMPORARY, col, total_order

COPY = f"{TEMPORARY}copy"
LEADS = f"{TEMPORARY}leads"
TAKES_PART = f"{TEMPORARY}takes_part"
KNOWN = f"{TEMPORARY}known"
_SLOT = f"{TEMPORARY}slot"
_FILE = "_file"


def rank(
    df: DataFrame,
    key: Sequence[str],
    takes_part: Column,
    order_by: Sequence[str] = (),
    leader: Literal["first", "last"] = "first",
) -> DataFrame:
    """Number the copies of each record and find the content that leads its key.

    ========================  =================================================================
    in ``key``                columns in their normal form; none: only copies are numbered
    in ``content_hash``       string
    in ``_penstock_known``    optional boolean: rows that come before all others
    out ``_penstock_copy``    int: 1 for the first row of this key and content, 2 for its first
                              copy, ...; ``order_by``, then a total order over all columns
                              (``_file`` before the others) decides
    out ``_penstock_leads``   boolean: whether this row's content is the first (or last) of its
                              key by ``order_by``, then content hash. ``first`` counts NULL as
                              the highest, ``last`` as the lowest value: it leads only where
                              there is nothing else
    out ``_penstock_takes_part``  boolean: ``takes_part``
    ========================  =================================================================

    Rows that do not take part are spread by their content, so that a million rows without a key
    do not meet in one task; what the two columns say of them means nothing.
    """
    known = [col(KNOWN).desc()] if KNOWN in df.columns else []
    frame = df.withColumn(TAKES_PART, F.coalesce(takes_part, F.lit(False)))
    slot = F.xxhash64(col(CONTENT_HASH))
    if key:
        slot = F.when(col(TAKES_PART), F.xxhash64(*(col(k) for k in key))).otherwise(slot)
    # Both windows are satisfied by this one exchange: their keys begin with its key.
    frame = frame.withColumn(_SLOT, slot).repartition(col(_SLOT))
    same_key = [col(c) for c in dict.fromkeys((_SLOT, TAKES_PART, *key))]
    by_content = Window.partitionBy(*same_key, col(CONTENT_HASH))
    ascending = leader == "first"
    order = total_order(df, [*order_by, *(c for c in df.columns if c == _FILE)])
    if not ascending:
        order[: len(order_by)] = [col(name).desc_nulls_last() for name in order_by]
    copy = F.row_number().over(by_content.orderBy(*known, *order))
    frame = frame.withColumn(COPY, copy)
    if key:
        by_key = Window.partitionBy(*same_key)
        leading = _leading(order_by, ascending, bool(known), by_key)
        frame = frame.withColumn(LEADS, col(CONTENT_HASH).eqNullSafe(leading))
    return frame.drop(_SLOT)


def _leading(order_by: Sequence[str], ascending: bool, known: bool, window: WindowSpec) -> Column:
    """The leading content hash of each group."""
    extreme = F.min if ascending else F.max
    fields = [~col(KNOWN)] if known else []
    for name in order_by:
        # Spark has NULL lowest in a struct: right for "last", to be turned for "first".
        fields += [col(name).isNull(), col(name)] if ascending else [col(name)]
    if not fields:
        return extreme(col(CONTENT_HASH)).over(window)
    named = [field.alias(f"f{i}") for i, field in enumerate(fields)]
    whole = F.struct(*named, col(CONTENT_HASH).alias("hash"))
    return extreme(whole).over(window)["hash"]
