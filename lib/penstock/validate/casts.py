"""Text to typed values: what each type accepts, with the same answer under ANSI on and off.

=============  ====================================================================================
type           accepted text, after trimming
=============  ====================================================================================
string         anything without a NUL character, which no warehouse stores
uuid           8-4-4-4-12 hexadecimal digits; becomes lower case
integers       digits with an optional sign, within the type's range; no decimals, no exponent
decimal(p,s)   digits, an optional sign and point; no exponent; never rounded: at most ``s``
               decimals, zeros beyond them aside, and ``p - s`` digits before the point
double, float  decimal or scientific notation; finite, so ``NaN`` and ``Infinity`` are rejected
               (name them in ``null_values`` if they mean "none")
boolean        true, t, yes, y, 1, false, f, no, n, 0, in either case
date           ``yyyy-MM-dd``, years 0001 to 9999, or the column's ``format``
timestamp      ISO 8601: a date, then ``T`` or a blank and ``HH:mm``, ``HH:mm:ss`` or up to nine
               decimals of seconds (six are kept), then ``Z``, ``UTC`` or an offset; without one,
               in ``source.timezone`` (a time that a clock change skips is moved on by the hour
               skipped, one that occurs twice is the first); or the column's ``format``
timestamp_ntz  the same without an offset
binary         base64 (RFC 4648) with padding
array, struct, JSON of the type; a value inside that does not fit rejects the cell
map
=============  ====================================================================================
"""

from __future__ import annotations

from pyspark.sql import Column as Expr
from pyspark.sql import functions as F

from penstock.model import Column

BLANKS = " \t\n\r\f\v\u00a0\ufeff"
"""What ``trim`` takes off: blanks, tabs, line ends, no-break spaces, byte order marks."""

_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
# Java looks a character of \d or \p{XDigit}, which are ASCII, up in a table, and tries the ranges
# of a class in brackets one by one; and it is twice as fast at \d\d as at \d{2}.
_D2, _X4 = r"\d\d", r"\p{XDigit}" * 4
_UUID = rf"\A{_X4}{_X4}-{_X4}-{_X4}-{_X4}-{_X4}{_X4}{_X4}\z"
_REAL = r"\A[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\z"
_DATE = rf"(?!0000){_D2}{_D2}-{_D2}-{_D2}"
_TIME = rf"[T ]{_D2}:{_D2}(?::{_D2}(?:\.\d{{1,9}})?)?"
_OFFSET = rf" ?(?:Z|UTC|[+-]{_D2}(?::?{_D2})?)"
_BASE64 = r"\A(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\z"
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
# Letters of java.time patterns that stand for a zone or an offset.
_ZONE_LETTERS = frozenset("VzOXxZ")


def clean(text: Expr, column: Column, null_values: tuple[str, ...] = ()) -> Expr:
    """The text a cell is judged by: trimmed, NULL where it is empty or a null value.

    :param text: string; a plain reference, as it is used several times.
    :param null_values: the feed's own, besides the column's.
    """
    if column.trim:
        # Blanks at an end are rare, and looking for them is much cheaper than taking them off.
        # As bytes: to find the last character of a string, Spark counts all of them, twice.
        last = F.substring(text.cast("binary"), -1, 1)
        low, high = F.lit(b"!"), F.lit(b"~")
        blank = (text < "!") | (text > "~") | (last < low) | (last > high)
        trimmed = F.btrim(text, F.lit(BLANKS))
        text = F.when(blank, F.when(trimmed != "", trimmed)).otherwise(text)
    nulls = (*column.null_values, *null_values)
    return F.when(~text.isin(*nulls), text) if nulls else text


def typed(text: Expr, column: Column, timezone: str) -> Expr:
    """The value of the column's type, or NULL where the text is not one.

    :param text: cleaned text.
    :param timezone: of timestamps without an offset.
    """
    kind = column.type
    if kind == "string":
        return F.when(~text.contains("\0"), text)
    if kind == "uuid":
        return F.when(text.rlike(_UUID), F.lower(text))
    if kind in _BITS:
        return _integer(text, kind)
    if kind.startswith("decimal("):
        return _decimal(text, kind)
    if kind in ("double", "float"):
        return _real(text, kind)
    if kind == "boolean":
        word = F.lower(text)
        return F.when(word.isin(*_TRUE), F.lit(True)).when(word.isin(*_FALSE), F.lit(False))
    if kind in ("date", "timestamp", "timestamp_ntz"):
        return _instant(text, column, timezone)
    if kind == "binary":
        return F.when(text.rlike(_BASE64), F.unbase64(text))
    return _nested(text, kind)


def _integer(text: Expr, kind: str) -> Expr:
    limit = 2 ** (_BITS[kind] - 1)
    if kind != "bigint":
        number = F.when(text.rlike(r"\A[+-]?0*\d{1,10}\z"), text.cast("bigint"))
        return F.when((number >= -limit) & (number < limit), number.cast(kind))
    short = F.when(text.rlike(r"\A[+-]?0*\d{1,18}\z"), text.cast("bigint"))
    wide = F.when(text.rlike(r"\A[+-]?0*\d{19}\z"), text.cast("decimal(19,0)"))
    low, high = (F.lit(str(n)).cast("decimal(19,0)") for n in (-limit, limit - 1))
    return F.coalesce(short, F.when((wide >= low) & (wide <= high), wide.cast("bigint")))


def _decimal(text: Expr, kind: str) -> Expr:
    precision, scale = (int(n) for n in kind.removeprefix("decimal(").rstrip(")").split(","))
    whole = rf"0*\d{{0,{precision - scale}}}"
    number = rf"\A[+-]?(?=\.?\d){whole}(?:\.\d{{0,{scale}}}0*)?\z"
    return F.when(text.rlike(number), text.cast(kind))


def _real(text: Expr, kind: str) -> Expr:
    number = F.when(text.rlike(_REAL), text.cast("double"))
    limit = 3.4028234663852886e38 if kind == "float" else 1.7976931348623157e308
    return F.when(F.abs(number) <= limit, number.cast(kind))


def _instant(text: Expr, column: Column, timezone: str) -> Expr:
    kind, pattern = column.type, column.format
    if pattern:
        value = F.try_to_timestamp(text, F.lit(pattern))
        zoned = _has_zone(pattern)
    else:
        offset = "" if kind == "timestamp_ntz" else f"(?:{_OFFSET})?"
        time = "" if kind == "date" else f"(?:{_TIME}{offset})?"
        # Spark wants seconds before an offset.
        seconds = F.regexp_replace(text, rf"([T ]{_D2}:{_D2})( ?[ZU+-])", "$1:00$2")
        parsed = F.coalesce(F.try_to_timestamp(text), F.try_to_timestamp(seconds))
        value = F.when(text.rlike(rf"\A{_DATE}{time}\z"), parsed)
        zoned = False
    if kind != "timestamp" or zoned or timezone == "UTC":
        return value.cast(kind)
    local = F.to_utc_timestamp(value.cast("timestamp"), timezone)
    if pattern:
        return local
    return F.when(text.rlike(rf":.*{_OFFSET}\z"), value.cast("timestamp")).otherwise(local)


def _has_zone(pattern: str) -> bool:
    bare = "".join(pattern.split("'")[::2])
    return not _ZONE_LETTERS.isdisjoint(bare)


def _nested(text: Expr, kind: str) -> Expr:
    single = F.size(F.from_json(F.concat(F.lit("["), text, F.lit(",{}]")), "array<string>")) == 2
    schema = f"struct<value:{kind},broken:string>"
    parsed = F.from_json(
        F.concat(F.lit('{"value":'), text, F.lit("}")),
        schema,
        {"columnNameOfCorruptRecord": "broken", "mode": "PERMISSIVE"},
    )
    return F.when(single & parsed["broken"].isNull(), parsed["value"])
