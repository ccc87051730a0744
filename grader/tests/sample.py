# SPDX-License-Identifier: MIT
"""A small site with one of everything that a server can be asked for, its disk,
and a guest that serves it."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lodge import ext2
from lodge.ext2 import Shape
from lodge.kit import Kit
from lodge.machine import Machine, Pace
from lodge.target import Target
from lodge.web import Client, serving

MODIFIED = 784111777
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"  # the same
BIG = bytes(i * 7 % 251 for i in range(3 << 20))
STYLE = b"body { color: black }\n" * 100


def plant(folder: Path) -> None:
    """The files of the site."""
    files = {
        "index.html": b"<p>index",
        "a.txt": b"0123456789",
        "empty": b"",
        "a b&<c>.txt": b"odd",
        "big.bin": BIG,
        "style.css": STYLE,
        "style.css.gz": gzip.compress(STYLE, mtime=0),
        "pub/index.html": b"<p>in pub",
        "list/sub/deep.txt": b"deep",
        "list/caf\u00e9 100%.txt": b"1234567",
        "types/a.svg": b"<svg/>",
        "types/a.png": b"png",
        "types/a.unknown": b"?",
    } | {f"many/file-{i:04}.txt": b"x" for i in range(600)}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))


def make_disk(folder: Path) -> Path:
    plant(folder / "tree")
    return ext2.make(folder / "disk.img", Shape(kib=16 << 10), folder / "tree")


@dataclass(frozen=True)
class Site:
    guest: Machine
    port: int
    target: Target

    def connect(self, buffer_size: int | None = None) -> Client:
        return Client(self.guest, self.port, buffer_size)

    def still_serves(self) -> None:
        with self.connect() as client:
            assert client.ask("/a.txt").body == b"0123456789", "it does not serve any more"


@contextmanager
def serve(target: Target, kit: Kit, disk: Path, folder: Path, **more: str) -> Iterator[Site]:
    """A guest on that target, to the end of the block."""
    kit.build_app("web")
    settings = target.variables | {"PORT": "0", "DISK": str(disk)} | more
    settings["DISK_ARGS"] = "read-only=on"  # several guests have it
    with Machine(kit, "web", folder, pace=Pace(4), **settings) as guest:
        yield Site(guest, serving(guest), target)
