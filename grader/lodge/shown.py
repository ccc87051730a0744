# SPDX-License-Identifier: MIT
"""What a guest has said by the time at which it is done: over its serial line,
and on its text screen, in memory and in the picture that QEMU draws of it.

    with boot("hi", "hi", SCREEN="vga", STAYS="1") as guest:
        shown = when_asleep(guest)
    check_serial(shown, text, boot.evidence(guest))
    check_screen(shown, text, boot.evidence(guest))
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from lodge.lab import Evidence, Failed
from lodge.machine import GuestSilent, Machine

COLUMNS, ROWS = 80, 25
_MEMORY, _LIGHT_GREY = 0xB8000, 7
_NEW_LINE, _BLANK = ord("\n"), ord(" ")


@dataclass(frozen=True)
class Shown:
    guest: Machine
    cells: bytes  # the screen's memory
    picture: Path  # what was drawn of it, as a PPM


def when_asleep(guest: Machine, seconds: float = 8) -> Shown:
    """Waits until the guest, which STAYS, is done and sleeps for good, and looks
    at it. (Firmware sleeps too, but in a mode in which there is no RIP.)"""
    limit = time.monotonic() + guest.pace(seconds)
    while True:
        registers = guest.monitor("info registers")
        if "RIP=" in registers and "HLT=1" in registers:
            return Shown(guest, guest.memory(_MEMORY, 2 * COLUMNS * ROWS), guest.screenshot())
        guest.raise_if_dead("come to the end of its text")
        if time.monotonic() > limit:
            raise GuestSilent(
                "The guest did not come to the end of its text within "
                f"{guest.pace(seconds):.0f} s.", guest,
            )  # fmt: skip


def words(text: bytes) -> str:
    """Text of any characters, for a person to read."""
    names = {10: "\\n", 13: "\\r"}
    return "".join(
        chr(c) if 32 <= c < 127 else names.get(c, f"\\x{c:02x}") for c in text
    )


def check_serial(shown: Shown, text: bytes, evidence: Evidence) -> None:
    """That all of `text`, and nothing else, came over the serial line."""
    wanted, seen = text.replace(b"\n", b"\r\n"), shown.guest.serial
    if seen == wanted:
        return
    lines, others = wanted.splitlines(True), seen.splitlines(True)
    for number, (line, other) in enumerate(zip(lines, others), 1):
        if line != other:
            raise Failed(
                f'line {number} over the serial line to be "{words(line)}"',
                f'"{words(other)}"', evidence,
            )  # fmt: skip
    raise Failed(
        f"{len(lines)} lines over the serial line, {len(wanted)} bytes in all",
        f"{len(others)} lines, {len(seen)} bytes in all", evidence,
    )  # fmt: skip


def rows_of(text: bytes) -> tuple[list[bytes], int]:
    """The rows in which `text` ends up on the screen, and which of them has the
    cursor then."""
    rows = [bytearray()]
    for c in text:
        if c != _NEW_LINE:
            rows[-1].append(c)
        if c == _NEW_LINE or len(rows[-1]) == COLUMNS:
            rows.append(bytearray())
    shown = rows[-ROWS:] + [bytearray()] * (ROWS - len(rows))
    return [bytes(row.ljust(COLUMNS)) for row in shown], min(len(rows), ROWS) - 1


def check_screen(shown: Shown, text: bytes, evidence: Evidence) -> None:
    """That the end of `text` is what the screen shows, light grey on black."""
    rows, cursor = rows_of(text)
    for i, row in enumerate(rows):
        cells = shown.cells[2 * COLUMNS * i : 2 * COLUMNS * (i + 1)]
        if cells[::2] != row:
            raise Failed(
                f'row {i} of the screen to be "{words(row.rstrip())}"',
                f'"{words(cells[::2].rstrip())}"', evidence,
            )  # fmt: skip
        if others := [a for a in cells[1::2] if a != _LIGHT_GREY]:
            raise Failed(
                f"each attribute of row {i} of the screen to be {_LIGHT_GREY:02x}",
                f"{others[0]:02x}", evidence,
            )  # fmt: skip
    for i, (row, lights) in enumerate(zip(rows, _lights(shown.picture))):
        for column, (c, light) in enumerate(zip(row, lights)):
            # The cursor blinks in a cell of its row.
            if light != (c != _BLANK) and not (light and i == cursor):
                raise Failed(
                    f"row {i}, column {column} of the picture to be "
                    f"{'dark' if c == _BLANK else 'seen'}",
                    f"{'something' if light else 'nothing'} there in {shown.picture.name}",
                    evidence,
                )  # fmt: skip


def _lights(picture: Path) -> list[list[bool]]:
    """Of each cell of the picture, whether anything but black is in it."""
    _, width, height, _, pixels = picture.read_bytes().split(maxsplit=4)
    across, down = int(width) // COLUMNS, int(height) // ROWS

    def light(row: int, column: int) -> bool:
        return any(
            any(pixels[3 * at : 3 * (at + across)])
            for y in range(row * down, (row + 1) * down)
            for at in (y * int(width) + column * across,)
        )

    return [[light(row, column) for column in range(COLUMNS)] for row in range(ROWS)]
