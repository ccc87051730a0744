# SPDX-License-Identifier: MIT
"""Runs the checks of one lab: a plugin of pytest's.

Pytest finds the checks and gives them their fixtures; everything it would say
is said by report.py instead. A check is any test function that was declared
with LAB.check(); its outcome is one of five, and they are never mixed up.
"""

from __future__ import annotations

import random
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from lodge.boots import Boots as Boots  # for who writes checks
from lodge.boots import evidence_of
from lodge.gate import Gate
from lodge.kit import ROOT, BuildError, GraderError, Kit, from_root
from lodge.lab import Check, Evidence, Failed, NotWritten
from lodge.machine import GuestError, GuestTodo, Machine, Pace
from lodge.run import Run
from lodge.results import BROKEN, FAIL, PASS, SKIPPED, TODO, Outcome, Result
from lodge.units import Unit


class Board(Protocol):
    """Who is told while it runs."""

    def note(self, text: str) -> None: ...
    def title(self, number: str, title: str, files: list[str]) -> None: ...
    def begin(self, step: str, name: str) -> None: ...
    def end(self, r: Result) -> None: ...


class _Rests(Exception):
    """What this check rests on did not pass."""

    def __init__(self, other: Result) -> None:
        self.other = other


class Grading:
    """The plugin."""

    def __init__(self, run: Run, board: Board) -> None:
        self.run, self.board = run, board
        self.gate = Gate(run)
        self.broken: list[str] = []  # what went wrong with the grader itself
        self.other_steps: list[str] = []
        self._titled = False

    # ---- Fixtures -----------------------------------------------------------

    @pytest.fixture(scope="session")
    def seed(self) -> int:
        return self.run.seed

    @pytest.fixture(scope="session")
    def rng(self) -> Callable[[str], random.Random]:
        return self.run.random

    @pytest.fixture(scope="session")
    def pace(self) -> Pace:
        if not self.run.pace:
            self.run.pace = measure(self.run.kit, self.run.folder)
        return self.run.pace

    @pytest.fixture(scope="session")
    def unit(self, pace: Pace) -> Unit:
        return Unit(self.run, pace)

    @pytest.fixture(scope="session")
    def boot(self, pace: Pace) -> Boots:
        return Boots(self.run, pace)

    # ---- Which checks, in which order -----------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            config.pluginmanager.unregister(reporter)

    def pytest_collection_modifyitems(
        self, items: list[pytest.Item], config: pytest.Config
    ) -> None:
        keep = []
        for item in items:
            check = _check_of(item)
            if not check:
                self.broken.append(f"{item.name} is no check: it has no points")
            elif self.run.only and check.id not in self.run.only:
                continue
            elif self.run.step and self.run.step not in check.steps:
                self.other_steps.extend(check.steps)
            else:
                keep.append(item)
        items[:] = keep

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr))

    # ---- One check --------------------------------------------------------------

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        check = _check_of(item)
        assert check
        lab = check.lab
        if not self._titled:
            self._titled = True
            files = [from_root(self.run.source(name)) for name in lab.exercises]
            self.board.title(lab.number, lab.title, files)
        self.board.begin(check.step, check.name)
        self._began = time.monotonic()
        self._error: BaseException | None = None
        yield
        result = self._judge(check, self._error)
        result.seconds = round(time.monotonic() - self._began, 3)
        self.run.results.append(result)
        self.board.end(result)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        check = _check_of(item)
        assert check
        for other in self.run.results:
            if other.check in check.rests_on and other.result in (FAIL, SKIPPED, TODO):
                raise _Rests(other)
        if error := self.gate.closed():
            raise error

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        if call.excinfo and not self._error:
            self._error = call.excinfo.value
        yield

    def pytest_keyboard_interrupt(self) -> None:
        self.broken.append("it was interrupted")

    def _judge(self, check: Check, error: BaseException | None) -> Result:
        result = Result(
            check.lab.number, check.step, check.id, check.name, check.section, PASS,
            check.points, check.points, seed=self.run.seed, folder=check.lab.id,
        )  # fmt: skip
        if error is None:
            return result
        result.points = 0
        evidence = Evidence()
        if isinstance(error, Failed):
            result.result, evidence = FAIL, error.evidence
            result.expected, result.seen = error.expected, error.seen
        elif isinstance(error, NotWritten):
            result.result, evidence, result.seen = TODO, error.evidence, error.what
        elif isinstance(error, GuestTodo):
            result.result, result.seen = TODO, error.what
        elif isinstance(error, GuestError):
            result.result, result.seen = FAIL, error.what
            evidence = evidence_of(error.machine, self.run)
        elif isinstance(error, _Rests):
            # What is not written yet keeps all that rests on it from being
            # tried, and there is nothing wrong with that.
            other = error.other
            result.result = TODO if other.result == TODO else SKIPPED
            result.seen = other.seen if other.result == TODO else f'it rests on "{other.name}"'
        else:
            result.result, result.seen = BROKEN, f"{type(error).__name__}: {error}"
            why = str(error) if isinstance(error, GraderError) else _trace(error)
            if why not in self.broken:
                self.broken.append(why)
        _show(result, evidence)
        if result.result == FAIL:
            text = [result.seen, evidence.output, *evidence.serial, *evidence.meaning]
            result.hint = check.hint("\n".join(text))
        return result


def _show(result: Result, evidence: Evidence) -> None:
    result.serial, result.backtrace = evidence.serial, evidence.backtrace
    result.said, result.meaning = evidence.said, evidence.meaning
    result.command, result.files = evidence.command, evidence.files
    result.evidence = from_root(evidence.folder) if evidence.folder else ""


def _trace(error: BaseException) -> str:
    """Where in our own files it was, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT / "grader")]
    lines = [f"  {from_root(Path(f.filename))}:{f.lineno}  {f.line}" for f in ours]
    return "\n".join([f"{type(error).__name__}: {error}", *lines])


def _check_of(item: pytest.Item) -> Check | None:
    return getattr(getattr(item, "function", None), "lodge_check", None)


def measure(kit: Kit, folder: Path) -> Pace:
    """How long the reference takes to boot and end: that it does is also the
    proof that this grader can grade."""
    reference = Kit(out=kit.build / "reference", build=kit.build)
    try:
        reference.build_app("hi")
        with Machine(reference, "hi", folder / "reference", pace=Pace(8)) as m:
            m.wait_end(30)
    except (BuildError, GuestError) as error:
        raise GraderError(f"the reference does not boot here: {error}") from error
    return Pace().measured(m.seconds)


def run(file: Path, run: Run, board: Board) -> Outcome:
    """Runs the checks in `file`."""
    shutil.rmtree(run.evidence, ignore_errors=True)
    grading = Grading(run, board)
    options = [
        "-p", "no:cacheprovider", "-p", "no:junitxml", "-p", "no:logging",
        "--capture=no", f"--rootdir={ROOT / 'grader'}",
    ]  # fmt: skip
    status = pytest.main([*options, str(file)], plugins=[grading])
    outcome = Outcome(run.results, grading.broken)
    if not run.results and grading.other_steps and not grading.broken:
        steps = ", ".join(sorted(set(grading.other_steps), key=_by_number))
        outcome.usage = f"There is no step {run.step}. There are: {steps}"
    elif status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        grading.broken.append(f"pytest ended with {status!r}")
    return outcome


def _by_number(step: str) -> list[int]:
    return [int(n) if n.isdigit() else 0 for n in step.split(".")]
