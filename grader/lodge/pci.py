# SPDX-License-Identifier: MIT
"""PCI from outside: what QEMU says of its buses, and machines that are plugged
together by lot."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

from lodge.machine import Machine

GIB = 1 << 30
TESTDEV = "1b36:0005"  # QEMU's pci-testdev: no driver of ours takes it

# What the network driver knows how to use. [virtio 1.2 §5.1.3, §6]
F_MTU, F_MAC, F_STATUS, F_EVENT_IDX, F_VERSION_1 = 1 << 3, 1 << 5, 1 << 16, 1 << 29, 1 << 32


def config(guest: Machine, where: str, offset: int, size: str = "b") -> int:
    """What stands in configuration space: b, h, w are 8, 16, 32 bits."""
    bus, device, function = (int(n, 16) for n in re.split("[:.]", where))
    address = 1 << 31 | bus << 16 | device << 11 | function << 8 | offset & 0xFC
    guest.monitor(f"o/w 0xcf8 {address:#x}")
    answer = guest.monitor(f"i/{size} {0xCFC + (offset & 3):#x}")
    return int(answer.split("=")[1], 16)


def functions(guest: Machine) -> dict[str, dict[str, Any]]:
    """All that QEMU has, as query-pci says it, in the order of a walk: bus,
    device, function."""
    found = {}
    left = [d for bus in guest.qmp("query-pci") for d in bus["devices"]]
    while left:
        d = left.pop()
        left += d.get("pci_bridge", {}).get("devices", [])
        found[f"{d['bus']:02x}:{d['slot']:02x}.{d['function']:x}"] = d
    return dict(sorted(found.items()))


def capabilities(guest: Machine, where: str) -> dict[int, int]:
    """The id of each capability, by its offset."""
    found: dict[int, int] = {}
    at = config(guest, where, 0x34) if config(guest, where, 6) & 0x10 else 0
    while at and at not in found:
        found[at] = config(guest, where, at)
        at = config(guest, where, at + 1)
    return found


@dataclass
class Plan:
    """What is plugged in beside a q35's own, where, and what the guest must
    find out about it."""

    arguments: str = ""
    sizes: dict[str, int] = field(default_factory=dict)  # of BAR 2, by place
    cards: dict[str, str] = field(default_factory=dict)  # what `devices` says

    def memory(self, slot: int, function: int, size: int, more: str = "") -> None:
        """A device with a memory of that size."""
        self.arguments += f" -device pci-testdev,addr={slot:x}.{function},membar={size}{more}"
        self.sizes[f"00:{slot:02x}.{function}"] = size

    def card(self, numbers: random.Random, where: str, place: str) -> None:
        """A network card that offers this and that."""
        status, event_idx, mtu = (numbers.random() < 0.5 for _ in range(3))
        self.arguments += (
            f" -device virtio-net-pci,romfile=,{place},status={_on(status)}"
            f",event_idx={_on(event_idx)}" + (",host_mtu=1400" if mtu else "")
        )
        agreed = F_VERSION_1 | F_MAC | F_STATUS * status | F_EVENT_IDX * event_idx | F_MTU * mtu
        self.cards[where] = f"virtio_net, status 0x0f, features {agreed:#x}"

    def stubborn(self, where: str, place: str) -> None:
        """A card that insists on a feature which our driver does not have."""
        self.arguments += (
            f" -device virtio-net-pci,romfile=,{place},disable-legacy=on,iommu_platform=on"
        )
        self.cards[where] = "no driver, status 0x83, features"


def _on(yes: bool) -> str:
    return "on" if yes else "off"


def plan(numbers: random.Random) -> Plan:
    # The machine's own stand in slots 0, 1, 2 and 31.
    several, wide, port, near, stubborn = numbers.sample(range(3, 31), 5)
    made = Plan()
    made.memory(several, 0, 1 << numbers.randrange(12, 24), ",multifunction=on")
    for function in numbers.sample(range(1, 8), 2):
        made.memory(several, function, 1 << numbers.randrange(12, 24))
    made.memory(wide, 0, numbers.choice([4, 8, 16]) * GIB)
    made.arguments += f" -device pcie-root-port,id=bridge,chassis=1,addr={port:x}"
    made.card(numbers, "01:00.0", "bus=bridge")
    made.card(numbers, f"00:{near:02x}.0", f"addr={near:x}")
    made.stubborn(f"00:{stubborn:02x}.0", f"addr={stubborn:x}")
    return made
