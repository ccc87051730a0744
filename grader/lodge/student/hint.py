# SPDX-License-Identifier: MIT
"""Hints for one step, a level at a time: where to look, which part of which
specification, what to print in order to see it.

Without a step it is the first that is not written yet, or that did not pass
when it was last graded; without a lab it is the one that is worked on.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from lodge.kit import from_root
from lodge.lab import Step
from lodge.results import PASS
from lodge.student.history import History, Record
from lodge.student.path import Place, Sorry, place
from lodge.student.steps import BLANK, FAILED, first, states
from lodge.student.todo import current

LEVELS = ("where to look", "which part of the specification", "what to print, to see it")


def _chosen(at: Place, step: str, record: Record) -> list[Step]:
    steps = at.graded_lab.steps
    if step:
        found = [s for s in steps if step in (s.number, s.name)]
        if not found:
            there = ", ".join(f"{s.number} {s.name}" for s in steps)
            raise Sorry(f"Lab {at.number} has no step {step}. There are: {there}")
        return [s for s in steps if s.number == found[0].number]
    number = first(states(at, record), BLANK, FAILED)
    if number:
        if found := [s for s in steps if s.number == number]:
            return found
        raise Sorry(f"Lab {at.number} has no hints for this step. {at.command('grade')} says more.")
    if not record.checks:
        raise Sorry(
            f"All of lab {at.number} is written, and nothing of it was graded yet, so there "
            f"is no telling where the trouble is: {at.command('grade')}\n"
            f"Or name a step: {at.command('hint', STEP=steps[0].number)}"
        )
    failed = [c for c, result in record.checks.items() if result != PASS]
    if failed:
        raise Sorry(
            f"Every step of lab {at.number} passes by itself; what does not is the whole of "
            f"it, in a guest.\nThe grade says what was seen, and shows a hint: "
            f"{at.command('grade')}\nTo look into the guest: {at.command('debug')}"
        )
    return []


def hint(lab: str, step: str, level: str, labs: Path) -> int:
    if level and level not in ("1", "2", "3"):
        raise Sorry(f"There is no LEVEL={level}. There are: 1, 2, 3")
    history = History(labs)
    at = place(lab, labs) if lab else current(labs, history)
    if not at:
        print("Every lab here has full marks; there is nothing left to hint at.")
        return 0
    chosen = _chosen(at, step, history.of(at))
    if not chosen:
        print(f"Lab {at.number} passed everything when it was last graded.")
        return 0
    number = chosen[0].number
    now = history.hint_level(number, int(level) if level else None, len(LEVELS))
    for s in chosen:
        _show(s, now)
    _say_more(at, number, now)
    return 0


def _show(step: Step, level: int) -> None:
    print(f"\n  Step {step.number}, {step.name}: {LEVELS[level - 1]} ({level} of {len(LEVELS)})\n")
    text = (step.where, step.spec, step.show)[level - 1]
    print(textwrap.indent(textwrap.fill(text, 74, break_on_hyphens=False), "    "))


def _say_more(at: Place, number: str, level: int) -> None:
    again = at.command("hint", STEP=number)
    print()
    if level < len(LEVELS):
        print(f"  The next level, {LEVELS[level]}: {again}")
    else:
        print("  There is no more than this. To watch it run, step by step:")
        print(f"    {at.command('debug')}")
        print(f"  The first level again: {again} LEVEL=1")
    for blank in at.blanks:
        if blank.step == number:
            print(f"  To write: {blank.place}")
    if at.handout.exists():
        print(f"  The handout: {from_root(at.handout)}")
    print()
