# SPDX-License-Identifier: MIT
"""Guest instructions, counted by a plugin of QEMU's: grader/bench/instructions.c.

Only emulation can count them, so this is always under TCG.
"""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from lodge.bench.guest import Guest, Recipe
from lodge.kit import ROOT

# The versions of the interface that QEMUs want: before 9.0, and from it on.
_VERSIONS = (1, 2, 3, 4, 5)


class NoPlugins(Exception):
    """Why instructions can't be counted, as the rest of a sentence."""


@dataclass(frozen=True)
class Counts:
    instructions: int
    blocks: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.instructions - other.instructions, self.blocks - other.blocks)


class Plugin:
    def __init__(self, folder: Path, qemu: str = "qemu-system-x86_64") -> None:
        self.counts = folder / "instructions"
        folder.mkdir(parents=True, exist_ok=True)
        said = ""
        for version in _VERSIONS:
            self.built = folder / f"instructions-{version}.so"
            self._compile(version)
            said = self._refusal(qemu)
            if not said:
                return
        raise NoPlugins(f"this {qemu} takes no plugins: {said.splitlines()[-1]}")

    def _compile(self, version: int) -> None:
        command = ["gcc", "-O2", "-shared", "-fPIC", f"-DAPI={version}", "-o", str(self.built),
                   str(ROOT / "grader/bench/instructions.c")]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise NoPlugins(f"the plugin did not compile: {done.stderr.strip()[-200:]}")

    @property
    def option(self) -> str:
        return f"file={self.built},out={self.counts}"

    def _refusal(self, qemu: str) -> str:
        """What this QEMU has against it; "" when it takes it."""
        command = [qemu, "-M", "none", "-nodefaults", "-display", "none", "-monitor", "stdio",
                   "-plugin", self.option]  # fmt: skip
        try:
            done = subprocess.run(
                command, input="quit\n", capture_output=True, text=True, timeout=20
            )
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            return str(error)
        return "" if done.returncode == 0 else done.stderr.strip() or "it only failed"

    def counted(self, recipe: Recipe) -> Recipe:
        """The same guest, counted; emulated, whatever it was before."""
        command = list(recipe.command)
        command[command.index("-accel") + 1] = "tcg"
        return replace(recipe, command=(*command, "-plugin", self.option))

    def now(self, guest: Guest) -> Counts:
        """What `guest`, which was started from counted(), has executed so far."""
        guest.cpu_seconds()  # it is still there
        return Counts(*struct.unpack("=QQ", self.counts.read_bytes()))
