# SPDX-License-Identifier: MIT
"""A QEMU, or a process of this host, that has been started and is watched."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lodge.kit import ROOT

PATIENCE_S = 30.0


class Silent(Exception):
    """Nothing came in time, or it ended."""


@dataclass(frozen=True)
class Recipe:
    """What is needed to start one. In `command` stands @serial@ for the
    descriptor of its serial line, @port@ for a free port of this host."""

    name: str
    command: tuple[str, ...]
    host: str
    port: int  # 0: whichever @port@ becomes
    # What it says when it listens. Who knocks before is not heard, and costs
    # QEMU time that the guest is then said to have taken.
    ready: bytes
    on_stdout: bool = False  # that is its serial line
    patience_s: float = PATIENCE_S


@dataclass
class Guest:
    recipe: Recipe
    process: subprocess.Popen[bytes]
    serial: socket.socket
    port: int
    began: float
    seen: bytes = b""

    def url(self, path: str) -> str:
        port = "" if self.port == 80 else f":{self.port}"
        return f"http://{self.recipe.host}{port}{path}"

    def first_serial_byte(self) -> float:
        """Seconds from its start."""
        self.serial.settimeout(self.recipe.patience_s)
        try:
            if self.serial.recv(1):
                return time.monotonic() - self.began
        except TimeoutError:
            pass
        raise Silent(f"{self.recipe.name} said nothing on its serial line")

    def wait_ready(self) -> None:
        limit = self.began + self.recipe.patience_s
        while self.recipe.ready not in self.seen:
            self.serial.settimeout(max(0.001, limit - time.monotonic()))
            try:
                part = self.serial.recv(4096)
            except (TimeoutError, ConnectionResetError):
                part = b""
            if not part:
                tail = self.seen[-200:].decode(errors="replace").strip()
                raise Silent(f"{self.recipe.name} never came to serve; it had said: {tail!r}")
            self.seen += part

    def get(self, path: str, size: int) -> bytes:
        """The first `size` bytes of the answer to one request."""
        words = f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
        answer = b""
        try:
            with socket.create_connection((self.recipe.host, self.port), 10) as s:
                s.sendall(words.encode())
                while len(answer) < size and (part := s.recv(min(1 << 20, size - len(answer)))):
                    answer += part
        except OSError as error:
            raise Silent(f"{self.recipe.name} did not answer GET {path}: {error}") from error
        return answer

    def first_http_byte(self) -> float:
        """Seconds from its start, for a client that asks as soon as it says
        that it serves."""
        self.wait_ready()
        if self.get("/1k", 1) != b"H":
            raise Silent(f"{self.recipe.name} closed the connection without an answer")
        return time.monotonic() - self.began

    def cpu_seconds(self) -> float:
        """The processor time that it has used so far. [proc(5)]"""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """What it holds of this host's memory: its share where several have
        the same page. [proc(5), Pss]"""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss: *(\d+) kB", text, re.M)
        assert found, text
        return int(found[1]) / 1024

    def rest(self, seconds: float) -> None:
        """Lets time pass, unless it ends."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.serial.settimeout(left)
            try:
                if not self.serial.recv(4096):
                    raise Silent(f"{self.recipe.name} ended")
            except TimeoutError:
                return


@contextmanager
def started(recipe: Recipe) -> Iterator[Guest]:
    """It runs while the context lasts."""
    port = recipe.port or free_port()
    ours, theirs = socket.socketpair()
    marks = {"@port@": str(port), "@serial@": str(theirs.fileno())}
    command = list(recipe.command)
    for mark, value in marks.items():
        command = [word.replace(mark, value) for word in command]
    environment, command = split_environment(command)
    began = time.monotonic()
    with (
        ours,
        theirs,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, cwd=ROOT,
            stdout=theirs if recipe.on_stdout else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            env=os.environ | environment,
        ) as process,
    ):  # fmt: skip
        theirs.close()
        try:
            yield Guest(recipe, process, ours, port, began)
        finally:
            process.kill()


def split_environment(command: list[str]) -> tuple[dict[str, str], list[str]]:
    """What `env` would set, and the rest: its own start is not to be timed."""
    environment: dict[str, str] = {}
    rest = list(command)
    if rest[0] == "env":
        del rest[0]
        while "=" in rest[0]:
            name, _, value = rest.pop(0).partition("=")
            environment[name] = value
    return environment, rest


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
