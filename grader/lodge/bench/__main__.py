# SPDX-License-Identifier: MIT
"""`make bench` and `make ladder`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lodge.bench import boots, growth, host, ladder, linux, native, report, rounds, site, wrk
from lodge.bench.calm import NoWatch, Watch
from lodge.bench.guest import Recipe, Silent
from lodge.bench.instructions import NoPlugins, Plugin
from lodge.bench.link import LINUX, OURS, NoLink, lay_taps
from lodge.bench.ours import FIRST, Ours, Place
from lodge.bench.packages import Missing
from lodge.bench.rounds import QUICK, WHOLE, Plan, Results
from lodge.bench.wrk import NoLoad
from lodge.kit import BuildError, GraderError
from lodge.smallest import smallest


class Run:
    """What both targets need: all that is built, and the cable. Building comes
    first: inside our namespace there is no network but our own."""

    def __init__(self, build: Path, plan: Plan, places: tuple[Place, ...]) -> None:
        self.out = build / "bench"
        self.out.mkdir(parents=True, exist_ok=True)
        self.results = Results(plan, on_tap=False)
        if not wrk.is_here():
            raise NoLoad("there is no wrk here; make setup says how to have it")
        print("Building what is measured", flush=True)
        self.site, disk = site.make(self.out)
        self.ours = Ours(build, disk, None, places)
        self.results.image_bytes["ours"] = self.ours.images[FIRST].stat().st_size
        self.accelerator = self.ours.accelerator()
        self.plugin: Plugin | None = None
        try:
            self.plugin = Plugin(self.out)
        except NoPlugins as error:
            self.lacks(f"No guest instructions were counted: {error}.")

    def lacks(self, sentence: str) -> None:
        print(f"  {sentence}", flush=True)
        self.results.missing.append(sentence)

    def plug_in(self) -> None:
        try:
            lay_taps(OURS, LINUX)
        except (NoLink, OSError) as error:
            self.lacks(
                f"No tap device could be had: {error}. Everything goes through QEMU's user "
                "network, which is slower than what is measured; nothing is judged."
            )
            return
        self.results.on_tap = True
        self.ours.cable = OURS

    @property
    def small_print(self) -> str:
        machine = host.describe()
        link = "tap" if self.results.on_tap else "user network"
        return (
            f"Medians of {self.results.plan.rounds}, q35, {self.accelerator}, {link}; "
            f"{machine['processors']} processors, {machine['processor']}"
        )

    def write(self, name: str, record: Any, chart: str) -> None:
        (self.out / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
        (self.out / f"{name}.svg").write_text(chart)
        print(f"\nThe same as a picture and as a record: {self.out}/{name}.svg, {name}.json")


def build_linux(run: Run) -> linux.Linux | None:
    try:
        return linux.build(run.out / "linux", run.site)
    except Missing as error:
        run.lacks(f"There is no Linux guest to measure beside ours: {error}.")
        return None


def bench(build: Path, plan: Plan) -> None:
    run = Run(build, plan, plan.places)
    results, ours = run.results, run.ours
    machine = host.describe()
    other = build_linux(run)
    run.plug_in()
    if not native.is_here():
        run.lacks("There is no nginx on this host, so there is no bound to compare with.")
    link = "tap" if results.on_tap else "the user network"
    print(f"{machine['processors']} processors, {run.accelerator}, {link}", flush=True)

    full: dict[str, Recipe] = {"ours": ours.recipe()}
    lean: dict[str, Recipe] = {"ours": ours.recipe()}
    if other:
        cable = LINUX if results.on_tap else None
        full["linux"] = linux.recipe(other, ours.recipe(), cable)
        lean["linux"] = linux.recipe(other, ours.recipe(), cable, full=False)
        results.image_bytes["linux"] = other.kernel_bytes + other.payload_bytes
    parts: tuple[tuple[str, Callable[[], None]], ...] = (
        ("Boot to first byte", lambda: boot_all(run, lean.get("linux"))),
        ("Loads", lambda: rounds.loads(results, full, run.out, run.site)),
        ("Each feature withheld", lambda: withhold(run)),
        ("Host memory", lambda: rounds.memory(results, lean, ours)),
        ("Smallest memory", lambda: find_smallest(run, other)),
        ("Guest instructions", lambda: count(run, lean)),
    )
    try:
        for title, part in parts:
            rounds.attempt(results, title, part)
    except KeyboardInterrupt:
        run.lacks("It was interrupted: what follows is what there was.")
    print("\n" + report.words(results))
    said: dict[str, Any] = {"accelerator": run.accelerator, "rounds": plan.rounds}
    if other:
        said |= {"linux": other.version, "nginx": other.server}
    record = report.record(results, machine, said)
    run.write("bench", record, report.picture(results, run.small_print))


def boot_all(run: Run, other: Recipe | None) -> None:
    plan = run.results.plan
    run.results.boots = boots.measure(
        run.ours, plan.places, other, plan.pairs, plan.boots
    )


def withhold(run: Run) -> None:
    try:
        with Watch(run.out) as watch:
            rounds.features(run.results, run.ours, watch)
    except NoWatch as error:
        run.lacks(f"Nobody watched what others took of the processors: {error}.")
        rounds.features(run.results, run.ours, None)


def count(run: Run, recipes: dict[str, Recipe]) -> None:
    if run.plugin:
        rounds.instructions(run.results, recipes, run.plugin)
        if run.results.plan.grown:
            run.results.grown = growth.measure(
                run.plugin, run.ours, run.results.plan.seconds
            )


def find_smallest(run: Run, other: linux.Linux | None) -> None:
    """The least memory in which each answers."""
    ours = run.ours
    run.results.smallest_mib["ours"] = smallest(
        lambda mem: rounds.serves(ours.recipe(MEM=str(mem))), 1, 64
    )
    if other and run.results.plan.smallest:
        cable = LINUX if run.results.on_tap else None
        run.results.smallest_mib["linux"] = smallest(
            lambda mem: rounds.serves(
                linux.recipe(other, ours.recipe(MEM=str(mem)), cable, full=False)
            ),
            32, 256,
        )  # fmt: skip


def climb(build: Path, plan: Plan) -> None:
    run = Run(build, plan, (FIRST,))
    machine = host.describe()
    run.plug_in()
    print("The ladder", flush=True)
    made = ladder.climb(run.ours, run.plugin, plan.rounds, plan.seconds)
    print("\n" + ladder.words(made))
    record = {
        "machine": machine,
        "accelerator": run.accelerator,
        "link": "tap" if run.results.on_tap else "user",
        "rounds": plan.rounds,
        "missing": run.results.missing,
        "rungs": ladder.record(made),
    }
    run.write("ladder", record, ladder.picture(made, run.small_print))


def plan_of(runs: str, quick: bool) -> Plan:
    plan = QUICK if quick else WHOLE
    if not runs:
        return plan
    if not (runs.isascii() and runs.isdecimal() and int(runs) > 0):
        sys.exit(f"RUNS={runs} is no number of runs: say RUNS=11, or any other from 1 on.")
    return Plan(**{**vars(plan), "rounds": int(runs), "boots": int(runs)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("build", type=Path)
    parser.add_argument("runs", nargs="?", default="")
    parser.add_argument("--quick", action="store_true", help="three minutes, to see that it works")
    parser.add_argument("--ladder", action="store_true")
    arguments = parser.parse_args()
    plan = plan_of(arguments.runs, arguments.quick)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: it was asked to end"))
    try:
        (climb if arguments.ladder else bench)(arguments.build.resolve(), plan)
    except (BuildError, GraderError, Silent, NoLoad) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")


if __name__ == "__main__":
    main()
