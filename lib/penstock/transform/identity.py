"""Which of the rows that share a key is which: the core of deduplication and clash handling.

One shuffle, one sort and one window, by the key. Nothing here drops or changes a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from penstock.transform.frames import CONTENT_HASH, TEMPORARY, col, is_ordered

IS_COPY = f"{TEMPORARY}is_copy"
LEADS = f"{TEMPORARY}leads"
TAKES_PART = f"{TEMPORARY}takes_part"
KNOWN = f"{TEMPORARY}known"
_SLOT = f"{TEMPORARY}slot"
_REST = f"{TEMPORARY}rest"
_FILE = "_file"


def rank(
    df: DataFrame,
    key: Mapping[str, Column],
    takes_part: Column,
    order_by: Sequence[str] = (),
    leader: Literal["first", "last"] = "first",
) -> DataFrame:
    """Tell the copies of each record and the content that leads its key.

    ========================  =================================================================
    in ``content_hash``       string
    in ``_penstock_known``    optional boolean: rows that come before all others
    out ``key``               each key column in the normal form given for it
    out ``_penstock_is_copy``  boolean: whether an earlier row has this key and content;
                              ``order_by``, then a total order over all columns (``_file`` before
                              the others) decides
    out ``_penstock_leads``   boolean: whether this row's content is the first (or last) of its
                              key by ``order_by``, then content hash. ``first`` counts NULL as
                              the highest, ``last`` as the lowest value: it leads only where
                              there is nothing else
    out ``_penstock_takes_part``  boolean: ``takes_part``
    ========================  =================================================================

    Rows that do not take part are spread by their content, so that a million rows without a key
    do not meet in one task; what the two columns say of them means nothing.

    :param key: normal form by key column; none: only copies are told.
    """
    part = F.coalesce(takes_part, F.lit(False))
    slot = F.xxhash64(col(CONTENT_HASH))
    if key:
        slot = F.when(part, F.xxhash64(*key.values())).otherwise(slot)
    known = [KNOWN] if KNOWN in df.columns else []
    file = [c for c in df.columns if c == _FILE]
    apart = {*key, *order_by, *known, *file, CONTENT_HASH}
    packed = sorted(
        f.name for f in df.schema.fields if is_ordered(f.dataType) and f.name not in apart
    )
    # What nobody looks at travels as one column, which is much cheaper to copy than many are.
    rest = F.struct(*(col(n) for n in packed)).alias(_REST)
    frame = df.select(
        *(key.get(c, col(c)).alias(c) for c in df.columns if c not in packed),
        *([rest] if packed else []),
        part.alias(TAKES_PART),
        slot.alias(_SLOT),
    ).repartition(col(_SLOT))
    ascending = leader == "first"
    order = [
        *(col(c).desc() for c in known),
        *(col(c).asc_nulls_last() if ascending else col(c).desc_nulls_last() for c in order_by),
        *(col(c).asc_nulls_last() for c in file),
    ]
    # The exchange above satisfies it: its keys begin with the slot. By content first, so that
    # copies are neighbours, and one sort does for both questions.
    same_key = Window.partitionBy(
        *(col(c) for c in dict.fromkeys((_SLOT, TAKES_PART, *key)))
    ).orderBy(col(CONTENT_HASH), *order, *([col(_REST)] if packed else []))
    content = col(CONTENT_HASH)
    before = F.lag(content).over(same_key)
    marks = {IS_COPY: F.coalesce(before == content, F.lit(False))}
    if key:
        everyone = same_key.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
        leading = _leading(order_by, ascending, bool(known), everyone)
        marks[LEADS] = content.eqNullSafe(leading)
    ranked = frame.withColumns(marks)
    return ranked.select(
        *(col(_REST)[c].alias(c) if c in packed else col(c) for c in df.columns),
        TAKES_PART,
        *marks,
    )


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
