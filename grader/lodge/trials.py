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
from lodge.mutants import Mutant

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
