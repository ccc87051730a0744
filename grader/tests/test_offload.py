# SPDX-License-Identifier: MIT
"""What a card may do for us, offered and withheld: the bytes that arrive are
the same. Over a tap device, whose other end is this host's kernel, where a
namespace for it can be had: it takes what is to be cut as it is. Elsewhere over
QEMU's user network, which offers nothing of the kind, and the names of the tests
say so. What becomes of large segments in bad weather is test_segments.py's."""

from __future__ import annotations

import hashlib
import itertools
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lodge.kit import Kit
from lodge.machine import Machine
from lodge.tap import may_tap, open_tap
from lodge.web import serving, site_of

Boot = Callable[..., Machine]
GUEST, ROUTER = "10.0.0.2", "10.0.0.1"
FIXED = f"ip={GUEST}/24 gw={ROUTER}"
SOCKETS = 2  # that a tap has to connect by
CABLE = "tap" if may_tap() else "no-tap-so-nothing-is-offered"

OFFERED = ("csum", "host_tso4", "guest_csum", "event_idx", "indirect_desc")
WITHHELD = ("transmit", "receive", "kick", "event_idx", "csum", "tso")
# All of both; some of one beside some of the other; nothing. One by one they are
# taken away in test_segments.py.
FEW = [
    ((), ()),
    (("host_tso4",), ("transmit", "receive")),
    (("guest_csum", "event_idx"), ("tso", "kick")),
    (OFFERED, WITHHELD),
]


class End:
    """This host's end of a guest's cable."""

    def __init__(self) -> None:
        self._tap = open_tap(f"{ROUTER}/24", SOCKETS)

    def variables(self) -> dict[str, Any]:
        """For Machine()."""
        if not self._tap:
            return {"PORT": "0"}
        return {"sockets": {"tap": self._tap.device}, "NETDEV": "tap,fd=@tap@", "APPEND": FIXED}

    def connect(self, guest: Machine) -> socket.socket:
        if not self._tap:
            return socket.create_connection(("127.0.0.1", serving(guest)), guest.pace(20))
        s = self._tap.sockets.pop()
        s.settimeout(guest.pace(20))
        s.connect((GUEST, 80))
        return s

    def close(self) -> None:
        if self._tap:
            self._tap.close()


@pytest.fixture
def end() -> Iterator[End]:
    end = End()
    yield end
    end.close()


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
    boot: Boot, end: End, largest: Path, off: tuple[str, ...], lacks: tuple[str, ...]
) -> None:
    variables = end.variables()
    if lacks:
        variables["APPEND"] = f"{variables.get('APPEND', '')} without={','.join(lacks)}"
    properties = " ".join(f"-global virtio-net-pci.{name}=off" for name in off)
    guest = boot("web", QEMU_ARGS=properties, **variables)
    guest.expect("^web: serving")
    path = "/" + str(largest.relative_to(site_of(guest.kit)))
    expected = sha(largest.read_bytes())
    for _ in range(2):
        with end.connect(guest) as s:
            assert sha(get(s, path)) == expected
    assert not [e for e in guest.guest_errors() if "virtio" in e]
    guest.close()


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [s for n in range(len(names) + 1) for s in itertools.combinations(names, n)]


def few_of(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [(), *((name,) for name in names), names]


def name(pair: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    off, lacks = ("+".join(names) or "nothing" for names in pair)
    return f"{CABLE}-offers_all_but_{off}-without_{lacks}"


@pytest.mark.parametrize("off, lacks", FEW, ids=map(name, FEW))
def test_a_body_is_whole_whatever_is_not_offered_or_not_used(
    off: tuple[str, ...], lacks: tuple[str, ...], boot: Boot, end: End, largest: Path
) -> None:
    check_whole(boot, end, largest, off, lacks)


@pytest.mark.parametrize("cable", [CABLE])
def test_a_body_is_whole_with_every_subset_of_either(
    cable: str, boot: Boot, largest: Path, soak: bool
) -> None:
    """In a soak, beside all, none and each of the other; else one that is not
    among the few."""
    every = {
        *itertools.product(subsets(OFFERED), few_of(WITHHELD)),
        *itertools.product(few_of(OFFERED), subsets(WITHHELD)),
    }
    for off, lacks in sorted(every) if soak else [(OFFERED[1:3], WITHHELD[:2])]:
        end = End()
        try:
            check_whole(boot, end, largest, off, lacks)
        finally:
            end.close()
