# SPDX-License-Identifier: MIT
"""How many instructions the guest takes for a recorded visit (grader/unit/
trace.h), held against what is on record for the compiler.

    python -m lodge.instructions BUILD      counts, and writes the record

The counts are exact: they depend on the guest's source and on the compiler, and
on nothing else. So the record, grader/unit/instructions.txt, has a line for
each compiler that it was made with; another compiler of the same target is
held against the nearest of them.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lodge.kit import ROOT, BuildError, GraderError, Kit
from lodge.symbols import Symbols

RECORD = ROOT / "grader/unit/instructions.txt"
TRACE = ROOT / "grader/unit/trace.txt"
PHASES = ("parser", "fs", "stream", "whole")
MOST = 1.10  # times what is on record
LEAST = 0.90  # below it the record says too little

# Where the functions of a phase lie. What is in none of these, such as the event
# loop and memcpy(), counts for the whole alone.
_ROOMS = {
    "parser": ("kernel/http/", "solutions/12-http/"),
    "fs": ("kernel/fs/", "kernel/block/", "solutions/07-block/", "solutions/08-files/"),
    "stream": ("kernel/net/", "lwip-", "solutions/10-lwip/", "solutions/11-streams/"),
}


@dataclass(frozen=True)
class Compiler:
    name: str  # "gcc"
    major: int
    target: str  # "x86_64"

    def __str__(self) -> str:
        return f"{self.name}-{self.major} {self.target}"

    @classmethod
    def here(cls) -> Compiler:
        """What compiles the guest for this host's processor."""
        done = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True)
        return cls("gcc", int(done.stdout.partition(".")[0]), platform.machine())


Counts = dict[str, int]


@dataclass
class Measured:
    phases: Counts
    exchanges: Counts
    functions: Counter[str]

    def most(self, count: int = 12) -> str:
        return "\n".join(f"{n:>9,}  {name}" for name, n in self.functions.most_common(count))


def phase_of(file: str) -> str:
    for phase, rooms in _ROOMS.items():
        if any(file.startswith(r) or (r == "lwip-" and r in file) for r in rooms):
            return phase
    return ""


def measure(build: Path) -> Measured:
    """Builds the guest's objects and the harness, and counts."""
    host = platform.machine()
    kit = Kit(build / "trace", build=build, arch=host)
    kit.make("trace-program", app="web")
    program, image = (build / "trace" / host / n for n in ("trace", "disk.img"))
    done = subprocess.run([program, TRACE, image], capture_output=True, text=True)
    if done.returncode != 0:
        raise GraderError(f"the recorded visit did not come to its end: {done.stderr.strip()}")
    return sort_out(done.stdout, Symbols(program))


def sort_out(text: str, symbols: Symbols) -> Measured:
    """What the program prints, by phase and by function."""
    exchanges = {m[1]: int(m[2]) for m in re.finditer(r"^exchange (\S+) (\d+)$", text, re.M)}
    times = {int(m[1], 16): int(m[2]) for m in re.finditer(r"^at 0x(\w+) (\d+)$", text, re.M)}
    symbols.resolve(set(times))
    phases = dict.fromkeys(PHASES, 0)
    functions: Counter[str] = Counter()
    for address, count in times.items():
        phases["whole"] += count
        if function := symbols.at(address):
            functions[function.name] += count
            if phase := phase_of(function.file):
                phases[phase] += count
    return Measured(phases, exchanges, functions)


# ---- The record ---------------------------------------------------------------------


def parse(text: str) -> dict[Compiler, Counts]:
    records: dict[Compiler, Counts] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            compiler, target, *numbers = line.split()
            name, _, major = compiler.rpartition("-")
            counts = dict(zip(PHASES, map(int, numbers), strict=True))
            records[Compiler(name, int(major), target)] = counts
    return records


def nearest(records: dict[Compiler, Counts], compiler: Compiler) -> Compiler | None:
    """The one of the same kind and target whose version is nearest."""
    same = [c for c in records if (c.name, c.target) == (compiler.name, compiler.target)]
    return min(same, key=lambda c: (abs(c.major - compiler.major), c.major), default=None)


def judge(now: Counts, was: Counts, compiler: Compiler, of: Compiler) -> tuple[list[str], list[str]]:
    """What has risen too much; and what has fallen so much that the record no
    longer holds it there."""
    risen, fallen = [], []
    for phase in PHASES:
        line = (
            f"{phase}: {now[phase]:,} instructions with {compiler}, on record "
            f"{was[phase]:,} with {of} ({now[phase] / was[phase] - 1:+.1%})"
        )
        if now[phase] > was[phase] * MOST:
            risen.append(line)
        elif now[phase] < was[phase] * LEAST:
            fallen.append(line)
    return risen, fallen


HEAD = """\
# SPDX-License-Identifier: MIT
#
# Instructions of the guest for the visit that trace.txt records, by compiler.
# `make test` fails when one of them rises by more than a tenth. After a change
# that is worth it, or with another compiler: make instructions
#
"""


def write(records: dict[Compiler, Counts]) -> None:
    lines = [f"# {'compiler':<16}" + "".join(f"{p:>10}" for p in PHASES)]
    for c, counts in sorted(records.items(), key=lambda r: (r[0].target, r[0].name, r[0].major)):
        lines.append(f"{c!s:<18}" + "".join(f"{counts[p]:>10}" for p in PHASES))
    RECORD.write_text(HEAD + "\n".join(lines) + "\n")


def main() -> int:
    try:
        measured, compiler = measure(Path(sys.argv[1]).resolve()), Compiler.here()
    except BuildError as error:
        print(error.output, file=sys.stderr)
        return 1
    except GraderError as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 1
    records = parse(RECORD.read_text()) if RECORD.exists() else {}
    was = records.get(compiler)
    print(f"{compiler}\n")
    for name, count in measured.exchanges.items():
        print(f"  {name:<12}{count:>10,}")
    print()
    for phase in PHASES:
        change = f"{measured.phases[phase] / was[phase] - 1:>+8.1%}" if was else ""
        print(f"  {phase:<12}{measured.phases[phase]:>10,}{change}")
    print(f"\nOf these most are in\n{measured.most()}")
    write(records | {compiler: measured.phases})
    print(f"\nOn record: {RECORD.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
