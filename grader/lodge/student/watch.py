# SPDX-License-Identifier: MIT
"""Grades a lab, and again after each save, until Ctrl-C. Without a lab it is the
one that is worked on."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from lodge.student.changes import Changes
from lodge.student.grade import grade
from lodge.student.history import History, fingerprints
from lodge.student.path import Sorry, place
from lodge.student.todo import current


def watch(lab: str, step: str, whose: str, seed: str, labs: Path, build: Path) -> int:
    at = place(lab, labs) if lab else current(labs, History(labs))
    if not at:
        raise Sorry("Every lab here has full marks. Which one? Say LAB=5, for instance.")
    if not at.files:
        raise Sorry(f"Lab {at.number} has no files to watch.")
    if not at.folder.is_dir():
        raise Sorry(f"There is no {at.folder} to watch. To have its files: {at.command('reset')}")
    try:
        with Changes([at.folder]) as changes:
            while True:
                before = fingerprints(at)
                _clear()
                status = grade(at.short, step, whose, seed, labs, build)
                if status > 1:
                    return status
                time = datetime.now().strftime("%H:%M:%S")
                print(f"  {time}. Graded again when you save. To leave: Ctrl-C.", flush=True)
                while fingerprints(at) == before:
                    changes.wait()
                changes.settle()
    except KeyboardInterrupt:
        print("\n  Left. The last grade is in build/grade, and in: make progress")
        return 0


def _clear() -> None:
    if sys.stdout.isatty():
        print("\033[2J\033[3J\033[H", end="", flush=True)
