# SPDX-License-Identifier: MIT
"""What the web server costs: time to boot, size, memory, and idleness.

    python -m lodge.bench BUILD [RUNS]

Boot time is taken from the start of QEMU, or of the process, to the first byte
of an HTTP answer, with a fixed address, and held against the floor: the same
command with a guest that sends one byte down the serial line and nothing else
(grader/floor). All are run in turn, so that all meet the same noise. What is
printed is the median of each with its spread, the median of the differences,
and the median of the ratios to the first one in the list.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lodge.kit import ROOT, BuildError, Kit
from lodge.smallest import smallest

ADDRESS = "ip=10.0.2.15/24 gw=10.0.2.2"
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"

# The guest's word for it. Who knocks before is not heard, and costs QEMU time
# that the guest is then said to have taken.
READY = b"serving on port 80"
PATIENCE_S = 20.0
IDLE_S = 5.0


class Silent(Exception):
    """Nothing came in time, or QEMU ended."""


@dataclass(frozen=True)
class Place:
    """What the web server is built for, and runs on."""

    name: str
    arch: str
    machine: str
    net: str = "lwip"

    @property
    def is_process(self) -> bool:
        return self.arch == "unix"


# Not among them: a process with lwIP, whose network is a QEMU that it starts
# itself, and which is ready long before that is.
PLACES = (
    Place("q35", "x86_64", "q35"),
    Place("pc", "x86_64", "pc"),
    Place("microvm", "x86_64", "microvm"),
    Place("aarch64", "aarch64", "virt"),
    Place("unix-sockets", "unix", "process", "sockets"),
)
FIRST = PLACES[0]


@dataclass
class Guest:
    process: subprocess.Popen[bytes]
    serial: socket.socket
    port: int
    began: float

    def first_serial_byte(self) -> float:
        """Seconds from its start."""
        self.serial.settimeout(PATIENCE_S)
        try:
            if self.serial.recv(1):
                return time.monotonic() - self.began
        except TimeoutError:
            pass
        raise Silent("the guest said nothing on the serial line")

    def first_http_byte(self) -> float:
        """Seconds from its start, for a client that asks as soon as the guest
        says that it serves."""
        seen = b""
        self.serial.settimeout(PATIENCE_S)
        try:
            while READY not in seen:
                part = self.serial.recv(4096)
                if not part:
                    raise Silent(f"it ended, and had said {seen!r}")
                seen += part
            with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as s:
                s.sendall(REQUEST)
                if s.recv(1) == b"H":
                    return time.monotonic() - self.began
        except OSError:
            pass
        raise Silent(f"no HTTP answer came; it had said {seen!r}")

    def cpu_seconds(self) -> float:
        """The processor time that it has used so far. [proc(5)]"""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, build: Path, runs: int) -> None:
        self.out = build / "bench"
        self.runs = runs
        self.kits: dict[Place, Kit] = {}
        self.images: dict[Place, Path] = {}
        self.floors: dict[str, Path] = {}
        for place in PLACES:
            net = place.net if place.is_process else ""
            target = f"{place.arch}-{net}" if net else place.arch
            kit = Kit(self.out / target, build=build, arch=place.arch, net=net)
            name = "kernel.elf" if place.is_process else "kernel.img"
            self.kits[place] = kit
            self.images[place] = kit.build_app("web").with_name(name)
            if place.arch not in self.floors:
                self.floors[place.arch] = build_floor(self.out, place.arch)

    def command(self, place: Place, **variables: str) -> list[str]:
        """The same for every kernel, but for its name, which is @kernel@."""
        if place.net == "lwip":
            variables |= {"APPEND": ADDRESS}
        if place.is_process:
            variables |= {"SERIAL": "fd:@serial@", "DEBUG": "/dev/null"}
        else:
            variables |= {
                "MACHINE": place.machine,
                "SERIAL": "chardev:serial",
                "DEBUG": "null",
                "QEMU_ARGS": "-chardev socket,fd=@serial@,id=serial",
            }
        command = self.kits[place].run_command("web", PORT="@port@", **variables)
        if place.is_process:
            elf = [i for i, word in enumerate(command) if word.endswith("/kernel.elf")][-1]
            command[elf] = "@kernel@"
        else:
            command[command.index("-kernel") + 1] = "@kernel@"
        return command

    @contextmanager
    def boot(self, place: Place, kernel: Path, **variables: str) -> Iterator[Guest]:
        port = free_port()
        ours, theirs = socket.socketpair()
        command = self.command(place, **variables)
        marks = {
            "@port@": str(port),
            "@serial@": str(theirs.fileno()),
            "@kernel@": str(kernel),
        }
        for mark, value in marks.items():
            command = [word.replace(mark, value) for word in command]
        environment, command = split_environment(command)
        stdout = theirs if place.is_process else subprocess.DEVNULL
        began = time.monotonic()
        with (
            ours,
            theirs,
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, cwd=ROOT,
                stderr=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                env=os.environ | environment,
            ) as process,
        ):  # fmt: skip
            theirs.close()
            try:
                yield Guest(process, ours, port, began)
            finally:
                process.kill()

    def pair(self, place: Place) -> tuple[float, float]:
        """The floor and the web server, in milliseconds."""
        with self.boot(place, self.floors[place.arch]) as guest:
            floor = guest.first_serial_byte()
        with self.boot(place, self.images[place]) as guest:
            web = guest.first_http_byte()
        return floor * 1000, web * 1000

    def boot_times(self) -> dict[str, list[tuple[float, float]]]:
        """A round is all of them in turn."""
        times: dict[str, list[tuple[float, float]]] = {p.name: [] for p in PLACES}
        for run in range(-1, self.runs):
            for place in PLACES:
                pair = self.pair(place)
                if run >= 0:  # the first round warms the host's caches
                    times[place.name].append(pair)
        return times

    def serves(self, mem: int) -> bool:
        with self.boot(FIRST, self.images[FIRST], MEM=str(mem)) as guest:
            try:
                guest.first_http_byte()
            except Silent:
                return False
            return True

    def idle_cpu(self) -> float:
        """The share of a host's processor, in percent, that a guest uses which
        has served a page and is left alone."""
        with self.boot(FIRST, self.images[FIRST]) as guest:
            guest.first_http_byte()
            settled = time.monotonic() + 1
            quiet(guest.serial, settled)
            before, start = guest.cpu_seconds(), time.monotonic()
            quiet(guest.serial, start + IDLE_S)
            used = guest.cpu_seconds() - before
            return 100 * used / (time.monotonic() - start)


# How each floor is linked: where its machine loads it, if it does.
FLOORS = {
    "x86_64": ("x86_64.S", ["-nostdlib", "-static", "-Wl,--build-id=none,-Ttext=0x100000"]),
    "aarch64": ("aarch64.S", ["-nostdlib", "-static", "-Wl,--build-id=none,-Ttext=0x40200000"]),
    "unix": ("unix.c", ["-O2"]),
}


def build_floor(out: Path, arch: str) -> Path:
    source, options = FLOORS[arch]
    cross = "" if arch in ("unix", platform.machine()) else f"{arch}-linux-gnu-"
    elf = out / f"floor-{arch}"
    command = [f"{cross}gcc", *options, "-o", str(elf), str(ROOT / "grader/floor" / source)]
    subprocess.run(command, check=True)
    return elf


def split_environment(command: list[str]) -> tuple[dict[str, str], list[str]]:
    """What `env` would set, and the rest: its own start is not to be timed."""
    environment: dict[str, str] = {}
    if command[0] == "env":
        del command[0]
        while "=" in command[0]:
            name, _, value = command.pop(0).partition("=")
            environment[name] = value
    return environment, command


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
    place: str
    floor_ms: float
    floor_spread: tuple[float, float]
    web_ms: float
    web_spread: tuple[float, float]
    over_floor_ms: float
    ratio: float  # of the web server's time to that on the first place

    @classmethod
    def of(
        cls, place: str, times: list[tuple[float, float]], first: list[tuple[float, float]]
    ) -> Times:
        floor, web = zip(*times, strict=True)
        return cls(
            place,
            statistics.median(floor), (min(floor), max(floor)),
            statistics.median(web), (min(web), max(web)),
            statistics.median(w - f for f, w in times),
            statistics.median(w / v for w, (_, v) in zip(web, first, strict=True)),
        )  # fmt: skip

    def row(self) -> str:
        def words(ms: float) -> str:
            return f"{ms:.1f}" if ms < 10 else f"{ms:.0f}"

        def cell(middle: float, spread: tuple[float, float]) -> str:
            return f"{words(middle):>5}  ({words(spread[0])} to {words(spread[1])})"

        floor = cell(self.floor_ms, self.floor_spread)
        web = cell(self.web_ms, self.web_spread)
        return (
            f"{self.place:13} {floor:20} {web:20} {words(self.over_floor_ms):>14} {self.ratio:8.2f}"
        )


def boots(bench: Bench) -> list[Times]:
    print("Milliseconds from its start: median (lowest to highest)")
    print(
        f"{'':13} {'floor':20} {'first HTTP byte':20} {'over the floor':14} "
        f"of {FIRST.name}'s",
        flush=True,
    )
    times = bench.boot_times()
    made = [Times.of(name, t, times[FIRST.name]) for name, t in times.items()]
    for row in made:
        print(row.row())
    return made


def measure(build: Path, runs: int) -> None:
    bench = Bench(build, runs)
    command = bench.command(FIRST)
    accelerator = command[command.index("-accel") + 1]
    print(f"{os.cpu_count()} processors, {accelerator}, {bench.runs} runs in turn\n")
    boot = boots(bench)

    size = bench.images[FIRST].stat().st_size
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
        "boot": [asdict(times) for times in boot],
        "image_bytes": size,
        "smallest_mib": memory,
        "idle_percent": idle,
    }
    results = bench.out / "results.json"
    results.write_text(json.dumps(record, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("build", type=Path)
    parser.add_argument("runs", nargs="?", default="")
    arguments = parser.parse_args()
    runs = arguments.runs or "11"
    if not (runs.isascii() and runs.isdecimal() and int(runs) > 0):
        sys.exit(f"RUNS={runs} is no number of runs: say RUNS=11, or any other from 1 on.")
    try:
        measure(arguments.build.resolve(), int(runs))
    except (BuildError, Silent) as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
