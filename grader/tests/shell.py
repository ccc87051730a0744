# SPDX-License-Identifier: MIT
"""Commands as a person types them, and copies of the kit to type them in."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lodge.kit import ROOT


@dataclass(frozen=True)
class Outcome:
    status: int
    output: str

    @property
    def compiled(self) -> set[str]:
        """The sources that make said it compiled."""
        lines = (line.split() for line in self.output.splitlines())
        return {words[1] for words in lines if len(words) == 2 and words[0] == "CC"}


def run(
    *command: str | Path, at: Path = ROOT, patience: int = 300, **environment: str
) -> Outcome:
    """Runs `command` in folder `at`. Nothing of how we were called ourselves
    reaches it (a make above us leaves its traces in the environment)."""
    inherited = {k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}
    done = subprocess.run(
        [str(word) for word in command], cwd=at, stdin=subprocess.DEVNULL,
        env=inherited | {"LC_ALL": "C"} | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout)


def make(
    *arguments: str, at: Path = ROOT, patience: int = 300, **environment: str
) -> Outcome:
    return run("make", *arguments, at=at, patience=patience, **environment)


def must(outcome: Outcome) -> Outcome:
    assert outcome.status == 0, outcome.output
    return outcome


def copy_kit(folder: Path) -> Path:
    """The kit without its tests and without what was built."""
    folder.mkdir(parents=True)
    for name in ("kernel", "solutions", "labs"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Makefile", folder)
    return folder
