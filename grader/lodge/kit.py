# SPDX-License-Identifier: MIT
"""Where things are, and how they are built: by the same make as a person's."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What a make above us has put into the environment is not for a make below.
# Messages are matched, so they are to be in English.
_ENVIRONMENT = {
    k: v
    for k, v in os.environ.items()
    if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
    and k not in ("LAB", "APP", "MINE", "LABS", "OUT", "BUILD", "STEP", "SEED")
    and k not in ("ARCH", "NET", "SANITIZE", "HEAP", "LTO", "MACHINE", "VIRTIO", "DISK_ON")
} | {"LC_ALL": "C"}


class GraderError(Exception):
    """The grader itself could not run: no grade, neither good nor bad."""


class BuildError(Exception):
    """Something does not compile or link. `output` is what was said."""

    def __init__(self, command: list[str], output: str) -> None:
        super().__init__(f"{shlex.join(command)} failed:\n{output}")
        self.command = command
        self.output = output

    @property
    def errors(self) -> str:
        """The compiler's first, or the linker's, without what make says to them."""
        lines = [n for n in self.output.splitlines() if not n.startswith("make")]
        for word in ("error", "undefined reference"):
            if found := [line for line in lines if word in line]:
                return "\n".join(found[:3])
        return self.output[-500:]


@dataclass(frozen=True)
class Kit:
    """One choice of exercise files, what they are built for, and a place for
    what is built of them.

    Objects of everything but the student's files lie in `build`, which several
    kits may share; the rest in a folder of `out` for each application. What is
    left empty of the last five is as make has it.
    """

    out: Path
    mine: str = ""
    labs: Path = ROOT / "labs"
    build: Path = ROOT / "build"
    arch: str = ""
    net: str = ""
    sanitize: str = ""
    heap: str = ""
    lto: str = ""

    @property
    def is_process(self) -> bool:
        """What it builds are programs of this host, not guests."""
        return self.arch == "unix"

    @property
    def has_qemu(self) -> bool:
        """A QEMU runs them, or plays their network."""
        return not self.is_process or self.net == "lwip"

    @property
    def target(self) -> str:
        """The folder of build/ that has its objects: rules.mk's TARGET."""
        words = [self.arch or "x86_64"]
        words += [self.net or "sockets"] if self.is_process else []
        words += ["sanitized"] if self.sanitize else []
        words += [f"{self.heap}-heap"] if self.heap == "host" and not self.sanitize else []
        return "-".join([*words, *(["lto"] if self.lto else [])])

    def variables(self, app: str) -> list[str]:
        chosen = {
            "ARCH": self.arch,
            "NET": self.net,
            "SANITIZE": self.sanitize,
            "HEAP": self.heap,
            "LTO": self.lto,
        }
        return [
            f"MINE={self.mine}",
            f"LABS={_from_root(self.labs)}",
            f"BUILD={_from_root(self.build)}",
            f"OUT={_from_root(self.out / app)}",
            *(f"{k}={v}" for k, v in chosen.items() if v),
        ]

    def make(self, *arguments: str, app: str = "") -> str:
        """Runs make in the kit's root; what it printed, or BuildError."""
        variables = self.variables(app) + ([f"APP={app}"] if app else [])
        command = ["make", "--no-print-directory", *arguments, *variables]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=_ENVIRONMENT, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace",
            )  # fmt: skip
        except FileNotFoundError as error:
            raise GraderError("there is no make on this machine") from error
        if done.returncode != 0:
            raise BuildError(command, done.stdout)
        return done.stdout

    def build_app(self, app: str) -> Path:
        """Builds an application; the path of its ELF."""
        self.make("app", app=app)
        return self.out / app / "kernel.elf"

    def build_unit(self, unit: str) -> Path:
        """Builds a program of host tests; its path."""
        self.make("unit-programs", f"UNIT={unit}")
        return self.out / "unit" / unit

    def run_command(self, app: str, **variables: str) -> list[str]:
        """The command line with which machine.mk would have it run."""
        settings = [f"{k}={v}" for k, v in variables.items()]
        key = (app, *settings)
        if key not in self._commands:
            text = self.make("-s", "run-cmd", *settings, app=app)
            self._commands[key] = shlex.split(text)
        return list(self._commands[key])

    @cached_property
    def _commands(self) -> dict[tuple[str, ...], list[str]]:
        return {}


def _from_root(path: Path) -> str:
    """As a person would write it: build/grade, not /home/me/lodge/build/grade."""
    path = path.resolve()
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


from_root = _from_root
