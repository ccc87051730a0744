# SPDX-License-Identifier: MIT
"""python3 -m lodge grade: what `make grade` runs. python3 -m lodge mutants: for
who writes the checks of a lab."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from lodge import grading, report, trials
from lodge.kit import ROOT, GraderError, Kit
from lodge.machine import Pace

GRADER = ROOT / "grader"


def lab_files(word: str) -> list[Path]:
    """5, 05 or 05-virtqueue: the file of that lab's checks; all without one."""
    number = word.split("-")[0].zfill(2) if word else "[0-9]*"
    return sorted(GRADER.glob(f"test_{number}_*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="lodge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade labs")
    grade.add_argument("--lab", default="", help="5; every lab without it")
    grade.add_argument("--step", default="", help="5.2: only this step's checks")
    grade.add_argument("--mine", default="", help="whose files are the student's")
    grade.add_argument("--labs", type=Path, default=ROOT / "labs")
    grade.add_argument("--build", type=Path, default=ROOT / "build")
    grade.add_argument("--out", type=Path, help="results and evidence")
    grade.add_argument("--seed", default="", help="as an earlier run printed it")
    grade.add_argument("--only", action="append", default=[], help="a check's function")
    grade.add_argument("--pace", type=float, help="instead of measuring it")
    trial = commands.add_parser("mutants", help="do the wrong programs fail as they must?")
    trial.add_argument("lab")
    trial.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if arguments.command == "mutants":
        return trials.show_mutants(lab_files(arguments.lab)[0], arguments.names)
    return run_grade(arguments)


def run_grade(arguments: argparse.Namespace) -> int:
    files = lab_files(arguments.lab)
    if not files:
        there = ", ".join(f.name[5:7] for f in lab_files(""))
        print(f"Lab {arguments.lab} has no checks yet. There are: {there}")
        return report.USAGE
    out = (arguments.out or arguments.build / "grade").resolve()
    seed = int(arguments.seed, 0) if arguments.seed else secrets.randbits(31)
    run = grading.Run(
        kit=Kit(out / "build", arguments.mine, arguments.labs.resolve(), arguments.build.resolve()),
        seed=seed,
        folder=out,
        step=arguments.step,
        only=tuple(arguments.only),
        pace=Pace(arguments.pace) if arguments.pace else None,
    )
    try:
        return grading.run(files, run, report.Scoreboard())
    except GraderError as error:
        print(f"the grader itself could not run: {error}", file=sys.stderr)
        return report.GRADER_BROKEN


if __name__ == "__main__":
    sys.exit(main())
