# SPDX-License-Identifier: MIT
"""A picture of a guest's screen: boots it, waits until it is done or says what
its app.mk has as READY, and writes a PNG."""

from __future__ import annotations

import re
import struct
import time
import zlib
from pathlib import Path

from lodge.kit import Kit, from_root
from lodge.machine import GuestEnded, GuestSilent, GuestTodo, Machine
from lodge.smallest import ready_line
from lodge.student.path import Sorry

PATIENCE_S = 20.0
_INTERRUPTS = 0x200  # of the flags: they may come


def png(ppm: bytes) -> bytes:
    """A picture as QEMU writes it (P6, 255), as a PNG. [PNG 1.2 §4]"""
    kind, width, height, top, pixels = ppm.split(maxsplit=4)
    if (kind, top) != (b"P6", b"255"):
        raise Sorry("QEMU wrote a picture of a kind that is not known here.")
    row = 3 * int(width)
    lines = b"".join(
        b"\0" + pixels[i * row : (i + 1) * row] for i in range(int(height))
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack("!I", len(data)) + body + struct.pack("!I", zlib.crc32(body))

    head = struct.pack("!2I5B", int(width), int(height), 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
    )  # fmt: skip


class Patient(Machine):
    """One that is looked at also when it has given up."""

    def _lost(self) -> bool:
        return self.status is not None

    def let_go_on(self) -> None:
        """Until it says something, or a moment has passed."""
        with self._changed:
            self._changed.wait(0.05)


def _is_done(guest: Machine) -> bool:
    """It sleeps, and nothing can wake it: so it ends where nothing ends it."""
    registers = guest.monitor("info registers")
    flags = re.search(r"^R?E?FL=([0-9a-f]+)", registers, re.M) or re.search(
        r"\bRFL=([0-9a-f]+)", registers
    )
    return bool(
        flags and "HLT=1" in registers and not int(flags[1], 16) & _INTERRUPTS
        and guest.serial
    )  # fmt: skip


def _end(guest: Machine) -> str:
    """What it has come to, if it has given up."""
    fatal = guest.fatal()
    if not fatal:
        return ""
    if fatal[0] == "not written yet":
        return f"the guest when it came to a part that is not written yet: {fatal[1]}"
    return "what it said when it gave up"


def _wait(guest: Patient, ready: str) -> str:
    """Until there is something to see; what that is."""
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        if end := _end(guest):
            return end
        if ready and ready in guest.lines():
            return f'the guest when it said "{ready}"'
        # One thread reads all that QEMU says: with its second answer here, so are the
        # guest's words from before the first.
        if _is_done(guest) and _is_done(guest):
            return _end(guest) or "the guest when it was done"
        guest.let_go_on()
    return f"the guest after {PATIENCE_S:.0f} seconds"


def screen(app: str, mine: str, labs: Path, build: Path, arch: str, rest: list[str]) -> int:
    if arch not in ("", "x86_64"):
        raise Sorry(f"With ARCH={arch} there is no screen to see: it is for ARCH=x86_64.")
    kit = Kit(build / "x86_64", mine, labs, build)
    kit.build_app(app)
    folder = build / "screen"
    variables = dict(word.split("=", 1) for word in rest)
    if variables.get("MACHINE") == "microvm":
        raise Sorry("MACHINE=microvm has no screen. There are: q35, pc")
    # What has ended stays, for its screen to be looked at.
    settings = {"SCREEN": "vga", "STAYS": "1", "PORT": "0"} | variables
    try:
        with Patient(kit, app, folder / app, **settings) as guest:
            what = _wait(guest, ready_line(app))
            picture = png(guest.screenshot().read_bytes())
    except (GuestEnded, GuestSilent, GuestTodo) as error:
        raise Sorry(
            f"There is no picture: {error.what} Its folder: {from_root(folder / app)}"
        ) from error
    path = folder / f"{app}.png"
    path.write_bytes(picture)
    print(f"{from_root(path)}: {what}.")
    return 0
