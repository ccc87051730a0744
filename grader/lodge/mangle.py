# SPDX-License-Identifier: MIT
"""Frames that nobody should send: good ones with something wrong in them.

    mangler = Mangler(random.Random(7), "02:00:00:00:00:66", "10.0.0.66",
                      guest_mac, "10.0.0.2", 80)
    for frame in mangler.frames(1000): wire.send(frame)

Most have their checksums put right again, so that the guest looks into them.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from lodge.ethernet import (
    ACK, ARP, ARP_REPLY, ARP_REQUEST, BROADCAST, ECHO_REPLY, ECHO_REQUEST, FIN, ICMP,
    IPV4, MORE_FRAGMENTS, PSH, RST, SYN, TCP, UDP, Arp, Echo, Ethernet, IPv4, Segment,
    Udp, checksum,
)  # fmt: skip

LONGEST = 2000
_SUMS = {ICMP: (2, 4, False), TCP: (16, 18, True), UDP: (6, 8, True)}


def mend(frame: bytearray) -> None:
    """Puts the checksums right, as far as what is there makes sense."""
    size = (frame[14] & 15) * 4 if len(frame) >= 34 else 0
    if frame[12:14] != b"\x08\0" or size < 20 or len(frame) < 14 + size:
        return
    length = min(int.from_bytes(frame[16:18], "big"), len(frame) - 14)
    data = bytes(frame[14 + size : 14 + length])
    at, least, pseudo = _SUMS.get(frame[23], (0, 1 << 16, False))
    if len(data) >= least:
        head = frame[26:34] + struct.pack("!HH", frame[23], len(data)) if pseudo else b""
        bare = data[:at] + b"\0\0" + data[at + 2 :]
        struct.pack_into("!H", frame, 14 + size + at, checksum(bytes(head) + bare))
    frame[24:26] = b"\0\0"
    struct.pack_into("!H", frame, 24, checksum(bytes(frame[14 : 14 + size])))


class Mangler:
    """Speaks for the card `mac` at `address`, to the guest's `port`."""

    def __init__(
        self, chance: random.Random, mac: str, address: str, guest_mac: str,
        guest: str, port: int,
    ) -> None:  # fmt: skip
        self.chance, self.mac, self.address = chance, mac, address
        self.guest_mac, self.guest, self.port = guest_mac, guest, port
        self.kinds = [self._arp, self._echo, self._udp, self._tcp, self._tcp, self._other]

    def frames(self, count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield self.spoiled(self.chance.choice(self.kinds)())

    def spoiled(self, good: bytes) -> bytes:
        chance, frame = self.chance, bytearray(good)
        for _ in range(1 + chance.randrange(3)):
            self._spoil(frame)
        if chance.randrange(8):
            mend(frame)
        return bytes(frame)

    def _spoil(self, frame: bytearray) -> None:
        chance = self.chance
        at = chance.randrange(min(len(frame), 80 if chance.randrange(2) else 1 << 16) or 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(frame):
            frame[at] = chance.randrange(256)
        elif kind == 1 and at < len(frame):
            frame[at] ^= 1 << chance.randrange(8)
        elif kind == 2 and at < len(frame):
            frame[at] = chance.choice([0, 1, 4, 5, 19, 20, 127, 128, 255])
        elif kind == 3:
            del frame[max(at, 1) :]
        elif kind == 4:
            frame.extend(chance.randbytes(chance.randrange(LONGEST - len(frame) + 1)))
        elif len(frame) > at + 2:
            struct.pack_into("!H", frame, at, chance.choice([0, 1, 20, 1500, 65535]))

    def _ethernet(self, kind: int, data: bytes) -> bytes:
        to = self.guest_mac if self.chance.randrange(4) else BROADCAST
        return Ethernet(to, self.mac, kind, data).pack()

    def _ip(self, protocol: int, data: bytes, fragment: int = 0) -> bytes:
        packet = IPv4(self.address, self.guest, protocol, data, fragment=fragment)
        return self._ethernet(IPV4, packet.pack())

    def _arp(self) -> bytes:
        operation = self.chance.choice([ARP_REQUEST, ARP_REPLY])
        packet = Arp(operation, self.mac, self.address, self.guest_mac, self.guest)
        return self._ethernet(ARP, packet.pack())

    def _echo(self) -> bytes:
        kind = self.chance.choice([ECHO_REQUEST, ECHO_REQUEST, ECHO_REPLY, 3, 5, 13])
        data = self.chance.randbytes(self.chance.randrange(1472))
        return self._ip(ICMP, Echo(kind, 1, 1, data).pack())

    def _udp(self) -> bytes:
        source, target = self.chance.choice([(67, 68), (53, 1024), (7, 7)])
        data = self.chance.randbytes(self.chance.randrange(600))
        return self._ip(UDP, Udp(source, target, data).pack(self.address, self.guest))

    def _tcp(self) -> bytes:
        chance = self.chance
        flags = chance.choice([SYN, SYN, ACK, ACK | PSH, FIN | ACK, RST, SYN | ACK, 63])
        options = bytes(chance.choice([1, 1, 2, 4, 3, 8, 0]) for _ in range(12))
        segment = Segment(
            30000 + chance.randrange(50), self.port, chance.getrandbits(32),
            chance.getrandbits(32), flags, chance.choice([0, 1, 100, 65535]),
            chance.randbytes(chance.randrange(200)), options,
        )  # fmt: skip
        return self._ip(TCP, segment.pack(self.address, self.guest))

    def _other(self) -> bytes:
        chance = self.chance
        data = chance.randbytes(8 * (1 + chance.randrange(100)))
        if chance.randrange(2):
            return self._ip(chance.randrange(256), data, MORE_FRAGMENTS | chance.randrange(99))
        return self._ethernet(chance.choice([0x8100, 0x86DD, 46, IPV4, ARP]), data)
