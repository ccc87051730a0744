# SPDX-License-Identifier: MIT
"""What came of each check, and how that is left for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

PASS, FAIL, TODO, SKIPPED, BROKEN = (
    "pass", "fail", "not written yet", "skipped", "the grader could not run",
)  # fmt: skip

# Exit status of a run. Neither of the first two is the grader's fault.
FULL_MARKS, MARKS_LOST, USAGE, GRADER_BROKEN = 0, 1, 2, 70


@dataclass
class Result:
    """One check's. What is behind `hint` says why, if it did not pass."""

    lab: str  # "05"
    step: str
    check: str
    name: str
    section: str  # of the handout
    result: str
    points: int
    max: int
    hint: str = ""
    seed: int = 0
    evidence: str = ""  # the folder
    expected: str = ""
    seen: str = ""
    serial: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # by QEMU, against the guest
    meaning: list[str] = field(default_factory=list)  # what is known of it besides
    backtrace: list[str] = field(default_factory=list)
    command: str = ""
    blame: str = ""  # whose file it is, if several could be
    files: list[str] = field(default_factory=list)  # the student's, in what was booted
    folder: str = ""  # of the lab: "05-virtqueue"
    seconds: float = 0.0


@dataclass
class Outcome:
    """Of one lab, or of several. `usage` says why the question made no sense."""

    results: list[Result] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # the grader itself
    usage: str = ""

    @property
    def status(self) -> int:
        if self.broken:
            return GRADER_BROKEN
        if self.usage:
            return USAGE
        lost = any(r.result != PASS for r in self.results)
        return MARKS_LOST if lost else FULL_MARKS

    @property
    def complete(self) -> list[Result]:
        """None, when the grader broke in a way that no single check shows."""
        shown = any(r.result == BROKEN for r in self.results)
        return [] if self.broken and not shown else self.results


def by_lab(results: list[Result]) -> dict[str, list[Result]]:
    labs: dict[str, list[Result]] = {}
    for r in results:
        labs.setdefault(r.lab, []).append(r)
    return labs


def _sums(results: list[Result]) -> dict[str, object]:
    """Points are null when any check could not be run: no grade is not 0."""
    broken = not results or any(r.result == BROKEN for r in results)
    return {
        "result": "graded" if not broken else BROKEN,
        "points": None if broken else sum(r.points for r in results),
        "max": sum(r.max for r in results) or None,
    }


def write_json(path: Path, results: list[Result], about: dict[str, object]) -> None:
    labs = [{"lab": lab} | _sums(of) for lab, of in by_lab(results).items()]
    whole = about | _sums(results) | {"labs": labs, "checks": [asdict(r) for r in results]}
    _replace(path, json.dumps(whole, indent=1) + "\n")


def write_junit(path: Path, results: list[Result]) -> None:
    suite = ElementTree.Element("testsuite", name="lodge", tests=str(len(results)))
    for r in results:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"lab{r.lab}", name=r.name, time=f"{r.seconds:.3f}"
        )
        if r.result in (FAIL, BROKEN):
            tag = "failure" if r.result == FAIL else "error"
            ElementTree.SubElement(case, tag, message=_plain(r.seen)).text = r.hint
        elif r.result != PASS:
            ElementTree.SubElement(case, "skipped", message=_plain(f"{r.result}: {r.seen}"))
    _replace(path, ElementTree.tostring(suite, encoding="unicode") + "\n")


def _plain(text: str) -> str:
    """XML has no way to write most control characters, and a guest may have
    printed any."""
    return "".join(c if c in "\n\t" or c.isprintable() else "?" for c in text)


def _replace(path: Path, text: str) -> None:
    """All of the new text or all of the old, whenever the reader looks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)
