# SPDX-License-Identifier: MIT
"""What the guest says of its devices is what QEMU says of them; devices that
can't be, or that lie, cost the guest one line each; and lost interrupts cost
time, not the connection."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lodge.kit import Kit
from lodge.machine import DONE, Machine, Pace
from lodge.web import Browser, site_of

Boot = Callable[..., Machine]

# A second card, where a walk that knows one bus alone never comes.
BEHIND_A_BRIDGE = {
    "q35": "-device pcie-root-port,id=bridge,chassis=1"
    " -device virtio-net-pci,id=far,bus=bridge,romfile=",
    "pc": "-device pci-bridge,id=bridge,chassis_nr=1"
    " -device virtio-net-pci,id=far,bus=bridge,addr=3,romfile=",
    "microvm": "-device virtio-net-device,id=far",
}
ONLY_LEGACY = ",disable-modern=on,disable-legacy=off"
# Of those that our drivers know how to use. [virtio 1.2 §5.1.3, §6]
FEATURES = {
    "VIRTIO_NET_F_CSUM": 0,
    "VIRTIO_NET_F_GUEST_CSUM": 1,
    "VIRTIO_NET_F_MTU": 3,
    "VIRTIO_NET_F_MAC": 5,
    "VIRTIO_NET_F_HOST_TSO4": 11,
    "VIRTIO_NET_F_STATUS": 16,
    "VIRTIO_F_ANY_LAYOUT": 27,
    "VIRTIO_RING_F_EVENT_IDX": 29,
    "VIRTIO_F_VERSION_1": 32,
}
MASK_ALL = 1 << 14


@pytest.fixture(scope="module", params=[*BEHIND_A_BRIDGE, "q35 legacy", "pc legacy"])
def listed(
    request: pytest.FixtureRequest, kit: Kit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A machine that has listed its devices and stays on: one boot each."""
    kit.build_app("devices")
    machine, _, virtio = request.param.partition(" ")
    bridge = BEHIND_A_BRIDGE[machine] + (ONLY_LEGACY if virtio else "")
    with Machine(
        kit, "devices", tmp_path_factory.mktemp("devices"), pace=Pace(4), MACHINE=machine,
        VIRTIO=virtio, CHALLENGE="stay=1", QEMU_ARGS=bridge,
    ) as guest:  # fmt: skip
        guest.expect(r"^devices: that is all$", 10)
        yield guest


# ---- By the guest, and by QEMU ---------------------------------------------------


def by_guest(guest: Machine) -> dict[str, dict[str, Any]]:
    """Every function that was listed: ids, class, BARs, capabilities."""
    functions: dict[str, dict[str, Any]] = {}
    for line in guest.lines().splitlines():
        if found := re.match(r"pci (\S+): (\w+):(\w+), class (\w+)$", line):
            here: dict[str, Any] = {
                "ids": (int(found[2], 16), int(found[3], 16)),
                "class": int(found[4], 16) >> 8, "bars": {}, "capabilities": {},
            }  # fmt: skip
            functions[found[1]] = here
        elif found := re.match(r"  bar (\d): (\w+) at (\w+), (\d+) bytes(, 64 bits)?$", line):
            here["bars"][int(found[1])] = (
                found[2], int(found[3], 16), int(found[4]), bool(found[5])
            )  # fmt: skip
        elif found := re.match(r"  capability (\w+) at (\w+)$", line):
            here["capabilities"][int(found[2], 16)] = int(found[1], 16)
    return functions


def by_qemu(guest: Machine) -> dict[str, dict[str, Any]]:
    functions: dict[str, dict[str, Any]] = {}
    left = [d for bus in guest.qmp("query-pci") for d in bus["devices"]]
    while left:
        d = left.pop()
        left += d.get("pci_bridge", {}).get("devices", [])
        where = f"{d['bus']:02x}:{d['slot']:02x}.{d['function']:x}"
        functions[where] = {
            "ids": (d["id"]["vendor"], d["id"]["device"]),
            "class": d["class_info"]["class"],
            "bars": {
                r["bar"]: (
                    "ports" if r["type"] == "io" else "memory", r["address"], r["size"],
                    r.get("mem_type_64", False),
                )
                for r in d["regions"]
            },
        }  # fmt: skip
    return functions


def config_port(where: str, offset: int) -> str:
    """The monitor's words that point the window of configuration space at it."""
    bus, device, function = (int(n, 16) for n in re.split("[:.]", where))
    address = 1 << 31 | bus << 16 | device << 11 | function << 8 | offset & 0xFC
    return f"o/w 0xcf8 {address:#x}"


def config_read(guest: Machine, where: str, offset: int, size: str = "b") -> int:
    guest.monitor(config_port(where, offset))
    answer = guest.monitor(f"i/{size} {0xCFC + (offset & 3):#x}")
    return int(answer.split("=")[1], 16)


def is_pci(guest: Machine) -> bool:
    return guest.variables["MACHINE"] != "microvm"


def is_legacy(guest: Machine) -> bool:
    return guest.variables["VIRTIO"] == "legacy"


def test_every_pci_function_is_found_also_behind_a_bridge(listed: Machine) -> None:
    if not is_pci(listed):
        assert by_guest(listed) == {}
        return
    seen, true = by_guest(listed), by_qemu(listed)
    assert seen.keys() == true.keys()
    assert any(not where.startswith("00:") for where in seen)
    for where in true:
        assert seen[where]["ids"] == true[where]["ids"]
        assert seen[where]["class"] == true[where]["class"]


def test_every_bar_has_the_address_and_size_that_qemu_gave_it(listed: Machine) -> None:
    if not is_pci(listed):
        assert by_guest(listed) == {}
        return
    seen, true = by_guest(listed), by_qemu(listed)
    for where in true:
        # A BAR without an address is not in QEMU's list.
        bars = {n: bar for n, bar in seen[where]["bars"].items() if bar[1] != 0}
        assert bars == true[where]["bars"], where


def test_every_capability_is_where_configuration_space_has_it(listed: Machine) -> None:
    if not is_pci(listed):
        assert by_guest(listed) == {}
        return
    for where, function in by_guest(listed).items():
        if function["capabilities"]:
            true, at = {}, config_read(listed, where, 0x34)
            while at:
                true[at] = config_read(listed, where, at)
                at = config_read(listed, where, at + 1)
            assert function["capabilities"] == true, where


def test_virtio_devices_have_the_features_and_status_that_qemu_has(listed: Machine) -> None:
    seen = sorted(
        (int(n[1]), int(n[2], 16), int(n[3], 16))
        for n in re.finditer(
            r"^virtio .*: kind (\d+), .*, status (\w+), features (\w+)$", listed.lines(), re.M
        )
    )
    true = []
    for device in listed.qmp("x-query-virtio"):
        status = listed.qmp("x-query-virtio-status", path=device["path"])
        features = status["guest-features"]
        assert "unknown-dev-features" not in features
        names = [n.split(":")[0] for n in features["dev-features"] + features["transports"]]
        bits = {"ACKNOWLEDGE": 1, "DRIVER": 2, "DRIVER_OK": 4, "FEATURES_OK": 8}
        words = [n.split(":")[0].removeprefix("VIRTIO_CONFIG_S_") for n in status["status"]["statuses"]]
        kind = {"virtio-net": 1, "virtio-rng": 4}[device["name"]]
        # What a legacy device has no bit for, its driver has all the same.
        known = sum(bits[w] for w in words) | (bits["FEATURES_OK"] if is_legacy(listed) else 0)
        true.append((kind, known, sum(1 << FEATURES[n] for n in names)))
    assert seen == sorted(true)
    assert [n[0] for n in seen] == [1, 1, 4], "all three are found"
    assert all(n[1] == 0x0F for n in seen), "and all are in use, the one behind the bridge too"
    modern = FEATURES["VIRTIO_F_VERSION_1"]
    assert all(bool(n[2] >> modern) != is_legacy(listed) for n in seen)
    assert not [e for e in listed.guest_errors() if "virtio" in e]


# ---- Devices that can't be -------------------------------------------------------


@pytest.mark.parametrize(
    "machine, arguments, words",
    [
        ("q35", "-device virtio-net-pci,romfile=,disable-legacy=on,iommu_platform=on",
         "the network card could not be brought up: it does not agree"),
        ("q35", "-global virtio-rng-pci.vectors=0", "no MSI-X that works"),
        ("q35", "-global virtio-rng-pci.disable-modern=on"
         " -global virtio-rng-pci.disable-legacy=off -global virtio-rng-pci.vectors=0",
         "no MSI-X that works"),
        ("pc", "-global virtio-rng-pci.vectors=1", "no interrupt to be had"),
        ("pc", "-global virtio-rng-pci.disable-modern=on -global virtio-rng-pci.vectors=1",
         "no interrupt to be had"),
        ("microvm", "-global virtio-mmio.force-legacy=true", "only the legacy interface"),
    ],
    ids=["FEATURES_OK_refused", "no_msix", "legacy_no_msix", "too_few_vectors",
         "legacy_too_few_vectors", "legacy_mmio"],
)  # fmt: skip
def test_a_device_that_can_not_be_used_costs_a_line_and_the_guest_runs_on(
    machine: str, arguments: str, words: str, boot: Boot
) -> None:
    guest = boot("devices", MACHINE=machine, QEMU_ARGS=arguments)
    assert guest.wait_end() == DONE
    assert re.search(words, guest.lines(), re.M), guest.lines()
    assert "devices: that is all" in guest.lines()


@pytest.mark.parametrize("size", ["256", "1024"])
def test_a_queue_larger_than_we_take_is_used_in_part(size: str, boot: Boot) -> None:
    guest = boot(
        "devices", CHALLENGE="stay=1",
        QEMU_ARGS=f"-device virtio-net-pci,id=big,romfile=,rx_queue_size={size}",
    )  # fmt: skip
    guest.expect(r"^devices: that is all$")
    path = "/machine/peripheral/big/virtio-backend"
    queue = guest.qmp("x-query-virtio-queue-status", path=path, queue=0)
    assert queue["vring-num"] == 256
    assert queue["inuse"] == 0


# ---- Devices that lie ------------------------------------------------------------


class Hand:
    """Writes into the guest's memory, as a device would that lies: by the
    protocol of debuggers, over a socket of ours."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.arguments = "-chardev socket,fd=@hand@,id=hand -gdb chardev:hand"

    def begin(self, guest: Machine) -> None:
        """QEMU waits for a debugger that is there from the start on."""
        self.ours.settimeout(guest.pace(10))
        self.guest = guest
        guest.qmp("cont")

    def _ask(self, words: str) -> None:
        self.ours.sendall(f"${words}#{sum(words.encode()) % 256:02x}".encode())
        data = b""
        # That it has stopped may be told in between.
        while not re.search(rb"\$(OK|E\w\w)?#..", data):
            data += self.ours.recv(4096)
            assert data, "QEMU has hung up"
        self.ours.sendall(b"+")
        assert b"$OK#" in data, (words, data)

    def write(self, *pieces: tuple[int, bytes]) -> None:
        """All of it while the guest stands still."""
        self.guest.qmp("stop")
        self._ask("Qqemu.PhyMemMode:1")
        for address, data in pieces:
            self._ask(f"M{address:x},{len(data):x}:{data.hex()}")
        self.guest.qmp("cont")


def le(size: int, *values: int) -> bytes:
    return b"".join(v.to_bytes(size, "little") for v in values)


def lie(guest: Machine, card: str, queue: int, id: int, length: int, by: int, hand: Hand) -> None:
    """The card puts an element into the queue's used ring, and moves idx."""
    path = f"/machine/peripheral/{card}/virtio-backend"
    q = guest.qmp("x-query-virtio-queue-status", path=path, queue=queue)
    used, idx = q["vring-used"], q["used-idx"]
    element = used + 4 + 8 * (idx % q["vring-num"])
    hand.write((element, le(4, id, length)), (used + 2, le(2, (idx + by) % 65536)))


def test_a_device_that_lies_is_declared_broken_and_the_guest_runs_on(boot: Boot) -> None:
    hand = Hand()
    wire, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    cards = "".join(
        f" -device virtio-net-pci,id=card{n},romfile={ONLY_LEGACY if n % 2 else ''}"
        for n in range(1, 5)
    )
    guest = boot(
        "devices", CHALLENGE="stay=1", sockets={"hand": hand.theirs, "wire": theirs},
        QEMU_ARGS=hand.arguments + cards
        + " -netdev dgram,id=wire,local.type=fd,local.str=@wire@"
        " -device virtio-net-pci,id=card5,romfile=,netdev=wire",
    )  # fmt: skip
    hand.begin(guest)
    guest.expect(r"^devices: that is all$", 10)
    since = len(guest.lines())
    broke = "the device broke the protocol"
    lie(guest, "card1", 0, id=0, length=100, by=1000, hand=hand)
    guest.expect(rf"^net1 receive: {broke}: used idx", 10)
    lie(guest, "card2", 0, id=60000, length=100, by=1, hand=hand)
    guest.expect(rf"^net2 receive: {broke}: used id", 10)
    lie(guest, "card3", 1, id=3, length=0, by=1, hand=hand)
    guest.expect(rf"^net3 transmit: {broke}: used id", 10)
    lie(guest, "card4", 0, id=5, length=0x10000, by=1, hand=hand)
    guest.expect(rf"^net4 receive: {broke}: used len", 10)

    # And the other way round: it is QEMU that finds the ring absurd, when it
    # has a frame to put there.
    path = "/machine/peripheral/card5/virtio-backend"
    q = guest.qmp("x-query-virtio-queue-status", path=path, queue=0)
    entry = q["vring-avail"] + 4 + 2 * (q["last-avail-idx"] % q["vring-num"])
    hand.write((entry, le(2, 60000)))
    wire.send(b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + bytes(50))
    guest.expect(rf"^net5 receive: {broke}: it says that it needs a reset", 10)

    # The first card, and all else, is as it was.
    guest.qmp("set_link", name="net0", up=False)
    guest.expect(r"^net0: link down$", 10)
    assert guest.lines()[since:].count("\n") == 6, "a line each, and no more"


# ---- Interrupts that get lost ----------------------------------------------------


def mask_messages(guest: Machine, where: str) -> None:
    """From here on none of the device's messages leaves it."""
    at = config_read(guest, where, 0x34)
    while config_read(guest, where, at) != 0x11:
        at = config_read(guest, where, at + 1)
    control = config_read(guest, where, at + 2, "h")
    guest.monitor(config_port(where, at + 2))
    guest.monitor(f"o/h {0xCFC + (at + 2 & 3):#x} {control | MASK_ALL:#x}")
    assert config_read(guest, where, at + 2, "h") & MASK_ALL


@pytest.mark.parametrize(
    "machine, virtio", [("q35", ""), ("pc", "legacy")], ids=["q35", "pc_legacy"]
)
def test_lost_interrupts_delay_a_page_and_do_not_stop_it(
    machine: str, virtio: str, boot: Boot
) -> None:
    guest = boot("web", MACHINE=machine, VIRTIO=virtio, PORT="0")
    guest.expect(r"^net0: \d+\.\d+\.\d+\.\d+/\d+", 10)
    card = guest.expect(r"^net0: .*, pci (\S+)$")[1]
    disk = guest.expect(r"^blk0: .*, pci (\S+)$")[1]
    with Browser(guest, guest.port()) as browser:
        assert browser.get("/")[0] == 200

    mask_messages(guest, card)
    mask_messages(guest, disk)
    # It is not in the cache yet.
    picture = (site_of(guest.kit) / "favicon.svg").read_bytes()
    with Browser(guest, guest.port()) as browser:
        assert browser.get("/favicon.svg") == (200, picture)
