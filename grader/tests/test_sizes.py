# SPDX-License-Identifier: MIT
"""What the applications cost: bytes, and the memory in which they run."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell import make, must

from lodge.kit import ROOT, Kit
from lodge.machine import Pace
from lodge.smallest import ready_line, runs, smallest

APPS = sorted(p.parent.name for p in ROOT.glob("kernel/apps/*/app.mk"))


def sizes(build: Path, apps: list[str], *target: str) -> dict[str, list[str]]:
    """The table that `make sizes` prints, by application."""
    words = ("-s", "sizes", f"APPS={' '.join(apps)}", f"BUILD={build}", *target)
    said = must(make(*words)).output
    lines = [line.split() for line in said.splitlines()]
    return {words[0]: words[1:] for words in lines}


def test_sizes_prints_bytes_and_smallest_memory_of_each_application(
    build: Path, soak: bool
) -> None:
    apps = APPS if soak else ["hi", "web"]
    table = sizes(build, apps)
    assert table.pop("application") == ["text", "data", "bss", "image", "memory"]
    assert set(table) == set(apps)
    for app, row in table.items():
        image = build / "x86_64" / app / "kernel.img"
        assert int(row[3]) == image.stat().st_size, app
        assert 1 <= int(row[4]) <= 8, f"{app} should run in 8 MiB, and needs {row[4]}"


def test_sizes_are_those_of_the_target_and_leave_out_what_is_not_for_it(build: Path) -> None:
    # echo is for a PC's keyboard.
    table = sizes(build, ["echo", "hi"], "ARCH=aarch64")
    assert set(table) == {"application", "hi"}
    image = build / "aarch64/hi/kernel.img"
    assert int(table["hi"][3]) == image.stat().st_size
    assert 1 <= int(table["hi"][4]) <= 8
    # A process has its memory from the host.
    table = sizes(build, ["echo", "hi"], "ARCH=unix", "NET=lwip")
    assert set(table) == {"application", "hi"}
    image = build / "unix-lwip/hi/kernel.img"
    assert table["hi"][3:] == [str(image.stat().st_size), "-"]


def test_the_smallest_memory_is_the_smallest(kit: Kit) -> None:
    kit.build_app("hi")
    least = smallest(lambda mem: runs(kit, "hi", mem, Pace(2)))
    assert least is not None and least <= 4
    assert runs(kit, "hi", least, Pace(4))
    assert least == 1 or not runs(kit, "hi", least - 1, Pace())


@pytest.mark.parametrize("machine", ["q35", "pc", "microvm"])
def test_web_stripped_is_under_256_KiB_and_serves_with_8_MiB(
    machine: str, kit: Kit
) -> None:
    kit.build_app("web")
    assert (kit.out / "web" / "kernel.img").stat().st_size < 256 << 10
    assert runs(kit, "web", 8, Pace(4), machine)


@pytest.mark.parametrize("least", [1, 2, 3, 17, 63, 64])
def test_the_search_finds_any_limit(least: int) -> None:
    assert smallest(lambda mem: mem >= least) == least


def test_what_never_runs_has_no_smallest_memory() -> None:
    assert smallest(lambda mem: False) is None


def test_an_application_that_goes_on_says_when_it_is_ready() -> None:
    assert ready_line("web") == "web: serving on port 80"
    assert ready_line("hi") == ""
