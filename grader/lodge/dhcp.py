# SPDX-License-Identifier: MIT
"""DHCP by RFC 2131 and 2132, and a server that does what a test tells it.

    dhcp = DhcpServer(router, "10.0.0.1", Lease("10.0.0.2"))
    wire.wait("ask for an address", lambda: dhcp.heard(DISCOVER))

The server answers from the wire's thread. Its knobs may be changed at any
time; `messages` has what the guest has said, in order.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from lodge.ethernet import BROADCAST, IPv4, Udp, ip_bytes, ip_text, mac_bytes, mac_text
from lodge.peer import Station

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE = 1, 2, 3, 4, 5, 6, 7
FOREVER = 0xFFFFFFFF

# Options [RFC 2132], [RFC 3442].
MASK, ROUTER, MTU, REQUESTED, SECONDS, TYPE, SERVER, WANTED = 1, 3, 26, 50, 51, 53, 54, 55
T1, T2, END, ROUTES = 58, 59, 255, 121

_HEAD = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
_COOKIE = b"\x63\x82\x53\x63"


@dataclass
class Message:
    """One message. `yiaddr` is the address that is offered."""

    op: int
    xid: int
    chaddr: str
    ciaddr: str = "0.0.0.0"
    yiaddr: str = "0.0.0.0"
    options: list[tuple[int, bytes]] = field(default_factory=list)
    to: str = ""  # the IP address that it was sent to

    def pack(self) -> bytes:
        none = bytes(4)
        head = _HEAD.pack(
            self.op, 1, 6, 0, self.xid, 0, 0, ip_bytes(self.ciaddr),
            ip_bytes(self.yiaddr), none, none, mac_bytes(self.chaddr), b"", b"",
            _COOKIE,
        )  # fmt: skip
        options = b"".join(bytes([k, len(v)]) + v for k, v in self.options)
        return (head + options + bytes([END])).ljust(300, b"\0")

    @classmethod
    def read(cls, data: bytes) -> Self:
        if len(data) < _HEAD.size or data[236:240] != _COOKIE:
            raise ValueError(f"a DHCP message of {len(data)} bytes")
        head = _HEAD.unpack_from(data)
        options, rest = [], data[_HEAD.size :]
        while rest and rest[0] != END:
            if rest[0] == 0:
                rest = rest[1:]
                continue
            if len(rest) < 2 or len(rest) < 2 + rest[1]:
                raise ValueError("a DHCP option beyond the message's end")
            options.append((rest[0], rest[2 : 2 + rest[1]]))
            rest = rest[2 + rest[1] :]
        return cls(
            head[0], head[4], mac_text(head[11][:6]), ip_text(head[7]),
            ip_text(head[8]), options,
        )  # fmt: skip

    def option(self, kind: int) -> bytes | None:
        return next((v for k, v in self.options if k == kind), None)

    @property
    def type(self) -> int:
        return (self.option(TYPE) or b"\0")[0]


@dataclass
class Lease:
    """What is offered. Times are in seconds; those that are None, and a mask
    or router of "", are left out."""

    address: str
    mask: str = "255.255.255.0"
    router: str = "10.0.0.1"
    seconds: int | None = 3600
    t1: int | None = None
    t2: int | None = None
    mtu: int | None = None
    more: list[tuple[int, bytes]] = field(default_factory=list)

    def options(self) -> list[tuple[int, bytes]]:
        addresses = ((MASK, self.mask), (ROUTER, self.router))
        times = ((SECONDS, self.seconds), (T1, self.t1), (T2, self.t2))
        return [
            *((k, ip_bytes(a)) for k, a in addresses if a),
            *((k, struct.pack("!I", t)) for k, t in times if t is not None),
            *([(MTU, struct.pack("!H", self.mtu))] if self.mtu is not None else []),
            *self.more,
        ]


class DhcpServer:
    """A server at `address`, behind `station`. It answers DISCOVER by OFFER
    and REQUEST by ACK with its `lease`, and says NAK to who wants another
    address. `silent`: it only listens. `nak`: it says NAK to any REQUEST.
    `spoil`, if set, gets each answer's bytes before they go: a list of what
    to send instead, in order."""

    def __init__(self, station: Station, address: str, lease: Lease) -> None:
        self.station, self.address, self.lease = station, address, lease
        self.silent = False
        self.nak = False
        self.spoil: Callable[[Message], list[bytes]] | None = None
        self.messages: list[Message] = []
        station.udp[67] = self._take

    def heard(self, kind: int) -> list[Message]:
        """The messages of that type, so far."""
        return [m for m in self.messages if m.type == kind]

    def answer(self, message: Message, kind: int) -> Message:
        """What an answer of that type to `message` has in it."""
        server = [(TYPE, bytes([kind])), (SERVER, ip_bytes(self.address))]
        if kind == NAK:
            return Message(2, message.xid, message.chaddr, options=server)
        return Message(
            2, message.xid, message.chaddr, message.ciaddr, self.lease.address,
            server + self.lease.options(),
        )  # fmt: skip

    def say(self, message: Message, data: bytes) -> None:
        """Sends `data` to who sent `message`, as his address is so far."""
        renewing = message.ciaddr != "0.0.0.0"
        to = message.ciaddr if renewing else "255.255.255.255"
        self.station.send_udp(
            self.address, to, Udp(67, 68, data), message.chaddr if renewing else BROADCAST
        )

    def _take(self, packet: IPv4, datagram: Udp) -> None:
        message = Message.read(datagram.data)
        message.to = packet.target
        self.messages.append(message)
        # Who sends to another server does not mean this one [RFC 2131 §4.3.2].
        if packet.target not in ("255.255.255.255", self.address) or self.silent:
            return
        chosen = message.option(SERVER)
        if chosen and ip_text(chosen) != self.address:
            return
        if message.type == DISCOVER:
            self._send(message, OFFER)
        elif message.type == REQUEST:
            asked = message.option(REQUESTED)
            wanted = ip_text(asked) if asked else message.ciaddr
            fits = wanted == self.lease.address and not self.nak
            self._send(message, ACK if fits else NAK)

    def _send(self, message: Message, kind: int) -> None:
        answer = self.answer(message, kind)
        for data in self.spoil(answer) if self.spoil else [answer.pack()]:
            self.say(message, data)
