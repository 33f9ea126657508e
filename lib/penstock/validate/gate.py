"""Whether so many records were quarantined that their batch is held back. Pure."""

from __future__ import annotations

from fractions import Fraction

from penstock.model import Counts, Quality


def over_limit(counts: Counts, quality: Quality) -> str | None:
    """Why a batch is held, or None if it may be published.

    The share is ``quarantined / read``; a share equal to the limit passes, and so does a batch
    without records.
    """
    limit = quality.max_quarantined
    # The decimal the user wrote: 29 of 100 are not more than 0.29, though 0.29 * 100 is less.
    if limit is None or counts.quarantined <= Fraction(str(limit)) * counts.read:
        return None
    share = counts.quarantined / counts.read
    return (
        f"{counts.quarantined} of {counts.read} records are quarantined "
        f"({_percent(share)}), and quality.max_quarantined is {_percent(limit)}"
    )


def _percent(share: float) -> str:
    return f"{share * 100:.4g}%"
