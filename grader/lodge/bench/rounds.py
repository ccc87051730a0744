# SPDX-License-Identifier: MIT
"""A whole run: what is measured, in which order.

In each round our guest, Linux and the host's nginx are started anew and stand
side by side, idle but for the one that is loaded: each load goes to all three
in turn, before the next. So what else the host does meets all of them, and
ratios are taken pair by pair.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lodge.bench import fair, growth, native, wrk
from lodge.bench.boots import Boot
from lodge.bench.calm import Watch, calmest
from lodge.bench.figures import Figure, ratio
from lodge.bench.guest import Guest, Recipe, Silent, started
from lodge.bench.instructions import Plugin
from lodge.bench.link import NoLink
from lodge.bench.ours import FIRST, MICROVM, PLACES, Ours, Place
from lodge.bench.wrk import Answer, Load, NoLoad

# The words of `without=` (kernel/without/without.h).
FEATURES = ("content", "transmit", "receive", "kick", "event_idx", "csum", "tso", "answers",
            "readahead")  # fmt: skip
# With how many connections latency is judged.
JUDGED = (1, 16, 64)


@dataclass(frozen=True)
class Plan:
    rounds: int
    pairs: int  # of boots, a floor and a guest of ours
    boots: int  # of Linux
    seconds: int  # of each load
    places: tuple[Place, ...]
    connections: tuple[int, ...]  # at 1 KiB
    downloads: tuple[int, ...]  # at 1 MiB and 16 MiB
    features: tuple[int, ...]  # connections, with each feature withheld
    # Many short rounds rather than a few long ones: when the host itself stalls,
    # it is one round of them that shows it, and the median that doesn't.
    feature_rounds: int
    feature_seconds: int
    smallest: bool = True  # of Linux as well
    grown: bool = True

    @property
    def loads(self) -> list[Load]:
        small = [Load("/1k", c, keep) for keep in (True, False) for c in self.connections]
        return small + [Load(path, c) for path in ("/1m", "/16m") for c in self.downloads]


WHOLE = Plan(5, 21, 7, 2, PLACES, (1, 16, 64, 256), (1, 4, 16), JUDGED, 9, 1)
QUICK = Plan(1, 5, 2, 1, (FIRST, MICROVM), JUDGED, (4,), JUDGED, 1, 1, smallest=False, grown=False)


@dataclass(frozen=True)
class Sample:
    answer: Answer
    cpu_us: float  # of the host's processors, a request

    @property
    def tail(self) -> float:
        """How much longer one in a hundred takes than the middle one."""
        return self.answer.p99_ms / self.answer.p50_ms if self.answer.p50_ms else 0.0


@dataclass
class Cell:
    """One load, and what each server made of it, round by round."""

    load: Load
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def values(self, who: str, of: Callable[[Sample], float]) -> list[float]:
        return [of(sample) for sample in self.samples.get(who, [])]

    def figure(self, who: str, of: Callable[[Sample], float]) -> Figure | None:
        values = self.values(who, of)
        return Figure.of(values) if values else None

    def ratio(self, who: str, to: str, of: Callable[[Sample], float]) -> float:
        return ratio(self.values(who, of), self.values(to, of))

    def errors(self, who: str) -> dict[str, int]:
        total: dict[str, int] = {}
        for sample in self.samples.get(who, []):
            for kind, count in sample.answer.errors.items():
                total[kind] = total.get(kind, 0) + count
        return total


def rate(sample: Sample) -> float:
    return sample.answer.rate


def mb_s(sample: Sample) -> float:
    return sample.answer.mb_s


def p50(sample: Sample) -> float:
    return sample.answer.p50_ms


def p99(sample: Sample) -> float:
    return sample.answer.p99_ms


def cpu(sample: Sample) -> float:
    return sample.cpu_us


def tail(sample: Sample) -> float:
    return sample.tail


@dataclass
class Results:
    """What a run has found; what it could not find stands in `missing`."""

    plan: Plan
    on_tap: bool
    cells: dict[str, Cell] = field(default_factory=dict)
    shares: dict[str, list[fair.Shares]] = field(default_factory=dict)
    boots: dict[str, Boot] = field(default_factory=dict)
    image_bytes: dict[str, int] = field(default_factory=dict)
    smallest_mib: dict[str, int | None] = field(default_factory=dict)
    memory_mib: dict[str, float] = field(default_factory=dict)
    idle_percent: float = 0.0
    instructions: dict[str, growth.Cost] = field(default_factory=dict)
    grown: dict[str, dict[str, growth.Cost]] = field(default_factory=dict)
    features: dict[str, dict[str, Cell]] = field(default_factory=dict)
    taken: dict[str, list[float]] = field(default_factory=dict)  # by others, a share (calm.py)
    missing: list[str] = field(default_factory=list)

    def cell(self, load: Load) -> Cell:
        return self.cells.setdefault(load.name, Cell(load))


def loaded(guest: Guest, load: Load, seconds: int) -> Sample:
    before = guest.cpu_seconds()
    answer = wrk.run(guest.url("").rstrip("/"), load, seconds)
    used = guest.cpu_seconds() - before
    return Sample(answer, used * 1e6 / max(1, answer.requests))


def warm(guest: Guest) -> None:
    """Everything has been read once, and done once: what an emulated guest does
    for the first time is translated first, which takes longer than doing it."""
    guest.first_http_byte()
    for path in ("/1m", "/16m"):
        guest.get(path, 1 << 30)
    wrk.run(guest.url("").rstrip("/"), Load("/1k", max(JUDGED)), 1)


@contextmanager
def side_by_side(
    recipes: dict[str, Recipe], results: Results, folder: Path, site: Path
) -> Iterator[dict[str, Guest]]:
    with ExitStack() as stack:
        guests = {who: stack.enter_context(started(r)) for who, r in recipes.items()}
        if results.on_tap and native.is_here():
            try:
                guests["native"] = stack.enter_context(native.serving(folder, site))
            except (NoLink, Silent) as error:
                _once(results.missing, f"nginx on the host itself could not be had: {error}.")
        for guest in guests.values():
            warm(guest)
        yield guests


def _once(sentences: list[str], sentence: str) -> None:
    if sentence not in sentences:
        sentences.append(sentence)


def attempt(results: Results, title: str, part: Callable[[], None]) -> None:
    """One part of a run. What goes wrong in it is said, and the rest goes on."""
    print(title, flush=True)
    try:
        part()
    except (Silent, NoLoad, NoLink, OSError) as error:
        _once(results.missing, f"{title.strip()}: {error}.")


def loads(results: Results, recipes: dict[str, Recipe], folder: Path, site: Path) -> None:
    rounds = results.plan.rounds
    for number in range(rounds):
        attempt(results, f"  round {number + 1} of {rounds}",
                lambda: _round(results, recipes, folder, site))  # fmt: skip


def _round(results: Results, recipes: dict[str, Recipe], folder: Path, site: Path) -> None:
    with side_by_side(recipes, results, folder, site) as guests:
        for load in results.plan.loads:
            for who, guest in guests.items():
                try:
                    sample = loaded(guest, load, results.plan.seconds)
                except NoLoad as error:
                    _once(results.missing, f"{guest.recipe.name}: {error}.")
                    continue
                results.cell(load).samples.setdefault(who, []).append(sample)
        for who in recipes:
            guest = guests[who]
            try:
                shares = fair.download(guest.recipe.host, guest.port, "/16m", 16,
                                       3 * results.plan.seconds)  # fmt: skip
                results.shares.setdefault(who, []).append(shares)
            except OSError as error:
                _once(results.missing, f"{guest.recipe.name}, 16 MiB x 16: {error}.")


def features(results: Results, ours: Ours, watch: Watch | None) -> None:
    """With every feature, and with each withheld."""
    plan = results.plan
    every = [Load("/1k", c) for c in plan.features] + [Load("/16m", 4)]
    appends = {name: f"without={name}" if name else "" for name in ("", *FEATURES)}
    recipes = {name: ours.recipe(append=words) for name, words in appends.items()}
    for _ in range(plan.feature_rounds):
        for name, recipe in recipes.items():
            with started(recipe) as guest:
                warm(guest)
                cells = results.features.setdefault(name or "nothing", {})
                for load in every:
                    sample, taken = calmest(
                        watch, lambda load=load: loaded(guest, load, plan.feature_seconds)
                    )
                    cell = cells.setdefault(load.name, Cell(load))
                    cell.samples.setdefault("ours", []).append(sample)
                    results.taken.setdefault("each feature withheld", []).extend(taken)


def memory(results: Results, recipes: dict[str, Recipe], ours: Ours) -> None:
    """Of this host, after a load of small files; and what idling costs."""
    for who, recipe in recipes.items():
        with started(recipe) as guest:
            guest.first_http_byte()
            wrk.run(guest.url("").rstrip("/"), Load("/1k", 16), results.plan.seconds)
            results.memory_mib[who] = guest.memory_mib()
    with started(ours.recipe(floor=True)) as guest:
        guest.first_serial_byte()
        results.memory_mib["floor"] = guest.memory_mib()
    with started(ours.recipe()) as guest:
        guest.first_http_byte()
        guest.rest(1)
        before = guest.cpu_seconds()
        guest.rest(4)
        results.idle_percent = 100 * (guest.cpu_seconds() - before) / 4


def serves(recipe: Recipe) -> bool:
    with started(recipe) as guest:
        try:
            guest.first_http_byte()
        except Silent:
            return False
        return True


def instructions(results: Results, recipes: dict[str, Recipe], plugin: Plugin) -> None:
    for who, recipe in recipes.items():
        with started(plugin.counted(recipe)) as guest:
            guest.first_http_byte()
            load = Load("/1k", 16)
            results.instructions[who] = growth.cost(plugin, guest, load, results.plan.seconds)


def tails(results: Results) -> dict[str, float | None]:
    """p99 over p50 of small files on keep-alive, by where: with everything on,
    and without each feature. Medians of rounds; None where nothing was measured.
    With nobody beside it: an idle Linux wakes the host hundreds of times a
    second, and a lone client on two processors waits for that now and then."""
    found: dict[str, float | None] = {}
    for feature in ("nothing", *FEATURES):
        name = "everything on" if feature == "nothing" else f"without {feature}"
        cells = results.features.get(feature, {})
        for load in (Load("/1k", c) for c in JUDGED):
            cell = cells.get(load.name)
            values = cell.values("ours", tail) if cell else []
            found[f"{name}, {load.connections} connections"] = (
                statistics.median(values) if values else None
            )
    return found
