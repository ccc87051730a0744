# SPDX-License-Identifier: MIT
"""The ladder: our guest with everything withheld that makes it fast, and then
given back one by one. It is the same image each time: `without=` on its command
line (kernel/without/without.h) says what it is to do without.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from lodge.bench import growth, rounds
from lodge.bench.chart import Group, Panel, draw
from lodge.bench.figures import Figure, ratio, short, table
from lodge.bench.guest import started
from lodge.bench.instructions import Plugin
from lodge.bench.ours import Ours
from lodge.bench.wrk import Load

SMALL, LARGE = Load("/1k", 16), Load("/16m", 1)
COLD = "/16m"

# What each rung gives back, from the bottom up, in few words.
STEPS = (
    ("", "everything copied"),
    ("content", "a file's bytes sent from the cache"),
    ("transmit", "frames sent from where they lie"),
    ("receive", "frames received where they lie"),
    ("kick", "one kick for a round's frames"),
    ("event_idx", "event index"),
    ("csum", "checksums by the card"),
    ("tso", "segmentation by the card"),
    ("answers", "answers remembered"),
    ("readahead", "files read ahead"),
)


@dataclass
class Rung:
    gives: str
    words: str
    withheld: tuple[str, ...]
    rates: list[float] = field(default_factory=list)
    mb_s: list[float] = field(default_factory=list)
    cold_mb_s: list[float] = field(default_factory=list)
    cost: growth.Cost | None = None
    errors: int = 0

    @property
    def append(self) -> str:
        return f"without={','.join(self.withheld)}" if self.withheld else ""


def rungs() -> list[Rung]:
    names = [name for name, _ in STEPS]
    return [Rung(name, words, tuple(names[i + 1 :])) for i, (name, words) in enumerate(STEPS)]


def climb(ours: Ours, plugin: Plugin | None, times: int, seconds: int) -> list[Rung]:
    """All rungs in turn, so often."""
    made = rungs()
    recipes = {rung.gives: ours.recipe(append=rung.append) for rung in made}
    for number in range(times):
        print(f"  round {number + 1} of {times}", flush=True)
        for rung in made:
            with started(recipes[rung.gives]) as guest:
                guest.first_http_byte()
                began = time.monotonic()
                size = len(guest.get(COLD, 1 << 30))
                rung.cold_mb_s.append(size / 1e6 / (time.monotonic() - began))
                small = rounds.loaded(guest, SMALL, seconds)
                large = rounds.loaded(guest, LARGE, seconds)
            rung.rates.append(small.answer.rate)
            rung.mb_s.append(large.answer.mb_s)
            rung.errors += sum((small.answer.errors | large.answer.errors).values())
    if plugin:
        for rung in made:
            with started(plugin.counted(recipes[rung.gives])) as guest:
                guest.first_http_byte()
                rung.cost = growth.cost(plugin, guest, SMALL, seconds)
    return made


def words(made: list[Rung]) -> str:
    rows = []
    below: Rung | None = None
    for rung in made:
        def step(ours: list[float], theirs: list[float] | None) -> str:
            return f"x{ratio(ours, theirs):.2f}" if theirs else ""

        rows.append([
            f"{rung.gives or '(none)'}: {rung.words}",
            str(Figure.of(rung.rates)), step(rung.rates, below and below.rates),
            str(Figure.of(rung.mb_s)), step(rung.mb_s, below and below.mb_s),
            short(statistics.median(rung.cold_mb_s)),
            short(rung.cost.instructions) if rung.cost else "",
            short(rung.cost.blocks) if rung.cost else "",
            str(rung.errors) if rung.errors else "",
        ])  # fmt: skip
        below = rung
    head = ["", "requests/s, 1 KiB x 16", "to below", "MB/s, 16 MiB x 1", "to below",
            "first time", "instructions", "blocks", "errors"]  # fmt: skip
    return table(head, rows)


def record(made: list[Rung]) -> list[dict[str, Any]]:
    return [
        {
            "gives": rung.gives, "words": rung.words, "withheld": list(rung.withheld),
            "rate": vars(Figure.of(rung.rates)), "mb_s": vars(Figure.of(rung.mb_s)),
            "cold_mb_s": vars(Figure.of(rung.cold_mb_s)),
            "instructions": rung.cost.instructions if rung.cost else None,
            "blocks": rung.cost.blocks if rung.cost else None,
            "errors": rung.errors,
        }
        for rung in made
    ]  # fmt: skip


def picture(made: list[Rung], below: str) -> str:
    def groups(of: list[float | None], label: bool = False) -> list[Group]:
        return [Group(r.words if label else "", [v]) for r, v in zip(made, of, strict=True)]

    rates = [statistics.median(r.rates) for r in made]
    large = [statistics.median(r.mb_s) for r in made]
    counted = [r.cost.instructions if r.cost else None for r in made]
    row = [
        Panel("Requests/s, 1 KiB, 16 connections", groups([*rates], label=True)),
        Panel("MB/s, 16 MiB, 1 connection", groups([*large])),
    ]
    if any(counted):
        row.append(Panel("Guest instructions a request, 1 KiB", groups(counted)))
    title = "The ladder: what makes the guest fast, given back one by one"
    return draw(title, below, ["our guest"], [row])
