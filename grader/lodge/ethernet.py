# SPDX-License-Identifier: MIT
"""Frames, byte by byte: Ethernet, ARP, IPv4, ICMP, UDP and TCP.

Pure: numbers and bytes in, bytes out, and back. Each layer has a class whose
pack() makes the bytes and whose read() takes them apart; what read() can't
make sense of is a ValueError, whose words say what is wrong with it. Addresses
are written as people do: "02:00:00:00:00:01", "10.0.0.1". A test that wants
a malformed frame makes a good one, and changes its bytes.

    frame = Ethernet(guest.mac, mac, IPV4, IPv4("10.0.0.1", "10.0.0.2", UDP,
                     udp.pack("10.0.0.1", "10.0.0.2")).pack()).pack()
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Self

BROADCAST = "ff:ff:ff:ff:ff:ff"
IPV4, ARP = 0x0800, 0x0806
ICMP, TCP, UDP = 1, 6, 17
ARP_REQUEST, ARP_REPLY = 1, 2
ECHO_REPLY, ECHO_REQUEST = 0, 8
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MORE_FRAGMENTS = 0x2000

_ARP = struct.Struct("!HHBBH6s4s6s4s")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_UDP = struct.Struct("!HHHH")
_TCP = struct.Struct("!HHIIBBHHH")


def mac_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def mac_text(data: bytes) -> str:
    return data.hex(":")


ip_bytes = socket.inet_aton
ip_text = socket.inet_ntoa


def checksum(data: bytes) -> int:
    """The Internet checksum [RFC 1071]; 0 over data that carries its own."""
    if len(data) % 2:
        data += b"\0"
    number = int.from_bytes(data, "big")
    total = number % 0xFFFF or (0xFFFF if number else 0)  # words, carries put back
    return ~total & 0xFFFF


def _pseudo(source: str, target: str, protocol: int, length: int) -> bytes:
    return ip_bytes(source) + ip_bytes(target) + struct.pack("!HH", protocol, length)


def _need(enough: bool, what: str) -> None:
    if not enough:
        raise ValueError(what)


@dataclass
class Ethernet:
    target: str
    source: str
    type: int
    data: bytes

    def pack(self) -> bytes:
        head = mac_bytes(self.target) + mac_bytes(self.source)
        return head + struct.pack("!H", self.type) + self.data

    @classmethod
    def read(cls, frame: bytes) -> Self:
        _need(len(frame) >= 14, f"a frame of {len(frame)} bytes")
        kind = int.from_bytes(frame[12:14], "big")
        return cls(mac_text(frame[:6]), mac_text(frame[6:12]), kind, frame[14:])


@dataclass
class Arp:
    """ARP over Ethernet [RFC 826]."""

    operation: int
    source_mac: str
    source: str
    target_mac: str
    target: str

    def pack(self) -> bytes:
        return _ARP.pack(
            1, IPV4, 6, 4, self.operation, mac_bytes(self.source_mac),
            ip_bytes(self.source), mac_bytes(self.target_mac), ip_bytes(self.target),
        )  # fmt: skip

    @classmethod
    def read(cls, data: bytes) -> Self:
        _need(len(data) >= _ARP.size, f"an ARP packet of {len(data)} bytes")
        kinds, (op, sha, spa, tha, tpa) = data[:6], _ARP.unpack_from(data)[4:]
        _need(kinds == b"\0\1\x08\0\6\4", f"an ARP packet about {kinds.hex()}")
        return cls(op, mac_text(sha), ip_text(spa), mac_text(tha), ip_text(tpa))


@dataclass
class IPv4:
    """A packet without options [RFC 791]. `fragment` has its flags as well."""

    source: str
    target: str
    protocol: int
    data: bytes
    ident: int = 0
    fragment: int = 0
    ttl: int = 64

    def pack(self) -> bytes:
        head = _IPV4.pack(
            0x45, 0, 20 + len(self.data), self.ident, self.fragment, self.ttl,
            self.protocol, 0, ip_bytes(self.source), ip_bytes(self.target),
        )  # fmt: skip
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + self.data

    @classmethod
    def read(cls, data: bytes) -> Self:
        _need(len(data) >= 20, f"an IP packet of {len(data)} bytes")
        head, _, length, ident, fragment, ttl, protocol, _, source, target = (
            _IPV4.unpack_from(data)
        )
        size = (head & 15) * 4
        _need(head >> 4 == 4 and size >= 20, f"an IP packet that begins with {head:#x}")
        _need(size <= length <= len(data), f"an IP packet's length {length}")
        _need(checksum(data[:size]) == 0, "a wrong IP checksum")
        return cls(
            ip_text(source), ip_text(target), protocol, data[size:length],
            ident, fragment, ttl,
        )  # fmt: skip


@dataclass
class Echo:
    """A ping or its answer [RFC 792]."""

    type: int
    ident: int
    number: int
    data: bytes

    def pack(self) -> bytes:
        rest = struct.pack("!HH", self.ident, self.number) + self.data
        total = checksum(bytes([self.type, 0, 0, 0]) + rest)
        return struct.pack("!BBH", self.type, 0, total) + rest

    @classmethod
    def read(cls, data: bytes) -> Self:
        _need(len(data) >= 8, f"an ICMP message of {len(data)} bytes")
        _need(checksum(data) == 0, "a wrong ICMP checksum")
        ident, number = struct.unpack_from("!HH", data, 4)
        return cls(data[0], ident, number, data[8:])


@dataclass
class Udp:
    source: int
    target: int
    data: bytes

    def pack(self, source: str, target: str) -> bytes:
        """With the checksum that it has between these two addresses."""
        length = 8 + len(self.data)
        bare = _UDP.pack(self.source, self.target, length, 0) + self.data
        total = checksum(_pseudo(source, target, UDP, length) + bare) or 0xFFFF
        return bare[:6] + struct.pack("!H", total) + self.data

    @classmethod
    def read(cls, packet: IPv4) -> Self:
        data = packet.data
        _need(len(data) >= 8, f"a datagram of {len(data)} bytes")
        source, target, length, total = _UDP.unpack_from(data)
        _need(8 <= length <= len(data), f"a datagram's length {length}")
        whole = _pseudo(packet.source, packet.target, UDP, length) + data[:length]
        _need(total == 0 or checksum(whole) == 0, "a wrong UDP checksum")
        return cls(source, target, data[8:length])


@dataclass
class Segment:
    """Of TCP [RFC 9293 §3.1]. `options` are bytes, a multiple of four."""

    source: int
    target: int
    seq: int
    ack: int
    flags: int
    window: int
    data: bytes = b""
    options: bytes = b""

    def pack(self, source: str, target: str) -> bytes:
        """With the checksum that it has between these two addresses."""
        size = 20 + len(self.options)
        bare = (
            _TCP.pack(
                self.source, self.target, self.seq & 0xFFFFFFFF,
                self.ack & 0xFFFFFFFF, size << 2, self.flags, self.window, 0, 0,
            ) + self.options + self.data
        )  # fmt: skip
        total = checksum(_pseudo(source, target, TCP, len(bare)) + bare)
        return bare[:16] + struct.pack("!H", total) + bare[18:]

    @classmethod
    def read(cls, packet: IPv4, summed: bool = True) -> Self:
        """`summed`: its checksum has been made, and must be right."""
        data = packet.data
        _need(len(data) >= 20, f"a segment of {len(data)} bytes")
        source, target, seq, ack, offset, flags, window, _, _ = _TCP.unpack_from(data)
        size = (offset >> 4) * 4
        _need(20 <= size <= len(data), f"a segment whose header has {size} bytes")
        whole = _pseudo(packet.source, packet.target, TCP, len(data)) + data
        _need(not summed or checksum(whole) == 0, "a wrong TCP checksum")
        return cls(source, target, seq, ack, flags, window, data[size:], data[20:size])

    def length(self) -> int:
        """In sequence numbers: SYN and FIN count as one each."""
        return len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN)

    def option(self, kind: int) -> bytes | None:
        """The value of the option of that kind, if it is there."""
        rest = self.options
        while rest and rest[0]:
            if rest[0] == 1:
                rest = rest[1:]
            elif len(rest) < 2 or not 2 <= rest[1] <= len(rest):
                return None
            elif rest[0] == kind:
                return rest[2 : rest[1]]
            else:
                rest = rest[rest[1] :]
        return None
