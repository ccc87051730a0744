# SPDX-License-Identifier: MIT
"""Which labs there are, which files they have, and what in these is still to
be written. What is not here is said in a sentence (Sorry)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lodge.kit import ROOT, from_root
from lodge.lab import Lab, lab_of

TRACK = "track"  # beside the labs of an edition: the regions that are blank

_TODO = re.compile(r'\blab_todo\("(\d+\.\d+) (\w+)"\)')


class Sorry(Exception):
    """It can't be done; the text says why, and what can."""


def numeric(step: str) -> tuple[int, ...]:
    """Puts 3.9 before 3.10."""
    return tuple(int(n) for n in step.split("."))


@dataclass(frozen=True)
class Blank:
    """A part that is not written yet."""

    step: str  # "5.2"
    name: str  # "virtq_add"
    place: str  # "labs/05-virtqueue/virtqueue.c:52"


@dataclass(frozen=True)
class Place:
    """One lab, with the student's files in folder `labs`."""

    id: str  # "05-virtqueue"
    labs: Path

    @property
    def number(self) -> str:
        return self.id[:2]

    @property
    def short(self) -> str:
        """As one types it: LAB=5."""
        return str(int(self.number))

    @property
    def folder(self) -> Path:
        return self.labs / self.id

    @property
    def handout(self) -> Path:
        return ROOT / "labs" / self.id / "README.md"

    @cached_property
    def title(self) -> str:
        """As the handout's first line has it."""
        if self.handout.exists():
            found = re.match(r"# Lab \d+: (.*)", self.handout.read_text())
            if found:
                return found[1]
        return self.id[3:]

    @property
    def files(self) -> list[str]:
        """Of the exercises: "05-virtqueue/virtqueue.c"."""
        folder = ROOT / "solutions" / self.id
        return sorted(f"{self.id}/{p.name}" for p in folder.glob("*.c"))

    def mine(self, file: str) -> Path:
        return self.labs / file

    @property
    def blanks(self) -> list[Blank]:
        """What is not written yet, in the order in which to write it."""
        found = []
        for file in self.files:
            path = self.mine(file)
            if not path.exists():
                continue
            for i, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                for step, name in _TODO.findall(line):
                    found.append(Blank(step, name, f"{from_root(path)}:{i}"))
        return sorted(found, key=lambda b: numeric(b.step))

    @cached_property
    def lab(self) -> Lab | None:
        """Its checks; None for one that has none (the tour)."""
        for path in (ROOT / "grader").glob(f"test_{self.number}_*.py"):
            return lab_of(path)
        return None

    @property
    def graded_lab(self) -> Lab:
        if self.lab is None:
            raise Sorry(f"Lab {self.number} has no checks, and so no hints either.")
        return self.lab

    def command(self, target: str, **more: str) -> str:
        """A command line of make's for this lab, as one types it here."""
        words = ["make", target, f"LAB={self.short}"]
        words += [f"{k}={v}" for k, v in more.items() if v]
        return " ".join([*words, *elsewhere(self.labs)])


def elsewhere(labs: Path) -> list[str]:
    """What a command line needs when the files are not in labs/."""
    return [] if labs.resolve() == ROOT / "labs" else [f"LABS={from_root(labs)}"]


def track(labs: Path) -> list[str]:
    """Of an edition: the regions that its students write. Empty: all of them."""
    path = labs / TRACK
    return path.read_text().split() if path.exists() else []


def places(labs: Path) -> list[Place]:
    """All labs, in their order; of an edition, those that it has."""
    ids = {p.name for top in ("labs", "solutions") for p in (ROOT / top).glob("[0-9][0-9]-*")}
    every = [Place(i, labs) for i in sorted(ids)]
    return [p for p in every if p.folder.is_dir()] if track(labs) else every


def place(word: str, labs: Path) -> Place:
    """5, 05 or 05-virtqueue."""
    every = places(labs)
    there = ", ".join(p.id for p in every)
    if not word:
        raise Sorry(f"Which lab? Say LAB=5, for instance. There are: {there}")
    number = word.split("-")[0].zfill(2)
    for p in every:
        if p.number == number:
            return p
    raise Sorry(f"There is no lab {word}. There are: {there}")
