# SPDX-License-Identifier: MIT
"""All labs at once: the reference has full marks, however busy the machine is,
and the kit as a student gets it has nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from labs import LABS

from lodge import trials
from lodge.kit import ROOT
from lodge.results import FULL_MARKS, MARKS_LOST, TODO


def times(build: Path) -> dict[str, int]:
    """When each file of it was last written."""
    files = (p for p in build.rglob("*") if p.is_file())
    return {str(p.relative_to(build)): p.stat().st_mtime_ns for p in files}


def test_the_reference_has_full_marks_on_a_busy_machine(
    build: Path, tmp_path: Path, soak: bool
) -> None:
    """Three times as much is to be done as there are processors for. None of
    those who grade at once may write what another reads: all of it is there."""

    def grade(seed: int) -> trials.Trial:
        return trials.grade("", tmp_path / str(seed), build=build, seed=seed)

    trials.warm(LABS.values(), build)
    before = times(build)
    seeds = range(1, 51 if soak else 4)
    for seed, trial in zip(seeds, trials.at_once(grade, seeds, workers=3)):
        assert trial.status == FULL_MARKS, f"SEED={seed}\n{trial.output}"
        assert trial.points == 100 * len(LABS)
        shutil.rmtree(tmp_path / str(seed))
    assert times(build) == before


def test_the_kit_as_it_comes_has_nothing(build: Path, tmp_path: Path) -> None:
    labs = tmp_path / "labs"
    subprocess.run(["sh", "kernel/tools/stubs.sh", labs], cwd=ROOT, check=True)
    trial = trials.grade("", tmp_path, build=build, labs=labs, mine="all")
    assert trial.status == MARKS_LOST, trial.output
    assert trial.points == 0
    assert {c["result"] for c in trial.results["checks"]} == {TODO}
