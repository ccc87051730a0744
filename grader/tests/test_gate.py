# SPDX-License-Identifier: MIT
"""The gate: whatever file of a lab it is, nothing of it runs that does what no
exercise has to do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from labs import LABS

from lodge import trials
from lodge.gate import Gate
from lodge.kit import ROOT, Kit
from lodge.lab import Failed
from lodge.run import Run

Cheat = Callable[[Path, Path], None]  # the file, and its solution


def starts_by_itself(file: Path, solution: Path) -> None:
    _append(file, "static volatile int was_here;\n"
            "__attribute__((constructor)) static void early(void)\n{\n    was_here = 1;\n}")  # fmt: skip


def defines_what_is_another_s(file: Path, solution: Path) -> None:
    _append(file, "int main(void);\nint main(void) { return 0; }")


def uses_what_is_another_s(file: Path, solution: Path) -> None:
    _append(file, "void outsider(void);\n"
            "__attribute__((used)) static void (*volatile kept)(void) = outsider;")  # fmt: skip


def has_a_section_of_its_own(file: Path, solution: Path) -> None:
    _append(file, '__attribute__((used, section("boot"))) static int first = 1;')


def ends_the_machine(file: Path, solution: Path) -> None:
    _append(file, "__attribute__((used)) static void leave(void)\n{\n"
            '    __asm__ volatile("outl %0, %w1" : : "a"(16), "Nd"(0x501));\n}')  # fmt: skip


def includes_the_solution(file: Path, solution: Path) -> None:
    file.write_text(f'#include "{solution}"\n')


def shadows_a_header(file: Path, solution: Path) -> None:
    header = re.findall(r'^#include "(.*)"$', file.read_text(), re.M)[0]
    mine = file.parent / header
    mine.parent.mkdir(parents=True)
    shutil.copy(ROOT / "kernel" / header, mine)


def is_a_link(file: Path, solution: Path) -> None:
    file.unlink()
    file.symlink_to(solution)


def lies_behind_a_link(file: Path, solution: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.symlink_to(solution.parent)


CHEATS: list[Cheat] = [
    starts_by_itself, defines_what_is_another_s, uses_what_is_another_s,
    has_a_section_of_its_own, ends_the_machine, includes_the_solution, shadows_a_header,
    is_a_link, lies_behind_a_link,
]  # fmt: skip
FILES = [(lab, file) for lab in LABS.values() for file in lab.exercises]


def _append(file: Path, text: str) -> None:
    file.write_text(f"{file.read_text()}\n{text}\n")


def gate(lab: str, file: str, labs: Path, build: Path) -> Exception | None:
    of = LABS[lab]
    kit = Kit(labs.parent / "out", file, labs, build, **of.target)
    return Gate(Run(kit, 1, labs.parent, of, only=("none",))).closed()


@pytest.mark.parametrize("number, file", enumerate(f for _, f in FILES))
def test_no_file_of_a_lab_may_do_what_no_exercise_does(
    number: int, file: str, build: Path, tmp_path: Path, soak: bool
) -> None:
    # Each file is tried in two of the ways; all files together in all of them.
    tried = CHEATS if soak else [CHEATS[(2 * number + i) % len(CHEATS)] for i in (0, 1)]
    solution = ROOT / "solutions" / file
    for cheat in tried:
        labs = tmp_path / cheat.__name__ / "labs"
        copy = labs / file
        copy.parent.mkdir(parents=True)
        shutil.copy(solution, copy)
        cheat(copy, solution)
        closed = gate(file.split("/")[0], file, labs, build)
        assert isinstance(closed, Failed), cheat.__name__


@pytest.mark.parametrize("file", [f for lab, f in FILES if lab.exercises[f].instructions])
@pytest.mark.parametrize("hidden", [
    '__asm__ volatile("nop");', "__as\\\nm__(\"nop\");", "#define A(x) __##x##__\nA(asm)(\"nop\");",
    "char c = '\"'; __asm__(\"nop\"); char d = '\"';",
])  # fmt: skip
def test_a_file_for_the_machine_has_no_assembly_of_its_own(
    file: str, hidden: str, build: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "labs" / file
    copy.parent.mkdir(parents=True)
    solution = (ROOT / "solutions" / file).read_text()
    copy.write_text(f"{solution}\n__attribute__((used)) static void f(void)\n{{\n{hidden}\n}}\n")
    closed = gate(file.split("/")[0], file, tmp_path / "labs", build)
    assert isinstance(closed, Failed) and "assembly of its own" in closed.seen


def test_a_file_of_another_lab_keeps_to_its_rules_too(build: Path, tmp_path: Path) -> None:
    labs = tmp_path / "labs"
    shutil.copytree(ROOT / "solutions", labs)
    starts_by_itself(labs / "01-hi/uart.c", ROOT / "solutions/01-hi/uart.c")
    trial = trials.grade("5", tmp_path, labs=labs, mine="all", only=["test_dice"], build=build)
    check = trial.checks["test_dice"]
    assert check["points"] == 0
    assert "01-hi/uart.c has code that runs by itself" in check["seen"], trial.output
