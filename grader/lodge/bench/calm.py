# SPDX-License-Identifier: MIT
"""What others took while something was measured.

The processors of a virtual machine are lent: those who lend them give them to
others now and then. A request that waits meanwhile was not slow, nobody was
there to answer it. So what stands or falls by its slowest moments, a p99, is
watched (grader/bench/absent.c) and measured again when much was taken; how much
that was is told beside the figures. What decides is what the watch saw, never
what was measured. The watch itself takes a little, so nothing else is measured
under it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lodge.kit import ROOT

T = TypeVar("T")

CALM = 0.003  # of a processor's time; a share
TRIES = 5


class NoWatch(Exception):
    """Why nobody watches, as the rest of a sentence."""


@dataclass(frozen=True)
class Absences:
    """Since the watch began, in nanoseconds."""

    elapsed: int
    processors: tuple[int, ...]  # how long each was absent

    @classmethod
    def parse(cls, line: str) -> Absences:
        elapsed, *absent = (int(word) for word in line.split())
        return cls(elapsed, tuple(absent))

    def since(self, before: Absences) -> float:
        """Of the processor that was absent the longest: a share of the time."""
        longest = max(a - b for a, b in zip(self.processors, before.processors, strict=True))
        return longest / max(1, self.elapsed - before.elapsed)


class Watch:
    """It looks while the context lasts."""

    def __init__(self, folder: Path) -> None:
        built = folder / "absent"
        folder.mkdir(parents=True, exist_ok=True)
        command = ["gcc", "-O2", "-pthread", "-o", str(built), str(ROOT / "grader/bench/absent.c")]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise NoWatch(f"the watch did not compile: {done.stderr.strip()[-200:]}")
        self.process = subprocess.Popen(
            [str(built)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def __enter__(self) -> Watch:
        self.now()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def now(self) -> Absences:
        process = self.process
        assert process.stdin and process.stdout and process.stderr
        try:
            process.stdin.write("\n")
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise NoWatch(process.stderr.read().strip() or "the watch has ended")
        return Absences.parse(line)


def calmest(watch: Watch | None, measure: Callable[[], T]) -> tuple[T, list[float]]:
    """What `measure` made of it while the least was taken, and how much that was,
    where somebody watches."""
    if watch is None:
        return measure(), []
    tries: list[tuple[T, float]] = []
    while len(tries) < TRIES:
        before = watch.now()
        made = measure()
        tries.append((made, watch.now().since(before)))
        if tries[-1][1] <= CALM:
            break
    made, taken = min(tries, key=lambda t: t[1])
    return made, [taken]
