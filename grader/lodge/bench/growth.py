# SPDX-License-Identifier: MIT
"""How a request's cost grows with connections, with the size of a file and with
the number of files, in guest instructions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lodge.bench import site, wrk
from lodge.bench.guest import Guest, started
from lodge.bench.instructions import Plugin
from lodge.bench.ours import Ours
from lodge.bench.wrk import Load, NoLoad


@dataclass(frozen=True)
class Cost:
    """Of one request."""

    instructions: float
    blocks: float


def cost(plugin: Plugin, guest: Guest, load: Load, seconds: int) -> Cost:
    """After a load of the same kind, so that it is not the first of them."""
    url = guest.url("").rstrip("/")
    wrk.run(url, load, 1)
    before = plugin.now(guest)
    answer = wrk.run(url, load, seconds)
    used = plugin.now(guest) - before
    if "status" in answer.errors:
        raise NoLoad(f"{load.name} was not answered with the file asked for")
    requests = max(1, answer.requests)
    return Cost(used.instructions / requests, used.blocks / requests)


def loads(folder: Path) -> dict[str, dict[str, Load]]:
    """By what grows, and how far it has."""
    return {
        "connections, 1 KiB": {str(c): Load("/1k", c) for c in (1, 4, 16, 64, 256)},
        "size of the file, 16 connections": {n: Load(f"/{n}", 16) for n in site.SIZES},
        "files asked for in turn, in one folder, 16 connections": {
            str(n): Load(f"/n{n}/1", 16, script=site.in_turn(folder, n)) for n in site.FOLDERS
        },
    }


def measure(plugin: Plugin, ours: Ours, seconds: int) -> dict[str, dict[str, Cost]]:
    found: dict[str, dict[str, Cost]] = {}
    with started(plugin.counted(ours.recipe())) as guest:
        guest.first_http_byte()
        for what, steps in loads(ours.out).items():
            found[what] = {n: cost(plugin, guest, load, seconds) for n, load in steps.items()}
    return found
