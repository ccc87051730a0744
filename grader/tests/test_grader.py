# SPDX-License-Identifier: MIT
"""The grader tells the truth: of right programs, wrong ones, unwritten ones,
and of those that would rather have the points than write the program."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from labs import GRADER, LABS, folders, name

from lodge import mutants, trials
from lodge.kit import ROOT, Kit
from lodge.report import BROKEN, FAIL, FULL_MARKS, GRADER_BROKEN, MARKS_LOST, PASS, TODO, USAGE

# The machine was not slow when this was measured: it may be now.
PACE = ["--pace", "4"]

ALTERNATIVES, CHEATERS = folders("alternatives"), folders("cheaters")
BY_HAND = {f"{lab}/{m.name}": m for lab in LABS for m in mutants.load(lab)}
BY_RULE = {
    lab.id: [m for file in lab.exercises for m in mutants.by_rule(file)]
    for lab in LABS.values()
}
SAMPLE = 24


@pytest.fixture(scope="session")
def warm(build: Path) -> Path:
    """Everything of the reference is built: what is tried in parallel from
    here on builds only what is its own."""
    kit = Kit(build / "reference", build=build)
    for lab in LABS.values():
        for app in {lab.app, "web", "hi"}:
            kit.build_app(app)
        kit.build_unit(lab.unit)
    return build


def place(folder: Path, lab: str, out: Path) -> Path:
    """Copies one lab's files to where a student's would be."""
    labs = out / "labs"
    shutil.copytree(folder, labs / lab, dirs_exist_ok=True)
    return labs


# ---- Right and unwritten ----------------------------------------------------


@pytest.mark.parametrize("lab", LABS)
def test_the_solution_has_full_marks(lab: str, warm: Path, tmp_path: Path) -> None:
    trial = trials.grade(lab, tmp_path, build=warm)
    assert trial.status == FULL_MARKS, trial.output
    assert trial.points == trial.results["max"] == 100
    assert 8 <= len(trial.checks) <= 12
    assert all(c["result"] == PASS for c in trial.checks.values())


@pytest.mark.parametrize("lab", LABS)
def test_the_stub_is_not_written_yet_and_says_so(
    lab: str, warm: Path, tmp_path: Path
) -> None:
    labs = tmp_path / "labs"
    subprocess.run(["sh", "kernel/tools/stubs.sh", labs], cwd=ROOT, check=True)
    trial = trials.grade(lab, tmp_path, labs=labs, mine=lab, build=warm)
    assert trial.status == MARKS_LOST, trial.output
    assert trial.points == 0
    number = lab.split("-")[0].lstrip("0")
    for check in trial.checks.values():
        assert check["result"] == TODO, trial.output
        assert check["seen"].startswith(f"{number}."), "another lab's part is missing"


@pytest.mark.parametrize("folder", ALTERNATIVES, ids=name)
def test_another_right_program_has_full_marks(
    folder: Path, warm: Path, tmp_path: Path
) -> None:
    lab = folder.parent.name
    labs = place(folder, lab, tmp_path)
    trial = trials.grade(lab, tmp_path, labs=labs, mine=lab, build=warm, options=PACE)
    assert trial.status == FULL_MARKS, trial.output


def test_every_lab_has_enough_to_try_its_checks_with() -> None:
    for lab in LABS:
        assert len([f for f in ALTERNATIVES if f.parent.name == lab]) >= 2
        assert len([f for f in CHEATERS if f.parent.name == lab]) >= 4
        assert len(mutants.load(lab)) >= 8


# ---- Wrong, by hand ---------------------------------------------------------


@pytest.fixture(scope="session")
def trial_of(
    request: pytest.FixtureRequest, warm: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[bool, trials.Trial]]:
    """The grades of all mutants that this run of the tests asks for."""
    asked = [
        item.callspec.params["mutant"]
        for item in request.session.items
        if "mutant" in getattr(getattr(item, "callspec", None), "params", {})
    ]

    def grade(key: str) -> tuple[bool, trials.Trial]:
        out = tmp_path_factory.mktemp("mutant")
        return trials.try_mutant(BY_HAND[key], key.split("/")[0], out, build=warm)

    return dict(zip(asked, trials.in_parallel(grade, asked)))


@pytest.mark.parametrize("mutant", BY_HAND)
def test_a_wrong_program_fails_its_check_with_its_hint(
    mutant: str, trial_of: dict[str, tuple[bool, trials.Trial]]
) -> None:
    right, trial = trial_of[mutant]
    assert right, f"{BY_HAND[mutant]}\n{trial.output}"
    assert trial.status == MARKS_LOST


# ---- Wrong, by rule ---------------------------------------------------------


def survivors(lab: str) -> dict[str, str]:
    """Those that no check notices, and why that is right."""
    lines = (GRADER / "mutants" / lab / "survivors").read_text().splitlines()
    entries = [n for n in lines if n and not n.startswith("#")]
    return dict(line.split("  because  ") for line in entries)


@pytest.mark.parametrize("lab", LABS)
def test_changes_by_rule_are_noticed(
    lab: str, warm: Path, soak: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # A new sample with each run, so that many runs see them all.
    every = BY_RULE[lab]
    chosen = every if soak else random.sample(every, min(SAMPLE, len(every)))

    def killed(mutant: mutants.Mutant) -> bool:
        folder = tmp_path_factory.mktemp("rule")
        return trials.killed_by_units(mutant, LABS[lab].unit, folder, warm)

    lived = {m.name for m, dead in zip(chosen, trials.in_parallel(killed, chosen)) if not dead}
    unnoticed = sorted(lived - survivors(lab).keys())
    assert not unnoticed, "these changes went unnoticed:\n" + "\n".join(unnoticed)


@pytest.mark.parametrize("lab", LABS)
def test_nine_in_ten_changes_by_rule_are_noticed(lab: str) -> None:
    names = {m.name for m in BY_RULE[lab]}
    assert survivors(lab).keys() <= names, "there is no such change"
    assert len(survivors(lab)) * 10 <= len(names)


# ---- Cheaters ---------------------------------------------------------------


@pytest.mark.parametrize("folder", CHEATERS, ids=name)
def test_a_cheater_has_nothing_for_it(folder: Path, warm: Path, tmp_path: Path) -> None:
    lab = folder.parent.name
    labs = place(folder, lab, tmp_path)
    trial = trials.grade(lab, tmp_path, labs=labs, mine=lab, build=warm)
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


# ---- Grades and the lack of one ---------------------------------------------


def test_what_does_not_compile_is_the_student_s_and_shows_the_error(
    warm: Path, tmp_path: Path
) -> None:
    mutant = mutants.load("05-virtqueue")[0]
    path = tmp_path / "labs" / mutant.file
    path.parent.mkdir(parents=True)
    path.write_text("int virtq_init(void) { retrun 0; }\n")
    trial = trials.grade("5", tmp_path, labs=tmp_path / "labs", mine="5", build=warm, options=PACE)
    assert trial.status == MARKS_LOST
    assert trial.points == 0
    assert "retrun" in trial.checks["test_init"]["seen"]


def test_a_machine_without_qemu_gives_no_grade(
    warm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QEMU", "/nonexistent/qemu")
    trial = trials.grade("5", tmp_path, build=warm, only=["test_dice"])
    assert trial.status == GRADER_BROKEN, trial.output
    assert trial.points is None
    assert trial.results["result"] == BROKEN
    assert "could not run" in trial.output


def test_a_grader_that_is_killed_leaves_no_grade(warm: Path, tmp_path: Path) -> None:
    labs = place(GRADER / "cheaters/05-virtqueue/hangs", "05-virtqueue", tmp_path)
    before = trials.grade("5", tmp_path, build=warm, only=["test_init"], options=PACE)
    assert before.points is not None
    grader = subprocess.Popen(
        [sys.executable, "-m", "lodge", "grade", "--lab", "5", "--mine", "5",
         "--labs", labs, "--build", warm, "--out", tmp_path, *PACE],
        cwd=GRADER, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert grader.stdout
    assert any("Lab 05" in line for line in grader.stdout)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    results = (tmp_path / "results.json").read_text()
    assert '"points": null' in results and BROKEN in results


def test_a_step_that_is_not_there_is_no_grade(warm: Path, tmp_path: Path) -> None:
    trial = trials.grade("5", tmp_path, build=warm, options=["--step", "5.9", *PACE])
    assert trial.status == USAGE
    assert "There are: 5, 5.1, 5.2, 5.3, 5.4" in trial.output
    assert trials.grade("99", tmp_path, build=warm).status == USAGE


def test_results_are_left_for_programs_too(warm: Path, tmp_path: Path) -> None:
    labs = place(GRADER / "cheaters/05-virtqueue/hangs", "05-virtqueue", tmp_path)
    trials.grade("5", tmp_path, labs=labs, mine="5", build=warm, options=["--step", "5.1"])
    suite = ElementTree.parse(tmp_path / "results.xml").getroot()
    assert [case.find("failure") is not None for case in suite] == [True]
    check = json.loads((tmp_path / "results.json").read_text())["checks"][0]
    for field in ("lab", "step", "name", "result", "points", "hint", "seed", "evidence"):
        assert check[field] is not None
    assert (tmp_path / "evidence").is_dir()


def test_a_panic_is_shown_with_its_backtrace(warm: Path, tmp_path: Path) -> None:
    labs = tmp_path / "labs"
    path = labs / "05-virtqueue/virtqueue.c"
    path.parent.mkdir(parents=True)
    text = (ROOT / "solutions/05-virtqueue/virtqueue.c").read_text()
    barrier = "    arch_full_barrier();\n"
    path.write_text(text.replace(barrier, "    *(volatile int *)0 = 1;\n" + barrier))
    trial = trials.grade("5", tmp_path, labs=labs, mine="5", only=["test_dice"], build=warm)
    check = trial.checks["test_dice"]
    assert check["result"] == FAIL
    assert "page fault" in check["seen"]
    assert " virtq_kick " in check["backtrace"][0] and "virtqueue.c:" in check["backtrace"][0]


def test_a_step_is_graded_alone(warm: Path, tmp_path: Path) -> None:
    trial = trials.grade("5", tmp_path, build=warm, options=["--step", "5.2"])
    assert trial.status == FULL_MARKS, trial.output
    assert {c["step"] for c in trial.checks.values()} == {"5.2"}


def test_the_same_seed_asks_the_same(warm: Path, tmp_path: Path) -> None:
    asked = []
    for i, seed in enumerate((7, 7, 8)):
        out = tmp_path / str(i)
        trials.grade("5", out, build=warm, only=["test_dice"], seed=seed)
        asked.append((out / "evidence/dice/entropy").read_bytes())
    assert asked[0] == asked[1] != asked[2]
