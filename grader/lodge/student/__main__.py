# SPDX-License-Identifier: MIT
"""python3 -m lodge.student TOOL: what grader/student.mk runs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lodge.kit import ROOT, BuildError, GraderError
from lodge.student.path import Sorry

TOOLS = "grade hint next progress watch reset diff screen pcap debug"
KEEPING = "hint next progress watch diff".split()  # who look at a student's files
BROKEN = 70


def _arguments(words: list[str]) -> argparse.Namespace:
    """What stands behind "--" is a command, or variables of make's."""
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="lodge.student", description=__doc__)
    parser.add_argument("tool", choices=TOOLS.split())
    for name in ("lab", "step", "mine", "seed", "level", "file", "app", "arch", "gdb", "layout"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--labs", type=Path, default=ROOT / "labs")
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--out", type=Path, help="where the application was built")
    arguments = parser.parse_args(words[:at])
    arguments.rest = words[at + 1 :]
    arguments.labs, arguments.build = arguments.labs.resolve(), arguments.build.resolve()
    return arguments


def _run(a: argparse.Namespace) -> int:
    """Each tool is loaded when it is asked for: most need no grader."""
    if a.tool in KEEPING and not a.labs.is_dir():
        raise Sorry(f"There is no folder {a.labs}. LABS= names the one with your files.")
    if a.tool == "grade":
        from lodge.student.grade import grade
        return grade(a.lab, a.step, a.mine, a.seed, a.labs, a.build)
    if a.tool == "watch":
        from lodge.student.watch import watch
        return watch(a.lab, a.step, a.mine, a.seed, a.labs, a.build)
    if a.tool == "hint":
        from lodge.student.hint import hint
        return hint(a.lab, a.step, a.level, a.labs)
    if a.tool == "next":
        from lodge.student.todo import todo
        return todo(a.labs)
    if a.tool == "progress":
        from lodge.student.progress import progress
        return progress(a.labs)
    if a.tool == "reset":
        from lodge.student.reset import reset
        return reset(a.lab, a.file, a.labs)
    if a.tool == "diff":
        from lodge.student.compare import compare
        return compare(a.lab, a.labs)
    if a.tool == "screen":
        from lodge.student.screen import screen
        return screen(a.app, a.mine, a.labs, a.build, a.arch, a.rest)
    if a.tool == "pcap":
        from lodge.student.capture import capture
        return capture(a.out / "net0.pcap", a.rest)
    from lodge.student.debug import debug
    return debug(a.out, a.gdb, a.layout, a.rest)


def main() -> int:
    try:
        status = _run(_arguments(sys.argv[1:]))
        sys.stdout.flush()
        return status
    except Sorry as why:
        print(why, file=sys.stderr)
        return 1
    except BuildError as error:
        print(error.output, file=sys.stderr)
        return 1
    except GraderError as error:
        print(f"This tool itself could not go on: {error}", file=sys.stderr)
        return BROKEN
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
