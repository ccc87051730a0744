# SPDX-License-Identifier: MIT
"""The web server and its disk: files larger than the machine's memory, and
disks of which a part can't be read."""

from __future__ import annotations

import hashlib
import http.client
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lodge import ext2
from lodge.ext2 import Shape
from lodge.machine import Machine
from lodge.target import AARCH64, CLOUD, Q35, UNIX_LWIP, UNIX_SOCKETS, Target
from lodge.web import Browser, at_rest, serving, stats

Boot = Callable[..., Machine]
MIB = 1 << 20


def make_disk(folder: Path, files: dict[str, bytes], **shape: int) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    for path, data in files.items():
        (tree / path[1:]).write_bytes(data)
    return ext2.make(folder / "disk.img", Shape(4096, 256, **shape), tree)


def pieces(browser: Browser, path: str) -> Iterator[bytes]:
    """A file's content as it comes."""
    browser.connection.request("GET", path)
    answer = browser.connection.getresponse()
    assert answer.status == 200
    while piece := answer.read(MIB):
        yield piece


# ---- Large ------------------------------------------------------------------


@pytest.mark.parametrize("target", [Q35, CLOUD, AARCH64, UNIX_SOCKETS, UNIX_LWIP], ids=str)
def test_a_file_larger_than_memory_streams_over_http(
    target: Target, boot: Boot, tmp_path: Path
) -> None:
    data = random.Random(64).randbytes(64 * MIB)
    image = make_disk(tmp_path, {"/large": data}, kib=80 << 10)
    guest = boot("web", target, PORT="0", MEM="8", DISK=str(image))
    port = serving(guest)
    before = stats(guest, port)
    assert before["pages_total"] * 4096 < len(data) // 4
    total, digest = 0, hashlib.sha256()
    with Browser(guest, port, seconds=20) as browser:
        for piece in pieces(browser, "/large"):
            total += len(piece)
            digest.update(piece)
    assert total == len(data)
    assert digest.digest() == hashlib.sha256(data).digest()
    after = stats(guest, port)
    for figure in ("heap_bytes", "heap_blocks", "pages_used", "cache_pinned"):
        assert after[figure] == before[figure], figure
    assert after["cache_misses"] - before["cache_misses"] > before["cache_blocks"]


# ---- Broken -----------------------------------------------------------------


def outcome(guest: Machine, port: int, path: str) -> tuple[int, bytes, bool]:
    """Status, or 0 if the connection ends without; content as far as it came,
    and whether all of it came."""
    status = 0
    with Browser(guest, port, 10) as browser:
        browser.connection.request("GET", path)
        try:
            answer = browser.connection.getresponse()
            status = answer.status
            return status, answer.read(), True
        except http.client.IncompleteRead as cut:
            return status, cut.partial, False
        except ConnectionResetError:
            guest.raise_if_dead(f"answer {path}")
            return status, b"", False


class Troubled:
    """Four files on a disk of which a part can't be read: /start from its
    first block on, /middle from some later one on, so that it has begun to be
    sent by then."""

    SIZES = {"/good": 9000, "/other": 70_000, "/middle": MIB, "/start": 4096}

    def __init__(self, folder: Path) -> None:
        dice = random.Random(5)
        self.content = {path: dice.randbytes(size) for path, size in self.SIZES.items()}
        self.image = make_disk(folder, {})
        for path, data in self.content.items():  # so that they lie in this order
            (folder / path[1:]).write_bytes(data)
            ext2.debugfs(self.image, f"write {folder / path[1:]} {path}")
        self.bad = [self.block_at("/start", 0), self.block_at("/middle", 200)]

    def block_at(self, path: str, number: int) -> int:
        return ext2.block_at(self.image, path, number)

    def ask(self, guest: Machine, port: int, *bad: str) -> None:
        def fine(path: str) -> bool:
            return outcome(guest, port, path) == (200, self.content[path], True)

        assert fine("/good")
        if "/start" in bad:
            status, body, _ = outcome(guest, port, "/start")
            assert status == 500 and self.content["/start"] not in body
        else:
            assert fine("/start")
        if "/middle" in bad:
            status, body, whole = outcome(guest, port, "/middle")
            assert status == 200 and not whole, "it is not pretended to be whole"
            assert self.content["/middle"].startswith(body)
        else:
            assert fine("/middle")
        assert fine("/other")

    def end(self, guest: Machine, port: int) -> None:
        figures = at_rest(guest, port)
        assert figures["cache_errors"] > 0
        assert figures["cache_pinned"] == figures["cache_reading"] == 0


@pytest.mark.parametrize("target", [Q35, CLOUD, AARCH64], ids=str)
@pytest.mark.parametrize("once", [False, True], ids=["always", "once"])
def test_a_disk_error_is_500_or_a_closed_connection_for_the_files_concerned_and_is_tried_again(
    once: bool, target: Target, boot: Boot, tmp_path: Path
) -> None:
    disk = Troubled(tmp_path)
    blockdev = ext2.failing(disk.image, disk.bad, once=once)
    guest = boot("web", target, PORT="0", BLOCKDEV=blockdev)
    port = serving(guest)
    if once:
        # Who asks for /start asks for the bad block, and is told. In /middle it
        # is read as one of many before anybody asks for it: that is told to
        # nobody, and it is tried again by itself.
        disk.ask(guest, port, "/start")
        disk.ask(guest, port)
    else:
        disk.ask(guest, port, "/start", "/middle")
        disk.ask(guest, port, "/start", "/middle")
    disk.end(guest, port)


@pytest.mark.parametrize("target", [UNIX_SOCKETS, UNIX_LWIP], ids=str)
def test_what_the_host_can_not_read_of_a_file_is_a_disk_error_as_well(
    target: Target, boot: Boot, tmp_path: Path
) -> None:
    """The file becomes shorter than the disk was, and then whole again."""
    disk = Troubled(tmp_path)
    whole = disk.image.read_bytes()
    cut = ext2.block_size(disk.image) * disk.block_at("/middle", 200)
    guest = boot("web", target, PORT="0", DISK=str(disk.image))
    port = serving(guest)
    with disk.image.open("r+b") as file:
        file.truncate(cut)
        disk.ask(guest, port, "/start", "/middle")
        disk.ask(guest, port, "/start", "/middle")
        file.write(whole)
        file.flush()
        disk.ask(guest, port)
    disk.end(guest, port)


@pytest.mark.parametrize("target", [Q35, UNIX_SOCKETS], ids=str)
def test_a_hostile_image_is_partly_served_over_http(
    target: Target, boot: Boot, tmp_path: Path
) -> None:
    dice = random.Random(6)
    names = ("/good", "/huge", "/nowhere", "/loop", "/round", "/gone", "/other")
    content = {path: dice.randbytes(20_000) for path in names}
    image = make_disk(tmp_path, content)
    top = ext2.block_at(image, "/loop", 0)
    ext2.debugfs(
        image,
        "sif /huge size 0x7fffffffffff",
        "sif /nowhere block[0] 0xffffff",
        f"sif /loop block[IND] {top}",
        "sif /loop size 2000000",
        "clri /gone",
        "rm /round",
        "symlink /round /round",
    )
    guest = boot("web", target, PORT="0", DISK=str(image))
    port = serving(guest)
    for _ in range(2):
        for path in ("/good", "/other"):
            assert outcome(guest, port, path) == (200, content[path], True)
        for path in ("/huge", "/nowhere", "/gone", "/round"):
            assert outcome(guest, port, path)[0] == 500, path
        # It has good blocks before the bad one: who asks sees it break off.
        assert not outcome(guest, port, "/loop")[2]
    # What was lent comes back from the event loop, which may be later than the
    # answer to who comes next.
    assert at_rest(guest, port)["cache_pinned"] == 0
