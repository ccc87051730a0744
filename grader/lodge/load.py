# SPDX-License-Identifier: MIT
"""Load for a web server: requests of many kinds, mixed, over many connections.

What each answer must be is known beforehand (from the folder that was put on
the disk), and every one is looked at: its status, its length, and a checksum
of its content. Requests are pipelined in batches, so that one process here
keeps a guest busy; how long an answer took is measured with single requests,
a few in a thousand.

    client = Load(port, site, seed)
    client.mixed(1_000_000)
    client.short(10_000)
"""

from __future__ import annotations

import random
import re
import selectors
import socket
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 32
BATCH = 40  # requests in flight on one connection
BATCHES = 60  # on one connection, before it ends in one way or another
PATIENCE_S = 60.0

_HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)\r$")


class Wrong(AssertionError):
    """An answer that is not what it must be."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as bytes, and what must come back. `sum` is the content's
    CRC-32; None: whatever it is."""

    kind: str
    text: bytes
    status: int
    length: int | None
    sum: int | None
    body: bool = True  # a HEAD's answer has none
    closes: bool = False

    def check(self, status: int, length: int, content: memoryview) -> None:
        if status != self.status:
            raise Wrong(f"{self.text[:80]!r} was answered {status}, not {self.status}")
        if self.length is not None and length != self.length:
            raise Wrong(f"{self.text[:80]!r}: {length} bytes, not {self.length}")
        if self.body and self.sum is not None and zlib.crc32(content) != self.sum:
            raise Wrong(f"{self.text[:80]!r}: other content than the file has")


def _ask(kind: str, method: str, path: str, status: int, content: bytes | None, *fields: str) -> Ask:
    head = "".join(f"{f}\r\n" for f in ("Host: soak", *fields))
    return Ask(
        kind,
        f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode(),
        status,
        len(content) if content is not None else None,
        zlib.crc32(content) if content is not None else None,
        body=method != "HEAD" and status != 304,
        closes="Connection: close" in fields,
    )


def menu(site: Path, etags: dict[str, str]) -> list[tuple[int, Ask]]:
    """What is asked for, and how often in comparison. `etags` says what the
    server calls each path's present state."""
    small = {p: (site / p).read_bytes() for p in ("style.css", "favicon.svg", "screen.png")}
    page = (site / "README.html").read_bytes()
    numbers = (site / "numbers.txt").read_bytes()
    asks = [(24, _ask("GET", "GET", f"/{p}", 200, b)) for p, b in small.items()]
    asks += [
        (24, _ask("GET", "GET", "/README.html", 200, page)),
        (8, _ask("GET of a folder", "GET", "/", 200, (site / "index.html").read_bytes())),
        (24, _ask("HEAD", "HEAD", "/README.html", 200, page)),
        (8, _ask("HEAD", "HEAD", "/numbers.txt", 200, numbers)),
        (12, _ask("made", "GET", "/stats", 200, None)),
        (8, _ask("redirect", "GET", "/docs", 301, None)),
        (4, _ask("listing", "GET", "/solutions/", 200, None)),
        (24, _ask("404", "GET", "/nothing/here.html", 404, None)),
        (4, _ask("400", "GET", "/%00", 400, None)),
        (4, _ask("400", "GET", "/../../etc/passwd", 400, None)),
        (6, _ask("405", "POST", "/style.css", 405, None, "Content-Length: 0")),
        (6, _ask("501", "BREW", "/style.css", 501, None)),
        (4, _ask("OPTIONS", "OPTIONS", "/style.css", 200, None)),
    ]
    for p, b in small.items():
        asks += [
            (8, _ask("304", "GET", f"/{p}", 304, None, f"If-None-Match: {etags[p]}")),
            (4, _ask("412", "GET", f"/{p}", 412, None, 'If-Match: "another"')),
        ]
    rng = random.Random("ranges")
    for _ in range(16):
        first = rng.randrange(len(numbers) - 70000)
        last = first + rng.choice((0, 15, 999, 4095, 4096, 20000, 65535))
        part = numbers[first : last + 1]
        field_ = f"Range: bytes={first}-{last}"
        asks.append((2, _ask("range", "GET", "/numbers.txt", 206, part, field_)))
    asks += [
        (4, _ask("range", "GET", "/numbers.txt", 206, numbers[-100:], "Range: bytes=-100")),
        (4, _ask("416", "GET", "/style.css", 416, None, "Range: bytes=999999-")),
    ]
    gz = (site / "README.html.gz").read_bytes()
    asks.append((16, _ask("compressed", "GET", "/README.html", 200, gz, "Accept-Encoding: gzip")))
    return asks


# Each ends its connection with this status, or just ends it.
BAD: list[tuple[bytes, bytes]] = [
    (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"400"),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"505"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", b"400"),
    (b"\x00\xff\xfe nonsense\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000 + b"\r\n", b"431"),
]


@dataclass
class Figures:
    """What was done, and how long single requests took, in ms, in order."""

    kinds: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    bytes: int = 0
    seconds: float = 0.0
    latency: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(self.kinds.values())

    def p(self, percent: float, part: slice = slice(None)) -> float:
        times = sorted(self.latency[part])
        return times[min(len(times) - 1, int(len(times) * percent / 100))] if times else 0.0

    def drift(self, percent: float = 99) -> float:
        """The last tenth's percentile over the first tenth's."""
        tenth = max(1, len(self.latency) // 10)
        return self.p(percent, slice(-tenth, None)) / max(self.p(percent, slice(0, tenth)), 1e-6)


class Connection:
    """A batch of requests sent at once, answers taken apart as they come."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)
        self.socket.setblocking(False)
        self.asked: list[Ask] = []
        self.at = 0  # the answer that is awaited
        self.buffer = bytearray()
        self.out = b""
        self.batches = 0
        self.began = 0.0

    def ask(self, asks: list[Ask]) -> None:
        self.asked, self.at = asks, 0
        self.out = b"".join(a.text for a in asks)
        self.batches += 1
        self.began = time.monotonic()
        self.push()

    def push(self) -> None:
        try:
            while self.out:
                self.out = self.out[self.socket.send(self.out) :]
        except BlockingIOError:
            pass

    def pull(self, figures: Figures) -> bool:
        """Takes what has come; true when every answer is there."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return False
        if not data:
            raise Wrong(f"closed before the answer to {self.asked[self.at].text[:80]!r}")
        self.buffer += data
        figures.bytes += len(data)
        done = 0
        while self.at < len(self.asked):
            used = self._answer(done, figures)
            if not used:
                break
            done += used
        del self.buffer[:done]
        return self.at == len(self.asked)

    def _answer(self, start: int, figures: Figures) -> int:
        """Checks the answer that begins at `start`; its length, or 0."""
        head = _HEAD.match(self.buffer, start)
        if not head:
            if len(self.buffer) - start > 16384:
                raise Wrong(f"no answer: {bytes(self.buffer[start:start + 80])!r}")
            return 0
        ask = self.asked[self.at]
        told = _LENGTH.search(head[2])
        if b"chunked" in head[2].lower():
            size = self._chunks(head.end())
            if size is None:
                return 0
            length = size
        else:
            length = int(told[1]) if told else 0
            size = length if ask.body and int(head[1]) not in (204, 304) else 0
        end = head.end() + size
        if len(self.buffer) < end:
            return 0
        with memoryview(self.buffer) as view, view[head.end() : end] as content:
            ask.check(int(head[1]), length, content)
        figures.kinds[ask.kind] += 1
        self.at += 1
        return end - start

    def _chunks(self, at: int) -> int | None:
        """How long chunked content is that begins at `at`, if all is there."""
        begin = at
        while True:
            line = self.buffer.find(b"\r\n", at)
            if line < 0:
                return None
            size = int(self.buffer[at:line], 16)
            at = line + 2 + size + 2
            if len(self.buffer) < at:
                return None
            if size == 0:
                return at - begin


def connect(port: int) -> socket.socket:
    s = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def reset(s: socket.socket) -> None:
    """Ends a connection without a word: the peer gets a reset."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def _rest(s: socket.socket, text: bytes) -> bytes:
    """All that comes until the server closes, after it was sent `text`."""
    answer = b""
    try:
        while data := s.recv(65536):
            answer += data
    except OSError as error:
        raise Wrong(f"after {text[:60]!r} came {answer[:60]!r}, and then: {error}") from error
    return answer


class Load:
    """Asks the server on `port`, whose disk was made from the folder `site`."""

    def __init__(self, port: int, site: Path, seed: object = 0) -> None:
        self.port, self.site = port, site
        self.random = random.Random(repr(seed))
        self.figures = Figures()
        etags = {p: self._etag(p) for p in ("style.css", "favicon.svg", "screen.png")}
        weighed = menu(site, etags)
        self.asks = [a for _, a in weighed]
        self.weights = [w for w, _ in weighed]
        self.probe = next(a for a in self.asks if a.kind == "GET")

    def _etag(self, path: str) -> str:
        with connect(self.port) as s:
            s.sendall(f"HEAD /{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            head = b"".join(iter(lambda: s.recv(65536), b""))
        found = re.search(rb"(?im)^etag: *(\S+)\r$", head)
        if not found:
            raise Wrong(f"/{path} has no ETag: {head!r}")
        return found[1].decode()

    # ---- Many requests ------------------------------------------------------

    def mixed(self, count: int, more: Callable[[], bool] = lambda: False) -> None:
        """`count` requests at least, and on while more() says so."""
        began = time.monotonic()
        target = self.figures.requests + count
        chooser = selectors.DefaultSelector()
        probe = connect(self.port)
        youngest, opened = self._open(chooser), 1
        turn = 0
        while self.figures.requests < target or more():
            # QEMU queues but one that connects: let it come through first.
            if opened < CONNECTIONS and youngest.at > 0:
                youngest, opened = self._open(chooser), opened + 1
            ready = chooser.select(PATIENCE_S)
            if not ready:
                raise Wrong(f"no answer for {PATIENCE_S:.0f} s")
            for key, events in ready:
                self._serve(chooser, key.data, events)
            turn += 1
            if turn % 40 == 0:
                self._measure(probe)
        for key in list(chooser.get_map().values()):
            self._drain(key.data)
        chooser.close()
        probe.close()
        self.figures.seconds += time.monotonic() - began

    def _open(self, chooser: selectors.BaseSelector) -> Connection:
        c = Connection(self.port)
        self.figures.connections += 1
        self._next(c)
        chooser.register(c.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, c)
        return c

    def _next(self, c: Connection) -> None:
        c.ask(self.random.choices(self.asks, self.weights, k=self.random.randint(1, BATCH)))

    def _serve(self, chooser: selectors.BaseSelector, c: Connection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            c.push()
            if not c.out:
                chooser.modify(c.socket, selectors.EVENT_READ, c)
        if not events & selectors.EVENT_READ or not c.pull(self.figures):
            return
        if c.batches < BATCHES:
            self._next(c)
            if c.out:
                chooser.modify(c.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, c)
            return
        chooser.unregister(c.socket)
        self._end(c.socket)
        self._open(chooser)

    def _drain(self, c: Connection) -> None:
        """Lets the last batch come to its end."""
        c.socket.setblocking(True)
        c.socket.settimeout(PATIENCE_S)
        c.socket.sendall(c.out)
        while c.at < len(c.asked) and not c.pull(self.figures):
            pass
        c.socket.close()

    def _end(self, s: socket.socket) -> None:
        """A connection that has done its part ends, in one of many ways."""
        s.setblocking(True)
        s.settimeout(PATIENCE_S)
        way = self.random.randrange(4)
        if way == 0:  # in peace
            s.close()
        elif way == 1:  # in the middle of an answer
            s.sendall(b"GET /numbers.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            s.recv(1)
            reset(s)
            self.figures.kinds["abort"] += 1
        elif way == 2:  # in the middle of a request
            s.sendall(b"GET /style.css HTTP/1.1\r\nHos")
            reset(s)
            self.figures.kinds["abort"] += 1
        else:
            self._bad(s)

    def _bad(self, s: socket.socket) -> None:
        text, status = self.random.choice(BAD)
        with s:
            s.sendall(text)
            answer = _rest(s, text)
        if not answer.startswith(b"HTTP/1.1 " + status):
            raise Wrong(f"{text[:60]!r} was answered {answer[:40]!r}")
        self.figures.kinds["refused"] += 1

    def _measure(self, s: socket.socket) -> None:
        began = time.monotonic()
        s.sendall(self.probe.text)
        buffer = b""
        while (head := _HEAD.match(buffer)) is None or len(buffer) < head.end() + (
            self.probe.length or 0
        ):
            data = s.recv(65536)
            if not data:
                raise Wrong("the connection that measures was closed")
            buffer += data
        self.figures.latency.append(1000 * (time.monotonic() - began))
        self.figures.kinds["single"] += 1

    # ---- Many connections -----------------------------------------------------

    def short(self, count: int) -> None:
        """`count` connections of one request each; every tenth is reset, every
        tenth bad, and some are slow: their request comes in two parts, with
        another connection's in between."""
        began = time.monotonic()
        ask = self.probe
        text = ask.text.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        waiting: socket.socket | None = None
        for number in range(count):
            self.figures.connections += 1
            s = connect(self.port)
            if number % 10 == 3:
                s.sendall(text)
                reset(s)
                self.figures.kinds["abort"] += 1
            elif number % 10 == 7:
                self._bad(s)
            elif number % 10 == 5:
                s.sendall(text[:20])
                waiting = s
            else:
                s.sendall(text)
                self._whole(s, ask)
                if waiting:
                    waiting.sendall(text[20:])
                    self._whole(waiting, ask)
                    waiting = None
        if waiting:
            reset(waiting)
        self.figures.seconds += time.monotonic() - began

    def _whole(self, s: socket.socket, ask: Ask) -> None:
        with s:
            answer = _rest(s, ask.text)
        head = _HEAD.match(answer)
        if not head:
            raise Wrong(f"no answer: {answer[:80]!r}")
        content = answer[head.end() :]
        ask.check(int(head[1]), len(content), memoryview(content))
        self.figures.bytes += len(answer)
        self.figures.kinds["short"] += 1
