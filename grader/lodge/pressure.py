# SPDX-License-Identifier: MIT
"""Many connections that ask one server for one file, as fast as it answers:
wrk where it is installed, a few lines of ours where it is not."""

from __future__ import annotations

import re
import selectors
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

from lodge.kit import GraderError

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Pressure:
    """What came of it."""

    path: str
    connections: int
    requests: int
    bytes: int
    seconds: float
    by: str

    def __str__(self) -> str:
        return (
            f"{self.connections} connections ask for {self.path} ({self.by}): "
            f"{self.requests / self.seconds:,.0f} requests/s, "
            f"{self.bytes / self.seconds / 1e6:,.1f} MB/s"
        )


def press(address: tuple[str, int], path: str, connections: int, seconds: float) -> Pressure:
    by = _by_wrk if shutil.which("wrk") else _by_hand
    return by(address, path, connections, seconds)


_UNIT = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


def _by_wrk(address: tuple[str, int], path: str, connections: int, seconds: float) -> Pressure:
    url = f"http://{address[0]}:{address[1]}{path}"
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", url],
        capture_output=True, text=True,
    )  # fmt: skip
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m), ([\d.]+)([KMG]?B) read", done.stdout)
    if not found or int(found[1]) == 0:
        raise GraderError(f"wrk got no answer from {url}: {(done.stdout + done.stderr).strip()}")
    took = float(found[2]) * {"ms": 1e-3, "s": 1, "m": 60}[found[3]]
    size = round(float(found[4]) * _UNIT[found[5]])
    return Pressure(path, connections, int(found[1]), size, took, "wrk")


def _by_hand(address: tuple[str, int], path: str, connections: int, seconds: float) -> Pressure:
    """One request at a time on each connection."""
    text = f"GET {path} HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode()
    size = _length(address, text)
    chooser = selectors.DefaultSelector()
    for _ in range(connections):
        s = socket.create_connection(address, PATIENCE_S)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.sendall(text)
        chooser.register(s, selectors.EVENT_READ, [size])
    began = time.monotonic()
    requests = total = 0
    buffer = bytearray(1 << 18)
    while time.monotonic() - began < seconds:
        ready = chooser.select(PATIENCE_S)
        if not ready:
            raise GraderError(f"no answer for {PATIENCE_S:.0f} s")
        for key, _ in ready:
            got = key.fileobj.recv_into(buffer, min(len(buffer), key.data[0]))  # type: ignore[union-attr]
            if not got:
                raise GraderError("the server closed a connection that should last")
            total += got
            key.data[0] -= got
            if key.data[0] == 0:
                requests += 1
                key.data[0] = size
                key.fileobj.sendall(text)  # type: ignore[union-attr]
    took = time.monotonic() - began
    for key in list(chooser.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    chooser.close()
    return Pressure(path, connections, requests, total, took, "Python")


def _length(address: tuple[str, int], text: bytes) -> int:
    """Of the whole answer: every one is as long."""
    data = b""
    with socket.create_connection(address, PATIENCE_S) as s:
        s.sendall(text)
        while not (head := re.match(rb"(?s).*?\r\n\r\n", data)):
            if not (part := s.recv(65536)):
                raise GraderError("the server closed the connection before it answered")
            data += part
    if not data.startswith(b"HTTP/1.1 200"):
        raise GraderError(f"the answer is not 200: {data[:60]!r}")
    told = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head[0])
    if not told:
        raise GraderError("the answer does not say how long it is: choose a file for LOAD")
    return len(head[0]) + int(told[1])
