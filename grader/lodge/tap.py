# SPDX-License-Identifier: MIT
"""A tap device of our own: a cable on which a card may leave work to the other
end, which QEMU's user network and its sockets don't offer.

It lies in a network namespace that lives as long as we hold it, so nothing of
this host's network is touched. Where we may not have that (no /dev/net/tun, no
right to a namespace), open_tap() has None: whoever asked does without, and says
so in the names of his tests.
"""

from __future__ import annotations

import array
import functools
import os
import socket
import subprocess
import sys
from typing import BinaryIO

# Makes the device and hands it to whoever started this, with a packet socket
# that sees all that passes it, and with sockets that connect from there; waits
# for the other's end. A packet socket is bound to the device, and each frame
# has struct virtio_net_hdr before it, both ways.
_HELPER = """
import array, fcntl, os, socket, struct, subprocess, sys
TUNSETIFF, TAP, NO_PI, VNET_HDR = 0x400454CA, 2, 0x1000, 0x4000
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING, ETH_P_ALL = 263, 15, 23, 3
parent, address, count = socket.socket(fileno=int(sys.argv[1])), sys.argv[2], int(sys.argv[3])
tap = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"lodge0", TAP | NO_PI | VNET_HDR))
quiet = "/proc/sys/net/ipv6/conf/lodge0/disable_ipv6"
if os.path.exists(quiet):
    open(quiet, "w").write("1")
words = [f"address add {address} dev lodge0"] if address else []
for line in (*words, "link set lodge0 up"):
    subprocess.run(["ip", *line.split()], check=True)
packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
packets.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
packets.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
if not address:
    packets.bind(("lodge0", ETH_P_ALL))
sockets = [socket.socket() for _ in range(count)]
given = [tap.fileno(), packets.fileno(), *(s.fileno() for s in sockets)]
ancillary = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))
parent.sendmsg([b"x"], [ancillary])
for one in (tap, packets, *sockets):
    one.close()
parent.recv(1)
"""

_SPACES = (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"])


class Tap:
    """`device` is for QEMU. With an address, this host's kernel sits at the
    other end, and `sockets` connect from there; without, nobody answers but
    who reads `packets`."""

    def __init__(
        self, device: BinaryIO, packets: socket.socket, sockets: list[socket.socket],
        helper: subprocess.Popen[bytes], parent: socket.socket,
    ) -> None:  # fmt: skip
        self.device, self.packets, self.sockets = device, packets, sockets
        self._helper, self._parent = helper, parent

    def close(self) -> None:
        """It is gone once QEMU has ended as well."""
        for one in (*self.sockets, self.packets, self.device, self._parent):
            one.close()
        self._helper.wait()


def open_tap(address: str = "", sockets: int = 0) -> Tap | None:
    """`address` is ours, with its prefix: 10.0.0.1/24."""
    for space in _SPACES[os.geteuid() != 0 :]:
        if tap := _open(space, address, sockets):
            return tap
    return None


def _open(space: list[str], address: str, count: int) -> Tap | None:
    parent, child = socket.socketpair()
    command = [*space, sys.executable, "-c", _HELPER, str(child.fileno()), address, str(count)]
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    with child:
        try:
            helper = subprocess.Popen(
                command, pass_fds=[child.fileno()], stderr=subprocess.DEVNULL,
                env=os.environ | {"PATH": path},
            )  # fmt: skip
        except FileNotFoundError:
            parent.close()
            return None
    numbers = array.array("i")
    _, ancillary, _, _ = parent.recvmsg(1, socket.CMSG_SPACE((count + 2) * numbers.itemsize))
    for _, _, data in ancillary:
        numbers.frombytes(data)
    if not numbers:
        parent.close()
        helper.wait()
        return None
    device = open(numbers[0], "r+b", buffering=0)
    packets, *others = (socket.socket(fileno=n) for n in numbers[1:])
    return Tap(device, packets, others, helper, parent)


@functools.cache
def may_tap() -> bool:
    """Whether it can be had here; for choosing tests."""
    if tap := open_tap():
        tap.close()
    return tap is not None
