# SPDX-License-Identifier: MIT
"""The smallest memory in which an application runs, found by booting it.

    python -m lodge.smallest BUILD ARCH APPLICATION...

An application runs when it ends as if all were well, or says what its app.mk
has as READY; one that then listens on port 80 must also answer. What was found
is kept in BUILD/ARCH/APPLICATION/smallest, in MiB, and is looked for again
only after the image has changed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from lodge.kit import ROOT, Kit
from lodge.machine import DONE, GuestError, Machine, Pace
from lodge.web import Browser

MOST = 64  # MiB
PATIENCE_S = 4.0  # of a guest that neither ends nor says anything


def ready_line(app: str) -> str:
    """What `app` says once it runs, or "" when it is to end instead."""
    text = (ROOT / "kernel/apps" / app / "app.mk").read_text()
    found = re.search(r"^READY *:= *(.*)$", text, re.M)
    return found[1].strip() if found else ""


def runs(kit: Kit, app: str, mem: int, pace: Pace, machine: str = "") -> bool:
    """Does `app` run with `mem` MiB, on the port's first machine or on `machine`?
    Its image is built."""
    ready = ready_line(app)
    with tempfile.TemporaryDirectory() as folder:
        variables = {"MEM": str(mem), "PORT": "0"}
        variables |= {"MACHINE": machine} if machine else {}
        with Machine(kit, app, Path(folder), pace=pace, **variables) as guest:
            try:
                if not ready:
                    return guest.wait_end(PATIENCE_S) == DONE
                guest.expect(re.escape(ready), PATIENCE_S)
                if "port 80" not in ready:
                    return True
                guest.expect(r"^net0: \d+\.\d+\.", PATIENCE_S)
                with Browser(guest, guest.port(), PATIENCE_S) as browser:
                    return browser.get("/")[0] == 200
            except GuestError:
                return False


def smallest(works: Callable[[int], bool], low: int = 1, high: int = MOST) -> int | None:
    """The lowest number from `low` to `high` that works; None when not even
    `high` does. Whatever is above one that works is taken to work."""
    if not works(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if works(middle):
            high = middle
        else:
            low = middle + 1
    return high


class Built(Kit):
    """Applications as `make app` leaves them, already built."""

    def variables(self, app: str) -> list[str]:
        return [v for v in super().variables(app) if not v.startswith("OUT=")]


def find(kit: Kit, app: str) -> None:
    """Writes down what there is to know of `app`, unless it is known."""
    folder = kit.build / kit.arch / app
    record, image = folder / "smallest", folder / "kernel.img"
    if record.exists() and record.stat().st_mtime_ns > image.stat().st_mtime_ns:
        return
    found = smallest(lambda mem: runs(kit, app, mem, Pace()))
    record.write_text(f"{found if found is not None else '-'}\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="lodge.smallest")
    parser.add_argument("build", type=Path)
    parser.add_argument("arch")
    parser.add_argument("apps", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    kit = Built(build / "sizes", build=build, arch=arguments.arch)
    for app in arguments.apps:
        find(kit, app)
    return 0


if __name__ == "__main__":
    sys.exit(main())
