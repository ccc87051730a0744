# SPDX-License-Identifier: MIT
"""A triple fault, explained.

A processor that can't call the handler of an exception, nor that of the double
fault which comes of it, resets: nobody is left to print anything. So the same
guest is started once more with QEMU writing down every exception, and what is
in that list before the end is put into words [SDM vol. 3 §6.15, #DF].
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from lodge.kit import ROOT, GraderError
from lodge.machine import GuestError, Machine

# [SDM vol. 3 §6.3.1]
_NAMES = {
    0: "a division error (#DE)", 1: "a debug exception (#DB)", 3: "a breakpoint (#BP)",
    6: "an invalid opcode (#UD)", 7: "a missing FPU (#NM)", 8: "a double fault (#DF)",
    10: "an invalid task state (#TS)", 11: "a segment that is not present (#NP)",
    12: "a stack fault (#SS)", 13: "a general protection fault (#GP)",
    14: "a page fault (#PF)", 16: "a floating-point error (#MF)",
    17: "an alignment check (#AC)", 19: "a SIMD floating-point error (#XM)",
}  # fmt: skip

_SECONDS = 20


@dataclass(frozen=True)
class Fault:
    vector: int
    error: int = 0
    address: int = 0  # of the instruction
    reached: int = 0  # for a page fault: what it tried to reach (CR2)

    @property
    def name(self) -> str:
        return _NAMES.get(self.vector, f"exception {self.vector}")


# "check_exception old: 0xe new 0xd", and of what is then delivered
# "5: v=0e e=0002 i=0 cpl=0 IP=0008:00101234 pc=00101234 SP=... CR2=..."
_RAISED = re.compile(r"^check_exception old: 0x([0-9a-f]+) new 0x([0-9a-f]+)$")
_DELIVERED = re.compile(
    r"^\s*\d+: v=([0-9a-f]+) e=([0-9a-f]+) i=\d cpl=\d IP=\w+:([0-9a-f]+)"
    r"(?:.*CR2=([0-9a-f]+))?"
)
_NONE = 0xFFFFFFFF


def read(log: str) -> list[Fault]:
    """The exceptions that ended in a triple fault, from the one that began it;
    none if there was no such end."""
    before, found, _ = log.rpartition("\nTriple fault")
    faults: list[Fault] = []
    for line in before.splitlines() if found else []:
        if raised := _RAISED.match(line):
            old, new = int(raised[1], 16), int(raised[2], 16)
            if old == _NONE:
                faults.clear()
            faults.append(Fault(new))
        elif faults and (done := _DELIVERED.match(line)):
            if int(done[1], 16) == faults[-1].vector:
                faults[-1] = Fault(
                    faults[-1].vector, int(done[2], 16), int(done[3], 16),
                    int(done[4] or "0", 16),
                )  # fmt: skip
    return faults


def explain(machine: Machine) -> list[str]:
    """Of a guest that was reset: sentences, as many as can be said."""
    folder = machine.folder / "triple-fault"
    log = folder / "exceptions.log"
    variables = {n: v for n, v in machine.variables.items() if "@" not in v}
    extra = f"{variables.pop('QEMU_ARGS', '')} -d int,cpu_reset -D {log}"
    extra = re.sub(r"-object filter-dump\S*\s?", "", extra)
    try:
        again = Machine(
            machine.kit, machine.app, folder, pace=machine.pace, entropy=machine.entropy,
            **variables | {"QEMU_ARGS": extra.strip(), "ACCEL": "tcg"},
        )  # fmt: skip
        try:
            again.wait_death(_SECONDS)
        finally:
            again.close()
    except (GraderError, GuestError):
        return []
    text = log.read_text(errors="replace") if log.exists() else ""
    return in_words(read(text), machine)


def in_words(faults: list[Fault], machine: Machine) -> list[str]:
    if not faults:
        return []
    first, *others = faults
    said = [f"It began with {first.name}{_place(first.address, machine)}.{_reached(first)}"]
    if others:
        said.append(
            f"Its handler could not be called: that raised {others[0].name}. Nor could the "
            "handler of the double fault (#DF) which this becomes"
            + (f": that raised {others[1].name}" if len(others) > 1 else "")
            + ". Then the processor is reset, and that is a triple fault."
        )
    said.append(
        "That no handler could be called means that what is needed to call one was not "
        "there: the interrupt descriptor table, the handlers' stacks or the page tables "
        "have been overwritten, as by a store through a wrong pointer, before this."
    )
    return said


def _place(address: int, machine: Machine) -> str:
    elf = machine.kit.out / machine.app / "kernel.elf"
    done = subprocess.run(
        ["sh", "kernel/tools/symbolise.sh", elf], input=f"  at {address:#x}\n",
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    words = done.stdout.split("\n")[0].split()
    if len(words) < 4 or "?" in words[2]:
        return f" at {address:#x}"
    return f" in {words[2]}(), {words[3]}"


def _reached(fault: Fault) -> str:
    if fault.vector != 14:
        return ""
    # [SDM vol. 3 §4.7]
    if fault.error & 16:
        how = "to run code"
    else:
        how = "to write" if fault.error & 2 else "to read"
    why = "what is there is protected" if fault.error & 1 else "no memory is mapped there"
    return f" It tried {how} at {fault.reached:#x}, and {why}."

