# SPDX-License-Identifier: MIT
"""Runs the checks of one or more labs: a plugin of pytest's.

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lodge import objects, report
from lodge.kit import ROOT, BuildError, GraderError, Kit, from_root
from lodge.lab import Check, Evidence, Failed, Lab, NotWritten
from lodge.machine import GuestError, GuestTodo, Machine, Pace
from lodge.report import BROKEN, FAIL, PASS, SKIPPED, TODO, Result
from lodge.units import Unit


@dataclass
class Run:
    """What one call of the grader is to do."""

    kit: Kit
    seed: int
    folder: Path  # results and evidence
    step: str = ""
    only: tuple[str, ...] = ()  # ids of checks
    pace: Pace | None = None  # measured when it is not given
    results: list[Result] = field(default_factory=list)

    def random(self, name: str) -> random.Random:
        """Numbers that the run's seed and a name decide."""
        return random.Random(f"{self.seed} {name}")

    def mine(self, lab: Lab) -> bool:
        words = self.kit.mine.split()
        names = {"all", lab.id, lab.number, lab.number.lstrip("0")}
        return any(w in names or w in lab.exercises for w in words)

    def by_hand(self, target: str, **variables: str) -> str:
        """A command line of make's that does the same as we do."""
        settings = {"MINE": self.kit.mine} | variables
        if self.kit.labs.resolve() != ROOT / "labs":
            settings["LABS"] = from_root(self.kit.labs)
        words = [f"{k}={_quoted(v)}" for k, v in settings.items() if v]
        return " ".join(["make", target, *words])


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


class Boots:
    """Boots guests; hands out their evidence."""

    def __init__(self, run: Run, pace: Pace) -> None:
        self.run, self.pace = run, pace

    def __call__(
        self, app: str, name: str, *, entropy: bytes | None = None, **variables: str
    ) -> Machine:
        """Builds `app` and boots it; `name` is the folder of its evidence."""
        self.run.kit.build_app(app)
        folder = self.run.folder / "evidence" / name
        return Machine(
            self.run.kit, app, folder, pace=self.pace, entropy=entropy, **variables
        )

    def evidence(self, machine: Machine) -> Evidence:
        """What a failure shows of a guest."""
        return _evidence(machine, self.run)


def _evidence(machine: Machine, run: Run) -> Evidence:
    variables = dict(machine.variables)
    if machine.entropy is not None:
        variables["RNG"] = from_root(machine.folder / "entropy")
    if variables.get("PORT") == "0":
        variables["PORT"] = "8080"
    return Evidence(
        folder=machine.folder,
        serial=machine.last_lines(),
        backtrace=machine.backtrace(),
        command=run.by_hand("run", APP=machine.app, **variables),
        output=machine.debug.decode(errors="replace") + "\n".join(machine.guest_errors()),
    )


class Grading:
    """The plugin."""

    def __init__(self, run: Run, board: report.Scoreboard) -> None:
        self.run, self.board = run, board
        self.broken: list[str] = []  # what went wrong with the grader itself
        self._gates: dict[str, Exception | None] = {}
        self._lab = ""
        self.other_steps: list[str] = []

    # ---- Fixtures -----------------------------------------------------------

    @pytest.fixture(scope="session")
    def seed(self) -> int:
        return self.run.seed

    @pytest.fixture(scope="session")
    def rng(self) -> Callable[[str], random.Random]:
        return self.run.random

    @pytest.fixture(scope="session")
    def pace(self) -> Pace:
        return self.run.pace or self._measure()

    @pytest.fixture(scope="session")
    def unit(self, pace: Pace) -> Unit:
        return Unit(self.run, pace)

    @pytest.fixture(scope="session")
    def boot(self, pace: Pace) -> Boots:
        return Boots(self.run, pace)

    def _measure(self) -> Pace:
        """How long the reference takes to boot and end: that it does is also
        the proof that this grader can grade."""
        kit = Kit(out=self.run.kit.build / "reference", build=self.run.kit.build)
        try:
            kit.build_app("hi")
            with Machine(kit, "hi", self.run.folder / "reference", pace=Pace(8)) as m:
                m.wait_end(30)
        except (BuildError, GuestError) as error:
            raise GraderError(f"the reference does not boot here: {error}") from error
        self.run.pace = Pace().measured(m.seconds)
        return self.run.pace

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
            elif self.run.step and check.step != self.run.step:
                self.other_steps.append(check.step)
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
        if self._lab != check.lab.id:
            self._lab = check.lab.id
            folder = "labs" if self.run.mine(check.lab) else "solutions"
            self.board.title(
                check, ", ".join(f"{folder}/{name}" for name in check.lab.exercises)
            )
        self.board.begin(check)
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
            if other.check in check.rests_on and other.result in (FAIL, SKIPPED):
                raise _Rests(other)
        error = self._gate(check.lab)
        if error:
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
            check.points, check.points, seed=self.run.seed,
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
            evidence = _evidence(error.machine, self.run)
        elif isinstance(error, GuestError):
            result.result, result.seen = FAIL, error.what
            evidence = _evidence(error.machine, self.run)
        elif isinstance(error, _Rests):
            result.result = SKIPPED
            result.seen = f'it rests on "{error.other.name}"'
        else:
            result.result, result.seen = BROKEN, f"{type(error).__name__}: {error}"
            self.broken.append(
                str(error) if isinstance(error, GraderError)
                else "".join(traceback.format_exception(error))
            )  # fmt: skip
        result.serial, result.backtrace = evidence.serial, evidence.backtrace
        result.command = evidence.command
        result.evidence = from_root(evidence.folder) if evidence.folder else ""
        if result.result == FAIL:
            result.hint = check.hint(
                "\n".join([result.seen, evidence.output, *evidence.serial])
            )
        return result

    # ---- Before anything of the student's runs ------------------------------------

    def _gate(self, lab: Lab) -> Exception | None:
        """That every exercise compiles and keeps to the rules for objects."""
        if lab.id not in self._gates:
            self._gates[lab.id] = None
            try:
                for name, rules in lab.exercises.items():
                    self._pass_gate(lab, name, rules)
            except (Failed, GraderError) as error:
                self._gates[lab.id] = error
        return self._gates[lab.id]

    def _pass_gate(self, lab: Lab, name: str, rules: objects.Symbols) -> None:
        kit, mine = self.run.kit, self.run.mine(lab)
        source = (kit.labs if mine else ROOT / "solutions") / name
        if not source.is_file():
            raise Failed(f"{from_root(source)}", "there is no such file")
        if mine and not source.resolve().is_relative_to(kit.labs.resolve()):
            raise Failed(
                f"{from_root(source)} to be a file of your own",
                f"it is a link to {source.resolve()}",
            )
        places = [(kit.out / lab.app / "mine", kit.build / "x86_64/obj/solutions", False)]
        if lab.unit:
            places.append((kit.out / "unit/mine", kit.build / "unit/obj/solutions", True))
        for ours, reference, host in places:
            obj = (ours if mine else reference) / f"{name}.o"
            try:
                if host:
                    kit.make(from_root(obj), f"UNIT={lab.unit}")
                else:
                    kit.make(from_root(obj), app=lab.app)
                objects.check(name, obj, rules, host=host)
            except BuildError as error:
                raise Failed(
                    f"{from_root(source)} to compile", _errors(error.output),
                    Evidence(output=error.output, command=self.run.by_hand("app", APP=lab.app)),
                ) from error  # fmt: skip
            except objects.Refused as error:
                raise Failed("nothing but what the contract asks for", str(error)) from error


class _Rests(Exception):
    def __init__(self, other: Result) -> None:
        self.other = other


def _errors(output: str) -> str:
    """The compiler's first errors, without what make says to them."""
    lines = [n for n in output.splitlines() if "error" in n and not n.startswith("make")]
    return "\n".join(lines[:3]) or output[-500:]


def _check_of(item: pytest.Item) -> Check | None:
    return getattr(getattr(item, "function", None), "lodge_check", None)


def run(files: list[Path], run: Run, board: report.Scoreboard) -> int:
    """Runs the checks in `files`; the exit status."""
    evidence = run.folder / "evidence"
    shutil.rmtree(evidence, ignore_errors=True)
    about: dict[str, Any] = {"seed": run.seed, "mine": run.kit.mine}
    # Until the end is reached there is no grade, whatever ends us before.
    report.write_json(run.folder / "results.json", [], about)

    grading = Grading(run, board)
    options = [
        "-p", "no:cacheprovider", "-p", "no:junitxml", "-p", "no:logging",
        "--capture=no", f"--rootdir={ROOT / 'grader'}",
    ]  # fmt: skip
    status = pytest.main([*options, *map(str, files)], plugins=[grading])
    if not run.results and grading.other_steps and not grading.broken:
        steps = ", ".join(sorted(set(grading.other_steps)))
        print(f"There is no step {run.step}. There are: {steps}", file=board.out)
        return report.USAGE
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        grading.broken.append(f"pytest ended with {status!r}")
    if grading.broken:
        about["why"] = grading.broken
    return _finish(run, board, about, grading.broken)


def _finish(
    run: Run, board: report.Scoreboard, about: dict[str, Any], broken: list[str]
) -> int:
    board.summary(run.results, run.seed, run.folder)
    for why in broken:
        print(f"the grader itself could not run: {why}", file=board.out)
    complete = [] if broken and not any(r.result == BROKEN for r in run.results) else run.results
    report.write_json(run.folder / "results.json", complete, about)
    report.write_junit(run.folder / "results.xml", run.results)
    if broken:
        return report.GRADER_BROKEN
    lost = any(r.result != PASS for r in run.results)
    return report.MARKS_LOST if lost else report.FULL_MARKS
