# SPDX-License-Identifier: MIT
"""What was promised of the web server, and whether this run kept it. Judged on
tap alone: QEMU's user network is slower than what is measured through it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from lodge.bench.boots import LINUX
from lodge.bench.figures import ratio, short
from lodge.bench.ours import FIRST, MICROVM
from lodge.bench.rounds import Results, mb_s, rate, tails
from lodge.bench.wrk import Load


TAIL_MOST = 3.0  # p99 to p50


@dataclass(frozen=True)
class Criterion:
    what: str
    wanted: str
    measured: str
    met: bool | None  # None: not judged

    @property
    def verdict(self) -> str:
        return "not judged" if self.met is None else "met" if self.met else "NOT MET"


class Judge:
    def __init__(self, results: Results) -> None:
        self.results = results
        self.found: list[Criterion] = []

    def at_least(self, what: str, least: float, measured: float | None, unit: str = "") -> None:
        self._add(what, f"at least {short(least)}{unit}", measured, unit,
                  measured is not None and measured >= least)  # fmt: skip

    def at_most(self, what: str, most: float, measured: float | None, unit: str = "") -> None:
        self._add(what, f"at most {short(most)}{unit}", measured, unit,
                  measured is not None and measured <= most)  # fmt: skip

    def _add(self, what: str, wanted: str, measured: float | None, unit: str, met: bool) -> None:
        judged = self.results.on_tap and measured is not None
        text = "not measured" if measured is None else f"{short(measured)}{unit}"
        self.found.append(Criterion(what, wanted, text, met if judged else None))

    def speed(self) -> None:
        for c in (16, 64):
            cell = self.results.cell(Load("/1k", c))
            self.at_least(f"requests/s, 1 KiB x {c}, to Linux's", 25,
                          cell.ratio("ours", "linux", rate) or None)  # fmt: skip
        cell = self.results.cell(Load("/16m", 4))
        self.at_least("MB/s, 16 MiB x 4, to Linux's", 4, cell.ratio("ours", "linux", mb_s) or None)
        if shares := self.results.shares.get("ours"):
            self.at_least("16 MiB x 16: the least share, of a fair one", 0.5,
                          statistics.median(s.least for s in shares))  # fmt: skip
            self.at_most("16 MiB x 16: the longest without a byte", 2,
                         max(s.longest_s for s in shares), " s")  # fmt: skip

    def boots(self) -> None:
        boots = self.results.boots
        if FIRST.name not in boots:
            return
        linux = boots.get(LINUX)
        ours = boots[FIRST.name]
        times = ratio(linux.first_byte, linux.beside) if linux else None
        self.at_least("boot to first byte: Linux's, to ours", 20, times)
        self.at_most("boot to first byte over the floor, q35", 50, ours.over.median, " ms")
        if MICROVM.name in boots:
            self.at_most("the same, microvm", 35, boots[MICROVM.name].over.median, " ms")

    def sizes(self) -> None:
        images, memory = self.results.image_bytes, self.results.memory_mib
        self.at_least("Linux's kernel and payload, to our image", 60,
                      images["linux"] / images["ours"] if "linux" in images else None)  # fmt: skip
        self.at_most("smallest memory", 6, self.results.smallest_mib.get("ours"), " MiB")
        both = "linux" in memory and "ours" in memory
        self.at_least("host memory while serving: Linux's, to ours", 3,
                      memory["linux"] / memory["ours"] if both else None)  # fmt: skip

    def latency(self) -> None:
        """Every feature on, and each off, all at once: a bad one is enough, and
        what was not measured is not met."""
        found = tails(self.results)
        measured = {where: ratio for where, ratio in found.items() if ratio is not None}
        where = max(measured, key=lambda w: measured[w], default="")
        worst: float | None = measured.get(where)
        if lacking := len(found) - len(measured):
            where = f"{lacking} of {len(found)} loads were not measured"
            worst = worst if worst and worst > TAIL_MOST else None
        self.at_most(f"p99 to p50, the worst ({where})", TAIL_MOST, worst)
        cells = list(self.results.cells.values())
        cells += [c for part in self.results.features.values() for c in part.values()]
        errors = sum(sum(c.errors("ours").values()) for c in cells)
        self.at_most("errors and time-outs, all loads", 0, float(errors))


def judge(results: Results) -> list[Criterion]:
    made = Judge(results)
    made.speed()
    made.boots()
    made.sizes()
    made.latency()
    return made.found
