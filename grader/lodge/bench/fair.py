# SPDX-License-Identifier: MIT
"""Several downloads at once, each on a connection of its own and each watched:
what each got, and how long the longest was kept waiting for its next byte.

The content is not copied to us, only counted: the kernel drops it (MSG_TRUNC).
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)\r$")
_PART = 1 << 20
STALL_S = 2.0


@dataclass
class Download:
    socket: socket.socket
    bytes: int = 0
    left: int = 0  # of the answer that comes
    last: float = 0.0  # when something came
    longest_s: float = 0.0  # without anything


@dataclass(frozen=True)
class Shares:
    seconds: float
    bytes: list[int] = field(default_factory=list)  # of each
    longest_s: float = 0.0

    @property
    def least(self) -> float:
        """What the worst got, of its fair share."""
        mean = sum(self.bytes) / max(1, len(self.bytes))
        return min(self.bytes, default=0) / mean if mean else 0.0

    @property
    def stalled(self) -> bool:
        return self.longest_s > STALL_S


def _request(path: str, host: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def _size(host: str, port: int, path: str) -> int:
    """Of a whole answer, head and content: each will be like the first."""
    with socket.create_connection((host, port), 10) as s:
        s.sendall(_request(path, host))
        head = b""
        while b"\r\n\r\n" not in head:
            part = s.recv(4096)
            if not part:
                raise OSError(f"the connection was closed in the head of {path}")
            head += part
    head = head[: head.index(b"\r\n\r\n") + 4]
    found = _LENGTH.search(head)
    if not found:
        raise OSError(f"the answer to {path} has no Content-Length")
    return len(head) + int(found[1])


def download(host: str, port: int, path: str, connections: int, seconds: float) -> Shares:
    """OSError when a connection fails or is closed."""
    size = _size(host, port, path)
    request = _request(path, host)
    chooser = selectors.DefaultSelector()
    downloads = [Download(socket.create_connection((host, port), 10)) for _ in range(connections)]
    began = time.monotonic()
    for one in downloads:
        one.socket.setblocking(False)
        one.last = began
        _ask(one, request, size)
        chooser.register(one.socket, selectors.EVENT_READ, one)
    buffer = bytearray(_PART)
    while (now := time.monotonic()) < began + seconds:
        for key, _ in chooser.select(0.1):
            _take(key.data, buffer, request, size)
    for one in downloads:
        one.longest_s = max(one.longest_s, now - one.last)
        one.socket.close()
    chooser.close()
    return Shares(now - began, [d.bytes for d in downloads], max(d.longest_s for d in downloads))


def _ask(one: Download, request: bytes, size: int) -> None:
    one.socket.sendall(request)
    one.left = size


def _take(one: Download, buffer: bytearray, request: bytes, size: int) -> None:
    got = one.socket.recv_into(buffer, min(_PART, one.left), socket.MSG_TRUNC)
    if got == 0:
        raise OSError("a connection was closed in the middle of an answer")
    now = time.monotonic()
    one.longest_s = max(one.longest_s, now - one.last)
    one.last = now
    one.bytes += got
    one.left -= got
    if one.left == 0:
        _ask(one, request, size)
