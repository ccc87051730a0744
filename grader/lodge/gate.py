# SPDX-License-Identifier: MIT
"""Before anything of the student's runs: each exercise file is there, is a file
of their own, compiles as the kernel and as the host tests are, and both objects
keep to the rules of objects.py."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lodge import objects
from lodge.kit import ROOT, BuildError, GraderError, from_root
from lodge.lab import Evidence, Failed, lab_of
from lodge.run import Run


class Gate:
    def __init__(self, run: Run) -> None:
        self.run = run
        self._said: Exception | None = None
        self._done = False

    def closed(self) -> Exception | None:
        """What a check of this lab has to say instead of running, if there is
        something."""
        if not self._done:
            self._done = True
            try:
                self._pass()
            except (Failed, GraderError) as error:
                self._said = error
        return self._said

    def _pass(self) -> None:
        lab = self.run.lab
        for file in lab.exercises:
            self._look_at_source(file)
        wanted = [obj for file in lab.exercises for obj, _ in self._objects(file)]
        try:
            # All in one go: it is the usual case, and make takes long to start.
            self.run.build_first(wanted)
        except BuildError as error:
            for file in lab.exercises:
                self._compile(file)
            self._look_at_objects()
            raise Failed(
                "the host tests to be linked with your files",
                error.errors, Evidence(output=error.output),
            ) from error  # fmt: skip
        self._look_at_objects()

    def _look_at_source(self, file: str) -> None:
        run = self.run
        source = run.source(file)
        if not source.is_file():
            raise Failed(f"{from_root(source)}", "there is no such file")
        inside = source.resolve().is_relative_to(run.kit.labs.resolve())
        if run.is_mine(file) and not (inside and source.resolve().name == source.name):
            raise Failed(
                f"{from_root(source)} to be a file of your own",
                f"it is a link to {source.resolve()}",
            )

    def _objects(self, file: str) -> list[tuple[Path, bool]]:
        """As the kernel is compiled; and as the host tests are."""
        run, rules = self.run, self.run.lab.exercises[file]
        folders = [(run.kernel_objects(file), False)]
        if rules.units:
            folders.append((run.unit_objects(file), True))
        return [(folder / f"{file}.o", host) for folder, host in folders]

    def _compile(self, file: str) -> None:
        for obj, _ in self._objects(file):
            try:
                self.run.build_objects([obj])
            except BuildError as error:
                raise Failed(
                    f"{from_root(self.run.source(file))} to compile", error.errors,
                    Evidence(
                        output=error.output,
                        command=self.run.by_hand("app", APP=self.run.lab.app),
                    ),
                ) from error  # fmt: skip

    def _look_at_objects(self) -> None:
        for file, rules in self.run.lab.exercises.items():
            for obj, host in self._objects(file):
                try:
                    objects.check(file, obj, rules, host=host)
                except objects.Refused as error:
                    raise Failed("nothing but what the contract asks for", str(error)) from error


def look_at_others(run: Run, app: str) -> None:
    """What is the student's in an application beside this lab's files keeps to
    the rules of its own lab."""
    files = [f for f in run.files_in(app) if f not in run.lab.exercises]
    rules = _every_exercise() if files else {}
    for file in files:
        if file in rules:
            try:
                objects.check(file, run.kit.out / app / "mine" / f"{file}.o", rules[file])
            except objects.Refused as error:
                raise Failed("nothing but what the contract asks for", str(error)) from error


@cache
def _every_exercise() -> dict[str, objects.Symbols]:
    labs = map(lab_of, sorted((ROOT / "grader").glob("test_[0-9]*.py")))
    return {file: rules for lab in labs for file, rules in lab.exercises.items()}

