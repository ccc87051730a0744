# SPDX-License-Identifier: MIT
"""The other end of the guest's cable, without root: raw frames both ways.

    wire = Wire()
    guest = wire.plug(boot("web", **wire.variables()))
    router = Station(wire, "02:00:00:00:00:01", "10.0.0.1")
    router.answers("10.0.0.1")

A `Wire` is the cable: one end of a socket pair whose other end is QEMU's
network. A thread of its own takes what comes, so that ARP and DHCP are answered
while a test waits for something else; whoever waits for frames does so by
Wire.wait(). A `Station` is a card on the cable with any number of addresses:
it answers ARP and pings, and hands UDP and TCP to who asked for them.
"""

from __future__ import annotations

import heapq
import itertools
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lodge.ethernet import (
    ARP, ARP_REPLY, ARP_REQUEST, BROADCAST, ECHO_REPLY, ECHO_REQUEST, ICMP, IPV4,
    TCP, UDP, Arp, Echo, Ethernet, IPv4, Segment, Udp,
)  # fmt: skip
from lodge.machine import GuestError, GuestSilent, Machine

T = TypeVar("T")


@dataclass
class Trouble:
    """What a bad cable does to IP packets, both ways: shares of 0 to 1. A test
    that has something more particular in mind has a fate() of its own."""

    loss: float = 0.0
    twice: float = 0.0
    late: float = 0.0  # comes after the next one, or some milliseconds later
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    LATE = 0.01

    def fate(self, frame: bytes) -> list[float]:
        """When the packet in that frame arrives: after so many seconds, once for
        each."""
        if self.chance.random() < self.loss:
            return []
        if self.chance.random() < self.late:
            return [self.LATE]
        return [0.0] * (1 + (self.chance.random() < self.twice))


class Wire:
    """One guest's cable.

    `mac` is the guest's address once it has sent something; `frames` all that
    it has sent, as bytes, the last 4096 of them; `seen` counts them, and
    `wrong` has the words for those that make no sense. Each of `listeners` is
    called with every frame, by the wire's thread, which holds `changed`; each of
    `spies` with every frame as the guest gave it, whatever becomes of it.
    """

    def __init__(self, ends: tuple[socket.socket, Any] | None = None) -> None:
        """`ends`: ours, and QEMU's."""
        pair = socket.AF_UNIX, socket.SOCK_SEQPACKET
        self._ours, self.theirs = ends or socket.socketpair(*pair)
        self._ours.setblocking(False)
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)
        self.changed = threading.Condition()
        self.frames: deque[bytes] = deque(maxlen=4096)
        self.seen = 0
        self.wrong: list[str] = []
        self.listeners: list[Callable[[Ethernet], None]] = []
        self.spies: list[Callable[[Ethernet], None]] = []
        self.mac = ""
        self.leaves_open = True  # checksums, where it can: see TapWire
        self.trouble: Trouble | None = None
        self.guest: Machine | None = None
        self.gone = False
        self._closed = False
        self._outgoing: deque[bytes] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def variables(self) -> dict[str, Any]:
        """For Machine(), so that net0 of the guest is on this wire."""
        return {
            "sockets": {"wire": self.theirs},
            "NETDEV": "dgram,local.type=fd,local.str=@wire@",
        }

    def plug(self, guest: Machine) -> Machine:
        """Whose wire it is: for the words when something does not come."""
        self.guest = guest
        self.theirs.close()
        return guest

    def close(self) -> None:
        self._closed = True
        self._wake()
        self._thread.join()
        for s in (self._ours, self.theirs, self._waker, self._wakes):
            s.close()

    def _wake(self) -> None:
        try:
            self._waker.send(b"x")
        except BlockingIOError:
            pass  # it has been woken often enough

    # ---- Out and in ----------------------------------------------------------

    def send(self, frame: bytes) -> None:
        """Sends one frame; it waits here while QEMU takes none."""
        with self.changed:
            for one in self._troubled(frame, self._send_now):
                self._send_now(one)

    def _send_now(self, frame: bytes) -> None:
        self._outgoing.append(frame)
        self._flush()
        if self._outgoing:
            self._wake()

    def _flush(self) -> None:
        while self._outgoing:
            try:
                self._put(self._outgoing[0])
            except BlockingIOError:
                return
            except OSError:
                self.gone = True
            self._outgoing.popleft()

    def _put(self, frame: bytes) -> None:
        self._ours.send(frame)

    def _get(self) -> list[bytes] | None:
        """The frames that the next thing to come is made of; None: the end."""
        frame = self._ours.recv(1 << 16)
        if frame:
            self._spy(frame)
        return [frame] if frame else None

    def _spy(self, frame: bytes) -> None:
        if self.spies and len(frame) >= 14:  # else _take() finds out
            for spy in self.spies:
                spy(Ethernet.read(frame))

    def _troubled(self, frame: bytes, go_on: Callable[[bytes], None]) -> list[bytes]:
        """How often the frame gets through now; go_on() takes it later."""
        if not self.trouble or frame[12:14] != b"\x08\0":
            return [frame]
        now = []
        for delay in self.trouble.fate(frame):
            if delay:
                self.after(delay, lambda: go_on(frame))
            else:
                now.append(frame)
        return now

    def _take(self, frame: bytes) -> None:
        self.seen += 1
        self.frames.append(frame)
        try:
            whole = Ethernet.read(frame)
            self.mac = self.mac or whole.source
            for listener in list(self.listeners):
                listener(whole)
        except ValueError as error:
            self.wrong.append(f"{error}: {frame[:80].hex()}")

    # ---- Time ------------------------------------------------------------------

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Has the wire's thread call, that much later."""
        with self.changed:
            due = time.monotonic() + seconds
            heapq.heappush(self._timers, (due, next(self._numbers), call))
            self._wake()

    def _run_timers(self) -> float | None:
        """Runs what is due; how long until the next."""
        while self._timers:
            left = self._timers[0][0] - time.monotonic()
            if left > 0:
                return left
            heapq.heappop(self._timers)[2]()
        return None

    def _run(self) -> None:
        """The thread."""
        while not self._closed:
            with self.changed:
                left = self._run_timers()
                self.changed.notify_all()
            readers = [self._wakes] if self.gone else [self._wakes, self._ours]
            writers = [self._ours] if self._outgoing else []
            readable, _, _ = select.select(readers, writers, [], left)
            if self._wakes in readable:
                self._wakes.recv(4096)
            with self.changed:
                self._flush()
                if self._ours in readable:
                    self._receive_all()

    def _receive_all(self) -> None:
        for _ in range(64):
            try:
                frames = self._get()
            except BlockingIOError:
                return
            except OSError:
                frames = None
            if frames is None:
                self.gone = True
                return
            for frame in frames:
                for one in self._troubled(frame, self._take):
                    self._take(one)

    # ---- Waiting -----------------------------------------------------------------

    def wait(self, what: str, happened: Callable[[], T], seconds: float = 10) -> T:
        """Until happened() is true; then its value. `what` is the rest of the
        sentence "The guest did not ..."; a GuestError when it can't come any
        more, or has not come in time."""
        assert self.guest
        limit = time.monotonic() + self.guest.pace(seconds)
        with self.changed:
            while not (value := happened()):
                if self.gone:
                    break
                left = limit - time.monotonic()
                if left <= 0:
                    said = f" What it sent makes no sense: {self.wrong[0]}." if self.wrong else ""
                    raise GuestSilent(
                        f"The guest did not {what} within "
                        f"{self.guest.pace(seconds):.1f} s.{said}", self.guest,
                    )  # fmt: skip
                self.changed.wait(left)
            else:
                return value
        self.guest.raise_if_dead(what, patience=2)
        raise GuestError(f"The guest did not {what}: its cable has gone.", self.guest)


class Station:
    """A card on the wire. What is sent to its `mac` is its own, whatever the
    address in the packet: so it is a router as well. It answers ARP for the
    addresses of `answers`, pings to any, and keeps what it learns by ARP."""

    def __init__(self, wire: Wire, mac: str, *addresses: str) -> None:
        self.wire, self.mac = wire, mac
        self.answers = set(addresses)
        self.learnt: dict[str, str] = {}
        self.arps: list[Arp] = []  # what the guest has said by ARP
        self.echoes: list[tuple[IPv4, Echo]] = []  # its answers to pings
        self.udp: dict[int, Callable[[IPv4, Udp], None]] = {}  # by port
        self.tcp: dict[tuple[str, int], Callable[[IPv4, Segment], None]] = {}
        self.strays: list[tuple[IPv4, Segment]] = []  # to nobody in `tcp`
        wire.listeners.append(self._take)

    # ---- Out -------------------------------------------------------------------

    def send(self, kind: int, data: bytes, target: str = "") -> None:
        """A frame to the guest, or to the hardware address `target`."""
        to = target or self.wire.mac or BROADCAST
        self.wire.send(Ethernet(to, self.mac, kind, data).pack())

    def send_ip(self, packet: IPv4, target: str = "") -> None:
        self.send(IPV4, packet.pack(), target)

    def send_udp(self, source: str, to: str, datagram: Udp, target: str = "") -> None:
        self.send_ip(IPv4(source, to, UDP, datagram.pack(source, to)), target)

    def send_tcp(self, source: str, to: str, segment: Segment) -> None:
        self.send_ip(IPv4(source, to, TCP, segment.pack(source, to)))

    def ask_arp(self, source: str, wanted: str) -> None:
        """Who has `wanted`? The answer comes into `learnt`."""
        question = Arp(ARP_REQUEST, self.mac, source, "00:00:00:00:00:00", wanted)
        self.send(ARP, question.pack(), BROADCAST)

    def ping(self, source: str, to: str, echo: Echo) -> None:
        self.send_ip(IPv4(source, to, ICMP, echo.pack()))

    # ---- In --------------------------------------------------------------------

    def _take(self, frame: Ethernet) -> None:
        if frame.target not in (self.mac, BROADCAST):
            return
        if frame.type == ARP:
            self._take_arp(Arp.read(frame.data))
        elif frame.type == IPV4:
            self._take_ip(IPv4.read(frame.data))

    def _take_arp(self, arp: Arp) -> None:
        self.arps.append(arp)
        if arp.operation == ARP_REPLY or arp.source != "0.0.0.0":
            self.learnt[arp.source] = arp.source_mac
        if arp.operation == ARP_REQUEST and arp.target in self.answers:
            answer = Arp(ARP_REPLY, self.mac, arp.target, arp.source_mac, arp.source)
            self.send(ARP, answer.pack(), arp.source_mac)

    def _take_ip(self, packet: IPv4) -> None:
        if packet.protocol == ICMP:
            self._take_echo(packet, Echo.read(packet.data))
        elif packet.protocol == UDP:
            datagram = Udp.read(packet)
            if taker := self.udp.get(datagram.target):
                taker(packet, datagram)
        elif packet.protocol == TCP:
            segment = Segment.read(packet)
            if found := self.tcp.get((packet.target, segment.target)):
                found(packet, segment)
            else:
                self.strays.append((packet, segment))

    def _take_echo(self, packet: IPv4, echo: Echo) -> None:
        if echo.type == ECHO_REPLY:
            self.echoes.append((packet, echo))
        elif echo.type == ECHO_REQUEST:
            answer = Echo(ECHO_REPLY, echo.ident, echo.number, echo.data)
            self.ping(packet.target, packet.source, answer)
