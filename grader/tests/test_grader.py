# SPDX-License-Identifier: MIT
"""The grader tells the truth: of right programs, wrong ones, unwritten ones,
and of those that would rather have the points than write the program."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from labs import GRADER, LABS, folders, name

from lodge import mutants, rules, trials
from lodge.kit import ROOT
from lodge.results import FAIL, FULL_MARKS, MARKS_LOST, PASS, TODO
from lodge.trials import PACE, place

ALTERNATIVES, CHEATERS = folders("alternatives"), folders("cheaters")
BY_HAND = {f"{lab}/{m.name}": m for lab in LABS for m in mutants.load(lab)}
BY_RULE = {
    lab.id: [m for file in lab.exercises for m in mutants.by_rule(file)]
    for lab in LABS.values()
}

# So many of a lab's, always the same, but for a soak: that tries all.
SAMPLE = 3

# ---- Graded two at a time, all that this run of the tests asks for ------------------


@pytest.fixture(scope="session")
def warm(request: pytest.FixtureRequest, build: Path) -> Path:
    names = [item.name for item in request.session.items]
    asked = [lab for lab in LABS.values() if any(lab.id in name for name in names)]
    trials.warm(asked or LABS.values(), build)
    return build


@pytest.fixture(scope="session")
def graded(
    request: pytest.FixtureRequest, warm: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, trials.Trial]:
    def grade(job: tuple[pytest.Function, Path]) -> trials.Trial:
        item, out = job
        trial = PROGRAMS[item.originalname](item.callspec.params["program"], out, warm)
        # There are hundreds, with a disk image and a capture each.
        shutil.rmtree(out / "build", ignore_errors=True)
        for capture in out.rglob("*.pcap"):
            capture.unlink()
        return trial

    items = [i for i in request.session.items if isinstance(i, pytest.Function)]
    items = [i for i in items if i.originalname in PROGRAMS]
    jobs = [(item, tmp_path_factory.mktemp("program")) for item in items]
    return dict(zip([i.name for i in items], trials.in_parallel(grade, jobs)))


@pytest.fixture
def trial(request: pytest.FixtureRequest, graded: dict[str, trials.Trial]) -> trials.Trial:
    return graded[request.node.name]


def solution(lab: str, out: Path, build: Path) -> trials.Trial:
    return trials.grade(lab, out, build=build, options=PACE)


def stub(lab: str, out: Path, build: Path) -> trials.Trial:
    labs = out / "labs"
    subprocess.run(["sh", "kernel/tools/stubs.sh", labs], cwd=ROOT, check=True)
    return trials.grade(lab, out, labs=labs, mine=lab, build=build, options=PACE)


def one_of(kind: str) -> Callable[[str, Path, Path], trials.Trial]:
    """What lies in a folder, in the place of as many of the lab's files as
    there are in it."""

    def grade(key: str, out: Path, build: Path) -> trials.Trial:
        lab = key.split("/")[0]
        labs = place(GRADER / kind / key, lab, out)
        mine = " ".join(f"{lab}/{path.name}" for path in (labs / lab).glob("*.c"))
        return trials.grade(lab, out, labs=labs, mine=mine, build=build, options=PACE)

    return grade


def wrong(key: str, out: Path, build: Path) -> trials.Trial:
    return trials.grade_mutant(BY_HAND[key], out, build=build)


PROGRAMS = {
    "test_the_solution_has_full_marks": solution,
    "test_the_stub_is_not_written_yet_and_says_so": stub,
    "test_another_right_program_has_full_marks": one_of("alternatives"),
    "test_a_cheater_has_nothing_for_it": one_of("cheaters"),
    "test_a_wrong_program_fails_its_check_with_its_hint": wrong,
}


# ---- Right and unwritten ----------------------------------------------------


@pytest.mark.parametrize("program", LABS)
def test_the_solution_has_full_marks(program: str, trial: trials.Trial) -> None:
    assert trial.status == FULL_MARKS, trial.output
    assert trial.points == trial.results["max"] == 100
    assert 8 <= len(trial.checks) <= 12
    assert all(c["result"] == PASS for c in trial.checks.values())


@pytest.mark.parametrize("program", LABS)
def test_the_stub_is_not_written_yet_and_says_so(program: str, trial: trials.Trial) -> None:
    assert trial.status == MARKS_LOST, trial.output
    assert trial.points == 0
    number = program.split("-")[0].lstrip("0")
    for check in trial.checks.values():
        assert check["result"] == TODO, trial.output
        assert check["seen"].startswith(f"{number}."), "another lab's part is missing"


@pytest.mark.parametrize("program", map(name, ALTERNATIVES))
def test_another_right_program_has_full_marks(program: str, trial: trials.Trial) -> None:
    assert trial.status == FULL_MARKS, trial.output


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_enough_to_try_its_checks_with(lab: str) -> None:
    assert len([f for f in ALTERNATIVES if f.parent.name == lab]) >= 2
    assert len([f for f in CHEATERS if f.parent.name == lab]) >= 1
    assert len(mutants.load(lab)) >= 8


def test_there_are_at_least_twelve_cheaters() -> None:
    assert len(CHEATERS) >= 12


# ---- Wrong, by hand ---------------------------------------------------------


@pytest.mark.parametrize("program", BY_HAND)
def test_a_wrong_program_fails_its_check_with_its_hint(
    program: str, trial: trials.Trial
) -> None:
    assert trials.failed_as_it_should(BY_HAND[program], trial), trial.output
    assert trial.status == MARKS_LOST


# ---- Wrong, by rule ---------------------------------------------------------


@pytest.mark.parametrize("lab", LABS)
def test_changes_by_rule_are_noticed(lab: str, warm: Path, soak: bool) -> None:
    chosen = BY_RULE[lab] if soak else rules.sample(LABS[lab], SAMPLE)
    lived = {m.name for m in rules.unnoticed(LABS[lab], chosen, warm)}
    unnamed = sorted(lived - mutants.survivors(lab).keys())
    assert not unnamed, "these changes went unnoticed:\n" + "\n".join(unnamed)


@pytest.mark.parametrize("lab", LABS)
def test_nine_in_ten_changes_by_rule_are_noticed(lab: str) -> None:
    names, named = {m.name for m in BY_RULE[lab]}, mutants.survivors(lab)
    gone = sorted(named.keys() - names)
    assert not gone, "there is no such change:\n" + "\n".join(gone)
    assert len(named) * 10 <= len(names)


# ---- Cheaters ---------------------------------------------------------------


@pytest.mark.parametrize("program", map(name, CHEATERS))
def test_a_cheater_has_nothing_for_it(program: str, trial: trials.Trial) -> None:
    assert trial.status == MARKS_LOST, trial.output
    assert trial.points == 0
    assert all(c["result"] != PASS for c in trial.checks.values())


@pytest.mark.parametrize("cheater", ["hangs", "floods", "prints_the_answer"])
def test_a_cheater_has_nothing_for_it_in_a_guest(
    cheater: str, warm: Path, tmp_path: Path
) -> None:
    labs = place(GRADER / "cheaters/05-virtqueue" / cheater, "05-virtqueue", tmp_path)
    trial = trials.grade(
        "5", tmp_path, labs=labs, mine="5", only=["test_dice"], build=warm
    )
    assert trial.status == MARKS_LOST, trial.output
    assert trial.checks["test_dice"]["result"] == FAIL
