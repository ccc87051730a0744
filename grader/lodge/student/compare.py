# SPDX-License-Identifier: MIT
"""One's own files beside the reference's: for who has full marks with them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lodge.kit import ROOT, from_root
from lodge.student.history import History, Record, fingerprints
from lodge.student.path import Place, Sorry, place


def _must_be_done(at: Place, record: Record) -> None:
    """That the last grade had full marks, with these very files."""
    after = "The reference is for afterwards."
    if record.last is None:
        raise Sorry(f"Lab {at.number} was not graded yet. {after} First: {at.command('grade')}")
    if record.last < record.max:
        raise Sorry(
            f"Lab {at.number} had {record.last} of {record.max} points when it was last "
            f"graded. {after}\nTo get on: {at.command('hint')}"
        )
    now = fingerprints(at)
    for file in at.files:
        if now.get(file) != record.files.get(file):
            raise Sorry(
                f"{from_root(at.mine(file))} has changed since its full marks. Once more, "
                f"please: {at.command('grade')}"
            )


def compare(lab: str, labs: Path) -> int:
    at = place(lab, labs)
    if not at.files:
        raise Sorry(f"Lab {at.number} has no files to compare.")
    _must_be_done(at, History(labs).of(at))
    for file in at.files:
        mine = from_root(at.mine(file))
        done = subprocess.run(["git", "diff", "--no-index", "--", mine, f"solutions/{file}"], cwd=ROOT)
        if done.returncode == 0:
            print(f"{mine} is the reference, to the letter.")
        elif done.returncode != 1:
            raise Sorry("git, which compares them, could not.")
    return 0
