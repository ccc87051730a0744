# SPDX-License-Identifier: MIT
"""What an address of a program of ours is: which function, of which file, and
whether that function has made its frame by then."""

from __future__ import annotations

import bisect
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lodge.kit import ROOT, GraderError

# What the compiler adds to the name of a function that it has cut up.
_PARTS = re.compile(r"\.(?:isra|part|constprop|cold|lto_priv)(?:\.\d+)?")


def _run(*command: str, text: str = "") -> str:
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, errors="replace"
        )  # fmt: skip
    except FileNotFoundError as error:
        raise GraderError(f"there is no {command[0]} here; it is in the package binutils") from error
    if done.returncode != 0:
        raise GraderError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Function:
    name: str  # "read"; or "read (io_apic.c)" where there are several of that name
    start: int
    file: str  # "solutions/11-streams/stream.c", "" when not known

    @property
    def room(self) -> str:
        """Which part of the kit it belongs to: "http", "fs", "exercises"."""
        words = self.file.split("/")
        if words[0] in ("solutions", "labs"):
            return "exercises"
        if words[0] == "kernel" and len(words) > 2:
            return words[1]
        return "lwIP" if "lwip" in self.file else "other"


class Symbols:
    def __init__(self, elf: Path) -> None:
        self.elf = elf
        self._known: dict[int, Function] = {}

    @cached_property
    def _table(self) -> list[tuple[int, str]]:
        """Where functions begin, in order."""
        lines = (line.split() for line in _run("nm", "-n", str(self.elf)).splitlines())
        code = (w for w in lines if len(w) == 3 and w[1] in "tTwWi" and w[2][0] != "$")
        return [(int(w[0], 16), _PARTS.sub("", w[2])) for w in code]

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self._table]

    @cached_property
    def _times(self) -> Counter[str]:
        return Counter(name for _, name in self._table)

    def address(self, name: str) -> int:
        """Of a symbol of any kind."""
        found = re.search(rf"^([0-9a-f]+) \w {re.escape(name)}$", _run("nm", str(self.elf)), re.M)
        if not found:
            raise GraderError(f"{self.elf} has no symbol {name}")
        return int(found[1], 16)

    def _index(self, address: int) -> int:
        return bisect.bisect_right(self._starts, address) - 1

    def resolve(self, addresses: set[int]) -> None:
        """Looks up all of these at once; one by one takes long."""
        found = {self._table[i] for a in addresses if (i := self._index(a)) >= 0}
        found = sorted(s for s in found if s[0] not in self._known)
        text = "".join(f"{start:#x}\n" for start, _ in found)
        lines = _run("addr2line", "-e", str(self.elf), text=text).splitlines()
        for (start, name), line in zip(found, lines, strict=True):
            file = line.rpartition(":")[0].removeprefix(f"{ROOT}/").removeprefix("./")
            file = "" if file.startswith("?") else re.sub(r"^/.*/(lwip-)", r"\1", file)
            if self._times[name] > 1 and file:
                name = f"{name} ({file.rpartition('/')[2]})"
            self._known[start] = Function(name, start, file)

    def at(self, address: int) -> Function | None:
        index = self._index(address)
        if index < 0:
            return None
        if self._starts[index] not in self._known:
            self.resolve({address})
        return self._known[self._starts[index]]

    # ---- Frames ---------------------------------------------------------------

    @cached_property
    def _frames(self) -> tuple[list[int], list[bool]]:
        """From which address on there is a frame, and from which there is
        none, by the unwind tables; empty where the compiler left none."""
        text = _run("readelf", "--debug-dump=frames-interp", str(self.elf))
        rows = sorted(
            (int(m[1], 16), m[2].startswith(("rbp", "x29")))
            for m in re.finditer(r"^([0-9a-f]{16}) (\w+\+\d+) ", text, re.M)
            if int(m[1], 16)
        )
        return [a for a, _ in rows], [has for _, has in rows]

    def has_frame(self, address: int) -> bool:
        """Whether the frame pointer there is that of the function itself, not
        its caller's. Without a table: everywhere but at the beginning."""
        addresses, has = self._frames
        index = bisect.bisect_right(addresses, address) - 1
        function = self._index(address)
        start = self._starts[function] if function >= 0 else 0
        if index < 0 or addresses[index] < start:
            return address != start
        return has[index]
