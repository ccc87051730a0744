# SPDX-License-Identifier: MIT
"""python3 -m lodge grade: what `make grade` runs. The others are for who writes
the checks of a lab."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lodge import rules, table, trials
from lodge.assignment import Assignment, lab_files
from lodge.kit import ROOT, BuildError, GraderError
from lodge.lab import Lab, lab_of
from lodge.results import GRADER_BROKEN, USAGE


def the_lab(word: str) -> Lab | None:
    files = lab_files(word)
    if len(files) != 1:
        print(no_such_lab(word))
        return None
    return lab_of(files[0])


def no_such_lab(word: str) -> str:
    there = ", ".join(f.name[5:7] for f in lab_files(""))
    return f"Lab {word} has no checks yet. There are: {there}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lodge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade labs")
    grade.add_argument("--lab", default="", help="5; every lab without it")
    grade.add_argument("--step", default="", help="5.2: only this step's checks")
    grade.add_argument("--mine", default="each", help="whose files are the student's; "
                       "`each`: of each lab its own")  # fmt: skip
    grade.add_argument("--labs", type=Path, default=ROOT / "labs")
    grade.add_argument("--out", type=Path, help="results and evidence")
    grade.add_argument("--seed", default="", help="as an earlier run printed it")
    grade.add_argument("--only", action="append", default=[], help="a check's function")
    grade.add_argument("--pace", type=float, help="instead of measuring it")
    grade.add_argument("--no-blame", action="store_true", help="don't look whose file it is")
    grade.add_argument("--events", type=int, help="a descriptor to tell it all to")
    trial = commands.add_parser("mutants", help="do the wrong programs fail as they must?")
    trial.add_argument("lab")
    trial.add_argument("names", nargs="*")
    rule = commands.add_parser("rules", help="which changes by rule go unnoticed?")
    rule.add_argument("lab")
    rule.add_argument("--every", type=int, default=1, help="only every n-th")
    rule.add_argument("--file", default="", help="NN-lab/file.c: only this one's")
    commands.add_parser("table", help="write the table in docs/grader.md anew")
    for command in grade, trial, rule:
        command.add_argument("--build", type=Path, default=ROOT / "build")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    try:
        if arguments.command == "grade":
            return grade(arguments)
        if arguments.command == "table":
            return table.write()
        lab, build = the_lab(arguments.lab), arguments.build.resolve()
        if not lab:
            return USAGE
        if arguments.command == "mutants":
            return trials.show_mutants(lab, arguments.names, build)
        return rules.show(lab, arguments.every, arguments.file, build)
    except (GraderError, BuildError) as error:
        print(f"the grader itself could not run: {error}", file=sys.stderr)
        return GRADER_BROKEN


def grade(arguments: argparse.Namespace) -> int:
    files = lab_files(arguments.lab)
    if not files:
        print(no_such_lab(arguments.lab))
        return USAGE
    assignment = Assignment.of(arguments, files)
    if arguments.events is not None:
        with os.fdopen(arguments.events, "w") as out:
            return assignment.tell(out)
    return assignment.grade()


if __name__ == "__main__":
    sys.exit(main())
