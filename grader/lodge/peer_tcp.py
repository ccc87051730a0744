# SPDX-License-Identifier: MIT
"""TCP enough for a client: what a test tells it, and nothing behind its back.

    client = Client(router, "10.0.0.1", guest_ip, 80)
    client.open()
    client.send(b"GET / HTTP/1.0\\r\\n\\r\\n")
    client.wait_end()
    page = bytes(client.received)

It puts what comes into order, acknowledges it, and sends again what is not
acknowledged, so that it gets through a bad cable (peer.Trouble). Every byte
that comes twice is compared with what it was.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from lodge.ethernet import ACK, FIN, PSH, RST, SYN, IPv4, Segment
from lodge.machine import GuestError
from lodge.peer import Station

_SEQUENCES = 1 << 32


def _ahead(a: int, b: int) -> int:
    """How far `a` is ahead of `b`; negative when it is behind."""
    return (a - b + _SEQUENCES // 2) % _SEQUENCES - _SEQUENCES // 2


class Client:
    """One connection to `to`:`port` from `source`, an address behind
    `station`. The knobs may be changed at any time:

    `acks`     whether it acknowledges what comes; what it says by itself it
               still says.
    `window`   what it offers, in bytes: up to 65535, or 4 MiB with `scale`.
    `limit`    of all that comes it takes so many bytes, and offers no room for
               more.
    `again`    seconds after which it sends again what has no answer; 0: never.
    """

    _next_port = 20000

    def __init__(
        self, station: Station, source: str, to: str, port: int, *,
        own_port: int = 0, mss: int = 1460, scale: int | None = 7, seq: int = 1000,
    ) -> None:  # fmt: skip
        Client._next_port += 1
        self.station, self.wire = station, station.wire
        self.source, self.to, self.port = source, to, port
        self.own_port = own_port or Client._next_port
        self.mss, self.scale, self.seq = mss, scale, seq
        self.acks = True
        self.window = 65535 if scale is None else 1 << 20
        self.limit: int | None = None
        self.again = 0.3
        self.established = self.ended = self.reset = False
        self.received = bytearray()
        self.segments: list[Segment] = []  # all that came, up to `keep`
        self.keep = 64
        self.peer_mss = 536
        self._waiting: dict[int, bytes] = {}  # what came too early, by place
        self._end: int | None = None  # where the guest's bytes end
        self._base = 0  # the guest's number of its first byte
        self._unacked: list[Segment] = []
        station.tcp[source, self.own_port] = self._take

    # ---- Out -----------------------------------------------------------------

    @property
    def next_ack(self) -> int:
        return (self._base + len(self.received) + self.ended) % _SEQUENCES

    def segment(self, flags: int, data: bytes = b"", seq: int | None = None) -> Segment:
        """A segment as it would be now; nothing is sent."""
        shift = 0 if flags & SYN else self.scale or 0
        room = self.window
        if self.limit is not None:
            room = min(room, max(0, self.limit - len(self.received)))
        window = min(room >> shift, 65535)
        return Segment(
            self.own_port, self.port, self.seq if seq is None else seq,
            self.next_ack if flags & ACK else 0, flags, window, data,
        )  # fmt: skip

    def emit(self, segment: Segment) -> None:
        """Sends a segment of any kind, once, and forgets it."""
        self.station.send_tcp(self.source, self.to, segment)

    def _emit_surely(self, segment: Segment) -> None:
        with self.wire.changed:
            self.seq = (self.seq + segment.length()) % _SEQUENCES
            self._unacked.append(segment)
            self.emit(segment)
            self._watch(segment)

    def _watch(self, segment: Segment) -> None:
        def look() -> None:
            if segment in self._unacked and not self.reset:
                segment.ack = self.next_ack if segment.flags & ACK else 0
                self.emit(segment)
                self._watch(segment)

        if self.again:
            self.wire.after(self.again, look)

    def syn(self) -> None:
        """The first segment, with what it offers. Nobody waits."""
        segment = self.segment(SYN)
        segment.options = struct.pack("!BBH", 2, 4, self.mss)
        if self.scale is not None:
            segment.options += bytes([1, 3, 3, self.scale])
        self._emit_surely(segment)

    def open(self, seconds: float = 10) -> Client:
        self.syn()
        self.wire.wait(
            f"answer a SYN for port {self.port}",
            lambda: self.established or self.reset, seconds,
        )  # fmt: skip
        return self

    def send(self, data: bytes, end: bool = False) -> None:
        """`end`: the last segment of it is the last of all."""
        step = min(self.peer_mss, self.mss)
        for i in range(0, len(data), step):
            last = FIN if end and i + step >= len(data) else 0
            self._emit_surely(self.segment(ACK | PSH | last, data[i : i + step]))

    def fin(self) -> None:
        self._emit_surely(self.segment(FIN | ACK))

    def rst(self) -> None:
        self.emit(self.segment(RST | ACK))
        self.forget()

    def acknowledge(self) -> None:
        self.emit(self.segment(ACK))

    def forget(self) -> None:
        """As if it had never been: what comes for it is stray from now on."""
        with self.wire.changed:
            self._unacked.clear()
            self.station.tcp.pop((self.source, self.own_port), None)

    # ---- In --------------------------------------------------------------------

    def _take(self, packet: IPv4, segment: Segment) -> None:
        if len(self.segments) < self.keep:
            self.segments.append(segment)
        if segment.flags & RST:
            self.reset = True
            return
        if segment.flags & ACK:
            self._unacked = [
                s for s in self._unacked
                if _ahead(s.seq + s.length(), segment.ack) > 0
            ]  # fmt: skip
        if segment.flags & SYN:
            self._take_syn(segment)
        elif self.established and segment.length():
            self._take_bytes(segment)

    def _take_syn(self, segment: Segment) -> None:
        if not self.established:
            self._base = (segment.seq + 1) % _SEQUENCES
            mss = segment.option(2)
            self.peer_mss = struct.unpack("!H", mss)[0] if mss else 536
            self.established = True
        if self.acks:
            self.acknowledge()

    def place(self, segment: Segment) -> int:
        """Where its bytes lie among all that the guest sends."""
        return _ahead(segment.seq, self._base)

    def _take_bytes(self, segment: Segment) -> None:
        at = self.place(segment)
        if segment.flags & FIN:
            self._end = at + len(segment.data)
        known = bytes(self.received[max(at, 0) : at + len(segment.data)])
        if at < 0 or known != segment.data[: len(known)]:
            self.wire.wrong.append(f"byte {at} of {self.own_port} is another than it was")
            return
        data = segment.data[: max(0, self.limit - at)] if self.limit else segment.data
        self._waiting[at] = max(data, self._waiting.get(at, b""), key=len)
        for place in sorted(self._waiting):
            if place > len(self.received):
                break
            data = self._waiting.pop(place)
            self.received += data[len(self.received) - place :]
        self.ended = self._end is not None and len(self.received) >= self._end
        if self.acks:
            self.acknowledge()

    # ---- Waiting ------------------------------------------------------------------

    def wait_for(self, what: str, fine: Callable[[], bool], seconds: float = 10) -> None:
        """Until fine(), which looks at this connection; a GuestError as from
        Wire.wait() when it does not come, or the connection ends before."""
        self.wire.wait(what, lambda: fine() or self.ended or self.reset, seconds)
        if not fine():
            words = "reset" if self.reset else "ended"
            raise GuestError(f"The guest {words} a connection and did not {what}.", self.wire.guest)

    def wait_end(self, seconds: float = 10) -> bytes:
        """Until the guest has ended or reset it; all that came."""
        self.wire.wait("end a connection", lambda: self.ended or self.reset, seconds)
        return bytes(self.received)

    def wait_acknowledged(self, seconds: float = 10) -> None:
        """Until the guest has all that was sent, a FIN included."""
        self.wire.wait(
            "acknowledge what was sent", lambda: not self._unacked or self.reset, seconds
        )

    def get(self, path: str, seconds: float = 10) -> tuple[int, bytes]:
        """A whole exchange by HTTP/1.0: status and body. Opens and closes."""
        self.open(seconds)
        self.send(f"GET {path} HTTP/1.0\r\nHost: guest\r\n\r\n".encode())
        head, _, body = self.wait_end(seconds).partition(b"\r\n\r\n")
        if not self.reset:
            self.fin()
            self.wait_acknowledged(seconds)
        words = head.split(maxsplit=2)
        return int(words[1]) if len(words) > 1 else 0, body
