# SPDX-License-Identifier: MIT
"""What is left of a grade and what a failure shows; and when there is no grade."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from labs import GRADER, LABS

from lodge import mutants, trials
from lodge.kit import ROOT
from lodge.results import BROKEN, FAIL, FULL_MARKS, GRADER_BROKEN, MARKS_LOST, USAGE
from lodge.trials import PACE, place


@pytest.fixture(scope="module")
def warm(build: Path) -> Path:
    trials.warm([LABS["05-virtqueue"]], build)
    return build


def virtqueue(tmp_path: Path, old: str, new: str) -> Path:
    """A student's folder: the solution of lab 05 with one change."""
    text = (ROOT / "solutions/05-virtqueue/virtqueue.c").read_text()
    assert text.count(old) == 1
    path = tmp_path / "labs/05-virtqueue/virtqueue.c"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(old, new))
    return tmp_path / "labs"



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


# ---- What a failure shows -----------------------------------------------------

BARRIER = "    arch_full_barrier();\n"


def test_a_panic_is_shown_with_its_backtrace(warm: Path, tmp_path: Path) -> None:
    labs = virtqueue(tmp_path, BARRIER, "    *(volatile int *)0 = 1;\n" + BARRIER)
    trial = trials.grade("5", tmp_path, labs=labs, mine="5", only=["test_dice"], build=warm)
    check = trial.checks["test_dice"]
    assert check["result"] == FAIL
    assert "page fault" in check["seen"]
    assert " virtq_kick " in check["backtrace"][0] and "virtqueue.c:" in check["backtrace"][0]


# As a store through a wild pointer could do it: no handler can be called any
# more. Then an ordinary mistake, at an address that the explanation must have.
TRIPLE_FAULT = """
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) table;
    __asm__ volatile("sidt %0" : "=m"(table));
    for (unsigned i = 0; i < 4096; i++)
        ((volatile char *)table.base)[i] = 0;
    *(volatile int *)0x18 = 1;
"""


def test_a_triple_fault_is_explained(warm: Path, tmp_path: Path) -> None:
    labs = virtqueue(tmp_path, BARRIER, TRIPLE_FAULT + BARRIER)
    trial = trials.grade("5", tmp_path, labs=labs, mine="5", only=["test_dice"], build=warm)
    check = trial.checks["test_dice"]
    assert check["result"] == FAIL
    assert "triple fault" in check["seen"]
    said = " ".join(check["meaning"])
    assert "a page fault (#PF) in virtq_kick(), " in said, trial.output
    assert "virtqueue.c:" in said and "tried to write at 0x18" in said
    assert "could not be called: that raised a general protection fault (#GP)" in said
    assert "lost before it could say why" in check["hint"]
    log = ROOT / check["evidence"] / "triple-fault/exceptions.log"
    assert "Triple fault" in log.read_text()


def test_what_qemu_says_of_a_queue_is_explained(warm: Path, tmp_path: Path) -> None:
    idx = "vq->avail->idx = cpu_to_le16(vq->avail_idx);"
    labs = virtqueue(tmp_path, idx, idx.replace("avail_idx)", "avail_idx + 99)"))
    trial = trials.grade(
        "5", tmp_path, labs=labs, mine="5", only=["test_dice"], build=warm,
        options=["--pace", "1"],
    )  # fmt: skip
    check = trial.checks["test_dice"]
    assert any("Guest moved used index" in line for line in check["said"]), trial.output
    assert any("more new entries than the queue has" in line for line in check["meaning"])
    assert "Guest moved used index" in trial.output


def test_a_guest_that_waits_for_ever_shows_its_queues_and_its_network(
    warm: Path, tmp_path: Path
) -> None:
    labs = virtqueue(tmp_path, "        vq->notify(vq);\n", "        ;\n")
    trial = trials.grade(
        "5", tmp_path, labs=labs, mine="5", only=["test_page"], build=warm, seed=7,
        options=["--pace", "1"],
    )  # fmt: skip
    check = trial.checks["test_page"]
    assert check["result"] == FAIL
    assert any(line.startswith("virtio-net, queue 0 of ") for line in check["meaning"])
    folder = ROOT / check["evidence"]
    for name in ("serial.log", "debug.log", "stderr.log", "command", "net0.pcap"):
        assert (folder / name).exists(), name
    assert (folder / "seed").read_text() == "7\n"
    assert (folder / "net0.pcap").read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    assert check["evidence"] in trial.output and check["command"] in trial.output
    assert check["command"].startswith("make run MINE=5 APP=web MACHINE=q35 PORT=8080")


# ---- Which questions -------------------------------------------------------------

def test_a_step_is_graded_alone(warm: Path, tmp_path: Path) -> None:
    trial = trials.grade("5", tmp_path, build=warm, options=["--step", "5.2"])
    assert trial.status == FULL_MARKS, trial.output
    assert {c["step"] for c in trial.checks.values()} == {"5.2"}


def test_the_same_seed_asks_the_same(warm: Path, tmp_path: Path) -> None:
    asked = []
    for i, seed in enumerate((7, 7, 8)):
        out = tmp_path / str(i)
        trials.grade("5", out, build=warm, only=["test_dice"], seed=seed)
        asked.append((out / "evidence/05-virtqueue/dice/entropy").read_bytes())
    assert asked[0] == asked[1] != asked[2]


# ---- Several labs at once -----------------------------------------------------------


def test_labs_are_graded_together_and_shown_in_their_order(
    warm: Path, tmp_path: Path
) -> None:
    trial = trials.grade("", tmp_path, build=warm, mine="5", labs=ROOT / "labs", options=[
        *PACE, "--only", "test_init", "--only", "test_page",
    ])  # fmt: skip
    assert trial.status == MARKS_LOST, trial.output
    asked = [c["lab"] for c in trial.results["checks"]]
    assert asked == sorted(asked) and set(asked) == {lab.number for lab in LABS.values()}
    by_lab = {lab["lab"]: lab for lab in trial.results["labs"]}
    assert by_lab["05"]["points"] == 0
    titles = [n.split()[1] for n in trial.output.splitlines() if n.startswith("  Lab ")]
    assert titles == sorted(by_lab)
    for lab in LABS.values():
        assert f"\n  {lab.id:<16}" in trial.output


def test_a_lab_that_can_t_be_graded_leaves_no_grade_of_all(
    warm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QEMU", "/nonexistent/qemu")
    trial = trials.grade("", tmp_path, build=warm, options=[*PACE, "--only", "test_page"])
    assert trial.status == GRADER_BROKEN, trial.output
    assert trial.points is None
