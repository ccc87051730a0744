# SPDX-License-Identifier: MIT
"""A browser's part: HTTP to a guest, over the port of this host that leads to
it."""

from __future__ import annotations

import http.client
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lodge.kit import Kit
from lodge.machine import GuestSilent, Machine


def site_of(kit: Kit) -> Path:
    """The folder that was put on the web server's disk, once that is built: what
    every answer is held against."""
    return kit.out / "web" / "disk.img.tree"


def serving(guest: Machine, seconds: float = 5) -> int:
    """Waits until the guest serves and has an address, if it needs one of its
    own; the port that leads to it."""
    guest.expect("^web: serving", seconds)
    if guest.kit.has_qemu:
        guest.expect(r"^net0: \d+\.\d+\.\d+\.\d+/\d+", seconds)
    return guest.port()


class Browser:
    """One connection, kept alive as long as the guest does."""

    def __init__(self, guest: Machine, port: int, seconds: float = 15) -> None:
        self.guest = guest
        self.seconds = guest.pace(seconds)
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=self.seconds
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.connection.close()

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer and its body; a GuestError when none comes."""
        try:
            self.connection.request(method, path, headers=headers or {})
            answer = self.connection.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.guest.raise_if_dead(f"answer {method} {path}")
            raise GuestSilent(
                f"The guest did not answer {method} {path} ({_words(error)}).",
                self.guest,
            ) from error

    def get(self, path: str) -> tuple[int, bytes]:
        answer, body = self.request("GET", path)
        return answer.status, body


def request(path: str, *fields: str, method: str = "GET") -> str:
    """A whole head, as it goes over the wire."""
    return "".join(f"{n}\r\n" for n in (f"{method} {path} HTTP/1.1", "Host: a", *fields, ""))


@dataclass(frozen=True)
class Answer:
    """`head` is as it came; names of `fields` are in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes
    head: bytes

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name.lower(), "")


class Client:
    """A connection, and what comes back over it taken apart, byte for byte.
    With a `buffer_size` this host takes no more than that ahead of us."""

    def __init__(self, guest: Machine, port: int, buffer_size: int | None = None) -> None:
        self.guest = guest
        self.data = b""
        self.socket = socket.socket()
        if buffer_size:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_size)
        self.socket.settimeout(guest.pace(10))
        self.socket.connect(("127.0.0.1", port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: str | bytes) -> None:
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def more(self) -> bool:
        try:
            part = self.socket.recv(1 << 16)
        except OSError as error:
            self.guest.raise_if_dead("answer")
            raise AssertionError(f"no answer came, after {self.data[:200]!r}") from error
        self.data += part
        return bool(part)

    def until(self, end: bytes) -> bytes:
        while end not in self.data:
            assert self.more(), f"the connection was closed after {self.data[:300]!r}"
        found, _, self.data = self.data.partition(end)
        return found + end

    def take(self, count: int) -> bytes:
        while len(self.data) < count:
            assert self.more(), f"the connection was closed; {count} bytes should have come"
        found, self.data = self.data[:count], self.data[count:]
        return found

    def answer(self, method: str = "GET") -> Answer:
        head = self.until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        match = re.fullmatch(r"HTTP/1\.1 (\d\d\d) [A-Z][A-Za-z -]*", first)
        assert match, head
        fields: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(": ")
            assert colon and name.lower() not in fields, head
            fields[name.lower()] = value
        answer = Answer(int(match[1]), fields, b"", head)
        if method == "HEAD" or answer.status == 304:
            return answer
        return Answer(answer.status, fields, self.body(answer), head)

    def body(self, answer: Answer) -> bytes:
        if answer["Transfer-Encoding"] == "chunked":
            parts = []
            while size := int(self.until(b"\r\n"), 16):
                parts.append(self.take(size + 2)[:-2])
            assert self.take(2) == b"\r\n"
            return b"".join(parts)
        assert answer["Content-Length"], answer.head
        return self.take(int(answer["Content-Length"]))

    def ask(self, path: str, *fields: str, method: str = "GET") -> Answer:
        self.send(request(path, *fields, method=method))
        return self.answer(method)

    def closed(self) -> None:
        """The guest closes, and nothing more comes."""
        while self.more():
            pass
        assert self.data == b"", f"{self.data[:100]!r} came behind the last answer"


def stats(guest: Machine, port: int) -> dict[str, int]:
    """What the guest says of itself."""
    with Browser(guest, port) as browser:
        status, body = browser.get("/stats")
    if status != 200:
        raise GuestSilent(f"The guest answered /stats with {status}.", guest)
    return {k: int(v) for k, v in (n.split() for n in body.decode().splitlines())}


def at_rest(guest: Machine, port: int) -> dict[str, int]:
    """The guest's figures, once nobody is connected but who asks for them, and
    its network has sent all it had."""
    limit = time.monotonic() + guest.pace(20)
    while True:
        figures = stats(guest, port)
        busy = ("net_transmit_busy", "pool_TCP_SEG", "cache_reading")
        alone = figures["connections"] == figures["streams_open"] == 1
        if alone and not any(figures.get(name) for name in busy):
            return figures
        if time.monotonic() > limit:
            raise GuestSilent(f"The guest did not come to rest: {figures}.", guest)


def exchange(guest: Machine, port: int, text: bytes, seconds: float = 5) -> bytes:
    """Sends `text` and nothing else; all that comes until the guest closes."""
    try:
        with socket.create_connection(("127.0.0.1", port), guest.pace(seconds)) as s:
            s.sendall(text)
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(65536), b""))
    except OSError as error:
        guest.raise_if_dead("answer")
        raise GuestSilent(
            f"The guest did not answer {text[:40]!r} ({_words(error)}).", guest
        ) from error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
