# SPDX-License-Identifier: MIT
"""What others took while something was measured.

The processors of a virtual machine are lent: those who lend them give them to
others now and then, which Linux counts as "steal" (proc_stat(5)). A request that
waits meanwhile was not slow, nobody was there to answer it. So whatever stands
or falls by its slowest moments is measured again when much was taken, and how
much that was is told beside the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

CALM = 0.02  # of all processors' time; a share
TRIES = 3


@dataclass(frozen=True)
class Ticks:
    """Of all processors, since the machine was started."""

    taken: int
    all: int

    @classmethod
    def parse(cls, text: str) -> Ticks:
        """/proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; what
        follows is part of the first two."""
        ticks = [int(word) for word in text.splitlines()[0].split()[1:9]]
        return cls(ticks[7], sum(ticks))

    @classmethod
    def now(cls) -> Ticks:
        return cls.parse(Path("/proc/stat").read_text())

    def taken_since(self, before: Ticks) -> float:
        """A share of the time."""
        return (self.taken - before.taken) / max(1, self.all - before.all)


def calmest(measure: Callable[[], T], now: Callable[[], Ticks] = Ticks.now) -> tuple[T, float]:
    """What `measure` made of it while the least was taken, and how much that was."""
    tries: list[tuple[T, float]] = []
    while len(tries) < TRIES:
        before = now()
        made = measure()
        tries.append((made, now().taken_since(before)))
        if tries[-1][1] <= CALM:
            break
    return min(tries, key=lambda t: t[1])
