"""Source files to records of text: files of equal layout are read together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.model import Batch, Feed
from penstock.read import csv_source, json_source
from penstock.read.files import attach_file, capture_columns
from penstock.read.hashing import content_hash, ignored, malformed_hash
from penstock.read.layout import Layout, group, matched, source_columns, unknown_fields
from penstock.read.options import check_options
from penstock.transform.frames import quoted
from penstock.transform.inline import inline_table


def read_records(
    spark: SparkSession,
    feed: Feed,
    batch: Batch,
    layouts: Mapping[int, Layout],
    paths: Mapping[int, str],
) -> DataFrame:
    """Read the files of a batch as text. Lazy: nothing is read before an action.

    :param layouts: ``inspect``'s answer for each readable file, by position in ``batch.files``;
        files that are not in it are left out.
    :param paths: the path Spark is to read for each of these: the file's own, or that of its copy
        under a safe name (``needs_safe_copy``).
    :returns: columns in this order:

    ====================  ======  ============================================================
    every declared column string  the source text; NULL where the file lacks it or it is empty
    every capture         string  text captured from the file's name
    ``_file``             int     position of the file in ``batch.files``
    ``content_hash``      string  see ``penstock.read.hashing``
    ``_rescued_data``     string  JSON object of the fields no column is read from, or NULL
    ``_malformed``        string  why the record does not parse, or NULL
    ``_raw``              string  JSON object of all source fields, declared ones first, or the
                                  record's text as it stands where it does not parse; costs
                                  nothing unless used
    ====================  ======  ============================================================

    :raises ConfigError: an option is refused.
    """
    check_options(feed)
    names = _fields(feed, layouts)
    frames: list[DataFrame] = []
    for layout, positions in group(layouts):
        chosen = {p: paths[p] for p in positions}
        read = _csv if layout.format == "csv" else _json
        tails = {p: layouts[p].tail for p in positions}
        frames.append(read(spark, feed, batch, layout, names, chosen, tails))
    if not frames:
        return _nothing(spark, feed)
    # Leaves the partitions as they are, and parts the code that Spark generates for what comes
    # before and after: the JVM compiles small methods only. What comes before is evaluated for
    # every record, once; what comes after is so only where it is used.
    records = reduce(DataFrame.unionByName, frames).coalesce(2**31 - 1)
    fields = {name: F.col(_source(i)) for i, name in enumerate(names)}
    return records.select(
        *_data_columns(feed, fields),
        "_file",
        "content_hash",
        (F.col(_UNKNOWN) if feed.evolution != "none" else _text(None)).alias("_rescued_data"),
        "_malformed",
        F.coalesce(_VERBATIM, _with_unknown(_json_object(fields))).alias("_raw"),
    )


def field_names(
    spark: SparkSession, feed: Feed, layouts: Mapping[int, Layout], paths: Mapping[int, str]
) -> tuple[str, ...]:
    """The names of all fields in the files, for ``extend``; CSV headers in their order, then JSON
    keys by name.

    JSON files are read for it: the one action in this package, for ``add_new_columns`` only.
    """
    names: dict[str, None] = {}
    keys: set[str] = set()
    for layout, positions in group(layouts):
        names |= dict.fromkeys(layout.names)
        if layout.format == "json":
            lines = json_source.scan(spark, feed, layout, [paths[p] for p in positions])
            records = json_source.parse(feed, lines, document=layout.document)
            found = records.where(F.col("_malformed").isNull())
            rows = found.select(F.explode(F.map_keys("members")).alias("key")).distinct()
            keys |= {row["key"] for row in rows.collect()}
    return tuple(names | dict.fromkeys(sorted(keys)))


def output_columns(feed: Feed) -> tuple[str, ...]:
    """Names of the columns of ``read_records``, in order."""
    names = dict.fromkeys(c.name for c in (*feed.columns, *feed.captures))
    return (*names, "_file", "content_hash", "_rescued_data", "_malformed", "_raw")


_VERBATIM = "verbatim"
"""Internal column: the text of a record that is shown as it stands, or NULL."""

_UNKNOWN = "unknown"
"""Internal column: JSON object of a record's fields that no column is read from, or NULL."""


def _source(index: int) -> str:
    """Internal name of the declared source field number ``index``."""
    return f"source_{index}"


def _fields(feed: Feed, layouts: Mapping[int, Layout]) -> list[str]:
    """The declared source fields, in the order in which CSV headers first have them."""
    names: dict[str, None] = {}
    for layout, _ in group(layouts):
        names |= dict.fromkeys(matched(feed, layout.names).values())
    return list(names | dict.fromkeys(c.source for c in source_columns(feed)))


def _csv(
    spark: SparkSession,
    feed: Feed,
    batch: Batch,
    layout: Layout,
    names: Sequence[str],
    paths: Mapping[int, str],
    tails: Mapping[int, str | None],
) -> DataFrame:
    rows = csv_source.scan(spark, feed, layout, [paths[p] for p in sorted(paths)])
    rows = attach_file(spark, rows, feed, batch, paths, tails)
    known = matched(feed, layout.names)
    fields = {
        known.get(name, name): F.col(csv_source.field_column(i))
        for i, name in enumerate(layout.names)
    }
    unknown = {name: fields[name] for name in sorted(unknown_fields(feed, layout.names))}
    corrupt = F.col(csv_source.CORRUPT)
    hashed = F.when(corrupt.isNull(), content_hash(fields, ignored(feed)))
    return rows.select(
        *_aligned(names, fields),
        *capture_columns(feed),
        "_file",
        hashed.otherwise(malformed_hash(corrupt)).alias("content_hash"),
        _json_object(unknown).alias(_UNKNOWN),
        csv_source.malformed(feed, layout).alias("_malformed"),
        corrupt.alias(_VERBATIM),
    )


def _json(
    spark: SparkSession,
    feed: Feed,
    batch: Batch,
    layout: Layout,
    names: Sequence[str],
    paths: Mapping[int, str],
    tails: Mapping[int, str | None],
) -> DataFrame:
    lines = json_source.scan(spark, feed, layout, [paths[p] for p in sorted(paths)])
    lines = attach_file(spark, lines, feed, batch, paths, tails)
    records = json_source.parse(feed, lines, document=layout.document)
    sources = dict.fromkeys(c.source for c in source_columns(feed))
    fields = {s: F.col(json_source.field_column(i)) for i, s in enumerate(sources)}
    rescued = json_source.rescued() if feed.evolution != "none" else _text(None)
    return records.select(
        *_aligned(names, fields),
        *capture_columns(feed),
        "_file",
        json_source.content_hash(fields, ignored(feed)).alias("content_hash"),
        rescued.alias(_UNKNOWN),
        "_malformed",
        F.col("_raw").alias(_VERBATIM),
    )


def _aligned(names: Sequence[str], fields: Mapping[str, Column]) -> list[Column]:
    return [fields.get(name, _text(None)).alias(_source(i)) for i, name in enumerate(names)]


def _data_columns(feed: Feed, fields: Mapping[str, Column]) -> list[Column]:
    captures = {c.name: n for c, n in zip(feed.captures, capture_columns(feed), strict=True)}
    sources = {c.name: c.source for c in feed.columns}
    columns: list[Column] = []
    for name in dict.fromkeys([*sources, *captures]):
        if name in captures:
            columns.append(F.col(captures[name]).alias(name))
        else:
            columns.append(fields[sources[name]].alias(name))
    return columns


def _json_object(fields: Mapping[str, Column]) -> Column:
    """JSON object of the fields that are not NULL, or NULL if all are."""
    if not fields:
        return _text(None)
    struct = F.struct(*(column.alias(name) for name, column in fields.items()))
    text = F.to_json(struct, {"ignoreNullFields": "true"})
    return F.when(F.coalesce(*fields.values()).isNotNull(), text)


def _with_unknown(record: Column) -> Column:
    """The JSON object of a record's declared fields and its unknown ones in one; ``{}`` if all
    are NULL."""
    unknown = F.col(_UNKNOWN)
    joined = F.concat(
        F.left(record, F.length(record) - 1), F.lit(","), F.substring(unknown, 2, 2**31 - 1)
    )
    return F.coalesce(joined, record, unknown, F.lit("{}"))


def _text(value: str | None) -> Column:
    return F.lit(value).cast("string")


def _nothing(spark: SparkSession, feed: Feed) -> DataFrame:
    columns = (
        f"{quoted(name)}: {'int' if name == '_file' else 'string'}" for name in output_columns(feed)
    )
    return inline_table(spark, [], ", ".join(columns))
