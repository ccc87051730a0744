# SPDX-License-Identifier: MIT
"""Every program of host tests passes; and the framework under them (unit.h)
tells a pass from everything that is none."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from lodge.kit import ROOT, Kit

UNIT = ROOT / "grader/unit"
LOOPS = ["LLVMFuzzerTestOneInput", "check_corruptions"]
PROGRAMS = sorted(p.stem.removeprefix("test_") for p in UNIT.glob("test_*.c"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_unit(program: str, kit: Kit) -> None:
    path = kit.build_unit(program)
    done = subprocess.run([path], capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout + done.stderr


def fuzz_tests() -> list[tuple[str, str]]:
    """The tests that feed a fuzz entry with inputs made from the seed, by
    themselves or by a function of their file that is named in LOOPS."""
    return [
        (program, test.split(")")[0])
        for program in PROGRAMS
        for test in (UNIT / f"test_{program}.c").read_text().split("\nTEST(")[1:]
        if re.search("|".join(LOOPS), re.split(r"\n}", test)[0])
    ]


def test_there_are_fuzz_entries_of_parser_path_ext2_and_virtqueue() -> None:
    assert {"parse", "path", "ext2_hostile", "virtqueue"} <= {name for name, _ in fuzz_tests()}


@pytest.mark.parametrize("program, test", fuzz_tests())
def test_a_fuzz_entry_finds_nothing(program: str, test: str, kit: Kit, soak: bool) -> None:
    path = kit.build_unit(program)
    for seed in range(100 if soak else 1):
        done = subprocess.run(
            [path, "--seed", str(seed), "--stop", test], capture_output=True, text=True,
            errors="replace",
        )  # fmt: skip
        assert done.returncode == 0, f"--seed {seed}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tests/sample_unit.c, whose tests end in every way there is."""
    path = tmp_path_factory.mktemp("unit") / "sample"
    subprocess.run(
        ["gcc", "-std=gnu11", "-g", "-O1", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-Ikernel", "-Ikernel/arch/unix",
         "-Igrader/unit", "-o", path, "grader/tests/sample_unit.c",
         "grader/unit/unit.c", "grader/unit/host.c", "grader/unit/no_machine.c"],
        cwd=ROOT, check=True,
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("test", "word", "text"),
    [
        ("test_that_passes", "pass", ""),
        ("test_that_fails", "fail", "expected one, seen 2"),
        ("test_that_is_not_written_yet", "todo", "not written yet: 5.2 virtq_add"),
        ("test_that_panics", "fail", "panic: a fault of ours"),
        ("test_that_should_panic_and_does", "pass", ""),
        ("test_that_should_panic_and_is_calm", "fail", "none came"),
        ("test_that_never_ends", "fail", "no end after"),
        ("test_that_floods", "fail", "no end after"),
        ("test_that_ends_the_program", "fail", "in the middle of the test"),
        ("test_that_pretends", "fail", "in the middle of the test"),
        ("test_that_reads_too_far", "fail", "AddressSanitizer"),
        ("test_that_reads_a_byte_too_far_in_a_fuzz_entry", "fail", "AddressSanitizer"),
        ("test_that_overflows", "fail", "signed integer overflow"),
        ("test_that_follows_null", "fail", "null pointer"),
    ],
)
def test_an_end_is_told_from_the_others(sample: Path, test: str, word: str, text: str) -> None:
    done = subprocess.run(
        [sample, "--time-limit", "1", test + "_"], capture_output=True, text=True
    )
    assert done.stdout.startswith(f"{word} {test}_\n"), done.stdout
    assert text in done.stdout
    assert (done.returncode == 0) == (word == "pass")


def test_no_such_test_is_no_pass(sample: Path) -> None:
    done = subprocess.run([sample, "test_that_is_not_there"], capture_output=True)
    assert done.returncode == 2


def test_a_seed_gives_the_same_numbers_again(sample: Path) -> None:
    def numbers(seed: str) -> str:
        done = subprocess.run(
            [sample, "--seed", seed, "test_random"], capture_output=True, text=True
        )
        return done.stdout.splitlines()[1]

    assert numbers("5") == numbers("5") != numbers("6")
