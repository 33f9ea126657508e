"""When too many records are quarantined."""

from __future__ import annotations

import pytest

from penstock.model import Counts, Quality
from penstock.validate.gate import over_limit


@pytest.mark.parametrize(
    ("limit", "read", "quarantined"),
    [(None, 100, 100), (0.05, 100, 5), (0.29, 100, 29), (0.0, 10, 0), (1.0, 10, 10), (0.1, 0, 0)],
)
def test_a_share_up_to_the_limit_passes(limit: float | None, read: int, quarantined: int) -> None:
    counts = Counts(read=read, loaded=read - quarantined, quarantined=quarantined)
    assert over_limit(counts, Quality(max_quarantined=limit)) is None


@pytest.mark.parametrize(
    ("limit", "quarantined", "said"),
    [
        (
            0.05,
            6,
            "6 of 100 records are quarantined (6%), and quality.max_quarantined is 5%",
        ),
        (
            0.0,
            1,
            "1 of 100 records are quarantined (1%), and quality.max_quarantined is 0%",
        ),
    ],
)
def test_a_share_over_the_limit_holds_the_batch(limit: float, quarantined: int, said: str) -> None:
    counts = Counts(read=100, loaded=100 - quarantined, quarantined=quarantined)
    assert over_limit(counts, Quality(max_quarantined=limit)) == said


def test_only_quarantined_records_count() -> None:
    counts = Counts(read=10, loaded=1, duplicate=8, out_of_window=1)
    assert over_limit(counts, Quality(max_quarantined=0.0)) is None
