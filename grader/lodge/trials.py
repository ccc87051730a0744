# SPDX-License-Identifier: MIT
"""Grades programs that are not a student's: tests of the grader itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lodge.kit import ROOT, BuildError, Kit
from lodge.mutants import Mutant, load

# As many as there are processors on the smallest machine that this is for.
WORKERS = 2

In = TypeVar("In")
Out = TypeVar("Out")


def in_parallel(do: Callable[[In], Out], things: Iterable[In]) -> list[Out]:
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(do, things))


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


def try_mutant(
    mutant: Mutant, lab: str, out: Path, *, build: Path = ROOT / "build"
) -> tuple[bool, Trial]:
    """Grades a mutant, and says whether it failed as its patch says."""
    mutant.write(out / "labs")
    # Limits on time are not measured again for each of very many.
    trial = grade(
        lab, out, labs=out / "labs", mine=lab, only=mutant.fails, build=build,
        options=["--pace", "4"],
    )  # fmt: skip
    failed = [c for c in trial.results.get("checks", []) if c["result"] == "fail"]
    right = (
        bool(failed)
        and failed[0]["check"] == mutant.fails[0]
        and failed[0]["points"] == 0
        and failed[0]["hint"].startswith(mutant.hint)
    )
    return right, trial


def show_mutants(file: Path, names: list[str]) -> int:
    """For who writes checks: how each mutant by hand comes out."""
    lab = file.stem.removeprefix("test_").replace("_", "-", 1)
    chosen = [m for m in load(lab) if not names or m.name in names]
    out = ROOT / "build/mutants"
    tried = in_parallel(lambda m: try_mutant(m, lab, out / m.name), chosen)
    for mutant, (right, trial) in zip(chosen, tried):
        print(f"{'ok ' if right else 'BAD'} {mutant.name}")
        if not right or names:
            print(trial.output)
    return 0 if all(right for right, _ in tried) else 1


def killed_by_units(
    mutant: Mutant, unit: str, folder: Path, build: Path = ROOT / "build"
) -> bool:
    """Whether the host tests notice. What does not even compile, or never
    ends, has been noticed."""
    labs = folder / "labs"
    mutant.write(labs)
    kit = Kit(folder, Path(mutant.file).name, labs, build)
    try:
        program = kit.build_unit(unit)
    except BuildError:
        return True
    done = subprocess.run(
        [str(program), "--stop", "--seed", "1", "--time-limit", "4"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode != 0
