# SPDX-License-Identifier: MIT
"""Disks: what the guest reads is what the host wrote, what it writes is what
the host reads back, and what can't be read is told and tried again.

The guest is `hexdump`, whose head comment says what may be asked of it; the
answers are worked out here, from the image. All of it is so on each kind of
disk that a guest can have.
"""

from __future__ import annotations

import errno
import random
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from lodge.hexdump import SECTOR, check, copied, dump, failing
from lodge.kit import ROOT, Kit
from lodge.machine import DONE, FAILED, Machine, Pace

MACHINES = ["q35", "pc", "microvm"]
DISKS = ["virtio-blk", "virtio-scsi"]
Boot = Callable[..., Machine]

# As each kind of disk is told.
LARGE_SECTORS = {
    "virtio-blk": "-global virtio-blk-device.logical_block_size=4096"
    " -global virtio-blk-device.physical_block_size=4096",
    "virtio-scsi": "-global scsi-hd.logical_block_size=4096"
    " -global scsi-hd.physical_block_size=4096",
}
QUEUES = {
    "virtio-blk": "-global virtio-blk-device.queue-size={}"
    " -global virtio-blk-device.num-queues=3",
    "virtio-scsi": "-global virtio-scsi-device.virtqueue_size={}"
    " -global virtio-scsi-device.num_queues=3",
}
NO_CACHE = {
    "virtio-blk": "-global virtio-blk-device.write-cache=off"
    " -global virtio-blk-device.config-wce=off",
    "virtio-scsi": "-global scsi-hd.write-cache=off",
}


@pytest.fixture(params=DISKS)
def disk_on(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def boot(boot: Boot, disk_on: str) -> Boot:
    """The same, on each kind of disk."""
    return partial(boot, DISK_ON=disk_on)


@pytest.fixture
def image(tmp_path: Path) -> Callable[..., Path]:
    """Makes a disk of so many sectors, whatever in them."""

    def make(sectors: int, seed: int = 7) -> Path:
        path = tmp_path / "disk.img"
        path.write_bytes(random.Random(seed).randbytes(sectors * SECTOR))
        return path

    return make


# ---- What hexdump answers --------------------------------------------------------


def reads_done(guest: Machine) -> tuple[int, int, int]:
    """How many reads all over the disk there were, their check, and how many
    failed."""
    found = guest.expect(r"^hexdump: (\d+) reads, check (\d+), (\d+) failed", 20)
    return int(found[1]), int(found[2]), int(found[3])


def ends_well(guest: Machine) -> None:
    assert guest.wait_end() == DONE, guest.lines()
    assert not [e for e in guest.guest_errors() if "virtio" in e]


# ---- Disks that work ------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_many_requests_are_in_flight_on_every_machine_with_the_same_elf(
    machine: str, boot: Boot, image: Callable[..., Path], kit: Kit
) -> None:
    disk = image(2047)  # an odd number: the last block of 4 KiB is shorter
    data = disk.read_bytes()
    kit.build_app("hexdump")
    elf = (kit.out / "hexdump/kernel.img").read_bytes()
    seed = random.randrange(2**32)
    guest = boot(
        "hexdump", MACHINE=machine, DISK=str(disk),
        CHALLENGE=f"sector=2045 count=2 reads=400 depth=64 seed={seed} copy=40 from=7 to=2007",
    )  # fmt: skip
    guest.expect(r"^blk0: 2047 sectors, (pci|mmio)")
    assert reads_done(guest) == (400, check(data, 400, seed), 0)
    ends_well(guest)
    assert dump(data, 2045, 2) in guest.lines()
    assert "hexdump: flush: error 0\nhexdump: read back, 0 of 40 wrong\n" in guest.lines()
    assert disk.read_bytes() == copied(data, 7, 2007, 40)
    assert (kit.out / "hexdump/kernel.img").read_bytes() == elf


def test_the_first_and_the_last_sector_are_read_and_what_is_beyond_is_refused(
    boot: Boot, image: Callable[..., Path]
) -> None:
    disk = image(3)
    guest = boot("hexdump", DISK=str(disk), CHALLENGE="count=4 reads=2")
    assert reads_done(guest) == (2, check(disk.read_bytes(), 2, 1), 0)
    assert guest.wait_end() == FAILED
    assert dump(disk.read_bytes(), 0, 3) in guest.lines()
    assert "hexdump: sector 3: error 34\n" in guest.lines()


def test_requests_finish_in_any_order(boot: Boot, image: Callable[..., Path]) -> None:
    disk = image(512)
    guest = boot(
        "hexdump", BLOCKDEV=failing(disk), QEMU_ARGS="-S",
        CHALLENGE="count=0 reads=300 depth=16 seed=9",
    )  # fmt: skip
    # The first read is held back until nothing else is going on.
    debug_disk(guest, "break read_aio first")
    guest.qmp("cont")
    limit = time.monotonic() + guest.pace(10)
    while rd_operations(guest) < 299:
        assert time.monotonic() < limit, "the reads do not overtake the first one"
    debug_disk(guest, "resume first")
    assert reads_done(guest) == (300, check(disk.read_bytes(), 300, 9), 0)
    ends_well(guest)
    assert int(re.search(r"(\d+) overtook", guest.lines())[1]) >= 299


def debug_disk(guest: Machine, command: str) -> None:
    """By the way that the guest's requests go: another way to the same blocks
    would first wait for those that are held back."""
    device = guest.qmp("query-block")[0]["qdev"]
    guest.monitor(f'qemu-io -d {device} "{command}"')


def rd_operations(guest: Machine) -> int:
    return guest.qmp("query-blockstats")[0]["stats"]["rd_operations"]


def test_the_disk_that_is_built_says_which_sector_is_which(boot: Boot, kit: Kit) -> None:
    guest = boot("hexdump", CHALLENGE="sector=2047")
    ends_well(guest)
    data = (kit.out / "hexdump/disk.img").read_bytes()
    assert data[2047 * SECTOR :].startswith(b"this is sector 2047 of 2048\n")
    assert dump(data, 2047) in guest.lines()


@pytest.fixture(scope="module", params=[(m, d) for m in MACHINES for d in DISKS], ids="-".join)
def with_second(
    request: pytest.FixtureRequest, kit: Kit, tmp_path_factory: pytest.TempPathFactory
) -> Machine:
    """A guest that was told to write to its second disk, which is only to be
    read; it has ended."""
    folder = tmp_path_factory.mktemp("disks")
    files = {"DISK": folder / "disk.img", "DISK1": folder / "second.img"}
    for path, content in zip(files.values(), CONTENTS, strict=True):
        path.write_bytes(content)
    machine, disk_on = request.param
    kit.build_app("hexdump")
    with Machine(
        kit, "hexdump", folder / "hexdump", pace=Pace(4), MACHINE=machine, DISK_ON=disk_on,
        DISK1_ARGS="read-only=on", CHALLENGE="disk=1 sector=60 count=4 copy=4 from=10 to=40",
        **{name: str(path) for name, path in files.items()},
    ) as guest:  # fmt: skip
        assert guest.wait_end() == FAILED, guest.lines()
    assert not [e for e in guest.guest_errors() if "virtio" in e]
    assert [path.read_bytes() for path in files.values()] == CONTENTS
    return guest


CONTENTS = [random.Random(n).randbytes(n * SECTOR) for n in (70, 64)]


def test_the_second_file_of_the_command_line_is_the_second_disk(with_second: Machine) -> None:
    assert re.search("^blk0: 70 sectors, (pci|mmio)", with_second.lines(), re.M)
    assert re.search("^blk1: 64 sectors, ", with_second.lines(), re.M)
    assert dump(CONTENTS[1], 60, 4) in with_second.lines()


def test_a_disk_only_to_be_read_takes_no_writes(with_second: Machine) -> None:
    assert re.search("^blk1: 64 sectors, only to be read, ", with_second.lines(), re.M)
    assert "hexdump: 0 written, 4 failed: error 30\n" in with_second.lines()


@pytest.mark.parametrize("size", [4, 8, 1024])
def test_queues_of_absurd_sizes_serve_as_well(
    size: int, boot: Boot, disk_on: str, image: Callable[..., Path]
) -> None:
    disk = image(600)
    data = disk.read_bytes()
    guest = boot(
        "hexdump", DISK=str(disk), CHALLENGE="count=0 reads=300 depth=64 copy=64 from=1 to=500",
        QEMU_ARGS=QUEUES[disk_on].format(size),
    )  # fmt: skip
    assert reads_done(guest) == (300, check(data, 300, 1), 0)
    ends_well(guest)
    assert disk.read_bytes() == copied(data, 1, 500, 64)


def test_a_disk_with_sectors_of_4096_bytes(
    boot: Boot, disk_on: str, image: Callable[..., Path]
) -> None:
    disk = image(1024)
    data = disk.read_bytes()
    guest = boot(
        "hexdump", DISK=str(disk), CHALLENGE="sector=13 count=5 reads=100 copy=10 from=16 to=800",
        QEMU_ARGS=LARGE_SECTORS[disk_on],
    )  # fmt: skip
    assert reads_done(guest) == (100, check(data, 100, 1, unit=4096), 0)
    ends_well(guest)
    assert dump(data, 13, 5) in guest.lines()
    assert disk.read_bytes() == copied(data, 2, 100, 10, unit=4096)


def test_a_disk_larger_than_32_bits_can_count(boot: Boot, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    sectors = (3 << 40) // SECTOR
    with disk.open("wb") as file:
        file.truncate(sectors * SECTOR)
        file.seek((sectors - 1) * SECTOR)
        file.write(b"the end!" * 64)
    guest = boot("hexdump", DISK=str(disk), CHALLENGE=f"sector={sectors - 2} count=2")
    ends_well(guest)
    assert f"{sectors * SECTOR - 16:08x}  74 68 65 20" in guest.lines()


def test_from_a_disk_without_sectors_nothing_is_read(
    boot: Boot, disk_on: str, tmp_path: Path
) -> None:
    (tmp_path / "disk.img").write_bytes(b"")
    guest = boot("hexdump", DISK=str(tmp_path / "disk.img"), CHALLENGE="reads=5")
    if disk_on == "virtio-scsi":  # there it is one whose medium is missing
        guest.expect("target 0, lun 0: not used: it is not ready")
        guest.expect("^hexdump: there is no blk0$")
    else:
        guest.expect("^hexdump: sector 0: error 34$")
    assert guest.wait_end() == FAILED


def test_six_mebibytes_are_enough_for_a_disk(boot: Boot, image: Callable[..., Path]) -> None:
    disk = image(100)
    guest = boot("hexdump", DISK=str(disk), MEM="6", CHALLENGE="count=0 reads=100 depth=64")
    assert reads_done(guest) == (100, check(disk.read_bytes(), 100, 1), 0)
    ends_well(guest)


# ---- Disks that fail --------------------------------------------------------------


def test_a_read_that_fails_is_told_and_tried_again_and_is_no_matter_to_the_others(
    boot: Boot, image: Callable[..., Path]
) -> None:
    disk = image(64)
    rules = [(2, "off"), (9, "off"), (11, "on")]  # the sector, and whether once
    guest = boot(
        "hexdump", CHALLENGE="count=13 times=2",
        BLOCKDEV=failing(
            disk, *(
                f"{i}.{rule}" for i, (sector, once) in enumerate(rules)
                for rule in ("event=none", "iotype=read", f"sector={sector}", "errno=5", f"once={once}")
            ),
        ),
    )  # fmt: skip
    assert guest.wait_end() == FAILED
    shown = [dump(disk.read_bytes(), sector) for sector in range(13)]
    for sector, _ in rules:
        shown[sector] = f"hexdump: sector {sector}: error 5\n"
    again = shown.copy()
    again[11] = dump(disk.read_bytes(), 11)
    assert "".join(shown + again) in guest.lines()


# By the errno QEMU chooses what a disk of SCSI says.
@pytest.mark.parametrize("disk_on", ["virtio-scsi"])
def test_what_a_scsi_disk_says_of_an_error_is_told_once(
    boot: Boot, image: Callable[..., Path]
) -> None:
    guest = boot(
        "hexdump", CHALLENGE="sector=20 count=3 times=2",
        BLOCKDEV=failing(
            image(64), "0.event=none", "0.iotype=read", "0.sector=21",
            f"0.errno={errno.ENODATA}", "0.once=off",
        ),
    )  # fmt: skip
    assert guest.wait_end() == FAILED
    told = "blk0: a read at sector 21 failed: MEDIUM ERROR (sense 3/11/00)\n"
    assert guest.lines().count(told) == 1
    assert guest.lines().count("hexdump: sector 21: error 5\n") == 2


@pytest.mark.parametrize("disk_on", ["virtio-scsi"])
def test_a_scsi_disk_that_is_busy_is_asked_again(
    boot: Boot, image: Callable[..., Path]
) -> None:
    disk = image(64)
    guest = boot(
        "hexdump", CHALLENGE="sector=20 count=3",
        BLOCKDEV=failing(
            disk, "0.event=none", "0.iotype=read", "0.sector=21",
            f"0.errno={errno.EDOM}", "0.once=on",
        ),
    )  # fmt: skip
    ends_well(guest)
    assert dump(disk.read_bytes(), 20, 3) in guest.lines()


@pytest.mark.parametrize("disk_on", ["virtio-scsi"])
def test_what_is_no_disk_behind_a_scsi_controller_is_let_be(
    boot: Boot, image: Callable[..., Path]
) -> None:
    disk = image(64)
    guest = boot("hexdump", DISK=str(disk), QEMU_ARGS="-device scsi-cd,bus=scsi0.0,scsi-id=5")
    ends_well(guest)
    assert re.search("^pci .*, target 5, lun 0: a CD-ROM, let be$", guest.lines(), re.M)
    assert dump(disk.read_bytes(), 0) in guest.lines()


def test_a_write_that_fails_is_told(boot: Boot, image: Callable[..., Path]) -> None:
    disk = image(64)
    data = disk.read_bytes()
    guest = boot(
        "hexdump", CHALLENGE="count=0 copy=4 from=10 to=40",
        BLOCKDEV=failing(disk, "0.event=none", "0.iotype=write", "0.sector=42", "0.errno=5"),
    )  # fmt: skip
    guest.expect("^hexdump: 3 written, 1 failed: error 5$")
    guest.expect("^hexdump: read back, 1 of 4 wrong$")
    assert guest.wait_end() == FAILED
    wanted = copied(data, 10, 40, 4)
    assert disk.read_bytes() == wanted[: 42 * SECTOR] + data[42 * SECTOR : 43 * SECTOR] + (
        wanted[43 * SECTOR :]
    )


@pytest.mark.parametrize("machine", MACHINES)
def test_a_flush_reaches_the_host_and_its_error_comes_back(
    machine: str, boot: Boot, image: Callable[..., Path]
) -> None:
    disk = image(64)
    data = disk.read_bytes()
    guest = boot(
        "hexdump", MACHINE=machine, CHALLENGE="count=0 copy=4 from=10 to=40",
        BLOCKDEV=failing(disk, "0.event=flush_to_disk", "0.errno=5"),
    )  # fmt: skip
    guest.expect("^hexdump: flush: error 5$")
    assert guest.wait_end() == FAILED
    assert disk.read_bytes() == copied(data, 10, 40, 4)


def test_a_disk_without_a_write_cache_is_not_flushed(
    boot: Boot, disk_on: str, image: Callable[..., Path]
) -> None:
    guest = boot(
        "hexdump", CHALLENGE="count=0 copy=4 from=10 to=40",
        BLOCKDEV=failing(image(64), "0.event=flush_to_disk", "0.errno=5"),
        QEMU_ARGS=NO_CACHE[disk_on],
    )  # fmt: skip
    # A flush would fail.
    guest.expect("^hexdump: flush: error 0$")
    ends_well(guest)


def test_a_disk_that_can_not_be_used_is_no_disk(
    boot: Boot, disk_on: str, image: Callable[..., Path]
) -> None:
    guest = boot(
        "hexdump", DISK=str(image(64)), QEMU_ARGS=f"-global {disk_on}-pci.vectors=0"
        f" -global {disk_on}-pci.disable-legacy=on",
    )  # fmt: skip
    guest.expect("^hexdump: there is no blk0$")
    assert guest.wait_end() == FAILED


@pytest.mark.parametrize("machine", MACHINES)
def test_a_disk_that_says_device_needs_reset_is_declared_broken_and_the_guest_runs_on(
    machine: str, build: Path, image: Callable[..., Path], tmp_path: Path
) -> None:
    # A driver that gives QEMU nowhere to write makes it say so.
    right = (ROOT / "solutions/07-block/virtio_blk.c").read_text()
    wrong = right.replace("pieces + 2 - in, in, req)", "pieces + 2, 0, req)")
    assert wrong != right
    exercise = tmp_path / "labs/07-block/virtio_blk.c"
    exercise.parent.mkdir(parents=True)
    exercise.write_text(wrong)
    kit = Kit(tmp_path / "kit", mine="7", labs=tmp_path / "labs", build=build)
    kit.build_app("hexdump")
    with Machine(
        kit, "hexdump", tmp_path / "hexdump", pace=Pace(4), MACHINE=machine,
        DISK=str(image(2048)), CHALLENGE="count=3 reads=64 depth=64 copy=5",
    ) as guest:  # fmt: skip
        for sector in range(3):
            guest.expect(f"^hexdump: sector {sector}: error 5$")
        assert reads_done(guest) == (64, 0, 64)
        guest.expect("^hexdump: nothing copied: error 5$")
        assert guest.wait_end() == FAILED
        broken = [n for n in guest.lines().splitlines() if "broke the protocol" in n]
        assert len(broken) == 1 and broken[0].startswith("blk0 requests: "), guest.lines()
