# SPDX-License-Identifier: MIT
"""Our guest: its images, as they would be shipped, its command lines, and the
emptiest guest there is."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lodge.bench.guest import Recipe
from lodge.bench.link import End
from lodge.kit import ROOT, Kit

READY = b"serving on port 80"
MEMORY_MIB = "256"  # of every guest that is measured beside another


@dataclass(frozen=True)
class Place:
    """What the web server is built for, and runs on."""

    name: str
    arch: str
    machine: str
    net: str = ""

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
MICROVM = PLACES[2]

# How each floor is linked: where its machine loads it, if it does.
_FLOORS = {
    "x86_64": ("x86_64.S", ["-nostdlib", "-static", "-Wl,--build-id=none,-Ttext=0x100000"]),
    "aarch64": ("aarch64.S", ["-nostdlib", "-static", "-Wl,--build-id=none,-Ttext=0x40200000"]),
    "unix": ("unix.c", ["-O2"]),
}


class Ours:
    """Built for all of `places`. `cable`: the tap behind the guest, or None for
    QEMU's user network. `disk` is what it serves."""

    def __init__(
        self, build: Path, disk: Path, cable: End | None, places: tuple[Place, ...] = PLACES
    ) -> None:
        self.out = build / "bench"
        self.disk = disk
        self.cable = cable
        self.kits: dict[Place, Kit] = {}
        self.images: dict[Place, Path] = {}
        self.floors: dict[str, Path] = {}
        for place in places:
            target = f"{place.arch}-{place.net}" if place.net else place.arch
            kit = Kit(self.out / target, build=build, arch=place.arch, net=place.net, lto="1")
            name = "kernel.elf" if place.is_process else "kernel.img"
            self.kits[place] = kit
            self.images[place] = kit.build_app("web").with_name(name)
            if place.arch not in self.floors:
                self.floors[place.arch] = _build_floor(self.out, place.arch)

    def recipe(
        self, place: Place = FIRST, append: str = "", floor: bool = False, **variables: str
    ) -> Recipe:
        """As make would run it, or the floor of its machine by the same command."""
        fixed = {"DISK": str(self.disk), "DISK_ARGS": "read-only=on", "MEM": MEMORY_MIB}
        variables = (fixed if not place.is_process else {"DISK": str(self.disk)}) | variables
        tap = None if place.is_process else self.cable
        if place.is_process:
            variables |= {"SERIAL": "fd:@serial@", "DEBUG": "/dev/null", "PORT": "@port@"}
        else:
            address = f"ip={tap.guest}/24 gw={tap.host}" if tap else "ip=10.0.2.15/24 gw=10.0.2.2"
            variables |= {"NETDEV": tap.netdev} if tap else {"PORT": "@port@"}
            variables |= {
                "APPEND": f"{address} {append}".strip(),
                "MACHINE": place.machine,
                "SERIAL": "chardev:serial",
                "DEBUG": "null",
                "QEMU_ARGS": "-chardev socket,fd=@serial@,id=serial",
            }
        command = self.kits[place].run_command("web", **variables)
        kernel = self.floors[place.arch] if floor else self.images[place]
        return Recipe(
            f"our guest ({place.name})",
            tuple(_with_kernel(command, str(kernel), place.is_process)),
            tap.guest if tap else "127.0.0.1",
            80 if tap else 0,
            READY,
            on_stdout=place.is_process,
            patience_s=20,
        )

    def accelerator(self) -> str:
        command = self.recipe().command
        return command[command.index("-accel") + 1]


def _with_kernel(command: list[str], kernel: str, is_process: bool) -> list[str]:
    if is_process:
        at = [i for i, word in enumerate(command) if word.endswith("/kernel.elf")][-1]
    else:
        at = command.index("-kernel") + 1
    return [*command[:at], kernel, *command[at + 1 :]]


def _build_floor(out: Path, arch: str) -> Path:
    source, options = _FLOORS[arch]
    cross = "" if arch in ("unix", platform.machine()) else f"{arch}-linux-gnu-"
    elf = out / f"floor-{arch}"
    command = [f"{cross}gcc", *options, "-o", str(elf), str(ROOT / "grader/floor" / source)]
    subprocess.run(command, check=True)
    return elf
