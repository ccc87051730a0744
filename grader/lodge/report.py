# SPDX-License-Identifier: MIT
"""The scoreboard: what a person sees while it runs, and at the end.

In a terminal the line of the check that runs is there already; anywhere else
each line is printed once, when it is certain, and without colours.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TextIO

from lodge.kit import from_root
from lodge.results import BROKEN, FAIL, PASS, SKIPPED, TODO, Outcome, Result, by_lab

_COLOUR = {PASS: "32", FAIL: "31", TODO: "33", SKIPPED: "2", BROKEN: "35"}
_DIM, _BOLD, _CYAN = "2", "1", "36"

# So many failures are explained on the screen; all of them in the files.
_DETAILED = 3

# Of a line: the margin, the step, and what came of it.
_MARGIN, _STEP, _MARK = 2, 6, 15
_BAR = 30


class Scoreboard:
    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.live = self.out.isatty() and os.environ.get("TERM") != "dumb"
        self.colours = self.live and "NO_COLOR" not in os.environ
        width = shutil.get_terminal_size((88, 24)).columns if self.live else 88
        self.width = max(60, min(width, 100))

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours and text else text

    def _line(self, text: str = "") -> None:
        print(text.rstrip(), file=self.out, flush=True)

    # ---- While it runs --------------------------------------------------------

    def note(self, text: str) -> None:
        """What takes a while before anything is to be seen. In a terminal the
        next line takes its place."""
        if self.live:
            self.out.write(f"\r\033[K  {self._paint(text, _DIM)}")
            self.out.flush()

    def _wipe(self) -> None:
        if self.live:
            self.out.write("\r\033[K")

    def title(self, number: str, title: str, files: list[str]) -> None:
        self._wipe()
        self._line()
        self._line(self._paint(f"  Lab {number}  {title}", _BOLD))
        for line in textwrap.wrap("  ".join(files), self.width - 4):
            self._line(self._paint(f"  {line}", _DIM))
        self._line()

    def begin(self, step: str, name: str) -> None:
        if self.live:
            self.out.write(f"\r\033[K{self._name(step, name)} ...")
            self.out.flush()

    def _name(self, step: str, name: str) -> str:
        room = self.width - _MARGIN - _STEP - 1 - _MARK
        if self.live and len(name) > room:
            name = name[: room - 1] + "…"
        return f"{'':{_MARGIN}}{step:<{_STEP}}{name:<{room}}"

    def end(self, r: Result) -> None:
        score = f"{r.points:>3}/{r.max:<4}"
        mark = {
            PASS: f"{score}pass", FAIL: f"{score}FAIL", SKIPPED: f"{score}skipped",
            TODO: TODO, BROKEN: "could not run",
        }[r.result]  # fmt: skip
        self._wipe()
        self._line(f"{self._name(r.step, r.name)} {self._paint(mark, _COLOUR[r.result])}")

    # ---- At the end -------------------------------------------------------------

    def summary(self, outcome: Outcome, seed: int, folder: Path, command: str) -> None:
        """`command` asks the same questions again."""
        results = outcome.results
        # What the grader itself could not do is said once, at the end.
        failures = [r for r in results if r.result == FAIL or (r.result == BROKEN and r.expected)]
        for r in failures[:_DETAILED]:
            self._explain(r)
        if len(failures) > _DETAILED:
            self._line()
            self._line(
                f"  ... and {len(failures) - _DETAILED} more, which may go away with "
                f"these: {from_root(folder / 'failures.txt')}"
            )
        self._next(results)
        labs = by_lab(results)
        if len(labs) > 1:
            self._table(labs)
        self._total(outcome, seed, folder, command)

    def explain(self, results: list[Result]) -> None:
        for r in results:
            if r.result in (FAIL, BROKEN):
                self._explain(r)

    def _explain(self, r: Result) -> None:
        self._line()
        self._line(self._paint(f"  {r.step}  {r.name}", _BOLD))
        self._field("expected", r.expected)
        self._field("seen", r.seen)
        self._field("serial", "\n".join(r.serial))
        self._field("QEMU says", "\n".join(r.said))
        self._field("meaning", "\n".join(self._filled(n) for n in r.meaning))
        self._field("backtrace", "\n".join(line.strip() for line in r.backtrace))
        self._field("look at", self._filled(r.blame), _BOLD)
        self._field("hint", self._filled(r.hint), _CYAN)
        self._field("handout", f"{r.section}, in labs/{_folder(r)}README.md")
        self._field("by hand", r.command)
        self._field("evidence", r.evidence)

    def _filled(self, text: str) -> str:
        return textwrap.fill(text, self.width - 16)

    def _field(self, name: str, text: str, colour: str = "") -> None:
        for i, line in enumerate(text.splitlines()):
            label = name if i == 0 else ""
            body = self._paint(line, colour) if colour else line
            self._line(f"    {self._paint(f'{label:<10}', _DIM)} {body}")

    def _next(self, results: list[Result]) -> None:
        """What to do next, when nothing that is written is wrong."""
        todo = next((r for r in results if r.result == TODO), None)
        if todo and not any(r.result in (FAIL, BROKEN) for r in results):
            self._line()
            # With MINE=all it may be an earlier lab's part that is missing.
            own = todo.seen.startswith(f"{todo.lab.lstrip('0')}.")
            step = todo.seen.partition(" ")[0]
            where = f" (Step {step}, in labs/{_folder(todo)}README.md)" if own else ""
            self._line(f"  Next: {todo.seen}{where}")

    def _bar(self, points: int, most: int, width: int) -> str:
        full = width * points // most if most else 0
        return self._paint("█" * full, _COLOUR[PASS]) + self._paint("░" * (width - full), _DIM)

    def _table(self, labs: dict[str, list[Result]]) -> None:
        self._line()
        for results in labs.values():
            points, most = sum(r.points for r in results), sum(r.max for r in results)
            word = self._worst(results)
            name = _folder(results[0]).rstrip("/")
            self._line(f"  {name:<16}{self._bar(points, most, _BAR)} {points:>5}   {word}")

    def _worst(self, results: list[Result]) -> str:
        """What keeps a lab from full marks, in a word or two."""
        for kind in (BROKEN, FAIL, TODO, SKIPPED):
            of_it = [r for r in results if r.result == kind]
            if of_it:
                name = "FAIL" if kind == FAIL else kind
                word = of_it[0].seen if kind == TODO else f"{len(of_it)} of {len(results)}"
                return self._paint(f"{name}: {word}", _COLOUR[kind])
        return ""

    def _total(self, outcome: Outcome, seed: int, folder: Path, command: str) -> None:
        results = outcome.results
        points, most = sum(r.points for r in results), sum(r.max for r in results)
        self._line()
        if outcome.broken or any(r.result == BROKEN for r in results):
            self._line(self._paint("  No grade: the grader itself could not run.", "35"))
        else:
            self._line(f"  {self._bar(points, most, _BAR)}  {points} of {most} points")
        where = from_root(folder / "results.json")
        self._line(self._paint(f"  {command}   {where}", _DIM))
        self._line()


def _folder(r: Result) -> str:
    return f"{r.folder}/" if r.folder else ""
