# SPDX-License-Identifier: MIT
"""A grade that is remembered: what `make grade` runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lodge.kit import ROOT, from_root
from lodge.student.history import History, mine
from lodge.student.path import elsewhere, numeric, place, track


def grade(lab: str, step: str, whose: str, seed: str, labs: Path, build: Path) -> int:
    """Runs the grader; its status."""
    if blank := track(labs):
        _say_edition(lab, labs, blank)
    files = mine(set(whose.split()), labs)
    command = [
        sys.executable, "-m", "lodge", "grade", "--lab", lab, "--step", step,
        "--mine", whose, "--seed", seed, "--labs", str(labs), "--build", str(build),
    ]  # fmt: skip
    grader = subprocess.Popen(command, cwd=ROOT / "grader")
    try:
        status = grader.wait()
    except KeyboardInterrupt:  # the grader has had it too, and says so
        status = grader.wait()
    if status <= 1:
        results = json.loads((build / "grade/results.json").read_text())
        History(labs).add(results, files, whole=not step)
    return status


def _say_edition(lab: str, labs: Path, blank: list[str]) -> None:
    """Why there are points for what nobody here has written."""
    numbers = [n for n in blank if not lab or n.split(".")[0] == place(lab, labs).short]
    steps = ", ".join(sorted(set(numbers), key=numeric))
    words = " ".join(elsewhere(labs)) or from_root(labs)
    print(f"\n  An edition ({words}): yours to write are {steps}. The rest is given,")
    print("  and its checks pass from the beginning.", flush=True)
