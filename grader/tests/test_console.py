# SPDX-License-Identifier: MIT
"""The console: serial line, VGA text and firmware's pixels show the same; and
the printf family says what the host's says."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lodge.formats import ROUNDS, Table
from lodge.kit import ROOT, Kit
from lodge.machine import DONE, GuestSilent, Machine

Boot = Callable[..., Machine]
MACHINES = ["q35", "pc", "microvm"]


# ---- The printf family -----------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_the_printf_family_prints_what_the_host_s_libc_does(machine: str, boot: Boot) -> None:
    asked = Table(2026 + MACHINES.index(machine), more=0)
    guest = boot("print", MACHINE=machine, CHALLENGE=asked.challenge)
    assert guest.wait_end() == DONE
    rows = asked.text().decode().splitlines()
    assert (len(rows) - 1) % ROUNDS == 0 and len(rows) > 101
    assert guest.lines().splitlines() == rows


def test_a_hundred_thousand_random_conversions_agree_with_the_host_s_libc(kit: Kit) -> None:
    unit = kit.build_unit("format")
    done = subprocess.run([unit, "test_a_hundred_thousand"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("pass "), done.stdout


# ---- The serial line -------------------------------------------------------------


def room_for_single_bytes() -> int:
    """How many fit into a socket when each is sent alone, as QEMU sends them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        for count in range(1 << 20):
            try:
                theirs.send(b"x")
            except BlockingIOError:
                return count
    raise AssertionError("a socket without an end")


def test_the_last_character_arrives_however_late_it_is_read(kit: Kit, boot: Boot) -> None:
    """When all but one fit in between, the guest is at its end with one unsent."""
    asked = Table(2026, more=0)
    first = boot("print", CHALLENGE=asked.challenge)
    assert first.wait_end() == DONE
    words, room = first.serial, room_for_single_bytes()
    assert len(words) > room + 1

    ours, theirs = socket.socketpair()
    with ours:
        command = kit.run_command(
            "print", CHALLENGE=asked.challenge, SERIAL="chardev:serial",
            QEMU_ARGS=f"-chardev socket,fd={theirs.fileno()},id=serial",
        )  # fmt: skip
        with theirs:
            guest = subprocess.Popen(
                command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        with guest:
            read = ours.recv(len(words) - room - 1, socket.MSG_WAITALL)
            with pytest.raises(subprocess.TimeoutExpired):
                guest.wait(0.5)  # who is late
            while data := ours.recv(65536):
                read += data
    assert read == words
    assert guest.returncode == first.status


# ---- VGA -------------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_uart_and_vga_show_the_same_and_the_screen_scrolls(machine: str, boot: Boot) -> None:
    guest = boot("echo", MACHINE=machine, SCREEN="vga")
    guest.expect("Esc ends it")
    guest.write("".join(f"line {i} {'x' * (i % 60)}\r" for i in range(100)) + "the end\r")
    guest.expect("^the end$", 20)
    printed = guest.lines().splitlines()
    # The first row's right end has the clock; the cursor is in an empty row.
    wanted = [*printed[-23:], ""]
    limit = time.monotonic() + guest.pace(10)
    while (screen := guest.vga_text())[1:] != wanted:
        guest.raise_if_dead("show what it printed")
        assert time.monotonic() < limit, screen
    assert screen[0].startswith(printed[-24])


def test_a_row_of_eighty_characters_goes_on_in_the_next(boot: Boot) -> None:
    guest = boot("echo", SCREEN="vga")
    guest.expect("Esc ends it")
    guest.write("a" * 79 + "bc\r")
    guest.expect("^a+bc$")
    screen = guest.expect_on_screen("c")
    assert screen[screen.index("c") - 1] == "a" * 79 + "b"


# ---- Pixels ----------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    pixels: bytes  # three a pixel

    @classmethod
    def of(cls, path: Path) -> Picture:
        """A PPM, as QEMU writes it."""
        kind, width, height, top, pixels = path.read_bytes().split(maxsplit=4)
        assert (kind, top) == (b"P6", b"255")
        return cls(int(width), int(height), pixels)


def font() -> dict[str, list[int]]:
    text = (ROOT / "kernel/drivers/framebuffer/font.c").read_text()
    rows = re.findall(r"\{ ((?:0x[0-9a-f]{2}(?:, )?){8}) \}", text)
    assert len(rows) == 95
    return {chr(32 + i): [int(n, 16) for n in row.split(", ")] for i, row in enumerate(rows)}


def drawn(lines: list[str], width: int, height: int) -> Picture:
    """The lines as the font has them, light grey on black."""
    shapes = font()
    picture = bytearray(3 * width * height)
    for row, line in enumerate(lines):
        for column, c in enumerate(line):
            for y in range(16):
                for x in range(8):
                    if shapes[c][y // 2] >> (7 - x) & 1:
                        at = 3 * ((row * 16 + y) * width + column * 8 + x)
                        picture[at : at + 3] = b"\xaa\xaa\xaa"
    return Picture(width, height, bytes(picture))


def rows_of(text: str, columns: int, rows: int) -> list[str]:
    """Where the text ends up on a screen; at the end, the cursor's own row."""
    result = []
    for line in text.splitlines():
        result += [line[i : i + columns] for i in range(0, len(line) + 1, columns)]
    return result[-(rows - 1) :]


@pytest.fixture(scope="session")
def loader(build: Path) -> Path:
    """grader/screen_loader.c, which hands over a screen as firmware does."""
    elf = build / "test" / "screen_loader.elf"
    elf.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [shutil.which("x86_64-linux-gnu-gcc") or "gcc", "-m32", "-std=gnu11", "-O1", "-ffreestanding", "-fno-pic", "-no-pie",
         "-fno-stack-protector", "-mno-sse", "-Wall", "-Wextra", "-Werror", "-nostdlib",
         "-static", "-Wl,--build-id=none,-Ttext=0x1000000,-m,elf_i386", "-o", str(elf),
         str(ROOT / "grader/screen_loader.c")],
        check=True,
    )  # fmt: skip
    return elf


def by_loader(boot: Boot, kit: Kit, loader: Path, mode: str, app: str = "echo") -> Machine:
    image = kit.out / app / "kernel.img"
    return boot(
        app, SCREEN="vga", APPEND=mode, QEMU_ARGS=f"-kernel {loader} -initrd {image}"
    )  # fmt: skip


def expect_picture(guest: Machine, wanted: Picture) -> None:
    """The screen tells nobody that it has changed: we have to look."""
    limit = time.monotonic() + guest.pace(10)
    while Picture.of(guest.screenshot()) != wanted:
        guest.raise_if_dead("show its text")
        if time.monotonic() > limit:
            raise GuestSilent("The guest did not draw its text.", guest)


@pytest.mark.parametrize(
    "mode",
    [
        "mode=640x480x32",
        "mode=800x600x24",
        "mode=800x600x24 row=832",
        "mode=1000x700x32 row=1016",
    ],
)
def test_the_framebuffer_shows_the_console_by_the_font(
    mode: str, boot: Boot, kit: Kit, loader: Path
) -> None:
    width, height = (int(n) for n in mode[5:].split("x")[:2])
    guest = by_loader(boot, kit, loader, mode)
    guest.expect("Esc ends it")
    expect_picture(guest, drawn(rows_of(guest.lines(), width // 8, height // 16), width, height))

    every = "".join(chr(c) for c in range(33, 127))
    guest.write("".join(f"{i} {every[i:]} {every}\r" for i in range(60)) + "the end\r")
    guest.expect("^the end$", 20)
    expect_picture(guest, drawn(rows_of(guest.lines(), width // 8, height // 16), width, height))


@pytest.mark.parametrize(
    "say",
    [
        "0,0,0,32,1",
        "800,600,0,32,1",
        "800,600,3199,32,1",
        "4000000000,4000000000,4294967295,32,1",
        "800,600,1600,16,1",
        "800,600,3200,255,1",
        "800,600,3200,32,0",
        "80,25,160,16,2",
        "4,4,4096,24,1",
    ],
)
def test_a_screen_that_makes_no_sense_is_left_alone(
    say: str, boot: Boot, kit: Kit, loader: Path
) -> None:
    guest = by_loader(boot, kit, loader, f"mode=640x480x32 say={say}")
    guest.expect("Esc ends it")
    assert set(Picture.of(guest.screenshot()).pixels) == {0x5A}
    guest.write("\033")
    assert guest.wait_end() == DONE
