# SPDX-License-Identifier: MIT
"""Several disks and network cards, in any slot: each is found, has the name
that its place on the bus gives it, says where it is, and is the right one."""

from __future__ import annotations

import errno
import random
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lodge.kit import Kit
from lodge.machine import DONE, FAILED, Machine, Pace
from lodge.web import Browser
from test_disk import SECTOR, check, copied

READS = 24
OWN = 2048  # sectors of the disk that hexdump brings along


@dataclass
class Disk:
    """What the guest is to find: `where` as it says it, and its content."""

    where: str
    data: bytes
    unit: int = SECTOR


@dataclass
class Devices:
    """Makes QEMU's arguments for disks and cards, each with a content or an
    address of its own, and remembers what was made."""

    folder: Path
    arguments: list[str] = field(default_factory=list)
    disks: dict[str, Disk] = field(default_factory=dict)  # by its id
    cards: dict[str, str] = field(default_factory=dict)  # id: address

    def add(self, *words: str) -> None:
        self.arguments += words

    def node(self, id: str, unit: int = SECTOR) -> str:
        """A disk's content, of a size that no other has."""
        count = len(self.disks) + 1
        data = random.Random(id).randbytes((64 + count) * unit)
        path = self.folder / f"{id}.img"
        path.write_bytes(data)
        self.disks[id] = Disk("", data, unit)
        self.add(
            f"-blockdev driver=raw,node-name=n-{id},read-only=on,"
            f"file.driver=file,file.filename={path}"
        )
        return f"n-{id}"

    def blk(self, id: str, bus: str, place: str) -> None:
        self.add(f"-device virtio-blk-{bus},id={id},drive={self.node(id)}{place}")

    def net(self, id: str, bus: str, place: str) -> None:
        self.cards[id] = f"52:54:00:00:01:{len(self.cards):02x}"
        rom = ",romfile=" if bus == "pci" else ""
        self.add(f"-device virtio-net-{bus},id={id},mac={self.cards[id]}{rom}{place}")

    def scsi(self, id: str, bus: str, place: str, *units: tuple[int, int, int]) -> None:
        """With disks at (target, LUN), and so many bytes in a block."""
        self.add(f"-device virtio-scsi-{bus},id={id}{place}")
        for target, lun, size in units:
            name = f"{id}-{target}-{lun}"
            self.add(
                f"-device scsi-hd,bus={id}.0,scsi-id={target},lun={lun},"
                f"drive={self.node(name, size)},logical_block_size={size},"
                f"physical_block_size={size}"
            )

    def stand_at(self, places: dict[str, str]) -> None:
        """Where each device is, by its id."""
        for id, disk in self.disks.items():
            controller, *unit = id.split("-")
            disk.where = places[controller] + "".join(
                f", {word} {n}" for word, n in zip(("target", "lun"), unit)
            )


# ---- Machines ---------------------------------------------------------------------


def q35(devices: Devices) -> dict[str, str]:
    devices.blk("high", "pci", ",addr=1d")
    devices.blk("first", "pci", ",addr=05.0,multifunction=on")
    devices.scsi("last", "pci", ",addr=05.7", (3, 0, 512), (3, 4, 4096), (200, 0, 512))
    devices.net("middle", "pci", ",addr=05.2")
    devices.add("-device pcie-root-port,id=port1,chassis=1,addr=9")
    devices.add("-device pcie-root-port,id=port2,chassis=2,addr=4")
    devices.blk("behind", "pci", ",bus=port1")
    devices.add("-device pcie-pci-bridge,id=old,bus=port2")
    devices.net("farther", "pci", ",bus=old,addr=1e")
    devices.scsi("farthest", "pci", ",bus=old,addr=2", (0, 1, 512))
    return {}


def pc(devices: Devices) -> dict[str, str]:
    devices.add("-device pci-bridge,id=near,chassis_nr=1,addr=1c")
    devices.add("-device pci-bridge,id=far,chassis_nr=2,bus=near,addr=3")
    devices.net("first", "pci", ",addr=06.1")
    devices.blk("second", "pci", ",addr=06.0,multifunction=on")
    devices.blk("high", "pci", ",addr=1f")
    devices.scsi("behind", "pci", ",bus=near,addr=1f", (9, 2, 512))
    devices.net("farther", "pci", ",bus=far,addr=1")
    devices.blk("farthest", "pci", ",bus=far,addr=8")
    return {}


def windows(devices: Devices, *places: int) -> dict[str, str]:
    """In windows of memory: two disks, two cards and a controller."""
    at = {}
    for id, place in zip(("blk", "net", "scsi", "late", "lost"), places, strict=True):
        bus = f",bus=virtio-mmio-bus.{place}"
        match id:
            case "scsi":
                devices.scsi(id, "device", bus, (0, 0, 512), (1, 7, 4096))
            case "blk" | "late":
                devices.blk(id, "device", bus)
            case _:
                devices.net(id, "device", bus)
        at[id] = f"mmio {place}"
    return at


MACHINES: dict[str, tuple[dict[str, str], Callable[[Devices], dict[str, str]]]] = {
    "q35": ({}, q35),
    "pc": ({}, pc),
    "microvm": ({}, lambda d: windows(d, 4, 0, 3, 1, 5)),
    "virt": ({"arch": "aarch64"}, lambda d: windows(d, 0, 17, 29, 9, 2)),
}


def pci_places(guest: Machine) -> dict[str, str]:
    """Where QEMU has each device that has an id."""
    places = {}
    left = [d for bus in guest.qmp("query-pci") for d in bus["devices"]]
    while left:
        d = left.pop()
        left += d.get("pci_bridge", {}).get("devices", [])
        where = f"pci {d['bus']:02x}:{d['slot']:02x}.{d['function']:x}"
        places[d["qdev_id"]] = where
    return places


def in_bus_order(where: str) -> list[int]:
    """What places are sorted by: their numbers."""
    place, *unit = where.split(", ")
    return [int(n, 16) for n in re.split("[:.]", place.split()[1])] + [
        int(word.split()[1]) for word in unit
    ]


def blks(guest: Machine) -> list[tuple[int, int, str]]:
    """Each disk's number, sectors and place, in the order of the lines."""
    found = re.findall(r"^blk(\d+): (\d+) sectors(?:, only to be read)?, (.*)$", guest.lines(), re.M)
    return [(int(n), int(sectors), where) for n, sectors, where in found]


def nets(guest: Machine) -> list[tuple[int, str, str]]:
    """Each card's number, address and place."""
    found = re.findall(r"^net(\d+): (\w\w:\S+), link \w+, (.*)$", guest.lines(), re.M)
    return [(int(n), address, where) for n, address, where in found]


def checks(guest: Machine) -> list[int]:
    """What hexdump has read of each disk."""
    found = re.findall(rf"^hexdump: {READS} reads, check (\d+), 0 failed", guest.lines(), re.M)
    return [int(n) for n in found]


# ---- In any slot ------------------------------------------------------------------


Start = Callable[..., Machine]


@pytest.fixture(scope="module")
def start(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Boots an application on the machine of that name, with more devices."""
    with ExitStack() as stack:

        def boot(machine: str, app: str, devices: Devices, **variables: str) -> Machine:
            made = MACHINES[machine][0]
            kit = Kit(build / "-".join(["test", *made.values()]), build=build, **made)
            kit.build_app(app)
            guest = Machine(
                kit, app, tmp_path_factory.mktemp(app), pace=Pace(4), MACHINE=machine,
                QEMU_ARGS=" ".join(devices.arguments), **variables,
            )  # fmt: skip
            return stack.enter_context(guest)

        yield boot


@dataclass
class There:
    """A machine that serves pages, its devices, and where QEMU has them: on
    PCI that is known when the firmware has numbered the buses."""

    machine: str
    devices: Devices
    guest: Machine
    places: dict[str, str]


@pytest.fixture(scope="module", params=MACHINES)
def there(
    request: pytest.FixtureRequest, start: Start, tmp_path_factory: pytest.TempPathFactory
) -> There:
    machine: str = request.param
    devices = Devices(tmp_path_factory.mktemp("disks"))
    places = MACHINES[machine][1](devices)
    guest = start(machine, "web", devices, PORT="0")
    guest.expect(rf"^blk{len(devices.disks)}: ", 20)
    guest.expect(rf"^net{len(devices.cards)}: ", 20)
    return There(machine, devices, guest, places or pci_places(guest))


def test_cards_in_any_slot_have_names_in_the_order_of_the_bus(there: There) -> None:
    found = nets(there.guest)
    assert [n for n, _, _ in found] == list(range(len(there.devices.cards) + 1))
    wheres = [where for _, _, where in found]
    assert wheres == sorted(wheres, key=in_bus_order)
    at = {address: where for _, address, where in found}
    for id, address in there.devices.cards.items():
        assert at[address] == there.places[id]


def test_disks_in_any_slot_have_names_in_the_order_of_the_bus_and_are_the_right_ones(
    there: There, start: Start
) -> None:
    devices = there.devices
    devices.stand_at(there.places)
    count = len(devices.disks) + 1
    seed = random.randrange(2**32)
    guest = start(
        there.machine, "hexdump", devices,
        CHALLENGE=f"disks={count} count=0 reads={READS} seed={seed}",
    )  # fmt: skip
    assert guest.wait_end() == DONE, guest.lines()
    found = blks(guest)
    assert [n for n, _, _ in found] == list(range(count))
    wheres = [where for _, _, where in found]
    assert wheres == sorted(wheres, key=in_bus_order)

    by_place = {d.where: d for d in devices.disks.values()}
    for (_, sectors, where), value in zip(found, checks(guest), strict=True):
        if sectors != OWN:
            disk = by_place.pop(where)
            assert sectors == len(disk.data) // SECTOR
            assert value == check(disk.data, READS, seed, unit=disk.unit)
    assert by_place == {}, "these were not found"


# In windows of memory what was given first comes last, and blk0 is no disk of
# pages.
@pytest.mark.parametrize("there", ["q35", "pc"], indirect=True)
def test_a_page_is_served_from_a_machine_with_several_disks_and_cards(there: There) -> None:
    there.guest.expect(r"^net0: \d+\.\d+\.\d+\.\d+/\d+", 20)
    with Browser(there.guest, there.guest.port()) as browser:
        assert browser.get("/")[0] == 200


def test_a_process_has_its_files_as_disks_in_the_order_in_which_they_are_given(
    build: Path, tmp_path: Path
) -> None:
    kit = Kit(build / "test-unix", build=build, arch="unix")
    kit.build_app("hexdump")
    files = [tmp_path / f"{n}.img" for n in range(3)]
    data = [random.Random(n).randbytes((60 + n) * SECTOR) for n in range(3)]
    for path, content in zip(files, data, strict=True):
        path.write_bytes(content)
    names = ["DISK", "DISK1", "DISK2"]
    with Machine(
        kit, "hexdump", tmp_path / "hexdump", pace=Pace(4), DISK1_ARGS="read-only=on",
        CHALLENGE=f"disks=3 count=0 reads={READS} copy=2 from=7 to=50",
        **{name: str(path) for name, path in zip(names, files, strict=True)},
    ) as process:  # fmt: skip
        assert process.wait_end() == FAILED, process.lines()
        assert checks(process) == [check(content, READS, 1) for content in data]
        assert [where for _, _, where in blks(process)] == [str(path) for path in files]
        said = "hexdump: {} written, {} failed: error {}\n"
        for done, failed, error in ((2, 0, 0), (0, 2, errno.EROFS)):
            assert said.format(done, failed, error) in process.lines()
    wanted = [copied(data[0], 7, 50, 2), data[1], copied(data[2], 7, 50, 2)]
    assert [path.read_bytes() for path in files] == wanted


# ---- As many as there is room for -------------------------------------------------


def full_q35(devices: Devices) -> None:
    for slot in range(3, 0x1C):
        devices.blk(f"slot{slot:02}", "pci", f",addr={slot:x}")
    for function in range(8):
        place = f",addr=1c.{function}" + ",multifunction=on" * (function == 0)
        devices.blk(f"function{function}", "pci", place)
    targets = [(7 * n, n % 3, 512) for n in range(36)]
    devices.scsi("scsi", "pci", ",addr=1d", *targets)


def full_windows(devices: Devices, count: int) -> None:
    for place in range(count - 1):  # the last one has the disk of its own
        devices.blk(f"window{place:02}", "device", f",bus=virtio-mmio-bus.{place}")


FULL: dict[str, Callable[[Devices], None]] = {
    "q35": full_q35,
    "microvm": lambda d: full_windows(d, 8),
    "virt": lambda d: full_windows(d, 32),
}


@pytest.mark.parametrize("machine", FULL)
def test_a_machine_that_is_full_comes_up_with_all_of_it(
    machine: str, start: Start, tmp_path: Path
) -> None:
    devices = Devices(tmp_path)
    FULL[machine](devices)
    count = len(devices.disks) + 1
    guest = start(
        machine, "hexdump", devices, CHALLENGE=f"disks={count} count=0 reads={READS}"
    )
    assert guest.wait_end(60) == DONE, guest.lines()
    sizes = {len(d.data) // SECTOR: d.data for d in devices.disks.values()}
    for (_, sectors, _), value in zip(blks(guest), checks(guest), strict=True):
        if sectors != OWN:
            assert value == check(sizes.pop(sectors), READS, 1)
    assert sizes == {}, "disks of so many sectors were not found"


def test_a_machine_with_more_devices_than_interrupts_says_which_it_can_not_have(
    start: Start, tmp_path: Path
) -> None:
    # There are 206 vectors, and each disk has two. So many devices of the
    # modern interface cost QEMU half a minute.
    places = [(slot, function) for slot in range(3, 16) for function in range(8)]
    devices = Devices(tmp_path)
    for slot, function in places:
        devices.add(
            f"-blockdev driver=null-co,size=512,node-name=m{slot}-{function}",
            f"-device virtio-blk-pci,drive=m{slot}-{function},addr={slot:x}.{function}"
            ",multifunction=on,num-queues=1,disable-modern=on,disable-legacy=off",
        )
    guest = start("q35", "hexdump", devices, CHALLENGE="count=1")
    assert guest.wait_end(60) == DONE
    refused = re.findall(r"^pci (\S+): no interrupt to be had$", guest.lines(), re.M)
    assert refused == ["00:0f.6", "00:0f.7"]
    assert len(blks(guest)) + len(refused) == len(places) + 1
