"""The nearest right name for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(word: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name most like ``word``, letter case and ``_`` aside; None if none is close.

    :param cutoff: least ratio of ``difflib.SequenceMatcher``, 0 to 1.
    """
    wanted = _plain(word)
    scored = [(SequenceMatcher(None, wanted, _plain(name)).ratio(), name) for name in names]
    good = [(score, name) for score, name in scored if score >= cutoff]
    return max(good, key=lambda pair: pair[0])[1] if good else None


def did_you_mean(word: str, names: Iterable[str], otherwise: str) -> str:
    """A hint: the nearest name, or else all of them (``otherwise``, ``choose one of``)."""
    known = list(names)
    found = nearest(word, known)
    if found:
        return f"did you mean {found}?"
    return f"{otherwise} {', '.join(known)}" if known else "there is none"


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
