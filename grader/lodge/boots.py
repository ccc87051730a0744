# SPDX-License-Identifier: MIT
"""The guests of a grade: boots them, and keeps what a failure shows of them."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

from lodge import faults, gate, queues
from lodge.kit import ROOT, from_root
from lodge.lab import Evidence
from lodge.machine import Machine, Pace
from lodge.run import Run


_CAPTURE = "-object filter-dump,id=capture,netdev=net0,file="


class Boots:
    """Boots guests; hands out their evidence."""

    def __init__(self, run: Run, pace: Pace) -> None:
        self.run, self.pace = run, pace

    def folder(self, name: str) -> Path:
        """Of the evidence of a guest: for what it is given, a disk image, too."""
        folder = self.run.evidence / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def __call__(
        self, app: str, name: str, *, entropy: bytes | None = None,
        sockets: dict[str, socket.socket] | None = None, **variables: str,
    ) -> Machine:  # fmt: skip
        """Builds `app` and boots it; `name` is the folder of its evidence. The
        rest is as Machine has it."""
        self.run.build_app(app)
        gate.look_at_others(self.run, app)
        folder = self.folder(name)
        (folder / "seed").write_text(f"{self.run.seed}\n")
        if _has_network(app) and not self.run.kit.is_process:
            capture = f"{_CAPTURE}{folder / 'net0.pcap'}"
            variables["QEMU_ARGS"] = f"{variables.get('QEMU_ARGS', '')} {capture}".strip()
        return Machine(
            self.run.kit, app, folder, pace=self.pace, entropy=entropy, sockets=sockets,
            **variables,
        )  # fmt: skip

    def evidence(self, machine: Machine) -> Evidence:
        """What a failure shows of a guest."""
        return evidence_of(machine, self.run)


def _has_network(app: str) -> bool:
    text = (ROOT / "kernel/apps" / app / "app.mk").read_text()
    return bool(re.search(r"^DEVICES\s*:?=.*\bnet0\b", text, re.M))


def evidence_of(machine: Machine, run: Run) -> Evidence:
    _keep_disks(machine)
    said = [line for line in machine.guest_errors() if queues.is_of_interest(line)]
    return Evidence(
        folder=machine.folder,
        serial=machine.last_lines(),
        said=said[:8],
        meaning=[*_end(machine), *queues.in_words(said), *machine.queue_states()],
        backtrace=machine.backtrace(),
        command=_by_hand(machine, run),
        output=machine.debug.decode(errors="replace") + "\n".join(machine.guest_errors()),
        files=run.files_in(machine.app),
    )


def _by_hand(machine: Machine, run: Run) -> str:
    variables = dict(machine.variables)
    variables["QEMU_ARGS"] = variables.get("QEMU_ARGS", "").partition(_CAPTURE)[0].strip()
    if machine.sockets or any("@" in v for v in variables.values()):
        # Somebody has to be at the other end, and only the grader is.
        return run.by_hand("grade", LAB=run.lab.number.lstrip("0"), SEED=str(run.seed))
    if machine.entropy is not None:
        variables["RNG"] = from_root(machine.folder / "entropy")
    if variables.get("PORT") == "0":
        variables["PORT"] = "8080"
    for name, value in variables.items():
        if name.startswith("DISK") and (machine.folder / Path(value).name).is_file():
            variables[name] = from_root(machine.folder / Path(value).name)
    return run.by_hand("run", APP=machine.app, **variables)


_ends: dict[Path, list[str]] = {}


def _end(machine: Machine) -> list[str]:
    """Of a triple fault: found out once, whoever asks again."""
    if machine.folder not in _ends:
        _ends[machine.folder] = faults.explain(machine) if machine.was_reset else []
    return _ends[machine.folder]


def _keep_disks(machine: Machine) -> None:
    """Copies of the images that the guest had, as it has left them."""
    for name, value in machine.variables.items():
        if re.fullmatch(r"DISK\d?", name):
            image = (ROOT / value).resolve()
            if image.is_file() and not image.is_relative_to(machine.folder.resolve()):
                subprocess.run(["cp", "--sparse=always", image, machine.folder], check=False)
