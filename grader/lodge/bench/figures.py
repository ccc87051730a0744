# SPDX-License-Identifier: MIT
"""Medians, spreads and ratios."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        if self.low == self.high:
            return short(self.median)
        return f"{short(self.median)} ({short(self.low)} to {short(self.high)})"


def short(value: float) -> str:
    """With as many digits as can be meant."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}" if value >= 1 else f"{value:.2f}"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of what was measured side by side, pair by pair."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=False) if b]
    return statistics.median(pairs) if pairs else 0.0


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, all others to the right."""
    widths = [max(len(str(row[i])) for row in (head, *rows)) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [f"{c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True)]
        return "  ".join([f"{row[0]:{widths[0]}}", *cells]).rstrip()

    return "\n".join(line(row) for row in (head, *rows))
