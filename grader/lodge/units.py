# SPDX-License-Identifier: MIT
"""Host unit tests as checks: programs of grader/unit/ (unit.h)."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from lodge.kit import GraderError
from lodge.lab import Evidence, Failed, NotWritten
from lodge.machine import Pace

if TYPE_CHECKING:
    from lodge.run import Run

# One test's limit. They take some hundredths of a second.
TIME_LIMIT = 3.0

_SANITIZER = re.compile(r"(ERROR: AddressSanitizer: .*|.*runtime error: .*)")


class Unit:
    def __init__(self, run: Run, pace: Pace) -> None:
        self.run, self.pace = run, pace

    def __call__(self, program: str, *tests: str) -> None:
        """Runs the tests of `program` whose names begin so. The first that
        does not pass is what is reported."""
        path = self.run.build_unit(program)
        folder = self.run.evidence / "-".join([program, *tests])[:120]
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            str(path), "--stop", "--seed", str(self.run.seed),
            "--time-limit", f"{self.pace(TIME_LIMIT):.1f}", *tests,
        ]  # fmt: skip
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        (folder / "output").write_text(done.stdout)
        if done.returncode == 0:
            return
        found = re.search(r"^(fail|todo) (\w+)\n((?: .*\n|\n)*)", done.stdout, re.M)
        if done.returncode != 1 or not found:
            raise GraderError(f"{path} ended with {done.returncode}:\n{done.stdout}")
        kind, test, text = found.groups()
        said = [line.removeprefix("      ") for line in text.splitlines()]
        command_line = self.run.by_hand(
            "unit", UNIT=program, ARGS=f"--seed {self.run.seed} {test}"
        )
        evidence = Evidence(folder=folder, command=command_line, output=text)
        if kind == "todo":
            what = next((n for n in said if n.startswith("not written yet: ")), "")
            raise NotWritten(what.removeprefix("not written yet: "), evidence)
        sentence = test.removeprefix("test_").replace("_", " ")
        raise Failed(f"that {sentence}", _essence(said), evidence)


def _essence(said: list[str]) -> str:
    """Of what a failing test printed, what a person should see first."""
    for i, line in enumerate(said):
        if found := _SANITIZER.search(line):
            frame = next((n.strip() for n in said[i:] if "labs/" in n or "solutions/" in n), "")
            return "\n".join(filter(None, [found[1], frame]))
    keep = [n for n in said if n and not n.startswith("console: ")]
    return "\n".join(n[:300] for n in keep[-4:])
