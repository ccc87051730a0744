# SPDX-License-Identifier: MIT
"""What to do now, by the path and by what was graded so far."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lodge.kit import ROOT, from_root
from lodge.student.history import History
from lodge.student.path import Place, elsewhere, places, track
from lodge.student.steps import BLANK, FAILED, UNTRIED, first, states


def _unsaved(labs: Path) -> bool:
    """Is there work in `labs` that git could not bring back?"""
    try:
        done = subprocess.run(
            ["git", "status", "--porcelain", "--", f":(glob){labs}/**/*.c"], cwd=ROOT,
            capture_output=True, text=True,
        )  # fmt: skip
    except FileNotFoundError:
        return False
    return done.returncode == 0 and bool(done.stdout.strip())


def current(labs: Path, history: History) -> Place | None:
    """Whoever works on a lab goes on with it; else it is the first that has
    not had full marks. None: all have."""
    every = [p for p in places(labs) if p.files]
    latest = [p for p in every if p.number == history.latest()]
    for p in latest + every:
        if not history.of(p).full:
            return p
    return None


def _say_lab(at: Place, history: History) -> None:
    record = history.of(at)
    print(f"  Lab {at.number}, {at.title}")
    if record.last is not None:
        print(f"  {record.last} of {record.max} points when it was last graded.")
    elif record.checks:
        print("  Some of its steps were graded, never yet the whole.")
    else:
        print("  Nothing of it was graded yet.")
    print()
    if at.handout.exists():
        print(f"  Read      {from_root(at.handout)}")
    found = states(at, record)
    step = first(found, FAILED) or first(found, BLANK, UNTRIED)
    for blank in at.blanks:
        if blank.step == step:
            print(f"  Write     {blank.step} {blank.name}, at {blank.place}")
    if step and found[step] == FAILED:
        print(f"  Mend      step {step}, which did not pass")
    elif step and found[step] == UNTRIED:
        print(f"  Try       step {step}, which is written and was not graded yet")
    print(f"  Check     {at.command('grade', STEP=step or '')}")
    if step:
        print(f"  Stuck?    {at.command('hint', STEP=step)}")
    print(f"  See it    {at.command('run')}")


def todo(labs: Path) -> int:
    history = History(labs)
    at = current(labs, history)
    print()
    if not history.latest():
        print("  If you have not been round yet: labs/00-tour/README.md, half an hour.\n")
    if at:
        _say_lab(at, history)
    else:
        every = [p for p in places(labs) if p.files]
        mine = f'"{" ".join(p.short for p in every)}"' if track(labs) else "all"
        words = " ".join(["make run APP=web", f"MINE={mine}", *elsewhere(labs)])
        print("  Every lab here has full marks. All of it together:")
        print(f"    {words}")
        print(f"  Beside the reference: {every[-1].command('diff')}")
    if _unsaved(labs):
        print(f"\n  There is work in {from_root(labs)} that is not committed. To keep it:")
        print(f"    git add {from_root(labs)} && git commit -m 'so far'")
    print()
    return 0
