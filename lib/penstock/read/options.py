"""Reader options as users write them, and what they say of a file.

Pure: the head of a file is parsed by the same dialect that Spark is given.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from penstock.errors import ConfigError
from penstock.model import Feed

_TYPED = "every field is read as text and cast by the type declared in columns"
_LISTED = "the files of a batch are planned by name"
_WHOLE = "a file that cannot be read is reported, never passed over"
_KEPT = "a broken record is quarantined with its reason, never dropped"
_TEXT = "it changes the text of fields; use the column's null_values or trim"

REFUSED_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "inferschema": _TYPED,
        "schema": _TYPED,
        "singlevariantcolumn": _TYPED,
        "mode": _KEPT,
        "columnnameofcorruptrecord": _KEPT,
        "unescapedquotehandling": "every other choice loses text or stops at the first such field",
        "enforceschema": "columns are matched by header name, never by position",
        "columnpruning": "which records are broken must not depend on the columns in use",
        "emptyvalue": _TEXT,
        "path": _LISTED,
        "pathglobfilter": _LISTED,
        "recursivefilelookup": _LISTED,
        "modifiedbefore": _LISTED,
        "modifiedafter": _LISTED,
        "ignorecorruptfiles": _WHOLE,
        "ignoremissingfiles": _WHOLE,
        "allowsinglequotes": "JSON has double quotes (RFC 8259)",
        "allownonnumericnumbers": "JSON has no NaN or Infinity (RFC 8259)",
    }
)
"""Options that no feed may set, in lower case, with the reason."""


ENCODINGS: Mapping[str, str] = MappingProxyType(
    {
        "utf-8": "UTF-8",
        "ascii": "US-ASCII",
        "iso8859-1": "ISO-8859-1",
        "utf-16": "UTF-16",
        "utf-16-be": "UTF-16BE",
        "utf-16-le": "UTF-16LE",
    }
)
"""Encodings that Spark 4 reads, by Python's name: https://spark.apache.org/docs/latest/\
sql-migration-guide.html (``spark.sql.legacy.javaCharsets``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a CSV file is written, RFC 4180 unless the feed says otherwise. An empty ``quote``,
    ``escape`` or ``comment`` means there is none; no ``line_separator``, that it is detected."""

    separator: str = ","
    quote: str = '"'
    escape: str = '"'
    comment: str = ""
    header: bool = True
    encoding: str = "UTF-8"
    line_separator: str = ""
    multiline: bool = True


def lowered(options: Mapping[str, str]) -> dict[str, str]:
    """The options with their names in lower case, as Spark compares them."""
    return {name.lower(): str(value) for name, value in options.items()}


def check_options(feed: Feed) -> None:
    """Refuse options that would lose records or change their text.

    :raises ConfigError: naming the option and the reason.
    """
    for name in feed.source.options:
        if reason := REFUSED_OPTIONS.get(name.lower()):
            raise ConfigError(
                f"{feed.config_path}: source.options.{name} is refused: {reason}",
                hint=f"remove source.options.{name}",
            )


def dialect(feed: Feed) -> Dialect:
    """The CSV dialect the feed's options describe.

    :raises ConfigError: Spark cannot read the encoding.
    """
    options = lowered(feed.source.options)
    encoding = options.get("encoding", options.get("charset", "UTF-8"))
    try:
        encoding = ENCODINGS[codecs.lookup(encoding).name]
    except LookupError:
        raise ConfigError(
            f"{feed.config_path}: source.options.encoding: Spark does not read '{encoding}'",
            hint=f"convert the files; it reads {', '.join(ENCODINGS.values())}",
        ) from None
    separator = options.get("sep", options.get("delimiter", ","))
    quote = options.get("quote", '"')
    return Dialect(
        separator=separator.replace("\\t", "\t"),
        quote=quote,
        escape=options.get("escape", quote),
        comment=options.get("comment", ""),
        header=options.get("header", "true").lower() != "false",
        encoding=encoding,
        line_separator=options.get("linesep", ""),
        multiline=options.get("multiline", "true").lower() != "false",
    )
