# SPDX-License-Identifier: MIT
"""Load by wrk, and what it says of it. What went wrong is part of a result: a
figure that came about with time-outs is not shown as if it had not."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_TIMES = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}
_SIZES = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
TIMEOUT_S = 10


class NoLoad(Exception):
    """wrk did not do what it was asked."""


@dataclass(frozen=True)
class Load:
    """What is asked for, and how."""

    path: str
    connections: int
    keep_alive: bool = True
    script: Path | None = None  # of Lua, for wrk

    @property
    def name(self) -> str:
        closed = "" if self.keep_alive else ", a connection each"
        return f"{self.path} x {self.connections}{closed}"


@dataclass(frozen=True)
class Answer:
    requests: int
    seconds: float
    bytes: int  # with the heads
    p50_ms: float
    p99_ms: float
    errors: dict[str, int]  # by kind: those that are not 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def mb_s(self) -> float:
        """Millions of bytes a second."""
        return self.bytes / self.seconds / 1e6


def parse(text: str) -> Answer:
    """What wrk printed, with --latency."""
    total = re.search(r"^ *(\d+) requests in ([\d.]+)(\w+), ([\d.]+)(\w+) read", text, re.M)
    if not total:
        raise NoLoad(f"wrk said nothing of use: {text.strip()[-200:]!r}")

    def percentile(percent: int) -> float:
        found = re.search(rf"^ *{percent}% +([\d.]+)(\w+)", text, re.M)
        return float(found[1]) * _TIMES[found[2]] if found else 0.0

    errors = {}
    if sockets := re.search(r"Socket errors: (.*)", text):
        errors = {k: int(n) for k, n in re.findall(r"(\w+) (\d+)", sockets[1])}
    if status := re.search(r"Non-2xx or 3xx responses: (\d+)", text):
        errors["status"] = int(status[1])
    return Answer(
        int(total[1]),
        float(total[2]) * _TIMES[total[3]] / 1e3,
        int(float(total[4]) * _SIZES[total[5]]),
        percentile(50),
        percentile(99),
        {k: n for k, n in errors.items() if n},
    )


def run(url: str, load: Load, seconds: int) -> Answer:
    """`url` is the server's, without a path."""
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{seconds}s", "--latency",
               f"--timeout={TIMEOUT_S}s"]  # fmt: skip
    if not load.keep_alive:
        command += ["-H", "Connection: close"]
    if load.script:
        command += ["-s", str(load.script)]
    try:
        done = subprocess.run(
            [*command, url + load.path], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=seconds + 2 * TIMEOUT_S + 30,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NoLoad("there is no wrk here") from error
    except subprocess.TimeoutExpired as error:
        raise NoLoad(f"wrk did not end for {load.name}") from error
    if done.returncode != 0:
        raise NoLoad(f"wrk could not load {load.name}: {(done.stderr or done.stdout).strip()}")
    return parse(done.stdout)


def is_here() -> bool:
    return shutil.which("wrk") is not None
