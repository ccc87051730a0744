# SPDX-License-Identifier: MIT
"""A frame in a line, for who has no tcpdump."""

from __future__ import annotations

import struct
from collections.abc import Callable

from lodge.ethernet import (
    ACK, ARP, ARP_REQUEST, ECHO_REQUEST, FIN, ICMP, IPV4, PSH, RST, SYN, TCP, UDP,
    Arp, Echo, Ethernet, IPv4, Segment, Udp,
)  # fmt: skip

_FLAGS = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"))


def _arp(data: bytes) -> str:
    arp = Arp.read(data)
    if arp.operation == ARP_REQUEST:
        return f"ARP, who has {arp.target}? Tell {arp.source}"
    return f"ARP, {arp.source} is at {arp.source_mac}"


def _icmp(packet: IPv4) -> str:
    echo = Echo.read(packet.data)
    what = "ping" if echo.type == ECHO_REQUEST else f"ICMP {echo.type}"
    what = "pong" if echo.type == 0 else what
    return f"{packet.source} > {packet.target}: {what} {echo.number}, {len(echo.data)} bytes"


def _udp(packet: IPv4) -> str:
    udp = Udp.read(packet)
    ends = f"{packet.source}:{udp.source} > {packet.target}:{udp.target}"
    dhcp = " (DHCP)" if {udp.source, udp.target} == {67, 68} else ""
    return f"{ends}: UDP{dhcp}, {len(udp.data)} bytes"


def _tcp(packet: IPv4) -> str:
    # A card may be left to make the sum, and then it is not there yet.
    s = Segment.read(packet, summed=False)
    flags = " ".join(name for bit, name in _FLAGS if s.flags & bit)
    text = f"{packet.source}:{s.source} > {packet.target}:{s.target}: TCP {flags}, seq {s.seq}"
    text += f", ack {s.ack}" if s.flags & ACK else ""
    first = s.data.split(b"\r\n")[0][:50]
    readable = first and first.isascii() and first.decode().isprintable()
    shown = f' "{first.decode()}"' if readable else ""
    return f"{text}, window {s.window}, {len(s.data)} bytes{shown}"


_PROTOCOLS: dict[int, Callable[[IPv4], str]] = {ICMP: _icmp, UDP: _udp, TCP: _tcp}


def describe(frame: bytes) -> str:
    """Says what is in it, or what is wrong with it."""
    try:
        ethernet = Ethernet.read(frame)
        if ethernet.type == ARP:
            return _arp(ethernet.data)
        if ethernet.type != IPV4:
            return f"{ethernet.source} > {ethernet.target}: type {ethernet.type:#06x}, {len(frame)} bytes"
        packet = IPv4.read(ethernet.data)
        known = _PROTOCOLS.get(packet.protocol)
        if known and not packet.fragment & 0x1FFF:
            return known(packet)
        return f"{packet.source} > {packet.target}: protocol {packet.protocol}, {len(packet.data)} bytes"
    except ValueError as error:
        return f"{error} ({len(frame)} bytes: {frame[:24].hex(' ')} ...)"


class Pcap:
    """Takes a capture apart as it grows: bytes in, lines out."""

    def __init__(self) -> None:
        self._data = b""
        self._begun = False
        self._first: float | None = None
        self.count = 0

    def feed(self, data: bytes) -> list[str]:
        self._data += data
        if not self._begun:
            if len(self._data) < 24:
                return []
            self._data, self._begun = self._data[24:], True
        lines = []
        while len(self._data) >= 16:
            seconds, parts, size, _ = struct.unpack_from("<4I", self._data)
            if len(self._data) < 16 + size:
                break
            frame, self._data = self._data[16 : 16 + size], self._data[16 + size :]
            when = seconds + parts / 1e6
            self._first = when if self._first is None else self._first
            self.count += 1
            lines.append(f"{when - self._first:9.6f}  {describe(frame)}")
        return lines
