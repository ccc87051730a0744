# SPDX-License-Identifier: MIT
"""From the start to the first byte of an answer, and the floor.

The time is taken from the start of QEMU, or of the process, with a fixed
address. The floor is the same command with a guest that sends one byte down
the serial line and nothing else (grader/floor). All are started in turn, so
that all meet the same noise.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from lodge.bench.figures import Figure, short, table
from lodge.bench.guest import Recipe, started
from lodge.bench.ours import FIRST, Ours, Place

LINUX = "Linux, q35"


@dataclass
class Boot:
    """In milliseconds. `floor` is empty for who has none of its own."""

    floor: list[float] = field(default_factory=list)
    first_byte: list[float] = field(default_factory=list)

    @property
    def over(self) -> float:
        return statistics.median(b - f for b, f in zip(self.first_byte, self.floor, strict=True))

    def record(self) -> dict[str, object]:
        made: dict[str, object] = {"first_byte_ms": vars(Figure.of(self.first_byte))}
        if self.floor:
            made |= {"floor_ms": vars(Figure.of(self.floor)), "over_floor_ms": self.over}
        return made


def measure(
    ours: Ours, places: tuple[Place, ...], linux: Recipe | None, rounds: int
) -> dict[str, Boot]:
    """A round is all of them in turn."""
    boots = {place.name: Boot() for place in places}
    if linux:
        boots[LINUX] = Boot()
    for run in range(-1, rounds):  # the first one warms the host's caches
        for place in places:
            with started(ours.recipe(place, floor=True)) as guest:
                floor = guest.first_serial_byte()
            with started(ours.recipe(place)) as guest:
                web = guest.first_http_byte()
            if run >= 0:
                boots[place.name].floor.append(floor * 1000)
                boots[place.name].first_byte.append(web * 1000)
        if linux:
            with started(linux) as guest:
                took = guest.first_http_byte()
            if run >= 0:
                boots[LINUX].first_byte.append(took * 1000)
    return boots


def words(boots: dict[str, Boot]) -> str:
    first = boots[FIRST.name].first_byte
    rows = []
    for name, boot in boots.items():
        ratio = statistics.median(b / f for b, f in zip(boot.first_byte, first, strict=True))
        floor = str(Figure.of(boot.floor)) if boot.floor else ""
        over = short(boot.over) if boot.floor else ""
        rows.append([name, floor, str(Figure.of(boot.first_byte)), over, short(ratio)])
    head = ["", "floor", "first byte", "over the floor", f"to {FIRST.name}'s"]
    return table(head, rows)
