# SPDX-License-Identifier: MIT
"""Grades programs that are not a student's: tests of the grader itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from lodge.kit import ROOT, Kit, from_root
from lodge.lab import Lab
from lodge.mutants import Mutant, load

# As many as there are processors on the smallest machine that this is for.
WORKERS = 2

# For who is sure that the machine is not slow; to measure it takes a second.
PACE = ["--pace", "4"]

In = TypeVar("In")
Out = TypeVar("Out")


def at_once(
    do: Callable[[In], Out], things: Iterable[In], workers: int = WORKERS
) -> Iterator[Out]:
    """do() of each, two at a time; in their order, each as soon as it is there."""
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(do, things)


def in_parallel(do: Callable[[In], Out], things: Iterable[In]) -> list[Out]:
    return list(at_once(do, things))


@dataclass
class Trial:
    """What the grader said of one program."""

    status: int
    output: str
    results: dict[str, Any]

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        return {c["check"]: c for c in self.results["checks"]}

    @property
    def points(self) -> int | None:
        return self.results["points"]


def grade(
    lab: str, out: Path, *, labs: Path | None = None, mine: str = "",
    only: Iterable[str] = (), build: Path = ROOT / "build", seed: int = 1,
    options: Iterable[str] = (),
) -> Trial:  # fmt: skip
    """Runs the grader as `make grade` does, in a process of its own."""
    command = [
        sys.executable, "-m", "lodge", "grade", "--lab", lab, "--mine", mine,
        "--labs", str(labs or ROOT / "labs"), "--build", str(build),
        "--out", str(out), "--seed", str(seed), *options,
    ]  # fmt: skip
    for check in only:
        command += ["--only", check]
    done = subprocess.run(
        command, cwd=ROOT / "grader", capture_output=True, text=True,
        stdin=subprocess.DEVNULL, errors="replace",
    )  # fmt: skip
    results = out / "results.json"
    return Trial(
        done.returncode,
        done.stdout + done.stderr,
        json.loads(results.read_text()) if results.exists() else {},
    )


def place(folder: Path, lab: str, out: Path) -> Path:
    """Copies one lab's files to where a student's would be."""
    labs = out / "labs"
    shutil.copytree(folder, labs / lab, dirs_exist_ok=True)
    return labs


def grade_mutant(mutant: Mutant, out: Path, *, build: Path = ROOT / "build") -> Trial:
    """The checks that its patch names. Other files of the lab are right."""
    mutant.write(out / "labs")
    return grade(
        mutant.file.split("/")[0], out, labs=out / "labs", mine=mutant.file,
        only=mutant.fails, build=build, options=PACE,
    )  # fmt: skip


def failed_as_it_should(mutant: Mutant, trial: Trial) -> bool:
    """The first of its checks that failed is the first that its patch names,
    and the hint is that one."""
    failed = [c for c in trial.results.get("checks", []) if c["result"] == "fail"]
    return (
        bool(failed)
        and failed[0]["check"] == mutant.fails[0]
        and failed[0]["points"] == 0
        and failed[0]["hint"].startswith(mutant.hint)
    )


def warm(labs: Iterable[Lab], build: Path) -> None:
    """Builds everything of the reference that these labs' checks use: what is
    tried in parallel from then on builds only what is its own."""
    goals: dict[tuple[Kit, str], list[str]] = {(Kit(build / "reference", build=build), "hi"): []}
    for lab in labs:
        arch = lab.target.get("arch", "")
        kit = Kit(build / "reference" / arch, build=build, **lab.target)
        for app in lab.apps:
            goals.setdefault((kit, app), [])
        goals[kit, lab.app] += [from_root(kit.out / lab.app / "unit" / u) for u in lab.units]
    for (kit, app), programs in goals.items():
        kit.make("-j2", "app", *programs, app=app)


def show_mutants(lab: Lab, names: list[str], build: Path) -> int:
    """For who writes checks: how each mutant by hand comes out."""
    chosen = [m for m in load(lab.id) if not names or m.name in names]
    if missing := set(names) - {m.name for m in chosen}:
        print(f"Lab {lab.number} has no mutant {', '.join(sorted(missing))}.")
        return 2
    warm([lab], build)
    bad = 0

    def attempt(mutant: Mutant) -> tuple[Mutant, bool, Trial]:
        trial = grade_mutant(mutant, Path(top) / mutant.name, build=build)
        return mutant, failed_as_it_should(mutant, trial), trial

    # Not in `build`: what make finds there it takes for no student's.
    with TemporaryDirectory(prefix="lodge-mutants-") as top:
        for mutant, right, trial in at_once(attempt, chosen):
            print(f"{'ok ' if right else 'BAD'} {mutant.name}", flush=True)
            bad += not right
            if not right or names:
                print(trial.output, flush=True)
    print(f"{len(chosen) - bad} of {len(chosen)} mutants of lab {lab.number} fail as they must")
    return 1 if bad else 0
