"""``content_hash``: what makes two records the same record.

Version 1 is ``'v1:'`` and the hexadecimal MD5 of the concatenation, over all non-empty source
fields in code point order of their names, of::

    <bytes of the text> ':' <bytes of the name> ':' <name> <text>

with lengths in decimal and everything in UTF-8. Because both lengths come first, no two different
records have one concatenation. The text is the source's own, before trimming, casts and null
values; empty and missing fields are left out, so an added empty column, a column moved or a
changed schema changes no hash. A name is the declared column's ``source`` where the field is
matched to one, and the field's own name otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from penstock.model import DedupeStep, Feed
from penstock.model.layout import HASH_VERSION


def ignored(feed: Feed) -> frozenset[str]:
    """Source fields left out of the hash, in lower case: ``ignore`` of the feed's dedupe step, by
    source name or declared column name."""
    sources = {c.name.lower(): c.source.lower() for c in feed.columns}
    return frozenset(
        sources.get(name.lower(), name.lower())
        for step in feed.transform
        if isinstance(step, DedupeStep)
        for name in step.ignore
    )


def prefix(name: str) -> str:
    """What stands between the length of a field's text and the text."""
    return f":{len(name.encode())}:{name}"


def content_hash(fields: Mapping[str, Column], ignore: frozenset[str] = frozenset()) -> Column:
    """Hash of a record whose field names are known when the query is planned.

    :param fields: text by field name; NULL or empty where the record has none. Columns should be
        plain references: each is used three times.
    :param ignore: names to leave out, in lower case.
    :returns: string, ``'v1:'`` and 32 hexadecimal digits.
    """
    parts: list[Column] = []
    for name in sorted(fields):
        if name.lower() in ignore:
            continue
        text = fields[name]
        parts += [
            F.octet_length(text).cast("string"),
            F.when(text.isNotNull(), F.lit(prefix(name))),
            text,
        ]
    return digest(F.concat_ws("", *parts) if parts else F.lit(""))


def digest(text: Column) -> Column:
    """The hash of a concatenation."""
    return F.concat(F.lit(f"{HASH_VERSION}:"), F.md5(text))


def malformed_hash(text: Column) -> Column:
    """Hash of a record that does not parse: its raw text under an empty name."""
    return digest(F.concat(F.octet_length(text).cast("string"), F.lit(prefix("")), text))
