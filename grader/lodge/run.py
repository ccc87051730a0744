# SPDX-License-Identifier: MIT
"""What is to be done with one lab; and what is built for it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from lodge.kit import ROOT, BuildError, GraderError, Kit, from_root
from lodge.lab import Failed, Lab
from lodge.machine import Pace
from lodge.results import Result


@dataclass
class Run:
    """One lab, graded once."""

    kit: Kit
    seed: int
    folder: Path  # results and evidence
    lab: Lab
    step: str = ""
    only: tuple[str, ...] = ()  # ids of checks
    pace: Pace | None = None  # measured when it is not given
    results: list[Result] = field(default_factory=list)
    _built: set[str] = field(default_factory=set)

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence" / self.lab.id

    def random(self, name: str) -> random.Random:
        """Numbers that the run's seed and a name decide."""
        return random.Random(f"{self.seed} {name}")

    def is_mine(self, file: str) -> bool:
        """As kernel/rules.mk has it."""
        lab, name = self.lab, Path(file).name
        names = {"all", lab.id, lab.number, lab.number.lstrip("0"), file, name, name[:-2]}
        return not names.isdisjoint(self.kit.mine.split())

    def source(self, file: str) -> Path:
        """Where the exercise comes from that is graded."""
        return (self.kit.labs if self.is_mine(file) else ROOT / "solutions") / file

    def files_in(self, app: str) -> list[str]:
        """Those of the student's that are in what was built of it, in the
        order of the labs."""
        objects = self.kit.out / app / "objects"
        words = objects.read_text().split() if objects.exists() else []
        return sorted(w.partition("/mine/")[2].removesuffix(".o") for w in words if "/mine/" in w)

    # ---- Building: each thing once, whoever asks --------------------------------

    # What is the lab's lies with its application: with that one folder for OUT
    # all of it can be asked of make at once.

    @property
    def _folder(self) -> Path:
        return self.kit.out / self.lab.app

    def kernel_objects(self, file: str) -> Path:
        if self.is_mine(file):
            return self._folder / "mine"
        return self.kit.build / self.kit.target / "obj/solutions"

    def unit_objects(self, file: str) -> Path:
        if self.is_mine(file):
            return self._folder / "unit/mine"
        return self.kit.build / "unit/obj/solutions"

    def build_objects(self, objects: list[Path]) -> None:
        self._make(*map(from_root, objects))

    def build_first(self, objects: list[Path]) -> None:
        """What the gate looks at and, if all checks are to be run, the host
        tests. What is booted is built when it is: it may not come to that."""
        goals = list(map(from_root, objects))
        if not self.step and not self.only:
            goals += [from_root(self._folder / "unit" / u) for u in self.lab.units]
            self._make(*goals)
            self._built |= {f"unit/{u}" for u in self.lab.units}
        else:
            self._make(*goals)

    def build_app(self, app: str) -> None:
        """Failed when it can't be linked, or another lab's file of the
        student's does not compile."""
        if app not in self.lab.apps:
            raise GraderError(f"{app} is none of the applications of lab {self.lab.number}")
        if app not in self._built:
            try:
                self._make("app", app=app)
            except BuildError as error:
                raise Failed(f"{app} to be built with your files", error.errors) from error
            self._built.add(app)

    def build_unit(self, program: str) -> Path:
        """Failed when it can't be linked."""
        if program not in self.lab.units:
            raise GraderError(f"{program} stands in no Symbols.units of lab {self.lab.number}")
        path = self._folder / "unit" / program
        if f"unit/{program}" not in self._built:
            try:
                self._make(from_root(path))
            except BuildError as error:
                raise Failed(
                    "the host tests to be linked with your files", error.errors
                ) from error
            self._built.add(f"unit/{program}")
        return path

    def _make(self, *goals: str, app: str = "") -> None:
        try:
            self.kit.make("-j2", *goals, app=app or self.lab.app)
        except BuildError as error:
            if not self.kit.mine:
                raise GraderError(f"the reference can't be built: {error}") from error
            raise

    # ---- The same by hand -----------------------------------------------------------

    def by_hand(self, target: str, **variables: str) -> str:
        """A command line of make's that does the same as we do."""
        settings = {"MINE": self.kit.mine, "ARCH": self.kit.arch} | variables
        if self.kit.labs.resolve() != ROOT / "labs":
            settings["LABS"] = from_root(self.kit.labs)
        words = [f"{k}={_quoted(v)}" for k, v in settings.items() if v]
        return " ".join(["make", target, *words])


def _quoted(text: str) -> str:
    return f'"{text}"' if re.search(r"[\s;&|<>()$]", text) else text
