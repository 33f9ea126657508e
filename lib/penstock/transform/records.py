"""``dedupe`` and ``uuid_clash`` for anybody's DataFrame."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Literal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from penstock.transform import identity
from penstock.transform.frames import (
    CONTENT_HASH,
    ORIGINAL_ID,
    QUARANTINED,
    TEMPORARY,
    Transform,
    accepted,
    as_names,
    col,
    find,
    mark,
    total_order,
    type_of,
    with_marks,
)
from penstock.transform.hashing import (
    NAMESPACE,
    content_columns,
    hash_of,
    is_blank,
    normal_key,
    rekeyed,
)
from penstock.transform.marks import clash_reason, require_text_id

OnClash = Literal["rekey", "quarantine", "fail"]

_HASH = f"{TEMPORARY}hash"
_COPY = f"{TEMPORARY}copy"
_NEW_ID = f"{TEMPORARY}new_id"
_HOLDERS = f"{TEMPORARY}holders"
_ALIAS = f"{TEMPORARY}alias"


def dedupe(
    ignore: str | Sequence[str] = (),
    key: str | Sequence[str] | None = None,
    content_hash: str | None = None,
) -> Transform:
    """Drop true duplicates: of rows that are equal in all columns but ``ignore``, one stays.

    ====  ==================================================================================
    in    any columns
    out   the same columns
    ====  ==================================================================================

    Equality is that of :func:`content_hash`, so NULL equals NULL (and empty text). The row that
    stays comes first in a total order over all columns, ``ignore`` included: it depends on no
    order of input. One shuffle.

    :param ignore: columns that may differ, such as a time of ingestion.
    :param key: only rows that also agree in these columns are duplicates of each other; UUIDs
        compare in lower case and trailing blanks do not count. Rows in which one of them is NULL
        or blank all stay.
    :param content_hash: a column that holds the content hash already; then nothing else is
        compared, and ``ignore`` must be empty. Rows in which it is NULL all stay.
    :raises ValueError: ``ignore`` beside ``content_hash``; or (when applied) a column does not
        exist.
    """
    ignored, names = as_names(ignore), as_names(key or ())
    if ignored and content_hash is not None:
        raise ValueError("dedupe: ignore has no meaning beside content_hash")

    def apply(df: DataFrame) -> DataFrame:
        keys = find(df, "dedupe: key", names)
        if content_hash is not None:
            (given,) = find(df, "dedupe: content_hash", [content_hash])
            hashed = col(given)
        else:
            left_out = {*find(df, "dedupe: ignore", ignored), *keys}
            hashed = hash_of(df, sorted(c for c in df.columns if c not in left_out))
        normal = [normal_key(col(k), type_of(df, k)) for k in keys]
        same = Window.partitionBy(col(_HASH), *normal).orderBy(*total_order(df))
        numbered = df.withColumn(_HASH, hashed).withColumn(_COPY, F.row_number().over(same))
        stays = reduce(or_, (is_blank(col(k), type_of(df, k)) for k in keys), col(_COPY) == 1)
        if content_hash is not None:
            stays = stays | col(_HASH).isNull()
        return numbered.where(stays).select(*(col(c) for c in df.columns))

    return apply


def uuid_clash(
    key: str | Sequence[str] = "id",
    order_by: str | Sequence[str] = (),
    on_clash: OnClash = "rekey",
    history: DataFrame | None = None,
    namespace: uuid.UUID = NAMESPACE,
    ignore: str | Sequence[str] = (),
) -> Transform:
    """Make ids unique: drop true duplicates, and settle records that share an id by accident.

    ====================  ====================================================================
    in ``key``            the last column is the id, those before it scope it
    in ``content_hash``   optional string; computed where absent, see :func:`content_hash`
    in ``original_id``    optional string (``rekey`` only): the id a row re-keyed earlier came with
    out ``key``           in normal form: text without trailing blanks, UUIDs in lower case
    out ``content_hash``  string
    out ``original_id``   string (``rekey`` only): the former id of a re-keyed row, else NULL
    out ``_status``       string (``quarantine`` only): ``accepted`` or ``quarantined``
    out ``_reasons``      array<string> (``quarantine`` only)
    ====================  ====================================================================

    Same id and same content hash: a true duplicate; one stays. Same id and other content: the
    record that is first by ``order_by`` (NULLs last), then by content hash, keeps the id. Of the
    others,

    ``rekey``
        each gets the id ``uuid5(namespace, "scope|...|id|content_hash")`` (RFC 4122, version 5),
        the same in every run;
    ``quarantine``
        each stays in the frame with ``_status`` ``quarantined`` and a reason: filter by it. A
        frame that has both columns already keeps its marks, and only accepted rows take part;
    ``fail``
        the first met fails the query that reads the result, with a message naming the id.

    Rows with a NULL or blank key are left alone, all of them. Applying it twice changes nothing.

    :param history: records known already: ``key``, ``content_hash`` and, optionally,
        ``original_id``, such as an earlier result. A record equal to one of them is a duplicate
        and goes; one that shares its id (as it came, or as it was re-keyed) never keeps it.
    :param ignore: columns left out of a computed content hash.
    :raises ValueError: (when applied) a column does not exist, or an id to be re-keyed is not
        text. A generated id that another record bears fails the query that reads the result.
    """
    names, order, ignored = as_names(key), as_names(order_by), as_names(ignore)
    if on_clash not in ("rekey", "quarantine", "fail"):
        raise ValueError(f"uuid_clash: on_clash is rekey, quarantine or fail, not {on_clash!r}")

    def apply(df: DataFrame) -> DataFrame:
        keys = find(df, "uuid_clash: key", names)
        orders = find(df, "uuid_clash: order_by", order)
        left_out = find(df, "uuid_clash: ignore", ignored)
        if on_clash == "rekey":
            require_text_id(df, keys[-1])
        frame = with_marks(df) if on_clash == "quarantine" else df
        hashed = hash_of(df, content_columns(df, left_out))
        if CONTENT_HASH in df.columns:
            hashed = F.coalesce(col(CONTENT_HASH), hashed)
        frame = frame.withColumn(CONTENT_HASH, hashed)
        if on_clash == "rekey" and ORIGINAL_ID not in df.columns:
            frame = frame.withColumn(ORIGINAL_ID, F.lit(None).cast("string"))
        outputs = frame.columns
        complete = ~reduce(or_, (is_blank(col(k), type_of(df, k)) for k in keys))
        takes_part = complete & accepted() if on_clash == "quarantine" else complete
        frame = _as_it_came(frame, keys, restore=on_clash == "rekey")
        if history is not None:
            frame = frame.withColumns({identity.KNOWN: F.lit(False), _ALIAS: F.lit(False)})
            frame = frame.unionByName(_known(history, frame, keys), allowMissingColumns=True)
            takes_part = takes_part | col(identity.KNOWN)
        ranked = identity.rank(frame, {k: col(k) for k in keys}, takes_part, orders)
        return _apply_policy(ranked, keys, on_clash, namespace).select(*(col(c) for c in outputs))

    return apply


def _as_it_came(frame: DataFrame, keys: Sequence[str], restore: bool) -> DataFrame:
    """Keys in normal form; ``restore``: with the id a row came with if it was re-keyed earlier."""
    normal = {k: normal_key(col(k), type_of(frame, k)) for k in keys}
    if restore:
        id_ = keys[-1]
        source = F.coalesce(col(ORIGINAL_ID), col(id_))
        normal[id_] = normal_key(source, type_of(frame, id_))
    return frame.withColumns(normal)


def _known(history: DataFrame, frame: DataFrame, keys: Sequence[str]) -> DataFrame:
    """Known records under their id and, as aliases, under the id they came with."""
    wanted = find(history, "uuid_clash: history", [*keys, CONTENT_HASH])
    own = {k: col(w).cast(type_of(frame, k)) for k, w in zip(keys, wanted, strict=False)}
    hashed = col(wanted[-1]).alias(CONTENT_HASH)
    flag = F.lit(True).alias(identity.KNOWN)
    scope = [own[k].alias(k) for k in keys[:-1]]
    id_ = keys[-1]
    plain = history.select(*scope, own[id_].alias(id_), hashed, flag, F.lit(False).alias(_ALIAS))
    known = plain
    if ORIGINAL_ID in history.columns:
        source = col(ORIGINAL_ID).cast(type_of(frame, id_)).alias(id_)
        came = history.where(col(ORIGINAL_ID).isNotNull())
        known = plain.unionByName(
            came.select(*scope, source, hashed, flag, F.lit(True).alias(_ALIAS))
        )
    return known.withColumns({k: normal_key(col(k), type_of(frame, k)) for k in keys})


def _apply_policy(
    ranked: DataFrame, keys: Sequence[str], on_clash: OnClash, namespace: uuid.UUID
) -> DataFrame:
    part, id_ = col(identity.TAKES_PART), keys[-1]
    incoming = F.lit(True)
    if identity.KNOWN in ranked.columns:
        # Aliases have done their work; the ids of known records still count as taken.
        ranked = ranked.where(~col(_ALIAS))
        incoming = ~col(identity.KNOWN)
    left = ranked.where(~part | ~incoming | ~col(identity.IS_COPY))
    loses = part & incoming & ~col(identity.LEADS)
    if on_clash == "fail":
        error = F.raise_error(clash_reason(id_)).cast("boolean")
        return left.where(F.when(loses, error).otherwise(incoming))
    if on_clash == "quarantine":
        return mark(left.where(incoming), loses, QUARANTINED, clash_reason(id_))
    return _rekey(left, keys, loses, incoming, namespace)


def _rekey(
    left: DataFrame, keys: Sequence[str], loses: Column, incoming: Column, namespace: uuid.UUID
) -> DataFrame:
    """Give losers their new id, and make sure that nobody else has it."""
    id_ = keys[-1]
    new_id = rekeyed(namespace, [col(k) for k in keys], col(CONTENT_HASH))
    frame = left.withColumn(_NEW_ID, F.when(loses, new_id)).withColumns(
        {
            ORIGINAL_ID: F.when(loses, col(id_)),
            id_: F.coalesce(col(_NEW_ID), col(id_)),
        }
    )
    # Rows without a key are spread, and share their group with nobody who has a new id.
    spread = F.when(~col(identity.TAKES_PART), col(CONTENT_HASH))
    same_id = Window.partitionBy(spread, *(col(k) for k in keys))
    frame = frame.withColumn(_HOLDERS, F.count(F.lit(1)).over(same_id))
    message = F.concat(
        F.lit(f"{id_}: '"),
        col(id_),
        F.lit("' was generated for a clash, but another record has it"),
    )
    taken = col(_NEW_ID).isNotNull() & (col(_HOLDERS) > 1)
    error = F.raise_error(message).cast("boolean")
    return frame.where(F.when(taken, error).otherwise(incoming))
