# SPDX-License-Identifier: MIT
"""What a person sees while it runs, and what is left for programs."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

from lodge.kit import from_root
from lodge.lab import Check

PASS, FAIL, TODO, SKIPPED, BROKEN = (
    "pass", "fail", "not written yet", "skipped", "the grader could not run",
)  # fmt: skip

# Exit status of a run. Neither of the first two is the grader's fault.
FULL_MARKS, MARKS_LOST, USAGE, GRADER_BROKEN = 0, 1, 2, 70

_COLOUR = {PASS: "32", FAIL: "31", TODO: "33", SKIPPED: "2", BROKEN: "35"}
_DETAILED = 3  # so many failures are explained on the screen, all in the files


@dataclass
class Result:
    """One check's. `detail` says why, if it did not pass."""

    lab: str
    step: str
    check: str
    name: str
    section: str
    result: str
    points: int
    max: int
    hint: str = ""
    seed: int = 0
    evidence: str = ""  # the folder
    expected: str = ""
    seen: str = ""
    serial: list[str] = field(default_factory=list)
    backtrace: list[str] = field(default_factory=list)
    command: str = ""
    seconds: float = 0.0


def write_json(path: Path, results: list[Result], about: dict[str, object]) -> None:
    """Points are null when any check could not be run: no grade is not 0."""
    broken = not results or any(r.result == BROKEN for r in results)
    text = json.dumps(
        about
        | {
            "result": "graded" if not broken else BROKEN,
            "points": None if broken else sum(r.points for r in results),
            "max": sum(r.max for r in results) or None,
            "checks": [asdict(r) for r in results],
        },
        indent=1,
    )
    _replace(path, text + "\n")


def write_junit(path: Path, results: list[Result]) -> None:
    suite = ElementTree.Element("testsuite", name="lodge", tests=str(len(results)))
    for r in results:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"lab{r.lab}", name=r.name, time=f"{r.seconds:.3f}"
        )
        if r.result in (FAIL, BROKEN):
            tag = "failure" if r.result == FAIL else "error"
            ElementTree.SubElement(case, tag, message=r.seen).text = r.hint
        elif r.result != PASS:
            ElementTree.SubElement(case, "skipped", message=f"{r.result}: {r.seen}")
    _replace(path, ElementTree.tostring(suite, encoding="unicode") + "\n")


def _replace(path: Path, text: str) -> None:
    """All of the new text or all of the old, whenever the reader looks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)


class Scoreboard:
    """One line a check, as it happens; then the first failures in full."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.live = self.out.isatty() and os.environ.get("TERM") != "dumb"
        self.colours = self.live and "NO_COLOR" not in os.environ

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def _line(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    def title(self, check: Check, files: str) -> None:
        self._line()
        self._line(self._paint(f"  Lab {check.lab.number}  {check.lab.title}", "1"))
        self._line(self._paint(f"  {files}", "2"))
        self._line()

    def begin(self, check: Check) -> None:
        if self.live:
            self.out.write(f"  {check.step:<5}{check.name:<62.62} ...")
            self.out.flush()

    def end(self, r: Result) -> None:
        mark = {PASS: "pass", FAIL: "FAIL", BROKEN: "the grader could not run"}.get(
            r.result, r.result
        )
        points = f"{r.points:>3}/{r.max:<3}" if r.result != BROKEN else " " * 7
        if self.live:
            self.out.write("\r\033[K")
        self._line(
            f"  {r.step:<5}{r.name:<62.62} {points} {self._paint(mark, _COLOUR[r.result])}"
        )

    def summary(self, results: list[Result], seed: int, folder: Path) -> None:
        failures = [r for r in results if r.result in (FAIL, BROKEN)]
        for r in failures[:_DETAILED]:
            self._explain(r)
        if len(failures) > _DETAILED:
            rest = len(failures) - _DETAILED
            self._line()
            self._line(f"  ... and {rest} more: they may go away with these.")
        todo = [r for r in results if r.result == TODO]
        if todo and not failures:
            self._line()
            self._line(f"  Next: {todo[0].seen} ({todo[0].section} of the handout)")
        self._total(results, seed, folder)

    def _explain(self, r: Result) -> None:
        self._line()
        self._line(self._paint(f"  {r.step}  {r.name}", "1"))
        self._field("expected", r.expected)
        self._field("seen", r.seen)
        self._field("serial", "\n".join(r.serial))
        self._field("backtrace", "\n".join(line.strip() for line in r.backtrace))
        self._field("hint", textwrap.fill(r.hint, 66), "36")
        self._field("handout", r.section)
        self._field("by hand", r.command)
        self._field("evidence", r.evidence)

    def _field(self, name: str, text: str, colour: str = "") -> None:
        for i, line in enumerate(text.splitlines()):
            label = name if i == 0 else ""
            body = line if name == "by hand" or not colour else self._paint(line, colour)
            self._line(f"    {self._paint(f'{label:<10}', '2')} {body}")

    def _total(self, results: list[Result], seed: int, folder: Path) -> None:
        points, most = sum(r.points for r in results), sum(r.max for r in results)
        self._line()
        if any(r.result == BROKEN for r in results):
            self._line(self._paint("  No grade: the grader itself could not run.", "35"))
        else:
            width = 30
            full = width * points // most if most else 0
            bar = self._paint("█" * full, "32") + self._paint("░" * (width - full), "2")
            self._line(f"  {bar}  {points} of {most} points")
        where = from_root(folder / "results.json")
        self._line(self._paint(f"  SEED={seed}   {where}", "2"))
        self._line()
