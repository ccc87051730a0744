# SPDX-License-Identifier: MIT
"""Devices from before virtio 1.0: everything that a guest does with virtio
devices it does with those that have only the legacy interface, whatever else
they can't do."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from lodge.kit import Kit
from lodge.machine import DONE, Machine
from lodge.peer import Wire
from lodge.web import Browser, serving, site_of

Boot = Callable[..., Machine]

MACHINES = ["q35", "pc"]
LEGACY = {"VIRTIO": "legacy"}
# What a device may have been told not to offer. The disk knows nothing of
# MRG_RXBUF.
KINDS = {
    "any_layout": ("net", "blk"), "event_idx": ("net", "blk"),
    "indirect_desc": ("net", "blk"), "mrg_rxbuf": ("net",),
}  # fmt: skip


def off(*features: str) -> str:
    return " ".join(
        f"-global virtio-{kind}-pci.{feature}=off" for feature in features for kind in KINDS[feature]
    )


def is_content(guest: Machine) -> None:
    """QEMU has said nothing against what it did with its devices."""
    assert not [e for e in guest.guest_errors() if "virtio" in e or "vring" in e]


def serves(boot: Boot, kit: Kit, **variables: str) -> Machine:
    """A guest that has served a page and what belongs to it."""
    guest = boot("web", PORT="0", **variables)
    site = site_of(kit)
    with Browser(guest, serving(guest)) as browser:
        for name in ("index.html", "style.css", "favicon.svg"):
            assert browser.get(f"/{name}") == (200, (site / name).read_bytes())
    is_content(guest)
    return guest


# ---- Applications ----------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_dice_are_rolled_with_bytes_from_a_legacy_device(machine: str, boot: Boot) -> None:
    entropy = random.Random(3).randbytes(4000)
    guest = boot(
        "dice", entropy=entropy, MACHINE=machine, CHALLENGE="rolls=3000 batch=64 bytes=16", **LEGACY
    )
    faces = [1 + b % 6 for b in entropy if b < 252][:3000]
    check = 0
    for face in faces:
        check = (check * 31 + face) % 2**32
    assert guest.wait_end() == DONE, guest.lines()
    assert f"dice: rolled 3000, sum {sum(faces)}, check {check}" in guest.lines()
    is_content(guest)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_legacy_disk_is_read_and_written(machine: str, boot: Boot, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    data = random.Random(4).randbytes(2048 * 512)
    disk.write_bytes(data)
    guest = boot(
        "hexdump", MACHINE=machine, DISK=str(disk),
        CHALLENGE="count=2 reads=300 depth=64 seed=4 copy=40 from=7 to=2007", **LEGACY,
    )  # fmt: skip
    guest.expect(r"^blk0: 2048 sectors, pci")
    assert guest.wait_end() == DONE, guest.lines()
    assert "hexdump: read back, 0 of 40 wrong\n" in guest.lines()
    units = [data[i * 512 : (i + 1) * 512][::-1] for i in range(7, 47)]
    after = data[: 2007 * 512] + b"".join(units) + data[2047 * 512 :]
    assert disk.read_bytes() == after
    is_content(guest)


@pytest.fixture
def wire() -> Iterator[Wire]:
    cable = Wire()
    yield cable
    cable.close()


@pytest.mark.parametrize("without", [(), ("any_layout",)], ids=["one_piece", "two_pieces"])
def test_frames_come_whole_and_without_the_header_of_10_bytes(
    without: tuple[str, ...], boot: Boot, wire: Wire
) -> None:
    dice = random.Random(5)
    head = bytes.fromhex("ffffffffffff 020000000001 88b5")
    frames = [head + dice.randbytes(dice.randrange(46, 1501)) for _ in range(600)]
    guest = wire.plug(boot(
        "sniff", MACHINE="pc", CHALLENGE=f"frames={len(frames)}", APPEND="ip=10.0.0.2/24",
        QEMU_ARGS=off(*without), **wire.variables(), **LEGACY,
    ))  # fmt: skip
    guest.expect("^sniff: listening on net0")
    check = 0
    for frame in frames:
        wire.send(frame)
        for byte in frame:
            check = (check * 31 + byte) % 2**32
    assert guest.wait_end(20) == DONE, guest.lines()
    size = sum(map(len, frames))
    assert f"sniff: {len(frames)} frames, {size} bytes, 0 answered, check {check}" in guest.lines()
    is_content(guest)


# ---- The web, whatever the devices lack -------------------------------------------


def test_the_site_is_served_whatever_the_devices_do_not_offer(
    boot: Boot, kit: Kit, soak: bool
) -> None:
    each = [tuple(n for n, there in zip(KINDS, bits) if not there)
            for bits in product([True, False], repeat=len(KINDS))]  # fmt: skip
    some = [lacks for lacks in each if soak or len(lacks) in (0, 1, len(KINDS))]
    for lacks in some:
        serves(boot, kit, MACHINE="pc", QEMU_ARGS=off(*lacks), **LEGACY).close()
    everything = off(*KINDS)
    serves(boot, kit, MACHINE="q35", QEMU_ARGS=everything, **LEGACY).close()
    serves(boot, kit, MACHINE="q35", QEMU_ARGS=everything, VIRTIO="modern").close()
    serves(boot, kit, MACHINE="pc", QEMU_ARGS=everything).close()


def test_a_device_with_long_queues_is_used_in_8_mebibytes(boot: Boot, kit: Kit) -> None:
    """Its queues are as long as it says, used or not."""
    guest = serves(
        boot, kit, MACHINE="pc", MEM="8", **LEGACY,
        QEMU_ARGS="-global virtio-net-pci.rx_queue_size=1024 -global virtio-blk-pci.queue-size=1024",
    )  # fmt: skip
    queues = [
        guest.qmp("x-query-virtio-queue-status", path=device["path"], queue=0)["vring-num"]
        for device in guest.qmp("x-query-virtio")
    ]
    assert queues == [1024, 1024]


def test_a_machine_like_a_cloud_s_serves(boot: Boot, kit: Kit) -> None:
    """Legacy devices alone, the disk behind a SCSI controller, and a card that
    says how long frames may be."""
    guest = serves(
        boot, kit, MACHINE="pc", DISK_ON="virtio-scsi", **LEGACY,
        QEMU_ARGS="-global virtio-net-pci.host_mtu=1460 -object rng-random,id=more,filename=/dev/urandom"
        " -device virtio-rng-pci,rng=more,disable-modern=on,disable-legacy=off",
    )  # fmt: skip
    kinds = {d["name"] for d in guest.qmp("x-query-virtio")}
    assert kinds == {"virtio-net", "virtio-scsi", "virtio-rng"}
