# SPDX-License-Identifier: MIT
"""What the application `hexdump` is to say of a disk, and to make of it: worked
out from the disk's bytes. Its head comment says what may be asked of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SECTOR = 512


def dump(data: bytes, sector: int, count: int = 1) -> str:
    """Sectors as it shows them."""
    lines = []
    for at in range(sector * SECTOR, (sector + count) * SECTOR, 16):
        row = data[at : at + 16]
        halves = "  ".join(row[i : i + 8].hex(" ") for i in (0, 8))
        text = "".join(chr(b) if 0x20 <= b <= 0x7E else "." for b in row)
        lines.append(f"{at:08x}  {halves}  |{text}|\n")
    return "".join(lines)


def fold(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value * 31 + byte) & 0xFFFFFFFF
    return value


def check(data: bytes, reads: int, seed: int, unit: int = SECTOR) -> int:
    """The check of so many reads all over the disk."""
    units, x, total = len(data) // unit, seed, 0
    for i in range(reads):
        x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
        first = (x >> 33) % units if i > 1 else (0, units - 1)[i]
        total += (i + 1) * fold(data[first * unit : (first + 1 + i % 8) * unit])
    return total % 2**32


def copied(data: bytes, first: int, to: int, count: int, unit: int = SECTOR) -> bytes:
    """The disk after the copy: each unit's bytes in reverse order."""
    units = [data[i * unit : (i + 1) * unit][::-1] for i in range(first, first + count)]
    return data[: to * unit] + b"".join(units) + data[(to + count) * unit :]


def failing(path: Path, *rules: str) -> str:
    """A -blockdev of the disk in `path` that fails as the rules of QEMU's
    blkdebug say, each of them beginning with its number."""
    given = "".join(f",file.inject-error.{rule}" for rule in rules)
    below = f"file.image.driver=file,file.image.filename={path}"
    return f"driver=raw,file.driver=blkdebug,{below}{given}"


def first_difference(found: bytes, wanted: bytes) -> int | None:
    """The first sector of a disk that is not as it should be."""
    for at in range(0, len(wanted), SECTOR):
        if found[at : at + SECTOR] != wanted[at : at + SECTOR]:
            return at // SECTOR
    return None


@dataclass
class Question:
    """A disk of random bytes, and what `hexdump` is to do with it."""

    image: Path
    before: bytes
    shown: int  # the first of `count` sectors, up to the last one
    count: int
    reads: int
    seed: int
    copy: int
    first: int
    to: int

    @classmethod
    def of_this_run(cls, folder: Path, dice: random.Random) -> Self:
        """One whose image lies in the folder."""
        sectors, count, copy = (dice.randrange(*n) for n in ((900, 2000), (3, 9), (10, 60)))
        asked = cls(
            image=folder / "disk.img", before=dice.randbytes(sectors * SECTOR),
            shown=sectors - count, count=count, reads=200 + dice.randrange(100),
            seed=dice.randrange(2**32), copy=copy, first=dice.randrange(sectors // 3),
            to=sectors // 2 + dice.randrange(sectors // 3),
        )  # fmt: skip
        asked.image.write_bytes(asked.before)
        return asked

    @property
    def sectors(self) -> int:
        return len(self.before) // SECTOR

    @property
    def challenge(self) -> str:
        return (
            f"sector={self.shown} count={self.count} reads={self.reads} depth=64 "
            f"seed={self.seed} copy={self.copy} from={self.first} to={self.to}"
        )

    @property
    def after(self) -> bytes:
        return copied(self.before, self.first, self.to, self.copy)
