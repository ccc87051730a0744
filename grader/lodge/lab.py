# SPDX-License-Identifier: MIT
"""How a lab's test file says what is checked.

    LAB = Lab("05-virtqueue", app="dice", exercises={...}, hints=[...])

    @LAB.check("5.3", 8, "Step 5.3", "One kick, one notification", hints=[...])
    def test_kick(unit):
        unit("virtqueue", "test_kick_")

A check passes by returning. What makes it fail is Failed, or a GuestError of
the machine's; NotWritten and GuestTodo are the stub's own word. Any other
exception is a fault of the grader and costs nobody a point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lodge.objects import Symbols


@dataclass(frozen=True)
class Hint:
    """What to say to somebody whose failure looks like `seen`, a pattern that
    is searched in all that the failure says. It names the symptom and where
    to think, and never the fix."""

    seen: str
    text: str


@dataclass
class Evidence:
    """What a failure has to show beside what was expected and seen."""

    folder: Path | None = None
    serial: list[str] = field(default_factory=list)
    backtrace: list[str] = field(default_factory=list)
    command: str = ""  # reproduces it by hand
    output: str = ""  # of a tool; for the hints to look at, shown shortened


class Failed(Exception):
    def __init__(self, expected: str, seen: str, evidence: Evidence | None = None) -> None:
        super().__init__(f"expected {expected}; seen: {seen}")
        self.expected, self.seen = expected, seen
        self.evidence = evidence or Evidence()


class NotWritten(Exception):
    """`what` is lab_todo()'s: "5.2 virtq_add"."""

    def __init__(self, what: str, evidence: Evidence | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.evidence = evidence or Evidence()


@dataclass(frozen=True)
class Check:
    lab: Lab
    id: str  # of the function: test_kick
    step: str  # "5.2", or "5" for the whole lab
    points: int
    section: str  # of the handout
    name: str  # a sentence
    hints: tuple[Hint, ...]
    rests_on: tuple[str, ...]  # ids: when one of them failed, this is skipped

    def hint(self, text: str) -> str:
        for hint in (*self.hints, *self.lab.hints):
            if re.search(hint.seen, text, re.M):
                return hint.text
        return ""


@dataclass(eq=False)
class Lab:
    id: str  # the folder's name
    title: str
    app: str  # what it boots
    exercises: dict[str, Symbols]
    unit: str = ""  # a unit program with these exercises in it
    hints: tuple[Hint, ...] = ()
    checks: list[Check] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.id.split("-")[0]

    def check(
        self,
        step: str,
        points: int,
        section: str,
        name: str,
        *,
        hints: Iterable[Hint] = (),
        rests_on: Iterable[Callable[..., Any]] = (),
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        def add(function: Callable[..., None]) -> Callable[..., None]:
            check = Check(
                self, function.__name__, step, points, section, name, tuple(hints),
                tuple(f.__name__ for f in rests_on),
            )  # fmt: skip
            self.checks.append(check)
            function.lodge_check = check  # type: ignore[attr-defined]
            return function

        return add
