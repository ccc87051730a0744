# SPDX-License-Identifier: MIT
"""How each step of a lab stands, by the student's files and by what was graded
so far."""

from __future__ import annotations

from lodge.results import FAIL, PASS
from lodge.student.history import Record
from lodge.student.path import Place, numeric, track

BLANK, FAILED, UNTRIED, PASSED = "blank", "failed", "untried", "passed"


def states(at: Place, record: Record) -> dict[str, str]:
    """Of every step that is the student's, in the order in which to write
    them. PASSED are those of which every check has passed."""
    blank = {b.step for b in at.blanks}
    steps = set(blank)
    results: dict[str, set[str]] = {}
    if at.lab:
        steps |= {s.number for s in at.lab.steps}
        for check in at.lab.checks:
            for step in check.steps:
                results.setdefault(step, set()).add(record.checks.get(check.id, ""))
    if edition := set(track(at.labs)):
        steps &= edition
    return {
        step: BLANK if step in blank else _judge(results.get(step, set()))
        for step in sorted(steps, key=numeric)
    }


def _judge(results: set[str]) -> str:
    if FAIL in results:
        return FAILED
    return PASSED if results == {PASS} else UNTRIED


def first(found: dict[str, str], *wanted: str) -> str | None:
    return next((step for step, state in found.items() if state in wanted), None)
