"""From an e-mail address to the company behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from penstock.transform.frames import TEMPORARY, Transform, col, find, is_text, type_of, with_marks
from penstock.transform.marks import mark_invalid_email
from penstock.transform.punycode import decoded
from penstock.transform.suffixes import (
    FREE,
    NAMES,
    OWNED,
    OWNED_PATTERN,
    REGISTRY,
    REGISTRY_PATTERN,
    TAIL,
    lookup,
    suffixes,
    to_unicode,
)

_DOMAIN = f"{TEMPORARY}domain"

_LONGEST = 1000
"""Characters of the longest text looked at: a line of mail has 998 (RFC 5322, 2.1.1)."""

_LONGEST_NAME = 253
"""Characters of the longest domain name (RFC 1035, 3.1)."""

# What nearly every address looks like, if it has none of the pairs beneath: with few and plain
# classes and greedy quantifiers it is several times faster than the grammar. Names in Punycode,
# which have two hyphens, are left to the others.
_COMMON = r"\A\w[\w+\-.]*@\p{Alnum}[\p{Alnum}\-.]*\.\p{Alpha}\p{Alnum}*\z"
_UNCOMMON = ("..", ".@", "-.", ".-", "--")
_COMMON_LENGTH = 64
"""Up to here neither a local part nor a label can be too long."""

# RFC 5322 addr-spec without comments and folding, with the lengths of RFC 5321 and letters of any
# script (RFC 6531). Possessive quantifiers keep hostile text from backtracking.
_SPACE = r"[\s\p{Z}]*+"
_ATOM = r"[^\s\p{Z}\p{Cc}\"(),:;<>@\[\]\\.]"
_LOCAL = rf'(?:(?=[^@]{{1,64}}@){_ATOM}++(?:\.{_ATOM}++)*+|"(?:[^"\\\r\n]|\\.){{0,62}}")'
_DOTS = "\u3002\uff0e\uff61"
"""What also counts as a dot in a domain name (IDNA, RFC 3490, 3.1)."""
_DOT = f"[.{_DOTS}]"
_LABEL = r"(?!-)[\p{L}\p{M}\p{N}\-]{1,63}+(?<!-)"
_NAME = rf"((?:{_LABEL}{_DOT})+(?![0-9]++{_DOT}?(?:[\s\p{{Z}}>]|\z)){_LABEL}){_DOT}?"
_PLAIN = rf"\A{_SPACE}{_LOCAL}@{_NAME}{_SPACE}\z"
# A display name may hold anything but angle brackets, unless it looks like a list of addresses.
_DISPLAYED = (
    rf'\A(?![^<"@]*+@[^<",;]*+[,;])(?:[^<>"]++|"(?:[^"\\]++|\\.)*+")*+'
    rf"<{_SPACE}{_LOCAL}@{_NAME}{_SPACE}>{_SPACE}\z"
)


def email_company(
    column: str,
    output: str = "company",
    domain_output: str = "email_domain",
    free_mail: Literal["null", "keep"] = "null",
    overrides: Mapping[str, str] | None = None,
    invalid: Literal["null", "quarantine"] = "null",
) -> Transform:
    """Derive the company from an e-mail address.

    =====================  ====================================================================
    in ``column``          string: ``j@x.com``, ``<j@x.com>``, ``"Doe, J." <j@x.com>``
    out ``domain_output``  string: the whole domain in lower case and Unicode (``xn--`` labels
                           decoded), without a trailing dot; NULL where the address is no valid
                           one
    out ``output``         string: the company, or NULL
    out ``_status``        string (``invalid="quarantine"`` only): ``accepted``, ``quarantined``
    out ``_reasons``       array<string> (``invalid="quarantine"`` only)
    =====================  ====================================================================

    The company is what ``overrides`` says of the domain or of the nearest domain above it; else
    the label below the public suffix, in lower case: ``acme`` for ``j@mail.acme.co.uk``. Public
    suffixes are those of the Public Suffix List (https://publicsuffix.org/list/), registries' and
    private ones (``acme`` for ``j@acme.uk.com``); an address directly at a private suffix is its
    owner's (``github`` for ``j@github.io``), one directly at a registry's suffix is nobody's:
    NULL. A top-level domain that the list does not know counts as a suffix, as the list's own
    rule says.

    An address is valid if it is one RFC 5322 ``addr-spec``, with a display name or not, at a
    domain name of two labels or more whose last is not a number; so an address literal
    (``j@[192.0.2.1]``), a list of addresses and a comment are not. Letters of any script are
    allowed. Unicode is compared as it is written: composed and decomposed letters differ.

    No Spark action, no Python UDF, no shuffle: one broadcast join with a small table.

    :param free_mail: ``null``: addresses at domains that hand out mailboxes to anybody (a
        reviewed list, shipped as ``data/free_mail.txt``) have no company; ``keep``: they have.
    :param overrides: company by domain; stands above everything else.
    :param invalid: ``quarantine``: rows with text that is no valid address get ``_status``
        ``quarantined`` and a reason. No row is dropped.
    :raises ValueError: a domain of ``overrides`` is none, or a setting has another value; or (when
        applied) there is no such column, or it is no text.
    """
    for setting, value, allowed in (
        ("free_mail", free_mail, ("null", "keep")),
        ("invalid", invalid, ("null", "quarantine")),
    ):
        if value not in allowed:
            raise ValueError(f"email_company: {setting} is {' or '.join(allowed)}, not {value!r}")
    if len({column, output, domain_output}) < 3:
        raise ValueError("email_company: column, output and domain_output must be three columns")
    names = {to_unicode(domain): name for domain, name in (overrides or {}).items()}

    def apply(df: DataFrame) -> DataFrame:
        (source,) = find(df, "email_company: column", [column])
        if not is_text(type_of(df, source)):
            raise ValueError(f"email_company: column {source!r} is no text")
        found = lookup(df.sparkSession, names)
        # Each projection copies every row: hence no more of them than expressions need that are
        # used several times.
        frame = (
            df.withColumn(_DOMAIN, _domain(col(source)))
            .join(
                F.broadcast(found), F.substring_index(col(_DOMAIN), ".", -2) == found[TAIL], "left"
            )
            .withColumns({REGISTRY: _registry(), OWNED: _owned()})
        )
        derived = {domain_output: col(_DOMAIN), output: _company(free_mail, named=bool(names))}
        replaced = {name.lower() for name in derived}
        kept = [col(c) for c in df.columns if c.lower() not in replaced]
        result = frame.select(*kept, *(value.alias(name) for name, value in derived.items()))
        if invalid == "quarantine":
            return with_marks(result).transform(mark_invalid_email(source, domain_output))
        return result

    return apply


def _domain(address: Column) -> Column:
    """The domain of a valid address, in lower case and Unicode; else NULL.

    All but the first form are rare, and what Spark evaluates of them for other rows is nothing.
    """
    common = (F.octet_length(address) <= _COMMON_LENGTH) & address.rlike(_COMMON)
    for pair in _UNCOMMON:
        common &= ~address.contains(pair)
    text = F.when(address.contains("@") & (F.length(address) <= _LONGEST), address)
    plain = F.when(text.rlike(_PLAIN), F.regexp_extract(text, _PLAIN, 1))
    shown = F.when(text.contains("<"), F.regexp_extract(text, _DISPLAYED, 1))
    name = F.translate(F.lower(F.coalesce(plain, shown)), _DOTS, "...")
    return F.when(common, F.lower(F.substring_index(address, "@", -1))).when(
        (F.length(name) <= _LONGEST_NAME) & (name != ""), decoded(name)
    )


def _registry() -> Column:
    """How many labels of the domain a registry keeps for itself."""
    wild = _last(F.lit(1)).isin(list(suffixes().wild))
    return F.when(col(REGISTRY_PATTERN).isNotNull(), _matched(REGISTRY_PATTERN, 1)).otherwise(
        F.coalesce(col(REGISTRY), F.when(wild, F.lit(2)).otherwise(F.lit(1)))
    )


def _owned() -> Column:
    """How many labels of the domain its owner gives to others, or 0."""
    return F.when(col(OWNED_PATTERN).isNotNull(), _matched(OWNED_PATTERN, 0)).otherwise(
        F.coalesce(col(OWNED), F.lit(0))
    )


def _matched(pattern: str, default: int) -> Column:
    """How many labels of the domain a pattern of ``lookup`` finds to be public."""
    suffix = F.call_function("regexp_extract", col(_DOMAIN), col(pattern), F.lit(1))
    return F.when(suffix == "", F.lit(default)).otherwise(_labels(suffix))


def _registrable() -> Column:
    """The public suffix and one label more; NULL if there is none."""
    longest, registry = F.greatest(col(REGISTRY), col(OWNED)), col(REGISTRY)
    labels = _labels(col(_DOMAIN))
    return F.when(labels > longest, _last(longest + 1)).when(labels > registry, _last(registry + 1))


def _labels(name: Column) -> Column:
    """How many labels a name has."""
    return F.length(name) - F.length(F.replace(name, F.lit("."))) + 1


def _last(labels: Column) -> Column:
    """The last so many labels of the domain."""
    return F.call_function("substring_index", col(_DOMAIN), F.lit("."), -labels)


def _company(free_mail: str, *, named: bool) -> Column:
    label = F.substring_index(_registrable(), ".", 1)
    if free_mail == "null":
        free = F.array_contains(col(FREE), _registrable())
        label = F.when(~F.coalesce(free, F.lit(False)), label)
    if not named:
        return label
    dotted = F.concat(F.lit("."), col(_DOMAIN))
    names = F.filter(col(NAMES), lambda name: F.endswith(dotted, name["ending"]))
    return F.coalesce(F.get(names, 0)["company"], label)
