# SPDX-License-Identifier: MIT
"""What is served: files of some sizes, and folders of many files. The same
bytes for our guest, for Linux and for nginx on the host."""

from __future__ import annotations

import random
from pathlib import Path

from lodge import ext2

SIZES = {"1k": 1 << 10, "16k": 16 << 10, "64k": 64 << 10, "1m": 1 << 20, "16m": 16 << 20}
FOLDERS = (10, 100, 1000, 10000)  # files in each: /n10/1 to /n10/10, and so on


def make(folder: Path) -> tuple[Path, Path]:
    """The folder with the files, and the disk with the same in it."""
    site, disk = folder / "site", folder / "site.img"
    if not disk.exists():
        rng = random.Random("bench")
        site.mkdir(parents=True, exist_ok=True)
        (site / "index.html").write_text("<!DOCTYPE html><title>bench</title>\n")
        for name, size in SIZES.items():
            (site / name).write_bytes(rng.randbytes(size))
        for count in FOLDERS:
            many = site / f"n{count}"
            many.mkdir(exist_ok=True)
            for number in range(1, count + 1):
                (many / str(number)).write_bytes(b"%1023d\n" % number)
        made = disk.with_suffix(".part")
        ext2.make(made, ext2.Shape(block_size=4096, kib=128 << 10), site)
        made.rename(disk)
    return site, disk


def in_turn(folder: Path, count: int) -> Path:
    """A script for wrk that asks for all files of /nCOUNT in turn, in such an
    order (7919 is a prime) that a short run has asked all over the folder."""
    script = folder / f"in-turn-{count}.lua"
    script.write_text(
        "local number = 0\n"
        "request = function()\n"
        f"    number = (number + 7919) % {count}\n"
        f'    return wrk.format("GET", "/n{count}/" .. number + 1)\n'
        "end\n"
    )
    return script
