# SPDX-License-Identifier: MIT
"""What a card does for its driver: cuts a large segment of TCP into those of
the wire, and completes checksums [virtio 1.2 §5.1.6.2]. Pure, like ethernet.py:
what a driver should not have asked for is a ValueError, in words."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

from lodge.ethernet import FIN, IPV4, PSH, TCP, UDP, checksum

NEEDS_CSUM = 1
GSO_NONE, GSO_TCPV4 = 0, 1
FRAME_MAX = 1514
_ETHERNET, _IP = 14, 20
_HEADER = struct.Struct("=BBHHHH")


def _need(enough: bool, what: str) -> None:
    if not enough:
        raise ValueError(what)


def _sum(data: bytes) -> int:
    """Ones' complement, of words."""
    return ~checksum(data) & 0xFFFF


def _pseudo(frame: bytes, start: int) -> bytes:
    """The pseudo-header of what is behind `start` [RFC 9293 §3.1]."""
    return frame[26:34] + struct.pack("!HH", frame[23], len(frame) - start)


@dataclass
class Offload:
    """struct virtio_net_hdr, less num_buffers."""

    flags: int = 0
    gso_type: int = GSO_NONE
    hdr_len: int = 0
    gso_size: int = 0
    csum_start: int = 0
    csum_offset: int = 0

    SIZE = _HEADER.size

    @classmethod
    def read(cls, data: bytes) -> Self:
        return cls(*_HEADER.unpack_from(data))

    def pack(self) -> bytes:
        return _HEADER.pack(self.flags, self.gso_type, self.hdr_len, self.gso_size,
                            self.csum_start, self.csum_offset)  # fmt: skip

    @property
    def sums(self) -> bool:
        return bool(self.flags & NEEDS_CSUM)

    @property
    def cuts(self) -> bool:
        return self.gso_type == GSO_TCPV4

    def finished(self, frame: bytes) -> list[bytes]:
        """The frames that leave the card."""
        _need(self.flags in (0, NEEDS_CSUM), f"flags {self.flags:#x} on a frame to send")
        _need(self.gso_type in (GSO_NONE, GSO_TCPV4), f"gso_type {self.gso_type:#x}")
        if not self.cuts:
            _need(len(frame) <= FRAME_MAX, f"a frame of {len(frame)} bytes that is not to be cut")
        if not self.sums:
            _need(not self.cuts, "a frame to be cut whose checksums nobody is to make")
            return [frame]
        self._check_place(frame)
        return [self._summed(part) for part in (self._cut(frame) if self.cuts else [frame])]

    def _check_place(self, frame: bytes) -> None:
        """TCP's checksum is asked for, and nothing else; where it comes to lies
        the sum of the pseudo-header, of the whole length."""
        plain = frame[12:15] == IPV4.to_bytes(2, "big") + b"\x45" and frame[23] == TCP
        _need(plain, f"a checksum asked for in no segment of TCP: {frame[12:24].hex()}")
        start, at = self.csum_start, self.csum_start + self.csum_offset
        _need((start, at) == (_ETHERNET + _IP, start + 16), f"a checksum from {start} into {at}")
        lies = int.from_bytes(frame[at : at + 2], "big")
        right = _sum(_pseudo(frame, start))
        _need(lies == right, f"{lies:#06x} for a pseudo-header's sum, which is {right:#06x}")

    def _cut(self, frame: bytes) -> list[bytes]:
        tcp = self.csum_start
        data = tcp + (frame[tcp + 12] >> 4) * 4
        _need(self.gso_size > 0, "a frame to be cut into pieces of nothing")
        _need(data + self.gso_size <= FRAME_MAX, f"a frame to be cut by {self.gso_size}")
        _need(int.from_bytes(frame[16:18], "big") == len(frame) - _ETHERNET, "an IP length")
        _need(checksum(frame[_ETHERNET:tcp]) == 0, "a wrong IP checksum")
        parts = []
        for count, at in enumerate(range(data, len(frame), self.gso_size)):
            part = bytearray(frame[:data] + frame[at : at + self.gso_size])
            ident = int.from_bytes(frame[18:20], "big") + count
            seq = int.from_bytes(frame[tcp + 4 : tcp + 8], "big") + at - data
            struct.pack_into("!HH", part, 16, len(part) - _ETHERNET, ident & 0xFFFF)
            struct.pack_into("!H", part, 24, 0)
            struct.pack_into("!H", part, 24, checksum(bytes(part[_ETHERNET:tcp])))
            struct.pack_into("!I", part, tcp + 4, seq & 0xFFFFFFFF)
            if at + self.gso_size < len(frame):
                part[tcp + 13] &= ~(FIN | PSH)
            parts.append(bytes(part))
        return parts

    def _summed(self, frame: bytes) -> bytes:
        start, at = self.csum_start, self.csum_start + self.csum_offset
        bare = frame[:at] + b"\0\0" + frame[at + 2 :]
        total = checksum(_pseudo(bare, start) + bare[start:])
        return bare[:at] + struct.pack("!H", total) + bare[at + 2 :]


def left_open(frame: bytes) -> tuple[Offload, bytes]:
    """The other way: as a card gives a frame to a driver that agreed to
    VIRTIO_NET_F_GUEST_CSUM, from a sender on the same host, who has not summed
    it. What is neither TCP nor UDP stays as it is."""
    offset = {TCP: 16, UDP: 6}.get(frame[23]) if frame[12:15] == b"\x08\x00\x45" else None
    if offset is None:
        return Offload(), frame
    start, at = _ETHERNET + _IP, _ETHERNET + _IP + offset
    end = _ETHERNET + int.from_bytes(frame[16:18], "big")
    partial = struct.pack("!H", _sum(_pseudo(frame[:end], start)))
    header = Offload(NEEDS_CSUM, csum_start=start, csum_offset=offset)
    return header, frame[:at] + partial + frame[at + 2 :]
