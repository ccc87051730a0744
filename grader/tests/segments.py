# SPDX-License-Identifier: MIT
"""For test_segments.py: a web server on a cable of ours, told what to do
without, and clients who compare what they get with what is on its disk."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lodge import ext2
from lodge.ethernet import ECHO_REQUEST, Echo
from lodge.kit import Kit
from lodge.machine import Machine, Pace
from lodge.peer import Station, Wire
from lodge.peer_tap import cable
from lodge.peer_tcp import Client

GUEST, ROUTER = "10.0.0.2", "10.0.0.1"
FIXED = f"ip={GUEST}/24 gw={ROUTER}"

LARGE = random.Random(1).randbytes(5 * 512 * 1024 + 77)
SMALL = {f"/small{n}": random.Random(n).randbytes(1 + n * 997 % 20000) for n in range(24)}
WINDOW = 128 << 10  # a client's: enough for segments of 64 KiB


def make_disk(folder: Path) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    for name, data in {"/large": LARGE, **SMALL}.items():
        (tree / name[1:]).write_bytes(data)
    return ext2.make(folder / "disk.img", ext2.Shape(4096, 256, kib=8192), tree)


@dataclass(frozen=True)
class Case:
    """What the guest is told to do without, what its card does not offer, and
    by which interface."""

    without: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    virtio: str = "modern"

    def __str__(self) -> str:
        words = (*(f"without_{w}" for w in self.without), *(f"{o}=off" for o in self.off))
        return ",".join((*words, *(["legacy"] if self.virtio == "legacy" else []))) or "all"

    def variables(self) -> dict[str, str]:
        lacks = f" without={','.join(self.without)}" if self.without else ""
        off = " ".join(f"-global virtio-net-pci.{name}=off" for name in self.off)
        return {"APPEND": FIXED + lacks, "QEMU_ARGS": off, "VIRTIO": self.virtio}


class Line:
    """A guest on a cable, and a router who is all the clients."""

    def __init__(self, wire: Wire, guest: Machine) -> None:
        self.wire, self.guest = wire, guest
        self.router = Station(wire, "02:00:00:00:00:01", ROUTER)

    def client(self, request: str, window: int = WINDOW, end: bool = False) -> Client:
        """Connects and asks; nobody waits for an answer."""
        client = Client(self.router, ROUTER, GUEST, 80)
        client.window = window
        client.open()
        client.send(request.encode(), end)
        return client

    def get(self, path: str, **more: int) -> Client:
        return self.client(f"GET {path} HTTP/1.0\r\n\r\n", **more)

    def end(self, client: Client) -> bytes:
        """All that came, once both sides have said that it was all."""
        data = client.wait_end(120)
        assert not client.reset, f"the guest reset the connection after {len(data)} bytes"
        client.fin()
        client.wait_acknowledged(120)
        return data

    def all_arrives(self) -> None:
        """The large file and, over a connection that they share, the small
        ones: at once, and each as it is on the disk."""
        names = sorted(SMALL)
        asked = "".join(f"GET {name} HTTP/1.1\r\nHost: a\r\n\r\n" for name in names)
        last = "GET /small0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        both = self.get("/large"), self.client(asked + last, WINDOW // 2)
        large, rest = (self.end(client) for client in both)
        assert sha(body(large)[0]) == sha(LARGE)
        for name in (*names, "/small0"):
            found, rest = body(rest)
            assert sha(found) == sha(SMALL[name]), name
        assert rest == b"" and self.wire.wrong == []

    def fetch(self, path: str) -> bytes:
        """A file, in such a way that the guest has nothing left to remember of
        the connection: it is not the first to end it."""
        client = self.get(path, end=True)
        data = client.wait_end(30)
        client.wait_acknowledged(30)
        return body(data)[0]

    def stats(self) -> dict[str, int]:
        lines = self.fetch("/stats").decode().splitlines()
        return {name: int(value) for name, value in (line.split() for line in lines)}

    def pong(self) -> None:
        """Waits until the guest has seen all that was sent up to now."""
        count = len(self.router.echoes)
        self.router.ping(ROUTER, GUEST, Echo(ECHO_REQUEST, 1, count, b""))
        self.wire.wait("answer a ping", lambda: len(self.router.echoes) > count)

    def in_use(self) -> dict[str, int]:
        """What is taken from heap, pools and rings, once it no longer changes
        and nobody is connected but who asks."""
        seen: list[dict[str, int]] = []
        for _ in range(400):
            stats = self.stats()
            wanted = re.compile("pool_|heap_|pages_used|cache_pinned|net_.*(busy|ready)")
            seen.append({k: v for k, v in stats.items() if wanted.match(k)})
            if stats["connections"] == stats["streams_open"] == 1 and seen[-3:] == 3 * seen[-1:]:
                return seen[-1]
        raise AssertionError(f"it does not come to rest: {seen[-1]}")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def body(data: bytes) -> tuple[bytes, bytes]:
    """Of the first answer; and what is behind it."""
    head, _, rest = data.partition(b"\r\n\r\n")
    length = re.search(rb"^HTTP/1\.1 200 [^$]*^Content-Length: (\d+)\r?$", head, re.M)
    assert length, f"no answer: {head[:200]!r}"
    return rest[: int(length[1])], rest[int(length[1]) :]


@contextmanager
def started(case: Case, web: Kit, disk: Path, folder: Path, **more: str) -> Iterator[Line]:
    wire = cable()
    settings = {"DISK": str(disk), "DISK_ARGS": "read-only=on", "MEM": "32"}
    settings |= case.variables() | more | wire.variables()
    try:
        with Machine(web, "web", folder, pace=Pace(4), **settings) as guest:
            wire.plug(guest).expect("^web: serving")
            line = Line(wire, guest)
            yield line
            assert not [e for e in guest.guest_errors() if "virtio" in e]
            assert wire.wrong == []
    finally:
        wire.close()
