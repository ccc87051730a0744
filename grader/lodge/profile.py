# SPDX-License-Identifier: MIT
"""Where an application's time goes: builds it, runs it under load, and draws a
flame graph.

    python -m lodge.profile BUILD APP [--arch ARCH] [--seconds 5] [--load /path]

A guest is built with the module kernel/profile, which looks a thousand times a
second at what the processor is at; its table is read out of the guest's memory
before and after the load, and the difference is what is shown. A process is
watched by the host's perf. Either way come out, in BUILD/profile: APP.svg; the
stacks as text, APP.folded; and a table.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lodge import flame
from lodge.flame import Stack
from lodge.kit import BuildError, GraderError, Kit
from lodge.machine import GuestError, Machine
from lodge.pressure import Pressure, press
from lodge.smallest import ready_line
from lodge.symbols import Function, Symbols

HZ = 997
ROWS = 25
IDLE = "asleep"
# Whoever is found below one of these has been interrupted, and what is above
# has nothing to do with it.
INTERRUPTS = ("interrupt", "trap_entries", "trap_vectors")
NETWORK = "10.77.0"


@dataclass(frozen=True)
class Profiled(Kit):
    """With the module that takes the samples, where there is no perf."""

    def variables(self, app: str) -> list[str]:
        return super().variables(app) + ([] if self.is_process else ["WITH=profile"])


@dataclass
class Seen:
    """What was met, and of which files the functions are."""

    stacks: Counter[Stack]
    functions: dict[str, Function]
    notes: list[str]
    hz: int = HZ


# ---- In a guest -------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """struct profile_table of kernel/profile/profile.h."""

    hz: int
    samples: int
    idle: int
    lost: int
    stacks: Counter[tuple[int, ...]]

    @classmethod
    def read(cls, guest: Machine, address: int) -> Counts:
        guest.qmp("stop")
        hz, room, depth, _, samples, idle, lost = struct.unpack(
            "<4I3Q", guest.memory(address, 40)
        )
        data = guest.memory(address + 40, room * (8 + 4 * depth)) if room else b""
        guest.qmp("cont")
        stacks: Counter[tuple[int, ...]] = Counter()
        for count, used, *pcs in struct.iter_unpack(f"<2I{depth}I", data):
            if count:
                stacks[tuple(pcs[:used])] += count
        return cls(hz, samples, idle, lost, stacks)

    def since(self, other: Counts) -> Counts:
        return Counts(
            self.hz, self.samples - other.samples, self.idle - other.idle,
            self.lost - other.lost, self.stacks - other.stacks,
        )  # fmt: skip


def named(counts: Counts, symbols: Symbols) -> Seen:
    """With functions for addresses."""
    symbols.resolve({pc for s in counts.stacks for pc in s if pc})
    seen = Seen(Counter(), {}, [], counts.hz)
    for (at, link, *callers), count in counts.stacks.items():
        chain = [at]
        if link and not symbols.has_frame(at):
            chain.append(link - 1)
        names: list[str] = []
        for pc in chain + callers:
            function = symbols.at(pc)
            name = function.name if function else f"{pc:#x}"
            if function:
                seen.functions[name] = function
            names.append(name)
            if name in INTERRUPTS:
                break
        seen.stacks[tuple(reversed(names))] += count
    if counts.idle:
        seen.stacks[(IDLE,)] += counts.idle
    if counts.lost:
        seen.notes.append(f"{counts.lost} samples are missing: there were too many different stacks")
    return seen


def watch_guest(guest: Machine, symbols: Symbols, work: Callable[[], None]) -> Seen:
    """What `guest` is at while work() goes on."""
    address = symbols.address("profile_table")
    before = Counts.read(guest, address)
    work()
    return named(Counts.read(guest, address).since(before), symbols)


# ---- In a process -----------------------------------------------------------------


def watch_process(guest: Machine, symbols: Symbols, work: Callable[[], None]) -> Seen:
    """The same by perf, which knows nothing of sleep: only what runs counts."""
    if not shutil.which("perf"):
        raise GraderError(
            "a process is watched by perf, and there is none here; Debian has it in the "
            "package linux-perf, Ubuntu in linux-tools-generic. A guest needs none: ARCH=x86_64"
        )
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        perf = subprocess.Popen(
            ["perf", "record", "-q", "-F", str(HZ), "-g", "-e", "cpu-clock:u",
             "-p", str(guest.pid), "-o", data],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            work()
        finally:
            perf.terminate()
            said = perf.communicate()[0].strip()
        if not Path(data).exists() or Path(data).stat().st_size == 0:
            level = Path("/proc/sys/kernel/perf_event_paranoid")
            now = level.read_text().strip() if level.exists() else "unknown"
            last = said.splitlines()[-1].rstrip(".") if said else "it wrote nothing"
            raise GraderError(
                f"perf may not watch a process here ({last}). Root may allow it: sysctl "
                f"kernel.perf_event_paranoid=2 (it is {now}); in a container, its seccomp "
                "profile must let perf_event_open through"
            )
        script = subprocess.run(
            ["perf", "script", "-i", data, "-F", "ip,sym,dso", "--no-inline"],
            capture_output=True, text=True, errors="replace",
        )  # fmt: skip
    return from_perf(script.stdout, symbols)


def from_perf(text: str, symbols: Symbols) -> Seen:
    """What `perf script` prints: a paragraph a sample, innermost first."""
    seen = Seen(Counter(), {}, [])
    for paragraph in text.split("\n\n"):
        names: list[str] = []
        for m in re.finditer(r"^\s+([0-9a-f]+) (.*?) \(([^)]*)\)$", paragraph, re.M):
            ours = m[3] == str(symbols.elf)
            function = symbols.at(int(m[1], 16) - bool(names)) if ours else None
            name = function.name if function else m[2].partition("+")[0]
            if name == "[unknown]":
                name = f"in {m[3].rpartition('/')[2]}"
            if not function and names and names[-1] == name:
                continue
            if function:
                seen.functions[name] = function
            names.append(name)
        if names:
            seen.stacks[tuple(reversed(names))] += 1
    return seen


# ---- What is shown ----------------------------------------------------------------


def room_of(seen: Seen, name: str) -> str:
    function = seen.functions.get(name)
    return function.room if function else ""


def show(seen: Seen, folder: Path, name: str, title: str, said: str) -> str:
    """Writes the files; the table, and where they are."""
    total = seen.stacks.total()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.folded").write_text(flame.folded(seen.stacks))
    picture = flame.svg(
        seen.stacks, title, "; ".join([said, *seen.notes]),
        lambda n: room_of(seen, n),
        lambda n: f.file if (f := seen.functions.get(n)) else "",
    )  # fmt: skip
    (folder / f"{name}.svg").write_text(picture)
    rows = [f"{'self':>7} {'total':>7}  function"]
    for row in flame.table(seen.stacks)[:ROWS]:
        if row.own:
            where = seen.functions[row.name].file if row.name in seen.functions else ""
            shares = f"{100 * row.own / total:6.1f}% {100 * row.total / total:6.1f}%"
            rows.append(f"{shares}  {row.name:<28} {where}".rstrip())
    return "\n".join([title, said, *seen.notes, "", *rows])


def profile(arguments: argparse.Namespace, tap: bool) -> str:
    """Builds, boots, loads, looks."""
    app, build = arguments.app, arguments.build.resolve()
    kit = Profiled(
        build / "profile", arguments.mine, Path(arguments.labs), build, arguments.arch,
        arguments.net,
    )  # fmt: skip
    elf = kit.build_app(app)
    variables = {k: v for k, v in (n.split("=", 1) for n in arguments.variables)}
    if tap:
        tap_up(variables, kit)
    ready = ready_line(app)
    name = app + (f"-{arguments.arch}" if arguments.arch not in ("", "x86_64") else "")
    with Machine(kit, app, kit.out / app / "run", PORT="0", **variables) as guest:
        if ready:
            guest.expect(re.escape(ready), 10)
        address = address_of(guest, tap) if "port 80" in ready else None
        pressed: list[Pressure] = []

        def work() -> None:
            if address is None:
                time.sleep(arguments.seconds)
                guest.raise_if_dead("go on")
            else:
                pressed.append(
                    press(address, arguments.load, arguments.connections, arguments.seconds)
                )

        watch = watch_process if kit.is_process else watch_guest
        seen = watch(guest, Symbols(elf), work)
    if not seen.stacks:
        raise GraderError("no sample was taken: it has slept all the time, or ended too soon")
    said = ", ".join(
        [str(p) for p in pressed] + [f"{seen.stacks.total()} samples, {seen.hz} a second"]
    )
    where = " ".join(w for w in (app, arguments.arch, *arguments.variables) if w)
    table = show(seen, kit.out, name, f"{where}: where the time goes", said)
    return f"{table}\n\n{kit.out / name}.svg\n{kit.out / name}.folded"


# ---- The network ------------------------------------------------------------------


def address_of(guest: Machine, tap: bool) -> tuple[str, int]:
    if tap:
        return f"{NETWORK}.2", 80
    if guest.kit.has_qemu:
        guest.expect(r"^net0: \d+\.\d+\.\d+\.\d+/\d+", 10)
    return "127.0.0.1", guest.port()


def tap_up(variables: dict[str, str], kit: Kit) -> None:
    """Inside a network of our own: a wire to the guest, and addresses."""
    for line in ("tuntap add tap0 mode tap", f"address add {NETWORK}.1/24 dev tap0",
                 "link set tap0 up", "link set lo up"):  # fmt: skip
        subprocess.run(["ip", *line.split()], check=True)
    if kit.is_process:
        variables.setdefault("WIRE", "tap:tap0")
    else:
        variables.setdefault("NETDEV", "tap,ifname=tap0,script=no,downscript=no")
    variables.setdefault("APPEND", f"ip={NETWORK}.2/24 gw={NETWORK}.1")


# This host lets us have a network namespace, and a tap device in it.
_SPACE = ("unshare", "--user", "--map-root-user", "--net")


def may_tap() -> bool:
    try:
        command = [*_SPACE, "ip", "tuntap", "add", "tap0", "mode", "tap"]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def arguments_of(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lodge.profile")
    parser.add_argument("build", type=Path)
    parser.add_argument("app")
    parser.add_argument("--arch", default="")
    parser.add_argument("--net", default="")
    parser.add_argument("--mine", default="")
    parser.add_argument("--labs", default="labs")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--load", default="/", metavar="PATH")
    parser.add_argument("--network", choices=("tap", "user"), default="")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("variables", nargs="*", metavar="MACHINE=microvm")
    return parser.parse_intermixed_args(words)


def main() -> int:
    arguments = arguments_of()
    wired = "NETDEV" not in " ".join(arguments.variables) and (
        arguments.arch != "unix" or arguments.net == "lwip"
    )
    if wired and not arguments.inside and arguments.network != "user":
        if may_tap():
            words = [sys.executable, "-m", "lodge.profile", "--inside", *sys.argv[1:]]
            os.execvp(_SPACE[0], [*_SPACE, *words])
        if arguments.network == "tap":
            print("profile: this host gives us no tap device of our own; try --network user",
                  file=sys.stderr)  # fmt: skip
            return 1
    try:
        print(profile(arguments, arguments.inside))
    except BuildError as error:
        print(error.output, file=sys.stderr)
        return 1
    except (GraderError, GuestError) as error:
        print(f"profile: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
