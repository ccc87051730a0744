# SPDX-License-Identifier: MIT
"""Whose file it is, when a guest with several of a student's files fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lodge import trials
from lodge.blame import find, settle
from lodge.kit import ROOT
from lodge.results import BROKEN, FAIL, GRADER_BROKEN, MARKS_LOST, PASS, TODO, Outcome, Result

FILES = [f"{n:02}-lab/file.c" for n in range(1, 14)]


def failure(files: list[str]) -> Result:
    return Result("05", "5", "test_x", "It works", "Check", FAIL, 0, 10, files=files)


@pytest.mark.parametrize("wrong", FILES)
def test_the_one_wrong_file_of_many_is_found(wrong: str) -> None:
    blame = find(failure(FILES), lambda _, some: FAIL if wrong in some else PASS)
    assert blame.sentence == f"It passes with the reference {wrong}: look at yours."
    assert len(blame.tried) <= 6


def test_of_two_wrong_files_the_first_is_named() -> None:
    wrong = {FILES[3], FILES[7]}
    blame = find(failure(FILES), lambda _, some: FAIL if wrong & set(some) else PASS)
    assert blame.file == FILES[3]
    assert f"your files up to {FILES[2]}" in blame.sentence


def test_a_file_that_fails_alone_while_there_are_others() -> None:
    wrong = {FILES[0], FILES[7]}
    blame = find(failure(FILES), lambda _, some: TODO if wrong & set(some) else PASS)
    assert blame.file == FILES[0]
    assert "alone" in blame.sentence


def test_when_the_reference_fails_too_there_is_no_grade() -> None:
    outcome = Outcome([failure(FILES)])
    settle(outcome, lambda *_: FAIL)
    assert outcome.results[0].result == BROKEN
    assert outcome.status == GRADER_BROKEN


def test_one_file_alone_needs_no_search() -> None:
    outcome = Outcome([failure(FILES[:1])])
    settle(outcome, lambda *_: pytest.fail("it was searched"))
    assert outcome.status == MARKS_LOST


def test_a_wrong_file_among_right_ones_is_named_by_the_grade(
    build: Path, tmp_path: Path
) -> None:
    labs = tmp_path / "labs"
    shutil.copytree(ROOT / "solutions", labs)
    wrong = labs / "02-print/console.c"
    text = wrong.read_text()
    assert text.count("c->putc(text[i]);") == 1
    wrong.write_text(text.replace("c->putc(text[i]);", ";"))
    trial = trials.grade("5", tmp_path, labs=labs, mine="all", only=["test_dice"], build=build)
    assert trial.status == MARKS_LOST, trial.output
    check = trial.checks["test_dice"]
    assert check["result"] == FAIL
    assert "02-print/console.c" in check["files"]
    sentence = "It passes with the reference 02-print/console.c: look at yours."
    assert check["blame"] == sentence and sentence in trial.output
    assert list((tmp_path / "evidence/05-virtqueue/whose").iterdir()), "no evidence was kept"
