# SPDX-License-Identifier: MIT
"""What the web server costs: time to boot, size, memory, and idleness.

    python -m lodge.bench BUILD [RUNS]

Boot time is taken from QEMU's start to the first byte of an HTTP answer, with
a fixed address, and held against the floor: the same QEMU command with a guest
that sends one byte down the serial line and nothing else (floor.S). The two
are run in turn, so that both meet the same noise, and what is printed is the
median of each with its spread, and the median of the differences.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lodge.kit import ROOT, Kit
from lodge.smallest import smallest

MACHINES = ("q35", "pc", "microvm")
ADDRESS = "ip=10.0.2.15/24 gw=10.0.2.2"
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"

# The guest's word for it. Who knocks before is not heard, and costs QEMU time
# that the guest is then said to have taken.
READY = b"serving on port 80"
PATIENCE_S = 20.0
IDLE_S = 5.0


class Silent(Exception):
    """Nothing came in time, or QEMU ended."""


@dataclass
class Guest:
    process: subprocess.Popen[bytes]
    serial: socket.socket
    port: int
    began: float

    def first_serial_byte(self) -> float:
        """Seconds from QEMU's start."""
        self.serial.settimeout(PATIENCE_S)
        try:
            if self.serial.recv(1):
                return time.monotonic() - self.began
        except TimeoutError:
            pass
        raise Silent("the guest said nothing on the serial line")

    def first_http_byte(self) -> float:
        """Seconds from QEMU's start, for a client that asks as soon as the guest
        says that it serves."""
        seen = b""
        self.serial.settimeout(PATIENCE_S)
        try:
            while READY not in seen:
                part = self.serial.recv(4096)
                if not part:
                    raise Silent("QEMU ended")
                seen += part
            with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as s:
                s.sendall(REQUEST)
                if s.recv(1) == b"H":
                    return time.monotonic() - self.began
        except OSError:
            pass
        raise Silent("no HTTP answer came")

    def cpu_seconds(self) -> float:
        """The processor time that QEMU has used so far. [proc(5)]"""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, build: Path, runs: int) -> None:
        self.kit = Kit(build / "bench", build=build)
        self.runs = runs
        self.image = self.kit.build_app("web").with_name("kernel.img")
        self.floor = build_floor(self.kit.out / "floor.elf")

    @contextmanager
    def boot(self, kernel: Path, **variables: str) -> Iterator[Guest]:
        """The same command for every kernel, but for its name."""
        port = free_port()
        ours, theirs = socket.socketpair()
        command = self.kit.run_command(
            "web",
            PORT="@port@",
            APPEND=ADDRESS,
            SERIAL="chardev:serial",
            DEBUG="null",
            QEMU_ARGS="-chardev socket,fd=@serial@,id=serial",
            **variables,
        )
        command[command.index("-kernel") + 1] = str(kernel)
        numbers = {"@port@": str(port), "@serial@": str(theirs.fileno())}
        for mark, number in numbers.items():
            command = [word.replace(mark, number) for word in command]
        began = time.monotonic()
        with (
            ours,
            theirs,
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            ) as process,
        ):  # fmt: skip
            theirs.close()
            try:
                yield Guest(process, ours, port, began)
            finally:
                process.kill()

    def boot_times(self, machine: str) -> dict[str, list[float]]:
        """In milliseconds, in turn."""
        times: dict[str, list[float]] = {"floor": [], "web": []}
        for run in range(-1, self.runs):
            with self.boot(self.floor, MACHINE=machine) as guest:
                floor = guest.first_serial_byte()
            with self.boot(self.image, MACHINE=machine) as guest:
                web = guest.first_http_byte()
            if run >= 0:  # the first pair warms the host's caches
                times["floor"].append(floor * 1000)
                times["web"].append(web * 1000)
        return times

    def serves(self, mem: int) -> bool:
        with self.boot(self.image, MEM=str(mem)) as guest:
            try:
                guest.first_http_byte()
            except Silent:
                return False
            return True

    def idle_cpu(self) -> float:
        """The share of a host's processor, in percent, that a guest uses which
        has served a page and is left alone."""
        with self.boot(self.image) as guest:
            guest.first_http_byte()
            settled = time.monotonic() + 1
            quiet(guest.serial, settled)
            before, start = guest.cpu_seconds(), time.monotonic()
            quiet(guest.serial, start + IDLE_S)
            used = guest.cpu_seconds() - before
            return 100 * used / (time.monotonic() - start)


def build_floor(elf: Path) -> Path:
    subprocess.run(
        ["gcc", "-nostdlib", "-static", "-Wl,--build-id=none,-Ttext=0x100000",
         "-o", str(elf), str(ROOT / "grader/floor.S")],
        check=True,
    )  # fmt: skip
    return elf


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def quiet(serial: socket.socket, until: float) -> None:
    """Lets time pass, unless QEMU ends."""
    while (left := until - time.monotonic()) > 0:
        serial.settimeout(left)
        try:
            if not serial.recv(4096):
                raise Silent("QEMU ended")
        except TimeoutError:
            return


@dataclass
class Times:
    machine: str
    floor_ms: float
    floor_spread: tuple[float, float]
    web_ms: float
    web_spread: tuple[float, float]
    over_floor_ms: float

    @classmethod
    def of(cls, machine: str, times: dict[str, list[float]]) -> Times:
        floor, web = times["floor"], times["web"]
        return cls(
            machine,
            statistics.median(floor), (min(floor), max(floor)),
            statistics.median(web), (min(web), max(web)),
            statistics.median(w - f for w, f in zip(web, floor, strict=True)),
        )  # fmt: skip

    def row(self) -> str:
        def cell(middle: float, spread: tuple[float, float]) -> str:
            return f"{middle:5.0f}  ({spread[0]:.0f} to {spread[1]:.0f})"

        floor = cell(self.floor_ms, self.floor_spread)
        web = cell(self.web_ms, self.web_spread)
        return f"{self.machine:9} {floor:20} {web:20} {self.over_floor_ms:5.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("build", type=Path)
    parser.add_argument("runs", nargs="?", default="")
    arguments = parser.parse_args()
    bench = Bench(arguments.build.resolve(), int(arguments.runs or 11))

    command = bench.kit.run_command("web")
    accelerator = command[command.index("-accel") + 1]
    print(f"{os.cpu_count()} processors, {accelerator}, {bench.runs} runs in turn\n")
    print("Milliseconds from QEMU's start: median (lowest to highest)")
    print(f"{'machine':9} {'floor':20} {'first HTTP byte':20} over the floor")
    boots = []
    for machine in MACHINES:
        boots.append(Times.of(machine, bench.boot_times(machine)))
        print(boots[-1].row(), flush=True)

    size = bench.image.stat().st_size
    print(f"\nimage            {size / 1024:.0f} KiB, stripped", flush=True)
    memory = smallest(bench.serves, 1, 64)
    print(f"smallest memory  -m {memory}", flush=True)
    idle = bench.idle_cpu()
    print(f"idle             {idle:.1f} % of a host's processor")

    record = {
        "host": platform.platform(),
        "processors": os.cpu_count(),
        "accelerator": accelerator,
        "runs": bench.runs,
        "boot": [asdict(times) for times in boots],
        "image_bytes": size,
        "smallest_mib": memory,
        "idle_percent": idle,
    }
    results = bench.kit.out / "results.json"
    results.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
