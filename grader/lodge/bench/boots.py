# SPDX-License-Identifier: MIT
"""From the start to the first byte of an answer, and the floor.

The time is taken from the start of QEMU, or of the process, with a fixed
address. The floor is the same command with a guest that sends one byte down
the serial line and nothing else (grader/floor). Each pair is a floor and a
guest, one right after the other, and what is told is the median of the pairs'
differences: so both of a pair meet the same noise, and what hinders a few of
many pairs is not told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lodge.bench.figures import Figure, ratio, short, table
from lodge.bench.guest import Recipe, started
from lodge.bench.ours import FIRST, Ours, Place

LINUX = "Linux, q35"


@dataclass
class Boot:
    """In milliseconds, boot by boot. Who has no floor has beside each the boot
    of FIRST of the same round."""

    floor: list[float] = field(default_factory=list)
    first_byte: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    @property
    def over(self) -> Figure:
        return Figure.of([b - f for b, f in zip(self.first_byte, self.floor, strict=True)])

    def record(self) -> dict[str, object]:
        made: dict[str, object] = {
            "boots": len(self.first_byte),
            "first_byte_ms": vars(Figure.of(self.first_byte)),
        }
        if self.floor:
            made |= {"floor_ms": vars(Figure.of(self.floor)), "over_floor_ms": vars(self.over)}
        return made


def measure(
    ours: Ours, places: tuple[Place, ...], linux: Recipe | None, pairs: int, boots: int
) -> dict[str, Boot]:
    """So many rounds, of a pair of each place; and in `boots` of them, spread
    over all, Linux as well."""
    found = {place.name: Boot() for place in places}
    if linux:
        found[LINUX] = Boot()
    _round(ours, places, linux)  # warms the host's caches
    for number in range(pairs):
        takes_part = number * boots // pairs < (number + 1) * boots // pairs
        for name, boot in _round(ours, places, linux if takes_part else None).items():
            found[name].floor += boot.floor
            found[name].first_byte += boot.first_byte
            found[name].beside += boot.beside
    return found


def _pair(ours: Ours, place: Place) -> tuple[float, float]:
    with started(ours.recipe(place, floor=True)) as guest:
        floor = guest.first_serial_byte() * 1000
    with started(ours.recipe(place)) as guest:
        return floor, guest.first_http_byte() * 1000


def _round(ours: Ours, places: tuple[Place, ...], linux: Recipe | None) -> dict[str, Boot]:
    found = {}
    for place in places:
        floor, first_byte = _pair(ours, place)
        found[place.name] = Boot([floor], [first_byte])
    if linux:
        with started(linux) as guest:
            took = guest.first_http_byte() * 1000
        found[LINUX] = Boot([], [took], found[FIRST.name].first_byte)
    return found


def words(boots: dict[str, Boot]) -> str:
    first = boots[FIRST.name].first_byte
    rows = []
    for name, boot in boots.items():
        rows.append([
            name,
            str(len(boot.first_byte)),
            str(Figure.of(boot.floor)) if boot.floor else "",
            str(Figure.of(boot.first_byte)),
            str(boot.over) if boot.floor else "",
            short(ratio(boot.first_byte, boot.beside or first)),
        ])  # fmt: skip
    head = ["", "boots", "floor", "first byte", "over the floor", f"to {FIRST.name}'s"]
    return table(head, rows)
