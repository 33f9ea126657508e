"""``source.options``: Spark's reader options by their own names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from penstock.config.autoloader import is_auto_loader
from penstock.config.problems import SettingError
from penstock.config.suggest import nearest

_TYPES = "declare the types under columns"
_DISCOVERY = "remove it"
_REFUSED: Mapping[str, tuple[str, str]] = {
    "inferSchema": ("would guess types anew from each batch of files", _TYPES),
    "schema": ("would name columns by position", _TYPES),
    "mode": (
        "is always PERMISSIVE, or records would be lost without a trace",
        "remove it: broken records are quarantined; quality.max_quarantined bounds them",
    ),
    "enforceSchema": (
        "would align columns by position",
        "remove it: columns are matched by header name",
    ),
    "columnNameOfCorruptRecord": (
        "is set by Penstock",
        "remove it: broken records are quarantined with their raw text",
    ),
    "path": ("would read other files than those planned", "write source.path"),
    "ignoreCorruptFiles": ("would lose files without a trace", "remove it: such a file is failed"),
    "ignoreMissingFiles": ("would lose files without a trace", "remove it"),
    "pathGlobFilter": ("would hide files that were planned", "write source.match"),
    "recursiveFileLookup": ("is how files are found anyway", _DISCOVERY),
    "modifiedAfter": ("would hide files that were planned", _DISCOVERY),
    "modifiedBefore": ("would hide files that were planned", _DISCOVERY),
    "dateFormat": ("has no effect on text", "write format at the column"),
    "timestampFormat": ("has no effect on text", "write format at the column"),
    "timestampNTZFormat": ("has no effect on text", "write format at the column"),
    "rescuedDataColumn": ("is always _rescued_data", "write schema.evolution: rescue"),
}
# https://spark.apache.org/docs/latest/sql-data-sources-csv.html and ...-json.html
_KNOWN = (
    "sep",
    "delimiter",
    "encoding",
    "charset",
    "quote",
    "escape",
    "charToEscapeQuoteEscaping",
    "comment",
    "header",
    "ignoreLeadingWhiteSpace",
    "ignoreTrailingWhiteSpace",
    "nullValue",
    "nanValue",
    "positiveInf",
    "negativeInf",
    "maxColumns",
    "maxCharsPerColumn",
    "multiLine",
    "lineSep",
    "emptyValue",
    "locale",
    "unescapedQuoteHandling",
    "samplingRatio",
    "preferDate",
    "enableDateTimeParsingFallback",
    "compression",
    "singleVariantColumn",
    "timeZone",
    "primitivesAsString",
    "prefersDecimal",
    "allowComments",
    "allowUnquotedFieldNames",
    "allowSingleQuotes",
    "allowNumericLeadingZeros",
    "allowBackslashEscapingAnyCharacter",
    "allowUnquotedControlChars",
    "allowNonNumericNumbers",
    "dropFieldIfAllNull",
    "columnPruning",
    "maxNestingDepth",
    "maxNumLen",
    "maxStringLen",
)
_BY_LOWER = {name.lower(): name for name in (*_KNOWN, *_REFUSED)}


def check_options(options: Iterable[str]) -> Iterator[tuple[str, SettingError]]:
    """Each name of an option that may not stand, with the reason."""
    seen: dict[str, str] = {}
    for name in options:
        known = _BY_LOWER.get(name.lower())
        if is_auto_loader(name):
            continue
        if known is not None and known in _REFUSED:
            yield name, SettingError(*_REFUSED[known])
        elif name.lower() in seen:
            other = seen[name.lower()]
            yield name, SettingError(f"is the same option as {other}", "remove one of the two")
        elif known is None and (meant := nearest(name, _KNOWN, 0.8)):
            yield name, SettingError("is no option of Spark's readers", f"did you mean {meant}?")
        seen.setdefault(name.lower(), name)


def with_known_case(options: Mapping[str, str]) -> dict[str, str]:
    """The options in Spark's own spelling, sorted by name; booleans in lower case."""
    spelled = {_BY_LOWER.get(name.lower(), name): text for name, text in options.items()}
    lower = {"true", "false"}
    return {
        name: text.lower() if text.lower() in lower else text
        for name, text in sorted(spelled.items())
    }
