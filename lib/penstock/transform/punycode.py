"""Punycode to Unicode (RFC 3492) as SQL, for domain names written as ``xn--...``."""

from __future__ import annotations

from functools import cache

from pyspark.sql import Column
from pyspark.sql import functions as F

_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"
_HIGHEST = 0x10FFFF

# The loop of RFC 3492, section 6.2, as a fold over the digits. `w` and `i` are bounded, so that a
# hostile label ends in `ok = false` and never in an overflow, which ANSI mode would raise.
_ADAPT = """
aggregate(
  sequence(1, 6),
  named_struct(
    'd', cast(y.delta div y.damp + (y.delta div y.damp) div y.points AS bigint),
    'k', cast(0 AS bigint)),
  (a, step) -> CASE WHEN a.d > 455
    THEN named_struct('d', cast(a.d div 35 AS bigint), 'k', cast(a.k + 36 AS bigint)) ELSE a END,
  a -> cast(a.k + (36 * a.d) div (a.d + 38) AS bigint))
"""

_STEP = f"""
CASE WHEN NOT s.ok THEN s ELSE
  transform(array(named_struct(
    'digit', cast(instr('{_DIGITS}', c) - 1 AS bigint),
    't', cast(CASE WHEN s.k <= s.bias THEN 1 WHEN s.k >= s.bias + 26 THEN 26
      ELSE s.k - s.bias END AS bigint))),
  x -> CASE
    WHEN x.digit < 0 OR s.w > {_HIGHEST} * 64 THEN named_struct(
      'out', s.out, 'n', s.n, 'i', s.i, 'start', s.start, 'bias', s.bias, 'w', s.w, 'k', s.k,
      'open', true, 'ok', false)
    WHEN x.digit >= x.t THEN named_struct(
      'out', s.out, 'n', s.n, 'i', cast(s.i + x.digit * s.w AS bigint), 'start', s.start,
      'bias', s.bias, 'w', cast(s.w * (36 - x.t) AS bigint), 'k', cast(s.k + 36 AS bigint),
      'open', true, 'ok', true)
    ELSE transform(array(named_struct(
        'i', cast(s.i + x.digit * s.w AS bigint),
        'delta', cast(s.i + x.digit * s.w - s.start AS bigint),
        'points', cast(size(s.out) + 1 AS bigint),
        'damp', CASE WHEN s.start = 0 THEN 700 ELSE 2 END)),
      y -> named_struct(
        'out', concat(slice(s.out, 1, cast(y.i % y.points AS int)),
          array(cast(s.n + y.i div y.points AS bigint)),
          slice(s.out, cast(y.i % y.points AS int) + 1, size(s.out))),
        'n', cast(s.n + y.i div y.points AS bigint),
        'i', cast(y.i % y.points + 1 AS bigint),
        'start', cast(y.i % y.points + 1 AS bigint),
        'bias', {_ADAPT},
        'w', cast(1 AS bigint), 'k', cast(36 AS bigint), 'open', false,
        'ok', s.n + y.i div y.points <= {_HIGHEST}
          AND NOT s.n + y.i div y.points BETWEEN 55296 AND 57343))[0]
    END)[0]
END
"""


def decoded(domain: Column) -> Column:
    """A domain name, which is in lower case, with every ``xn--`` label in Unicode. A label that is
    no Punycode stays as it is."""
    labels = F.call_function("transform", F.split(domain, "[.]"), F.expr(_decoded_label()))
    return F.when(domain.contains("xn--"), F.array_join(labels, ".")).otherwise(domain)


@cache
def _decoded_label() -> str:
    """SQL function of one label."""
    points = "transform(split(regexp_extract(label, '^xn--(.*)-[^-]*$', 1), ''), ch -> ascii(ch))"
    units = (
        "transform(s.out, p -> CASE WHEN p < 65536 THEN lpad(hex(p), 4, '0') ELSE "
        "concat(hex(55296 + (p - 65536) div 1024), hex(56320 + (p - 65536) % 1024)) END)"
    )
    label = f"""
      aggregate(
        split(regexp_extract(label, '^xn--(?:.*-)?([^-]*)$', 1), ''),
        named_struct(
          'out', transform(filter({points}, p -> p > 0), p -> cast(p AS bigint)),
          'n', cast(128 AS bigint), 'i', cast(0 AS bigint), 'start', cast(0 AS bigint),
          'bias', cast(72 AS bigint), 'w', cast(1 AS bigint), 'k', cast(36 AS bigint),
          'open', false, 'ok', true),
        (s, c) -> CASE WHEN c = '' THEN s ELSE {_STEP} END,
        s -> CASE WHEN s.ok AND NOT s.open AND size(s.out) > 0
          THEN lower(decode(unhex(array_join({units}, '')), 'UTF-16BE')) ELSE label END)
    """
    return f"label -> CASE WHEN label LIKE 'xn--%' THEN {label} ELSE label END"
