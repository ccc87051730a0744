# SPDX-License-Identifier: MIT
"""What a card may do for us, offered and withheld: the bytes that arrive are
the same. Over a tap device, whose other end is this host's kernel, where a
namespace for it can be had: it takes what is to be cut as it is. Elsewhere over
QEMU's user network, which offers nothing of the kind. Loss, and what becomes of
large segments then, is tested without a machine (grader/unit/test_stream_cut*);
here, over a cable of our own, that the whole of it gets through bad weather."""

from __future__ import annotations

import array
import hashlib
import itertools
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lodge.kit import Kit
from lodge.machine import Machine, Pace
from lodge.peer import Station, Trouble, Wire
from lodge.peer_tcp import Client
from lodge.web import serving, site_of

Boot = Callable[..., Machine]
GUEST, ROUTER = "10.0.0.2", "10.0.0.1"
FIXED = f"ip={GUEST}/24 gw={ROUTER}"
SOCKETS = 8  # that a tap has to connect by

OFFERED = ("csum", "host_tso4", "event_idx", "indirect_desc")
WITHHELD = ("transmit", "receive", "kick", "event_idx", "csum", "tso")
# All of both; each of one beside one of the other; nothing.
FEW = [((), ()), *(((o,), (w,)) for o, w in zip(itertools.cycle(OFFERED), WITHHELD)),
       (OFFERED, WITHHELD)]  # fmt: skip

# Makes a tap device in a namespace of its own, hands it to whoever started
# this, with sockets that connect from there, and waits for the other's end.
HELPER = """
import array, fcntl, socket, struct, subprocess, sys
TUNSETIFF, TAP, NO_PI, VNET_HDR = 0x400454CA, 2, 0x1000, 0x4000
tap = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"lodge0", TAP | NO_PI | VNET_HDR))
for words in ("address add 10.0.0.1/24 dev lodge0", "link set lodge0 up"):
    subprocess.run(["ip", *words.split()], check=True)
given = [tap.fileno()]
sockets = [socket.socket() for _ in range(int(sys.argv[2]))]
given += [s.fileno() for s in sockets]
parent = socket.socket(fileno=int(sys.argv[1]))
ancillary = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))
parent.sendmsg([b"x"], [ancillary])
parent.recv(1)
"""


class Tap:
    """One tap device, of a run; `sockets` are empty where none can be had."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self._parent, child = socket.socketpair()
        space = ["unshare", "--user", "--map-root-user", "--net"]
        command = [*space, sys.executable, "-c", HELPER, str(child.fileno()), str(SOCKETS)]
        with child:
            self._process = subprocess.Popen(
                command, pass_fds=[child.fileno()], stderr=subprocess.DEVNULL
            )
        room = socket.CMSG_SPACE((SOCKETS + 1) * 4)
        _, ancillary, _, _ = self._parent.recvmsg(1, room)
        numbers = array.array("i")
        for _, _, data in ancillary:
            numbers.frombytes(data)
        if numbers:
            self._tap = open(numbers[0], "r+b", buffering=0)
            self.sockets = [socket.socket(fileno=n) for n in numbers[1:]]

    def variables(self) -> dict[str, Any]:
        """For Machine()."""
        if not self.sockets:
            return {"PORT": "0"}
        return {"sockets": {"tap": self._tap}, "NETDEV": "tap,fd=@tap@", "APPEND": FIXED}

    def connect(self, guest: Machine) -> socket.socket:
        if not self.sockets:
            return socket.create_connection(("127.0.0.1", serving(guest)), guest.pace(20))
        s = self.sockets.pop()
        s.settimeout(guest.pace(20))
        s.connect((GUEST, 80))
        return s

    def close(self) -> None:
        for s in self.sockets:
            s.close()
        if hasattr(self, "_tap"):
            self._tap.close()
        self._parent.close()
        self._process.wait()


@pytest.fixture
def tap() -> Iterator[Tap]:
    tap = Tap()
    yield tap
    tap.close()


@pytest.fixture(scope="module")
def largest(kit: Kit) -> Path:
    """The largest file of the site."""
    kit.build_app("web")
    files = (p for p in site_of(kit).rglob("*") if p.is_file())
    return max(files, key=lambda p: p.stat().st_size)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def get(s: socket.socket, path: str) -> bytes:
    """The body, by HTTP/1.0."""
    s.sendall(f"GET {path} HTTP/1.0\r\nHost: guest\r\n\r\n".encode())
    data = b"".join(iter(lambda: s.recv(1 << 16), b""))
    return data.partition(b"\r\n\r\n")[2]


def check_whole(
    boot: Boot, tap: Tap, largest: Path, off: tuple[str, ...], lacks: tuple[str, ...]
) -> None:
    variables = tap.variables()
    if lacks:
        variables["APPEND"] = f"{variables.get('APPEND', '')} without={','.join(lacks)}"
    properties = " ".join(f"-global virtio-net-pci.{name}=off" for name in off)
    guest = boot("web", QEMU_ARGS=properties, **variables)
    guest.expect("^web: serving")
    path = "/" + str(largest.relative_to(site_of(guest.kit)))
    expected = sha(largest.read_bytes())
    for _ in range(2):
        with tap.connect(guest) as s:
            assert sha(get(s, path)) == expected
    assert not [e for e in guest.guest_errors() if "virtio" in e]


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [s for n in range(len(names) + 1) for s in itertools.combinations(names, n)]


def name(names: tuple[str, ...]) -> str:
    return "+".join(names) or "all"


@pytest.mark.parametrize("off, lacks", FEW, ids=name)
def test_a_body_is_whole_whatever_is_not_offered_or_not_used(
    off: tuple[str, ...], lacks: tuple[str, ...], boot: Boot, tap: Tap, largest: Path
) -> None:
    check_whole(boot, tap, largest, off, lacks)


def test_a_body_is_whole_with_every_subset_of_both(
    boot: Boot, largest: Path, soak: bool
) -> None:
    """In a soak; else one of them that is not among the few."""
    every = itertools.product(subsets(OFFERED), subsets(WITHHELD))
    for off, lacks in every if soak else [(OFFERED[1:3], WITHHELD[:2])]:
        tap = Tap()
        try:
            check_whole(boot, tap, largest, off, lacks)
        finally:
            tap.close()


def test_a_body_gets_through_a_bad_cable(kit: Kit, largest: Path, tmp_path: Path) -> None:
    wire = Wire()
    try:
        with Machine(kit, "web", tmp_path, pace=Pace(4), APPEND=FIXED,
                     **wire.variables()) as guest:  # fmt: skip
            wire.plug(guest).expect("^web: serving")
            router = Station(wire, "02:00:00:00:00:01", ROUTER)
            wire.trouble = Trouble(loss=0.005, twice=0.02, late=0.02)
            path = "/" + str(largest.relative_to(site_of(kit)))
            status, body = Client(router, ROUTER, GUEST, 80).get(path, 120)
            assert (status, sha(body)) == (200, sha(largest.read_bytes()))
            assert wire.wrong == []
    finally:
        wire.close()
