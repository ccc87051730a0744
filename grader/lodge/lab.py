# SPDX-License-Identifier: MIT
"""How a lab's test file says what is checked.

    LAB = Lab("05-virtqueue", "The virtqueue", app="dice", exercises={...},
              steps=(...), hints=(...))

    @LAB.check("5.3", 8, "Step 5.3", "One kick, one notification", hints=[...])
    def test_kick(unit):
        unit("virtqueue", "test_kick_")

A check passes by returning. What makes it fail is Failed, or a GuestError of
the machine's; NotWritten and GuestTodo are the stub's own word. Any other
exception is a fault of the grader and costs nobody a point.
"""

from __future__ import annotations

import importlib
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


@dataclass(frozen=True)
class Step:
    """One function to write, and what `make hint` says of it, a level at a
    time: where to look, which part of which specification, what to print in
    order to see it. None of the three gives the answer."""

    number: str  # "5.2"
    name: str  # "virtq_add", as lab_todo() has it
    where: str
    spec: str
    show: str


# What goes wrong in every lab in the same way.
_EVERYWHERE = (
    Hint(
        r"to compile|(?<!runtime )error:",
        "The compiler stopped at the first line shown. Mend that one first: the "
        "others may be its echo.",
    ),
    Hint(
        r"uses \w+|defines \w+|by itself|includes |of its own|has the instruction",
        "The file may hold the functions that its handout names, and static helpers.",
    ),
    Hint(
        r"AddressSanitizer",
        "A byte outside of what you were given was touched. The report's first lines "
        "name the access and the line of yours: which index or pointer was it, and who "
        "says how far it may go?",
    ),
    Hint(
        r"runtime error",
        "The sanitizer met something that C leaves undefined; the line is in its "
        "report.",
    ),
    Hint(
        r"no end after",
        "A loop never ends. What does it wait for, and what would bring it about?",
    ),
    Hint(
        r"triple fault",
        "The machine was lost before it could say why. Which store of yours could have "
        "gone far away from where you meant it: an index, a pointer, a length?",
    ),
    Hint(
        r"panic|exception",
        "The backtrace's topmost line of yours is where it went wrong; what was wrong "
        "may have been stored before, by another function.",
    ),
)


@dataclass
class Evidence:
    """What a failure has to show beside what was expected and seen."""

    folder: Path | None = None
    serial: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # by QEMU, against the guest
    meaning: list[str] = field(default_factory=list)  # what is known of it besides
    backtrace: list[str] = field(default_factory=list)
    command: str = ""  # reproduces it by hand
    files: list[str] = field(default_factory=list)  # the student's, in what was booted
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
    steps: tuple[str, ...]  # "5.2", or "5" for the whole lab
    points: int
    section: str  # of the handout
    name: str  # a sentence
    hints: tuple[Hint, ...]
    rests_on: tuple[str, ...]  # ids: when one of them failed, this is skipped

    @property
    def step(self) -> str:
        """What stands before its name on the scoreboard."""
        return self.steps[0]

    def hint(self, text: str) -> str:
        for hint in (*self.hints, *self.lab.hints, *_EVERYWHERE):
            if re.search(hint.seen, text, re.M):
                return hint.text
        return ""


@dataclass(eq=False)
class Lab:
    id: str  # the folder's name
    title: str
    app: str  # what it boots
    exercises: dict[str, Symbols]
    steps: tuple[Step, ...] = ()
    hints: tuple[Hint, ...] = ()
    # For what it is built, as Kit has it, if not for a PC: {"arch": "unix"}.
    target: dict[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()  # it boots, beside `app` and the web server
    checks: list[Check] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.id.split("-")[0]

    # What several graders use at once is built beforehand, by these two lists.

    @property
    def apps(self) -> list[str]:
        return sorted({self.app, "web", *self.also})

    @property
    def units(self) -> list[str]:
        return sorted({u for rules in self.exercises.values() for u in rules.units})

    def check(
        self,
        step: str,  # or several, as "3.5 3.6"
        points: int,
        section: str,
        name: str,
        *,
        hints: Iterable[Hint] = (),
        rests_on: Iterable[Callable[..., Any]] = (),
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        def add(function: Callable[..., None]) -> Callable[..., None]:
            check = Check(
                self, function.__name__, tuple(step.split()), points, section, name, tuple(hints),
                tuple(f.__name__ for f in rests_on),
            )  # fmt: skip
            self.checks.append(check)
            function.lodge_check = check  # type: ignore[attr-defined]
            return function

        return add


def lab_of(file: Path) -> Lab:
    """The lab of a test file, grader/test_NN_name.py."""
    lab = importlib.import_module(file.stem).LAB
    assert isinstance(lab, Lab)
    return lab
