"""JSON files as rows of text, one per object, with a reason for each that does not parse.

Lines are read as text and parsed by ``from_json`` into a map, rather than by Spark's JSON reader:
that gives unknown fields without a second pass over the data, notices a second value on a line
(the reader drops it silently) and keeps numbers as they are written on every Spark version. For
the last, numbers that ``from_json`` would write anew (``1.10``, ``12345678901234567.89``) are
first turned into strings that begin with a marker, which is taken off again afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.model import Feed
from penstock.read.canonical import canonical
from penstock.read.files import FILE_PATH
from penstock.read.hashing import content_hash as planned_hash
from penstock.read.hashing import digest, malformed_hash
from penstock.read.layout import Layout, source_columns
from penstock.read.options import lowered

MARK = "\ufdd0"
"""Before a number made a string: one of the code points that Unicode keeps out of text."""

_INTEGER = r"-?(?:0|[1-9][0-9]*+)"
_FRACTION = r"(?:\.[0-9]++(?:[eE][+-]?[0-9]++)?|[eE][+-]?[0-9]++)"
# Quick, and wrong inside strings; but then the mark ends up outside of one, which never parses.
_QUICK = rf"([:,\[]\s*+)(-0|{_INTEGER}{_FRACTION})(?=\s*[,\]}}])"
# Always right: each match goes on where the one before ended, over strings as a whole.
_EXACT = (
    r'\G([^"0-9-]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"0-9-]*+)*+)'
    rf"({_INTEGER}{_FRACTION}?)(?=\s*[,\]}}])"
)
_MARKED = f'"{MARK}([^"]*+)"'

_STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
_PASSED = (
    "allowbackslashescapinganycharacter",
    "allowcomments",
    "allownumericleadingzeros",
    "allowunquotedcontrolchars",
    "allowunquotedfieldnames",
)


def field_column(index: int) -> str:
    """Internal name of the declared source field number ``index``."""
    return f"field_{index}"


def scan(spark: SparkSession, feed: Feed, layout: Layout, paths: Sequence[str]) -> DataFrame:
    """Read JSON files as text.

    :returns: ``value`` (string: a line, or a whole document) and ``file_path`` (string).
    """
    reader = spark.read.format("text").options(
        wholetext=str(layout.document).lower(),
        recursiveFileLookup="true",
        ignoreCorruptFiles="false",
        ignoreMissingFiles="false",
    )
    separator = lowered(feed.source.options).get("linesep")
    if separator and not layout.document:
        reader = reader.option("lineSep", separator)
    return reader.load(list(paths)).select("value", F.col("_metadata.file_path").alias(FILE_PATH))


def parse(feed: Feed, texts: DataFrame, *, document: bool) -> DataFrame:
    """Parse lines or documents.

    :param texts: ``value`` and any other columns.
    :returns: the other columns, ``field_0`` ... (string: text of each declared source field, NULL
        where it is missing, null or empty), ``members`` (map<string,string>: all fields, under
        their declared names where they have one), ``unknown`` (array<string>: fields no column is
        read from), ``_malformed`` (string) and ``_raw`` (string).
    """
    others = [c for c in texts.columns if c != "value"]
    options = _STRICT | {
        name: value for name, value in lowered(feed.source.options).items() if name in _PASSED
    }
    sources = _sources(feed)
    known = F.array(*(F.lit(s) for s in sources)).cast("array<string>")
    texts = _elements(texts, options) if document else _lines(texts)
    # One projection per step: an expression that is used twice in the next must be a plain column
    # there, or it would be evaluated twice.
    texts = texts.withColumn("parsed", _wrapped("quoted", options))
    texts = texts.select(*others, "value", _one("parsed").alias("members"))
    retry = texts.withColumn(
        "parsed",
        F.when(F.col("members").isNull(), _wrapped(_exact("value"), options)),
    )
    members = F.coalesce("members", _one("parsed")).alias("members")
    records = retry.select(*others, "value", members)
    records = records.withColumn("strange", F.array_except(F.map_keys("members"), known))
    records = records.withColumn("_malformed", _malformed(feed))
    fine = F.col("_malformed").isNull() & (F.size("strange") > 0)
    records = records.withColumn(
        "members", F.when(fine, _named_as_declared(sources)).otherwise(F.col("members"))
    )
    return records.select(
        *others,
        *(_field(s).alias(field_column(i)) for i, s in enumerate(sources)),
        "members",
        F.when(fine, F.array_except(F.map_keys("members"), known)).alias("unknown"),
        "_malformed",
        F.when(F.col("_malformed").isNull(), F.col("value"))
        .otherwise(_valid_utf8("value"))
        .alias("_raw"),
    )


def rescued() -> Column:
    """JSON object of the unknown fields that are not null, as text, in name order; or NULL."""
    entries = F.filter(
        F.map_entries("members"),
        lambda e: e["value"].isNotNull() & F.array_contains(F.col("unknown"), e["key"]),
    )
    texts = F.transform(
        F.array_sort(entries),
        lambda e: F.struct(e["key"].alias("key"), source_text(e["value"]).alias("value")),
    )
    return F.when(
        F.size("unknown") > 0, F.nullif(F.to_json(F.map_from_entries(texts)), F.lit("{}"))
    )


def content_hash(fields: Mapping[str, Column], ignore: frozenset[str]) -> Column:
    """``penstock.read.hashing`` over a parsed record; names are known before it runs unless the
    record has unknown fields or nested values, which are hashed in their canonical form."""
    nested = reduce(
        or_,
        (F.coalesce(_is_nested(f), F.lit(False)) for f in fields.values()),
        F.coalesce(F.size("unknown") > 0, F.lit(False)),
    )
    return (
        F.when(F.col("_malformed").isNotNull(), malformed_hash(F.col("_raw")))
        .when(nested, _general_hash(ignore))
        .otherwise(planned_hash(fields, ignore))
    )


def source_text(value: Column) -> Column:
    """A field's text as its source has it, without marks."""
    return (
        F.when(value.startswith(MARK), F.substring(value, len(MARK) + 1, 2**31 - 1))
        .when(_is_nested(value), F.regexp_replace(value, _MARKED, "$1"))
        .otherwise(value)
    )


def _sources(feed: Feed) -> list[str]:
    return list(dict.fromkeys(c.source for c in source_columns(feed)))


def _lines(texts: DataFrame) -> DataFrame:
    """Lines that are not blank, with their quick numbers marked."""
    return texts.where(~F.col("value").rlike(r"\A\s*+\z")).withColumn("quoted", _quick("value"))


def _elements(texts: DataFrame, options: Mapping[str, str]) -> DataFrame:
    """The elements of documents that are arrays; any other document as it is."""
    others = [c for c in texts.columns if c != "value"]
    trimmed = F.regexp_replace("value", r"\A\x{FEFF}?\s*+|\s++\z", "")
    texts = texts.withColumn("value", trimmed).where(F.col("value") != "")
    texts = texts.withColumn("parsed", _array(_quick("value"), options))
    texts = texts.withColumn("parsed", F.coalesce("parsed", _array(_exact("value"), options)))
    array = F.col("value").startswith("[") & (F.size("parsed") == 2)
    elements = F.when(array, F.get("parsed", F.lit(0))).otherwise(F.array(_quick("value")))
    element = F.coalesce("element", F.lit("null"))
    return texts.select(*others, F.explode(elements).alias("element")).select(
        *others, source_text(element).alias("value"), element.alias("quoted")
    )


def _array(text: Column, options: Mapping[str, str]) -> Column:
    return F.from_json(_surrounded(text, "[]"), "array<array<string>>", dict(options))


def _wrapped(text: Column | str, options: Mapping[str, str]) -> Column:
    return F.from_json(_surrounded(text, "{}"), "array<map<string,string>>", dict(options))


def _surrounded(text: Column | str, last: str) -> Column:
    """An array of exactly two elements, the text first, if and only if the text is one value."""
    return F.concat(F.lit("["), text, F.lit(f",{last}]"))


def _one(parsed: str) -> Column:
    return F.when(F.size(parsed) == 2, F.get(parsed, F.lit(0)))


def _quick(text: str) -> Column:
    return F.regexp_replace(text, _QUICK, f'$1"{MARK}$2"')


def _exact(text: str) -> Column:
    return F.regexp_replace(text, _EXACT, f'$1"{MARK}$2"')


def _malformed(feed: Feed) -> Column:
    keys = F.map_keys("members")
    folded = F.array_distinct(F.transform(keys, F.lower))
    everything = F.concat_ws("", keys, F.map_values("members"))
    reason = (
        F.when(F.col("members").isNull(), F.lit("it is not one JSON object"))
        .when(_repeated_key(), F.lit("it has a key twice"))
        .when(
            (F.size("strange") > 0) & (F.size(folded) < F.size(keys)),
            F.lit("it has keys that differ in case only"),
        )
        .when(everything.contains("\ufffd"), F.lit("it is not valid UTF-8"))
    )
    if feed.evolution != "fail_on_new_columns":
        return reason
    sources = [s.lower() for s in _sources(feed)]
    new = F.filter("strange", lambda key: ~F.lower(key).isin(*sources))
    text = F.concat(F.lit("it has fields the feed does not declare: "), F.concat_ws(", ", new))
    return reason.when(F.size(new) > 0, text)


def _repeated_key() -> Column:
    """Whether the object has a key twice, of which the parser keeps one.

    Every key ends with a quote and, blanks aside, a colon. So if there are as many of these two
    together as distinct keys, and no blank after a quote, no key is there twice; if not, they are
    counted by another parse.
    """
    value = F.col("value")
    distinct = F.size(F.array_distinct(F.map_keys("members")))
    colons = F.octet_length(value) - F.octet_length(F.replace(value, F.lit('":'), F.lit("")))
    surely_none = (colons == distinct * 2) & ~value.contains('" ') & ~value.contains('"\t')
    counted = F.size(F.json_object_keys(value))
    return ~surely_none & F.coalesce(counted > distinct, F.lit(False))


def _named_as_declared(sources: Sequence[str]) -> Column:
    """The members with each key that differs from a declared field in case only renamed to it."""
    folded = {s.lower(): s for s in reversed(sources)}
    declared = F.create_map(*(F.lit(x) for pair in folded.items() for x in pair))
    if not folded:
        return F.col("members")
    return F.transform_keys(
        "members", lambda key, _: F.coalesce(F.try_element_at(declared, F.lower(key)), key)
    )


def _field(source: str) -> Column:
    text = source_text(F.try_element_at("members", F.lit(source)))
    # F.nullif of Spark 3.5 wants to know the type at once, which this text has not yet.
    return F.call_function("nullif", text, F.lit(""))


def _is_nested(value: Column) -> Column:
    return value.startswith("{") | value.startswith("[")


def _general_hash(ignore: frozenset[str]) -> Column:
    entries = F.filter(
        F.map_entries("members"),
        lambda e: (e["value"] != "") & ~F.lower(e["key"]).isin(*ignore or ["\0"]),
    )
    texts = F.transform(
        F.array_sort(entries),
        lambda e: F.struct(e["key"].alias("key"), canonical(source_text(e["value"])).alias("text")),
    )
    parts = F.transform(
        texts,
        lambda e: F.concat(
            F.octet_length(e["text"]).cast("string"),
            F.lit(":"),
            F.octet_length(e["key"]).cast("string"),
            F.lit(":"),
            e["key"],
            e["text"],
        ),
    )
    return digest(F.concat_ws("", parts))


def _valid_utf8(text: str) -> Column:
    """The text after a match that never fails: only then are bytes that are not UTF-8 replaced."""
    return F.regexp_replace(text, r"\A\x{FEFF}?", "")
