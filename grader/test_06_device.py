# SPDX-License-Identifier: MIT
"""Lab 06, devices: finding them on PCI, and agreeing with them on virtio.

The steps stand on host tests against a fake bus (unit/test_pci.c) and a fake
virtio device (unit/test_handshake.c). The whole stands on a machine that this
run's seed has plugged together: what its guest says of it is held against the
plan and against QEMU, and a page is served through what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lodge import pci
from lodge.boots import Boots
from lodge.lab import Failed, Hint, Lab, Step
from lodge.machine import Machine
from lodge.objects import Symbols
from lodge.page import serve_page

CONFIG = tuple(
    f"pci_config_{word}" for word in ("read8", "read16", "read32", "write16", "write32")
)

LAB = Lab(
    "06-device",
    "Devices",
    app="devices",
    exercises={
        "06-device/pci.c": Symbols(
            defines=("pci_next", "pci_capability", "pci_bar", "pci_enable"),
            may_use=(*CONFIG, "pci_last_bus"),
            units=("pci",),
        ),
        "06-device/handshake.c": Symbols(
            defines=("virtio_handshake",), may_use=("clock_ns",), units=("handshake",)
        ),
    },
    steps=(
        Step(
            "6.1", "pci_next",
            where="Write down the addresses in the order in which you ask, from "
            "PCI_BEFORE_FIRST on, for a bus with devices 0 and 3, where 3 has functions "
            "0 and 6. Whom do you ask who need not be asked?",
            spec="[PCI 3.0 §6.1] on who does not answer, §6.2.1 on the header type and "
            "its bit 7.",
            show='print("ask %02x:%02x.%x\\n", ...) before each read of a vendor: does it '
            "begin, go on and end where it should?",
        ),
        Step(
            "6.2", "pci_capability",
            where="The handout's picture of a list. Follow it with a finger for `after` = "
            "0, for each of its places, and for one that is not in the list; then bend "
            "the last arrow back to the first.",
            spec="[PCI 3.0 §6.7]; §6.2.3 for the bit of the status register.",
            show='print("at %02x: id %02x, next %02x\\n", ...) for each capability that '
            "you come to.",
        ),
        Step(
            "6.3", "pci_bar",
            where="Take the three registers of the handout's table. Which bits of each "
            "say what kind it is, and which can you write? Then: in which order are a "
            "64-bit BAR's two registers saved, written, read and put back?",
            spec="[PCI 3.0 §6.2.5.1], the pictures of both kinds and the implementation "
            "note on sizing; §6.2.2 for the bits of the command register.",
            show='print("BAR %u: %08x, all ones give %08x\\n", ...), of a wide one for '
            "both halves, and the command register before and after.",
        ),
        Step(
            "6.4", "pci_enable",
            where="Three things a function may not do until it is told so: two are about "
            "being spoken to, one about speaking. And what else is in that register?",
            spec="[PCI 3.0 §6.2.2], the table of the command register.",
            show='print("command %04x -> %04x\\n", ...).',
        ),
        Step(
            "6.5", "virtio_handshake",
            where="Put the eight steps of the handout's list into a column, and beside "
            "each what it calls. From which of them can one fail, and what is left to do "
            "then?",
            spec="[virtio 1.2 §3.1.1] for the steps, §2.1 for the bits.",
            show='print("status %02x\\n", dev->transport->get_status(dev)) behind each '
            "step: which bits has it gained, has it lost one?",
        ),
        Step(
            "6.6", "reset",
            where="Two registers are not needed, one is enough: what do you write to the "
            "status, and what will stand there once the device is done? Then: who ends "
            "the wait when it never is?",
            spec="[virtio 1.2 §2.4], and the driver requirements of §4.1.4.3.2.",
            show='print("status %02x after %llu ms\\n", ...) in the loop.',
        ),
        Step(
            "6.7", "negotiate",
            where="Three sets of bits: offered, wanted, agreed on. Draw them as circles "
            "and mark where VERSION_1 lies. Who has the last word, and how is it said?",
            spec="[virtio 1.2 §2.2] and §2.2.1 for the choice; §3.1.1, points 4 to 6 for "
            "the order.",
            show='print("offered %llx, wanted %llx, agreed %llx\\n", ...), and the status '
            "behind FEATURES_OK.",
        ),
    ),
    hints=(
        Hint(
            r"goes on for ever|no end after",
            "Something is followed that has no end: a device may link its list into a "
            "ring, and a walk must get past its last address. What makes yours stop?",
        ),
        Hint(
            r"configuration space is (read|written) at",
            "A register is a multiple of its width from the start, and lies inside the "
            "256 bytes. Which offset was that, and which bits of it meant nothing?",
        ),
        Hint(
            r"could not be brought up|it does not agree",
            "A device of this machine was refused. Which of the eight steps failed, and "
            "was it the device's choice or yours?",
        ),
    ),
)

# ---- 6.1 --------------------------------------------------------------------


@LAB.check(
    "6.1", 10, "Step 6.1", "Every function is found, in order, and none that is not there",
    hints=[
        Hint(
            r"one function: the walk|without a function 0",
            "Something was found that is not there. A device of one function may answer "
            "for all eight: who says how many there are?",
        ),
        Hint(
            r"several functions: the walk",
            "Of a device with several functions not all were found, or in another order. "
            "They need not be numbered without gaps.",
        ),
        Hint(
            r"pci_last_bus is|the end `at` is",
            "The walk does not end where it should. Which is the last address that you "
            "ask, and what has become of `at` when nobody was found?",
        ),
        Hint(
            r"the walk finds",
            "Not everybody was found. Print each address that you ask: where does it "
            "begin, and is one left out?",
        ),
    ],
)  # fmt: skip
def test_next(unit):
    unit("pci", "test_next_")


# ---- 6.2 --------------------------------------------------------------------


@LAB.check(
    "6.2", 8, "Step 6.2", "A capability is found, and the next of its kind behind it",
    hints=[
        Hint(
            r"was read \d+ times|on for ever",
            "The same capability comes out again and again. What does `after` ask for?",
        ),
        Hint(
            r'are at "": expected',
            "There is such a capability and it was not found. Where does the list "
            "begin, and where is the number of the next one?",
        ),
        Hint(
            r'expected ""',
            "Something was found where there is no list. What says that there is one?",
        ),
        Hint(
            r"capabilities 0x",
            "Not all of a kind were found, or not from `after` on.",
        ),
    ],
)  # fmt: skip
def test_capability(unit):
    unit(
        "pci", "test_capability_finds", "test_capability_asks", "test_capability_minds"
    )


@LAB.check(
    "6.2", 8, "Step 6.2", "A list that leads into a ring or astray comes to an end",
    rests_on=[test_capability],
    hints=[
        Hint(
            r"was read \d+ times|on for ever|no end after",
            "The list was followed for ever: its last capability points back at one "
            "that you have been at. How many can there be at most?",
        ),
        Hint(
            r"capabilities 0x",
            "What lies in the first 64 bytes is the header, and no capability, whatever "
            "a device says; and one that was met is not met again.",
        ),
    ],
)  # fmt: skip
def test_ring(unit):
    unit("pci", "test_capability_ends")


# ---- 6.3 --------------------------------------------------------------------


@LAB.check(
    "6.3", 10, "Step 6.3", "A BAR of each kind has its base and its size",
    hints=[
        Hint(
            r"says 64 bits and has no register",
            "A BAR of 64 bits is two registers, and behind BAR 5 there is something else. "
            "What is such a one, by the sentence above pci_bar() in pci.h?",
        ),
        Hint(
            r"there is no BAR \d",
            "What lies behind the BARs was taken for one. Which is the last index, and "
            "what does the contract say of one beyond it?",
        ),
        Hint(
            r"is written, which is no BAR",
            "What lies behind the BARs was measured as if it were one: for an index beyond "
            "the last, or as the other half of the last. What does the contract say of both?",
        ),
        Hint(
            r"wide \d: expected|BAR [24] has",
            "A BAR of 64 bits was taken for one of 32, or its halves were put together "
            "wrongly. Which bits say which it is, and where is the other half?",
        ),
        Hint(
            r"io \d, wide",
            "A BAR was taken for one of another kind. Which bit tells ports from memory, "
            "and which two mean something only for memory?",
        ),
        Hint(
            r"has base",
            "The base has bits in it that are no part of it. The lowest bits of the "
            "register say what kind it is: how many are these for ports, for memory?",
        ),
        Hint(
            r"has size",
            "The size is not what the bits say that can't be written. Of what is read "
            "back, which bit is it, and which bits are to be left out of the question?",
        ),
    ],
)  # fmt: skip
def test_bar(unit):
    unit("pci", "test_bar_")


@LAB.check(
    "6.3", 8, "Step 6.3", "Measuring a BAR disturbs nobody, and leaves no trace",
    rests_on=[test_bar],
    hints=[
        Hint(
            r"while the device answers",
            "While all ones stand in a BAR, the device answers at the address that they "
            "are: over somebody else, perhaps. Which register makes it answer nowhere?",
        ),
        Hint(
            r"the byte at 0x0[45] is|begins? to answer|has begun to",
            "The command register is not what it was. A caller may have had its reasons "
            "for its bits, also for those that were 0.",
        ),
        Hint(
            r"the byte at 0x",
            "The device has lost its address: after measuring, what the firmware had "
            "written there is gone.",
        ),
    ],
)  # fmt: skip
def test_sizing(unit):
    unit("pci", "test_sizing_")


# ---- 6.4 --------------------------------------------------------------------


@LAB.check(
    "6.4", 6, "Step 6.4", "An enabled function answers, and may use memory",
    hints=[
        Hint(
            r"may not read and write",
            "The device can be spoken to, and yet whatever it is given stays untouched: "
            "rings and buffers are in memory, and it has not been let there.",
        ),
        Hint(
            r"does not answer",
            "Nobody answers at the addresses in the BARs.",
        ),
        Hint(
            r"other bits",
            "The register held something else before, which is somebody's.",
        ),
    ],
)  # fmt: skip
def test_enable(unit):
    unit("pci", "test_enable_")


# ---- 6.5 to 6.7 -------------------------------------------------------------


@LAB.check(
    "6.6", 8, "Step 6.6", "A reset is waited for, though not for ever",
    hints=[
        Hint(
            r"still in reset|behind the reset",
            "The device was still busy forgetting when it was spoken to. A reset takes "
            "its time: how does the device say that it is done?",
        ),
        Hint(
            r"no end after|waited for for",
            "A device that never comes out of its reset has stopped the whole machine.",
        ),
        Hint(
            r"given up after|takes \d+ looks",
            "A device that takes a moment was given up. How long may it take, and by "
            "which clock?",
        ),
        Hint(
            r"is first set to",
            "What was said to the device before counts, unless it is made to forget it "
            "first.",
        ),
    ],
)  # fmt: skip
def test_reset(unit):
    unit("handshake", "test_reset_")


@LAB.check(
    "6.7", 10, "Step 6.7", "What is agreed on is offered and wanted, and the device has the last word",
    rests_on=[test_reset],
    hints=[
        Hint(
            r"won't have our choice|device has refused",
            "The device has said no, and nobody listened. It has one way to say so: what "
            "becomes of the bit that you set?",
        ),
        Hint(
            r"has left 0x",
            "What stands in dev->features is not what the transport has left there. Who "
            "wrote it last?",
        ),
        Hint(
            r"were accepted: expected|dev->features is",
            "What was agreed on is not what both sides know: of a feature that was "
            "accepted blindly the device will make use, and the driver knows nothing of "
            "it. Compare the three numbers bit by bit.",
        ),
        Hint(
            r"does not offer VERSION_1",
            "A device without VERSION_1 speaks another language than we do.",
        ),
        Hint(
            r"after FEATURES_OK",
            "FEATURES_OK says that the choice is final. When was the choice made?",
        ),
    ],
)  # fmt: skip
def test_negotiate(unit):
    unit("handshake", "test_negotiate_")


@LAB.check(
    "6.5", 10, "Step 6.5", "The eight steps are taken in their order",
    rests_on=[test_reset],
    hints=[
        Hint(
            r"while the status is",
            "The queues were set up at the wrong time: a device that has been told "
            "DRIVER_OK may look at them at once, and one that has not agreed on features "
            "does not know what they are.",
        ),
        Hint(
            r"what the device sees is",
            "The device was told things in another order than [virtio 1.2 §3.1.1] has "
            "them; each number is a status that was written. Where do the two rows part?",
        ),
        Hint(
            r"set_up\(\) failed|lost nothing|stays in its reset",
            "A step failed. The device should learn of it, by a bit that the status "
            "gains while it keeps what it has; and the caller should learn the reason.",
        ),
        Hint(
            r"set_up\(\) is called",
            "The driver's set_up() is called once, with what the caller gave for it.",
        ),
    ],
)  # fmt: skip
def test_handshake(unit):
    unit("handshake", "test_handshake_")


# ---- A machine that this run has plugged together ----------------------------


@dataclass
class Listed:
    plan: pci.Plan
    guest: Machine
    boot: Boots

    def fail(self, expected: str, seen: str) -> Failed:
        return Failed(expected, seen, self.boot.evidence(self.guest))


@pytest.fixture(scope="module")
def listed(boot, rng) -> Iterator[Listed]:
    """The machine, when it has listed its devices; it stays on."""
    made = pci.plan(rng("devices"))
    with boot(
        "devices", "devices", MACHINE="q35", CHALLENGE="stay=1", QEMU_ARGS=made.arguments
    ) as guest:
        guest.expect(r"^devices: that is all$", 6)
        yield Listed(made, guest, boot)


# "pci 00:01.0: 1af4:1000, class 020000"; a driver's complaint begins alike.
IS_FUNCTION = re.compile(r"pci \S+: \w{4}:\w{4}, ").match


def bars_of(device: dict[str, Any]) -> list[str]:
    return [
        f"  bar {r['bar']}: {'ports' if r['type'] == 'io' else 'memory'} at "
        f"0x{r['address']:x}, {r['size']} bytes" + (", 64 bits" if r.get("mem_type_64") else "")
        for r in device["regions"]
    ]


def first_difference(listed: Listed, true: list[str], seen: list[str]) -> None:
    for expected, line in zip([*true, "(nothing more)"], [*seen, "(nothing more)"]):
        if expected != line:
            raise listed.fail(f'"{expected}"', f'"{line}"')


@LAB.check(
    "6", 9, "Check", "In QEMU, what was plugged in by lot is found and measured",
    rests_on=[test_next, test_bar, test_sizing],
    hints=[
        Hint(
            r"^  bar|\"  bar",
            "QEMU gave this BAR another address or size, or another kind. Beyond 4 GiB "
            "both halves count.",
        ),
        Hint(r"pci \w\w:", "A function is missing, or is at another place, or is too much."),
    ],
)  # fmt: skip
def test_listed(listed):
    guest, true = listed.guest, []
    for where, d in pci.functions(guest).items():
        ids = f"{d['id']['vendor']:04x}:{d['id']['device']:04x}"
        kind = pci.config(guest, where, 8, "w") >> 8
        true += [f"pci {where}: {ids}, class {kind:06x}", *bars_of(d)]
    seen = [n for n in guest.lines().splitlines() if IS_FUNCTION(n) or n.startswith("  bar ")]
    first_difference(listed, true, seen)
    # QEMU agrees with the guest: and both with the plan.
    for where, size in listed.plan.sizes.items():
        line = f"pci {where}: {pci.TESTDEV}"
        at = next((i for i, n in enumerate(seen) if n.startswith(line)), -1)
        bar = next((n for n in seen[at + 1 :] if n.startswith("  bar 2")), "")
        if at < 0 or f", {size} bytes, 64 bits" not in bar:
            raise listed.fail(f'"{line}" with {size} bytes of memory', f'"{bar}"')


@LAB.check(
    "6", 8, "Check", "In QEMU, every capability is found, and each card agrees to what it offers",
    rests_on=[test_listed, test_capability, test_negotiate, test_handshake],
    hints=[
        Hint(
            r'^"virtio pci .* no driver, status 0x83',
            "This card insists on a feature that our driver does not have: it will not "
            "work for us, and it said so when it was asked.",
        ),
        Hint(
            r'^"(virtio pci|")',
            "What was agreed on with this card is not what it offers and our driver "
            "wants; or the handshake has not come to its end.",
        ),
        Hint(
            r'^"(  capability|\(nothing more|\w\w:)',
            "The list of capabilities of this function was not walked as it is linked: "
            "one is missing, or one is too many.",
        ),
    ],
)  # fmt: skip
def test_agreed(listed):
    guest, lines = listed.guest, listed.guest.lines().splitlines()
    for where in pci.functions(guest):
        true = [
            f"  capability 0x{id:02x} at 0x{at:02x}"
            for at, id in pci.capabilities(guest, where).items()
        ]
        begin = next(i for i, n in enumerate(lines) if IS_FUNCTION(n) and where in n) + 1
        end = next(i for i, n in enumerate(lines[begin:], begin) if n[:2] != "  ")
        seen = [n for n in lines[begin:end] if n.startswith("  capability")]
        first_difference(listed, [where, *sorted(true)], [where, *sorted(seen)])
    for where, words in listed.plan.cards.items():
        start = f"virtio pci {where}: kind 1, "
        line = next((n for n in lines if n.startswith(start)), "")
        if not f"{line} ".startswith(f"{start}{words} "):
            raise listed.fail(f'"{start}{words}"', f'"{line}"')


@LAB.check(
    "6", 5, "Serve the page with it", "The web server's card and disk are found by your code",
    rests_on=[test_listed, test_enable],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
