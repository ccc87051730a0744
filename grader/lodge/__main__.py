# SPDX-License-Identifier: MIT
"""python3 -m lodge grade: what `make grade` runs."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from lodge import grading, report
from lodge.kit import ROOT, GraderError, Kit
from lodge.machine import Pace

GRADER = ROOT / "grader"


def lab_file(word: str) -> Path:
    """5, 05 or 05-virtqueue: the file of that lab's checks."""
    number = word.split("-")[0].zfill(2)
    files = sorted(GRADER.glob(f"test_{number}_*.py"))
    if not files:
        there = ", ".join(f.name[5:7] for f in sorted(GRADER.glob("test_[0-9]*.py")))
        raise SystemExit(f"Lab {word} has no checks yet. There are: {there}")
    return files[0]


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
    arguments = parser.parse_args()

    files = (
        [lab_file(arguments.lab)]
        if arguments.lab
        else sorted(GRADER.glob("test_[0-9]*.py"))
    )
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
