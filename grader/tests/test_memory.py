# SPDX-License-Identifier: MIT
"""Page allocator and heap over the machine's real map, from 6 MiB to above
4 GiB, and counters of what is in use."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from lodge.kit import Kit
from lodge.machine import DONE, Machine

Boot = Callable[..., Machine]
PAGE, MIB, GIB = 4096, 1 << 20, 1 << 30


class Model:
    """What `pages` does, without memory (kernel/apps/pages/main.c)."""

    def __init__(self, seed: int, pieces: int) -> None:
        self.state, self.check = seed, 0
        sizes, words = [], []
        for _ in range(pieces):
            sizes.append(1 + self.next() % 16)
            words += [self.next() for _ in range(sizes[-1])]
        for word in words:
            self.take(word)
            self.take(word)
        self.pages = sum(sizes)
        blocks = [(self.next() % 5000, self.next() & 0xFF) for _ in range(pieces)]
        for size, byte in blocks:
            for _ in range(size):
                self.take(byte)
        self.bytes = sum(size for size, _ in blocks)

    def next(self) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return self.state >> 33

    def take(self, word: int) -> None:
        self.check = (self.check * 31 + word) % 2**32


def image(kit: Kit) -> tuple[int, int]:
    """Where the kernel's own image lies."""
    out = subprocess.run(
        ["nm", str(kit.out / "pages" / "kernel.elf")], check=True, capture_output=True, text=True
    ).stdout
    at = {n: int(a, 16) for a, n in re.findall(r"^(\w+) \w (image_start|image_end)$", out, re.M)}
    return at["image_start"], at["image_end"]


def regions(guest: Machine) -> list[tuple[int, int]]:
    found = re.findall(r"^region: (0x\w+) to (0x\w+)$", guest.lines(), re.M)
    return [(int(base, 16), int(end, 16)) for base, end in found]


def run(boot: Boot, seed: int, pieces: int, **variables: str) -> Machine:
    guest = boot("pages", CHALLENGE=f"seed={seed} pieces={pieces}", **variables)
    assert guest.wait_end(30) == DONE, guest.lines()
    model = Model(seed, pieces)
    total = sum(end - base for base, end in regions(guest)) // PAGE
    lines = guest.lines()
    assert f"\npages: {model.pages} of {total} in use\n" in lines
    assert f"\nheap: {model.bytes} bytes in {pieces} blocks in use\n" in lines
    assert f"\npages: check {model.check}, all is back\n" in lines
    assert re.search(r"^pages: \d+ in a row from 0x\w+ on: right$", lines, re.M)
    return guest


@pytest.mark.parametrize("machine", ["q35", "pc", "microvm"])
@pytest.mark.parametrize("memory", [6, 8, 32])
def test_pages_heap_and_counters_of_what_is_in_use_are_right_from_6_mib_on(
    machine: str, memory: int, boot: Boot
) -> None:
    guest = run(boot, 100 + memory, 64, MACHINE=machine, MEM=str(memory))
    assert all(end <= memory * MIB for _, end in regions(guest))


@pytest.mark.parametrize("machine", ["q35", "pc", "microvm"])
def test_pages_heap_and_counters_of_what_is_in_use_are_right_above_4_gib(
    machine: str, boot: Boot
) -> None:
    guest = run(boot, 6144, 1000, MACHINE=machine, MEM="6144")
    above = [(base, end) for base, end in regions(guest) if base >= 4 * GIB]
    assert above
    row = re.search(r"in a row from (0x\w+) on: right", guest.lines())
    assert row
    if above[-1][1] - above[-1][0] >= 4 * GIB:
        assert int(row[1], 16) >= 4 * GIB


@pytest.mark.parametrize("machine", ["q35", "pc", "microvm"])
def test_nearly_all_of_the_machine_s_memory_is_to_be_had(machine: str, boot: Boot) -> None:
    guest = run(boot, 1, 64, MACHINE=machine, MEM="512")
    assert sum(end - base for base, end in regions(guest)) > 510 * MIB


@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_what_is_not_free_memory_is_never_handed_out(
    machine: str, boot: Boot, kit: Kit
) -> None:
    guest = run(boot, 3, 1000, MACHINE=machine, MEM="3000")
    start, end = image(kit)
    holes = {
        "the page at 0": (0, PAGE),
        "video memory and ROMs": (0xA0000, 0x100000),
        "the kernel's image": (start, end),
        "devices below 4 GiB": (0xFE000000, 4 * GIB),
    }
    for name, (first, behind) in holes.items():
        for base, top in regions(guest):
            assert top <= first or base >= behind, f"{base:#x} to {top:#x} has {name}"
    for (_, before), (base, _) in zip(regions(guest), regions(guest)[1:]):
        assert before < base, "regions are sorted, and do not touch"


@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_devices_are_mapped_beside_and_inside_of_others(machine: str, boot: Boot) -> None:
    guest = boot("protect", CHALLENGE="map-devices", MACHINE=machine)
    guest.expect("^devices: mapped, and memory refused$")
    assert guest.wait_end() == DONE
