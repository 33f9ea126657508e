"""Which planned file a record came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.model import Batch, Feed
from penstock.read.paths import path_keys
from penstock.transform.inline import inline_table

FILE_PATH = "file_path"
"""Name of the column in which a scan hands on ``_metadata.file_path``."""

FILE_TAIL = "file_tail"
FILE_END = "file_end"


def capture_columns(feed: Feed) -> list[str]:
    """Internal names of the feed's captures, in their order."""
    return [f"capture_{index}" for index in range(len(feed.captures))]


def attach_file(
    spark: SparkSession,
    records: DataFrame,
    feed: Feed,
    batch: Batch,
    paths: Mapping[int, str],
    tails: Mapping[int, str | None],
) -> DataFrame:
    """Replace ``file_path`` by what is known of the planned file.

    :param paths: the path Spark was given, by position in ``batch.files``.
    :returns: the other columns, ``_file`` (int), ``file_tail`` (string: the file's last
        characters, or NULL), ``file_end`` (string: the very last) and a string column per capture
        (``capture_columns``). A record of an unplanned file fails the query: it must neither vanish
        nor count for another file.
    """
    rest = [F.col(c) for c in records.columns if c != FILE_PATH]
    names = [FILE_TAIL, FILE_END, *capture_columns(feed)]
    facts = {p: (*_tail(tails.get(p)), *_captures(feed, batch, p)) for p in sorted(paths)}
    if len(facts) == 1:
        [(position, texts)] = facts.items()
        literals = (F.lit(t).cast("string").alias(n) for t, n in zip(texts, names, strict=True))
        return records.select(*rest, F.lit(position).alias("_file"), *literals)
    files = inline_table(
        spark,
        [
            {FILE_PATH: key, "_file": position, **dict(zip(names, facts[position], strict=True))}
            for position in facts
            for key in path_keys(paths[position])
        ],
        ", ".join([f"{FILE_PATH}: string, _file: int", *(f"{n}: string" for n in names)]),
    )
    joined = records.join(F.broadcast(files), FILE_PATH, "left")
    return joined.select(*rest, _planned().alias("_file"), *names)


def _tail(text: str | None) -> tuple[str | None, str | None]:
    return text, text[-1:] if text is not None else None


def _planned() -> Column:
    message = F.concat(F.lit("a record of a file that was not planned: "), FILE_PATH)
    return F.coalesce(F.col("_file"), F.raise_error(message).cast("int"))


def _captures(feed: Feed, batch: Batch, position: int) -> Sequence[str | None]:
    captured = batch.files[position].captures
    return [captured.get(c.name) for c in feed.captures]
