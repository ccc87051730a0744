# SPDX-License-Identifier: MIT
"""A browser's part: HTTP to a guest, over the port that QEMU forwards."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from lodge.kit import Kit
from lodge.machine import GuestSilent, Machine


def site_of(kit: Kit) -> Path:
    """The folder that was put on the web server's disk, once that is built: what
    every answer is held against."""
    return kit.out / "web" / "disk.img.tree"


def serving(guest: Machine) -> int:
    """Waits until the guest serves and has an address; the port that leads to
    it."""
    guest.expect("^web: serving")
    guest.expect(r"^net0: \d+\.\d+\.\d+\.\d+/\d+")
    return guest.port()


class Browser:
    """One connection, kept alive as long as the guest does."""

    def __init__(self, guest: Machine, port: int, seconds: float = 5) -> None:
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


def stats(guest: Machine, port: int) -> dict[str, int]:
    """What the guest says of itself."""
    with Browser(guest, port) as browser:
        status, body = browser.get("/stats")
    if status != 200:
        raise GuestSilent(f"The guest answered /stats with {status}.", guest)
    return {k: int(v) for k, v in (n.split() for n in body.decode().splitlines())}


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
