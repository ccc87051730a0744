# SPDX-License-Identifier: MIT
"""One call of `make grade`: which labs, whose files, which questions; and what
is left of it in the end."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lodge import blame, grading, several, trials
from lodge.kit import ROOT, BuildError, GraderError, Kit
from lodge.lab import Lab, lab_of
from lodge.machine import Pace
from lodge.report import Scoreboard
from lodge.results import Outcome, Result, write_json, write_junit
from lodge.run import Run

GRADER = ROOT / "grader"


def lab_files(word: str) -> list[Path]:
    """5, 05 or 05-virtqueue: the file of that lab's checks; all without one."""
    number = word.split("-")[0].zfill(2) if word else "[0-9]*"
    return sorted(GRADER.glob(f"test_{number}_*.py"))


@dataclass
class Assignment:
    labs: dict[Path, Lab]
    mine: str
    folder: Path  # of the student's files
    build: Path
    out: Path
    seed: int
    step: str
    only: tuple[str, ...]
    pace: Pace | None
    whose: bool  # look whose file it is, when a guest fails

    @classmethod
    def of(cls, a: argparse.Namespace, files: list[Path]) -> Assignment:
        build = a.build.resolve()
        return cls(
            {f: lab_of(f) for f in files}, a.mine, a.labs.resolve(), build,
            (a.out or build / "grade").resolve(),
            int(a.seed, 0) if a.seed else secrets.randbits(31), a.step, tuple(a.only),
            Pace(a.pace) if a.pace else None, not a.no_blame,
        )  # fmt: skip

    def mine_of(self, lab: Lab) -> str:
        return lab.number.lstrip("0") if self.mine == "each" else self.mine

    # ---- One lab, in this process ---------------------------------------------

    def _run(self, board: grading.Board) -> Outcome:
        (file, lab), = self.labs.items()
        mine = self.mine_of(lab)
        # With nothing of a student's in it, it is the same for everybody.
        reference = self.build / "reference" / lab.target.get("arch", "")
        out = self.out / "build" / lab.id if mine else reference
        kit = Kit(out, mine, self.folder, self.build, **lab.target)
        run = Run(kit, self.seed, self.out, lab, self.step, self.only, self.pace)
        outcome = grading.run(file, run, board)
        self.pace = run.pace
        return outcome

    def tell(self, out: TextIO) -> int:
        """For who has started us and keeps the board."""
        board = several.Wire(out)
        outcome = self._run(board)
        board.over(outcome)
        return outcome.status

    # ---- The whole ----------------------------------------------------------------

    def grade(self) -> int:
        board = Scoreboard()
        about: dict[str, object] = {"seed": self.seed, "mine": self.mine}
        # Until the end is reached there is no grade, whatever ends us before.
        write_json(self.out / "results.json", [], about)
        try:
            outcome = self._run(board) if len(self.labs) == 1 else self._run_all(board)
            if outcome.usage and not outcome.results:
                print(outcome.usage, file=board.out)
                return outcome.status
            if self.whose and not outcome.broken:
                self._blame(outcome, board)
        except (GraderError, BuildError) as error:
            outcome = Outcome(broken=[str(error)])
        except KeyboardInterrupt:
            outcome = Outcome(broken=["it was interrupted"])
        if outcome.broken:
            about["why"] = outcome.broken
        self._leave(outcome, about)
        board.summary(outcome, self.seed, self.out, self._again())
        for why in outcome.broken:
            print(f"the grader itself could not run: {why}", file=board.out)
        return outcome.status

    def _again(self) -> str:
        words = [f"STEP={self.step}"] if self.step else []
        return " ".join([*words, f"SEED={self.seed}"])

    def _run_all(self, board: Scoreboard) -> Outcome:
        board.note("building what all labs need ...")
        trials.warm(self.labs.values(), self.build)
        if not self.pace:
            self.pace = grading.measure(Kit(self.out, build=self.build), self.out)
        options: dict[str, str | Path] = {
            "labs": self.folder, "build": self.build, "out": self.out,
            "seed": str(self.seed), "pace": str(self.pace.factor),
        }  # fmt: skip
        if self.step:
            options["step"] = self.step
        commands = {
            lab.number: several.command_for(lab.number, self.mine_of(lab), options)
            for lab in self.labs.values()
        }
        return several.grade(commands, board)

    def _leave(self, outcome: Outcome, about: dict[str, object]) -> None:
        write_json(self.out / "results.json", outcome.complete, about)
        write_junit(self.out / "results.xml", outcome.results)
        with (self.out / "failures.txt").open("w") as out:
            Scoreboard(out).explain(outcome.results)

    # ---- Whose file -----------------------------------------------------------------

    def _blame(self, outcome: Outcome, board: Scoreboard) -> None:
        count = 0

        def attempt(failed: Result, files: list[str]) -> str:
            nonlocal count
            count += 1
            own = ", ".join(files) or "none"
            board.note(f"whose file is it? trying {own} of yours ...")
            out = self.out / "evidence" / failed.folder / "whose" / str(count)
            pace = self.pace.factor if self.pace else 1.0
            trial = trials.grade(
                failed.lab, out, labs=self.folder, mine=" ".join(files),
                only=[failed.check], build=self.build, seed=self.seed,
                options=["--pace", f"{pace}", "--no-blame"],
            )  # fmt: skip
            check = trial.checks.get(failed.check)
            return check["result"] if check else f"status {trial.status}"

        blame.settle(outcome, attempt)
