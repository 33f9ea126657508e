"""Hashes that identify records and the ids made from them, in native expressions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, DataType, MapType, StructType, TimestampType

from penstock.transform.frames import CONTENT_HASH, Transform, as_names, col, find, is_text

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "penstock.rekeyed")
"""Namespace of generated ids (RFC 4122, version 5) unless another is given."""

HASH_VERSION = "v1"
LINEAGE = frozenset(
    {
        "content_hash",
        "original_id",
        "rekeyed_id",
        "_batch_id",
        "_source_file",
        "_file_version",
        "_loaded_at",
        "_status",
        "_reasons",
    }
)
"""Columns that Penstock adds to records: they say where a record came from, not what it says."""

_UUID = r"(?i)\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z"


def content_hash(ignore: str | Sequence[str] = (), output: str = CONTENT_HASH) -> Transform:
    """Add a 128-bit hash of each row's content.

    ========  ================================================================================
    in        any columns; those named in ``ignore`` and Penstock's own (``original_id``,
              ``_batch_id``, ``_source_file``, ``_file_version``, ``_loaded_at``, ...) are left out
    out       ``output``: string, ``v1:`` and 32 hexadecimal digits
    ========  ================================================================================

    The hash is MD5 over ``<bytes of text>:<bytes of name>:<name><text>`` of every column that is
    neither NULL nor empty text, in code point order of the names, all in UTF-8: the same that a
    feed's records get from their source text. So the order of columns and an added column without
    values change nothing, and NULL and empty text are the same, as a CSV file cannot tell them
    apart. Values are taken as text: instants as microseconds since 1970,
    binary as hexadecimal, nested values as JSON with map entries sorted by key.

    :raises ValueError: (when applied) a column of ``ignore`` does not exist.
    """
    ignored = as_names(ignore)

    def apply(df: DataFrame) -> DataFrame:
        left_out = find(df, "content_hash: ignore", ignored)
        return df.withColumn(output, hash_of(df, content_columns(df, left_out)))

    return apply


def content_columns(df: DataFrame, left_out: Sequence[str] = ()) -> list[str]:
    """The columns that make up a row's content, in name order."""
    return sorted(c for c in df.columns if c not in left_out and c not in LINEAGE)


def hash_of(df: DataFrame, names: Sequence[str]) -> Column:
    """The version 1 content hash over the columns ``names``, which are in name order."""
    parts = []
    for name in names:
        text = as_text(col(name), df.schema[name].dataType)
        head = F.lit(f":{len(name.encode())}:{name}")
        # NULL where the text is NULL, so that concat_ws leaves the field out.
        parts.append(F.when(text != "", F.concat(F.octet_length(text).cast("string"), head, text)))
    return F.concat(F.lit(f"{HASH_VERSION}:"), F.md5(F.concat_ws("", *parts)))


def as_text(value: Column, data_type: DataType) -> Column:
    """A value as text: equal text for equal values, whatever the session's settings."""
    if is_text(data_type):
        return value
    if isinstance(data_type, TimestampType):
        return F.unix_micros(value).cast("string")
    if isinstance(data_type, BinaryType):
        return F.hex(value)
    if isinstance(data_type, ArrayType):
        element = data_type.elementType
        return F.to_json(F.transform(value, lambda v: as_text(v, element)))
    if isinstance(data_type, StructType):
        fields = [as_text(value[f.name], f.dataType).alias(f.name) for f in data_type.fields]
        json = F.to_json(F.struct(*fields), {"ignoreNullFields": "false"})
        return F.when(value.isNotNull(), json)
    if isinstance(data_type, MapType):
        key, item = data_type.keyType, data_type.valueType
        entries = F.transform(
            F.map_entries(value),
            lambda e: F.struct(
                as_text(e["key"], key).alias("key"), as_text(e["value"], item).alias("value")
            ),
        )
        return F.to_json(F.array_sort(entries), {"ignoreNullFields": "false"})
    if data_type.typeName() == "variant":
        return F.to_json(value)
    return value.cast("string")


def normal_key(value: Column, data_type: DataType) -> Column:
    """A key in the form in which keys are compared: text without trailing blanks, UUIDs in
    lower case; other types as they are."""
    if not is_text(data_type):
        return value
    text = F.rtrim(value)
    lower = F.lower(text)
    # The pattern is dear, and ids are in lower case as a rule.
    return F.when((lower != text) & text.rlike(_UUID), lower).otherwise(text)


def is_blank(value: Column, data_type: DataType) -> Column:
    """Whether a key is NULL, or text of nothing but white space."""
    if not is_text(data_type):
        return value.isNull()
    # The pattern is dear, and text that begins with a visible ASCII character is not blank.
    unusual = (value < "!") | (value > "~")
    return value.isNull() | (unusual & value.rlike(r"\A[\s\p{Z}]*\z"))


def uuid5(namespace: uuid.UUID, name: Column) -> Column:
    """Python's ``uuid.uuid5(namespace, name)`` as text; NULL for NULL.

    RFC 4122, section 4.3: the first 16 bytes of SHA-1 over namespace and name, with the version
    set to 5 and the two high bits of octet 8 to ``10``.
    """
    # As bytes: to take a part of a string, Spark counts all of its characters first.
    named = F.concat(F.unhex(F.lit(namespace.hex)), name.cast("binary"))
    digest = F.sha1(named).cast("binary")
    hyphen = F.lit(b"-")
    variant = F.translate(
        F.substring(digest, 17, 1).cast("string"), "0123456789abcdef", "89ab" * 4
    ).cast("binary")
    return F.concat(
        F.substring(digest, 1, 8),
        hyphen,
        F.substring(digest, 9, 4),
        F.lit(b"-5"),
        F.substring(digest, 14, 3),
        hyphen,
        variant,
        F.substring(digest, 18, 3),
        hyphen,
        F.substring(digest, 21, 12),
    ).cast("string")


def rekeyed(namespace: uuid.UUID, key: Sequence[Column], hash_: Column) -> Column:
    """The id of a record whose id is taken: uuid5 over ``scope|...|id|content_hash``."""
    parts = [part for value in key for part in (value.cast("string"), F.lit("|"))]
    return uuid5(namespace, F.concat(*parts, hash_))
