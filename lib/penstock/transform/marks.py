"""Steps that mark rows and never drop one, for frames that carry their marks along.

Every function here returns a transform for frames with these columns:

================  ==========================================================================
``_status``       string: ``accepted``, ``duplicate``, ``quarantined`` or ``out_of_window``
``_reasons``      array<string>: why a row is not accepted; NULL where there is nothing to say
``content_hash``  string (``mark_identity`` and ``mark_duplicates`` only)
================  ==========================================================================

Only accepted rows are looked at; the counts by ``_status`` therefore always add up to the rows
that came in.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from penstock.transform import identity
from penstock.transform.frames import (
    CONTENT_HASH,
    DUPLICATE,
    ORIGINAL_ID,
    OUT_OF_WINDOW,
    QUARANTINED,
    REASONS,
    REKEYED_ID,
    STATUS,
    Transform,
    accepted,
    as_names,
    col,
    find,
    is_text,
    mark,
    type_of,
    with_reason,
)
from penstock.transform.hashing import NAMESPACE, is_blank, normal_key, rekeyed
from penstock.transform.windows import is_inside

Policy = Literal["rekey", "quarantine", "fail", "upsert"]

CLASHES = "clashes with another record of this id"
"""End of the reason of every row that lost its id to another (``quarantine`` and ``fail``)."""

SUPERSEDED = "superseded by a newer version of this key"

_UNTOUCHED = frozenset({STATUS, REASONS, CONTENT_HASH, "_file"})


def mark_window(
    column: str,
    start: datetime | date | str,
    end: datetime | date | str,
    outside: Literal["keep", "drop"] = "keep",
) -> Transform:
    """Mark the rows outside ``start <= column < end`` as ``out_of_window``.

    An empty ``column`` is outside, with a reason. ``outside="drop"`` leaves of a row outside
    nothing but ``_status``, ``_reasons``, ``content_hash`` and ``_file``, enough to be counted:
    every other column is NULL.

    :param column: date, timestamp or timestamp_ntz; see :func:`penstock.transform.window`.
    :raises ValueError: no such column, or the bounds are not a range.
    :raises TypeError: the column is of another type.
    """

    def apply(df: DataFrame) -> DataFrame:
        (name,) = find(df, "window: column", [column])
        inside = is_inside(df, name, start, end)
        empty = F.when(col(name).isNull(), F.lit(f"{name}: is empty, so outside the window"))
        marked = mark(df, ~F.coalesce(inside, F.lit(False)), OUT_OF_WINDOW, empty)
        if outside == "keep":
            return marked
        kept = col(STATUS) != OUT_OF_WINDOW
        return marked.select(
            *(
                col(f.name)
                if f.name in _UNTOUCHED
                else F.when(kept, col(f.name)).otherwise(F.lit(None).cast(f.dataType)).alias(f.name)
                for f in marked.schema.fields
            )
        )

    return apply


def mark_duplicates() -> Transform:
    """Mark all but one of the accepted rows that share a ``content_hash`` as ``duplicate``.

    One shuffle. The row that stays has the smallest ``_file``, then comes first in a total order
    over all columns. Adds ``original_id`` and ``rekeyed_id`` (string, NULL).
    """

    def apply(df: DataFrame) -> DataFrame:
        ranked = identity.rank(df, {}, accepted())
        marked = mark(ranked, col(identity.IS_COPY), DUPLICATE)
        return _finish(df, marked, _no_text(), _no_text(), {})

    return apply


def mark_identity(
    key: str | Sequence[str],
    policy: Policy,
    order_by: str | Sequence[str] = (),
    version_column: str | None = None,
    namespace: uuid.UUID = NAMESPACE,
) -> Transform:
    """Settle which accepted row keeps its key, in one shuffle.

    ==================  =====================================================================
    in ``key``          the last column is the id, those before it scope it; text or another
                        type without parts (text only for ``rekey``)
    in ``order_by``     columns of types that can be sorted by
    out ``key``         in normal form: text without trailing blanks, UUIDs in lower case
    out ``original_id``  string: the id of a re-keyed row as it came, in normal form; else NULL
    out ``rekeyed_id``  string: ``uuid5(namespace, "scope|...|id|content_hash")``, the id an
                        accepted row gets if its own is taken; NULL for other policies and rows
    ==================  =====================================================================

    Rows with a NULL or blank key are quarantined. Same key, same ``content_hash``: the row that
    comes first by ``order_by`` (NULLs last), ``_file``, then a total order over all columns stays
    accepted, the others become ``duplicate`` without a reason. Same key, other hash:

    ``rekey``
        first by ``order_by``, then by hash, keeps the id; the others get their ``rekeyed_id`` as
        id and stay accepted. That no other record has such an id is not checked here: it takes
        the target's rows as well, and a publish compares with both.
    ``quarantine``, ``fail``
        the first keeps the id; the others are quarantined with a reason that ends in
        :data:`CLASHES`.
    ``upsert``
        the highest ``(version_column, content_hash)`` stays, NULL lowest; the others become
        ``duplicate`` with the reason :data:`SUPERSEDED`. Without a version column the highest
        hash stays.

    :raises ValueError: a column does not exist, or an id to be re-keyed is not text.
    """
    names, order, version = as_names(key), as_names(order_by), as_names(version_column or ())

    def apply(df: DataFrame) -> DataFrame:
        keys = find(df, "mark_identity: key", names)
        newest = policy == "upsert"
        orders = find(df, "mark_identity: order_by", version if newest else order)
        if policy == "rekey":
            require_text_id(df, keys[-1])
        ranked = identity.rank(
            df,
            {k: normal_key(col(k), type_of(df, k)) for k in keys},
            accepted() & ~_has_blank_key(df, keys),
            orders,
            leader="last" if newest else "first",
        )
        return _settle(df, ranked, keys, policy, namespace)

    return apply


def mark_invalid_email(column: str, domain_column: str = "email_domain") -> Transform:
    """Quarantine accepted rows whose ``column`` holds text that is no e-mail address.

    :param domain_column: what ``email_company`` derived: NULL where the address is invalid.
    """

    def apply(df: DataFrame) -> DataFrame:
        name, domain = find(df, "email_company: column", [column, domain_column])
        invalid = col(domain).isNull() & ~is_blank(col(name), type_of(df, name))
        shown = F.substring(col(name), 1, 200)
        reason = F.concat(F.lit(f"{name}: '"), shown, F.lit("' is not an e-mail address"))
        return mark(df, invalid, QUARANTINED, reason)

    return apply


def require_text_id(df: DataFrame, name: str) -> None:
    """:raises ValueError: generated ids are text, and the id column is not."""
    if not is_text(type_of(df, name)):
        raise ValueError(
            f"on_clash 'rekey' needs a string id, and {name!r} is "
            f"{type_of(df, name).simpleString()}: use 'quarantine', 'fail', or cast it"
        )


def clash_reason(name: str) -> Column:
    return F.concat(F.lit(f"{name}: '"), col(name).cast("string"), F.lit(f"' {CLASHES}"))


def _has_blank_key(df: DataFrame, keys: Sequence[str]) -> Column:
    return reduce(or_, (is_blank(col(k), type_of(df, k)) for k in keys))


def _which_is_blank(df: DataFrame, keys: Sequence[str]) -> Column:
    return F.coalesce(
        *(
            F.when(is_blank(col(k), type_of(df, k)), F.lit(f"{k}: is empty, and part of the key"))
            for k in keys
        )
    )


def _settle(
    df: DataFrame, ranked: DataFrame, keys: Sequence[str], policy: Policy, namespace: uuid.UUID
) -> DataFrame:
    """Turn ranks into marks, in one projection. ``ranked`` says in ``_penstock_takes_part`` who
    took part: accepted rows with a whole key."""
    id_ = keys[-1]
    part, leads, is_copy = (col(c) for c in (identity.TAKES_PART, identity.LEADS, identity.IS_COPY))
    keyless = accepted() & ~part
    copies = part & is_copy
    loses = part & ~leads & ~is_copy
    status = F.when(keyless, F.lit(QUARANTINED)).when(copies, F.lit(DUPLICATE))
    reasons = F.when(keyless, with_reason(_which_is_blank(df, keys)))
    changes, original, new_id = {}, _no_text(), _no_text()
    if policy == "rekey":
        generated = rekeyed(namespace, [col(k) for k in keys], col(CONTENT_HASH))
        # Not within a CASE, where Spark would compute the SHA-1 once for each of its six uses.
        new_id = F.concat(generated, F.when(part & ~is_copy, F.lit("")))
        original = F.when(loses, col(id_))
        changes[id_] = F.when(loses, generated).otherwise(col(id_))
    elif policy == "upsert":
        status = status.when(loses, F.lit(DUPLICATE))
        reasons = reasons.when(loses, with_reason(F.lit(SUPERSEDED)))
    else:
        status = status.when(loses, F.lit(QUARANTINED))
        reasons = reasons.when(loses, with_reason(clash_reason(id_)))
    changes |= {STATUS: status.otherwise(col(STATUS)), REASONS: reasons.otherwise(col(REASONS))}
    return _finish(df, ranked, original, new_id, changes)


def _finish(
    df: DataFrame,
    ranked: DataFrame,
    original: Column,
    rekeyed_id: Column,
    changes: Mapping[str, Column],
) -> DataFrame:
    """The columns of ``df``, changed, with ``original_id`` and ``rekeyed_id`` after them."""
    kept = [c for c in df.columns if c not in (ORIGINAL_ID, REKEYED_ID)]
    return ranked.select(
        *(changes.get(c, col(c)).alias(c) for c in kept),
        original.alias(ORIGINAL_ID),
        rekeyed_id.alias(REKEYED_ID),
    )


def _no_text() -> Column:
    return F.lit(None).cast("string")
