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


LARGE = 1 << 20  # from here on a head is nothing to speak of


def answered(load: Load, answer: wrk.Answer) -> float:
    """How many requests, with the parts of those that had not ended yet: of the
    largest files, more is under way at the end than has been counted."""
    size = site.SIZES.get(load.path[1:], 0)
    return max(1.0, answer.bytes / size if size >= LARGE else answer.requests)


def cost(plugin: Plugin, guest: Guest, load: Load, seconds: int) -> Cost:
    """After a load of the same kind, so that it is not the first of them."""
    url = guest.url("").rstrip("/")
    wrk.run(url, load, 1)
    before = plugin.now(guest)
    answer = wrk.run(url, load, seconds)
    used = plugin.now(guest) - before
    if "status" in answer.errors:
        raise NoLoad(f"{load.name} was not answered with the file asked for")
    requests = answered(load, answer)
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
