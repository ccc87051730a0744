# SPDX-License-Identifier: MIT
"""Whose fault is it? When a guest with several of a student's files in it has
failed, the same check is run again with fewer of them.

Start from none, add their own files in the order of the labs, and stop at the
first that breaks: that takes as many guests as the number of files has binary
digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lodge.results import BROKEN, FAIL, PASS, Outcome, Result

# Runs a check anew with these files of the student's; its result.
Attempt = Callable[[Result, list[str]], str]


@dataclass
class Blame:
    """What came of the search. Without a file the check can't be had to pass,
    not even by the reference."""

    file: str = ""
    sentence: str = ""
    tried: list[tuple[list[str], str]] = field(default_factory=list)


def find(failed: Result, attempt: Attempt) -> Blame:
    files, blame = failed.files, Blame()

    def passes(some: list[str]) -> bool:
        result = attempt(failed, some)
        blame.tried.append((some, result))
        return result == PASS

    if not passes([]):
        return blame
    good, bad = 0, len(files)  # so many of the first pass, so many don't
    while bad - good > 1:
        middle = (good + bad) // 2
        if passes(files[:middle]):
            good = middle
        else:
            bad = middle
    blame.file = files[good]
    if passes([f for f in files if f != blame.file]):
        blame.sentence = f"It passes with the reference {blame.file}: look at yours."
    elif good:
        blame.sentence = (
            f"It passes with your files up to {files[good - 1]} and the reference's from "
            f"there on, and no longer with your {blame.file}: look at that first."
        )
    else:
        blame.sentence = (
            f"It fails with your {blame.file} alone in it: look at that first. There is "
            "more to find in another file."
        )
    return blame


def first(outcome: Outcome) -> Result | None:
    """The failure worth searching for: one takes many guests."""
    return next((r for r in outcome.results if r.result == FAIL and len(r.files) > 1), None)


def settle(outcome: Outcome, attempt: Attempt) -> None:
    """Adds to the first failure of a guest with several files whose it is. If
    the reference fails as well, then it is the grader's, and no grade."""
    failed = first(outcome)
    if not failed:
        return
    blame = find(failed, attempt)
    failed.blame = blame.sentence
    if not blame.file:
        failed.result = BROKEN
        outcome.broken.append(
            f'"{failed.name}" fails with the reference, too: this machine may be too busy, '
            "or something is wrong with the check"
        )
