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
from lodge.web import Browser, serving, stats

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


def test_a_file_larger_than_memory_streams_over_http(boot: Boot, tmp_path: Path) -> None:
    data = random.Random(64).randbytes(64 * MIB)
    image = make_disk(tmp_path, {"/large": data}, kib=80 << 10)
    guest = boot("web", PORT="0", MEM="8", DISK=str(image))
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


@pytest.mark.parametrize("once", [False, True], ids=["always", "once"])
def test_a_disk_error_is_500_or_a_closed_connection_for_the_files_concerned_and_is_tried_again(
    once: bool, boot: Boot, tmp_path: Path
) -> None:
    """/start can't be read from its first block on, /middle from some later
    one on: it has begun to be sent by then."""
    dice = random.Random(5)
    files = {"/good": 9000, "/start": 4096, "/middle": MIB, "/other": 70_000}
    content = {path: dice.randbytes(size) for path, size in files.items()}
    image = make_disk(tmp_path, content)
    bad = [ext2.block_at(image, path, n) for path, n in (("/start", 0), ("/middle", 200))]
    guest = boot("web", PORT="0", BLOCKDEV=ext2.failing(image, bad, once=once))
    port = serving(guest)

    def fine(path: str) -> bool:
        return outcome(guest, port, path) == (200, content[path], True)

    for again in (False, True):
        assert fine("/good")
        status, body, _ = outcome(guest, port, "/start")
        middle = outcome(guest, port, "/middle")
        if again and once:
            assert (status, body) == (200, content["/start"])
            assert middle == (200, content["/middle"], True)
        else:
            assert status == 500 and content["/start"] not in body
            assert middle[0] == 200 and not middle[2], "it is not pretended to be whole"
            assert content["/middle"].startswith(middle[1])
        assert fine("/other")
    figures = stats(guest, port)
    assert figures["cache_errors"] > 0
    assert figures["cache_pinned"] == figures["cache_reading"] == 0


def test_a_hostile_image_is_partly_served_over_http(boot: Boot, tmp_path: Path) -> None:
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
    guest = boot("web", PORT="0", DISK=str(image))
    port = serving(guest)
    for _ in range(2):
        for path in ("/good", "/other"):
            assert outcome(guest, port, path) == (200, content[path], True)
        for path in ("/huge", "/nowhere", "/gone", "/round"):
            assert outcome(guest, port, path)[0] == 500, path
        # It has good blocks before the bad one: who asks sees it break off.
        assert not outcome(guest, port, "/loop")[2]
    assert stats(guest, port)["cache_pinned"] == 0
