"""Figures of a benchmark: medians, and ratios taken pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One whole process. Times in seconds, ``peak`` in bytes; ``rows``: records in its target
    afterwards, None where it failed, which ``error`` then explains. ``load``: the machine's load
    average just before. ``steps``: seconds by step, as far as the contender tells."""

    contender: str
    round: int
    wall: float
    cpu: float
    peak: int
    load: float
    rows: int | None = None
    error: str = ""
    steps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Medians over the runs of one contender that succeeded. ``ratio``: the median of the
    reference's wall time over this one's, round by round; None where no round has both."""

    contender: str
    runs: int
    failed: int
    wall: float | None
    cpu: float | None
    peak: int | None
    rows: tuple[int, ...]
    ratio: float | None


def summarise(runs: Sequence[Run], reference: str) -> list[Summary]:
    """A summary per contender, in the order of their first runs."""
    names = list(dict.fromkeys(run.contender for run in runs))
    return [_summary(name, runs, reference) for name in names]


def _summary(name: str, runs: Sequence[Run], reference: str) -> Summary:
    own = [run for run in runs if run.contender == name]
    good = [run for run in own if not run.error]
    walls = {run.round: run.wall for run in runs if run.contender == reference and not run.error}
    ratios = [walls[run.round] / run.wall for run in good if run.round in walls]
    return Summary(
        contender=name,
        runs=len(own),
        failed=len(own) - len(good),
        wall=_median(run.wall for run in good),
        cpu=_median(run.cpu for run in good),
        peak=_whole(_median(run.peak for run in good)),
        rows=tuple(sorted({run.rows for run in good if run.rows is not None})),
        ratio=_median(ratios),
    )


def median_steps(runs: Iterable[Run], contender: str) -> dict[str, float]:
    """Median seconds of each step over the contender's successful runs."""
    seconds: dict[str, list[float]] = {}
    for run in runs:
        if run.contender == contender and not run.error:
            for step, spent in run.steps.items():
                seconds.setdefault(step, []).append(spent)
    return {step: median(spent) for step, spent in seconds.items()}


def table(summaries: Iterable[Summary], *, expected: int | None, reference: str) -> str:
    """The summaries as Markdown. ``expected``: records an exact load has."""
    header = ["contender", "wall s", "CPU s", "peak MB", "rows", "beside an exact load",
              f"{reference} / it"]  # fmt: skip
    lines = [header, ["---", *["--:"] * (len(header) - 1)]]
    for s in summaries:
        lines.append(
            [
                s.contender + (f" ({s.failed} of {s.runs} failed)" if s.failed else ""),
                _number(s.wall, ".1f"),
                _number(s.cpu, ".1f"),
                _number(s.peak and s.peak / 1e6, ",.0f"),
                " or ".join(f"{rows:,}" for rows in s.rows) or "-",
                " or ".join(difference(rows, expected) for rows in s.rows) or "-",
                "" if s.contender == reference else _number(s.ratio, ".2f"),
            ]
        )
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def difference(rows: int, expected: int | None) -> str:
    """``exact``, or by how many records a load is off."""
    if expected is None:
        return "-"
    return "exact" if rows == expected else f"{rows - expected:+,}"


def _median(values: Iterable[float]) -> float | None:
    listed = list(values)
    return median(listed) if listed else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
