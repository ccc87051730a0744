# SPDX-License-Identifier: MIT
"""Lab 09's guest on a cable that ends here: what is played to it, how it must be
answered, and what its last line must say. All of it is a run's own: addresses,
order, padding, contents."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from lodge.boots import Boots
from lodge.ethernet import ARP, ARP_REPLY, ARP_REQUEST, BROADCAST, Arp, Ethernet
from lodge.lab import Failed
from lodge.machine import Machine
from lodge.peer import Wire

FIRST = 40  # frames of which sniff prints a line
MANY = 66_500  # and all of them: more than 16 bits can count
RING = 256  # receive buffers of QEMU's card
NOBODY = 0x88B5  # an ethertype for experiments


def asked(frame: bytes) -> str:
    """The address that a frame asks for; "" when it is no whole request."""
    try:
        arp = Arp.read(Ethernet.read(frame).data)
    except ValueError:
        return ""
    return arp.target if arp.operation == ARP_REQUEST and frame[12:14] == b"\x08\x06" else ""


def mac(chance: random.Random) -> str:
    return bytes([2, *chance.randbytes(5)]).hex(":")


def address(chance: random.Random) -> str:
    """Read backwards it is another one."""
    return "10." + ".".join(str(chance.randrange(11, 255)) for _ in range(3))


@dataclass
class Asker:
    """A station that has a question: its address in the packet, and another one
    in the frame's header, as a bridge may have it."""

    mac: str
    ip: str
    frame_mac: str

    def ask(self, wanted: str, operation: int = ARP_REQUEST) -> bytes:
        packet = Arp(operation, self.mac, self.ip, "00:00:00:00:00:00", wanted)
        return Ethernet(BROADCAST, self.frame_mac, ARP, packet.pack()).pack()

    def answer(self, guest_mac: str, guest_ip: str) -> bytes:
        packet = Arp(ARP_REPLY, guest_mac, guest_ip, self.mac, self.ip)
        return Ethernet(self.mac, guest_mac, ARP, packet.pack()).pack()


@dataclass
class Script:
    """What this run's cable carries, and what must come of it."""

    chance: random.Random
    frames: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ip, self.mac = address(self.chance), mac(self.chance)
        others = [asker for asker in (self.asker() for _ in range(9)) if asker.ip != self.ip]
        self.askers = others[:4]
        self.first()
        self.many()

    def asker(self) -> Asker:
        own = mac(self.chance)
        other = mac(self.chance) if self.chance.random() < 0.5 else own
        return Asker(own, address(self.chance), other)

    def question(self, padding: int = 0) -> None:
        """Somebody asks for our address."""
        asker = self.chance.choice(self.askers)
        self.frames.append(asker.ask(self.ip) + self.chance.randbytes(padding))
        self.answers.append(asker.answer(self.mac, self.ip))

    def spoilt(self, at: int, value: int) -> None:
        """A request for our address of which one byte is another."""
        frame = bytearray(self.askers[0].ask(self.ip))
        frame[at] = value
        self.frames.append(bytes(frame))

    def cut(self, frame: bytes) -> bytes:
        """Its beginning: Ethernet's header at least, and not all of ARP's."""
        return frame[: self.chance.randrange(14, 42)]

    def first(self) -> None:
        """Each kind, in any order; a line is printed of each."""
        backwards = ".".join(reversed(self.ip.split(".")))
        kinds = [
            lambda: self.question(),
            lambda: self.question(padding=18),
            lambda: self.question(padding=self.chance.randrange(1, 1400)),
            lambda: self.frames.append(self.askers[0].ask(self.askers[1].ip)),
            lambda: self.frames.append(self.askers[1].ask(backwards)),
            lambda: self.frames.append(self.askers[2].ask(self.ip, ARP_REPLY)),
            lambda: self.frames.append(self.cut(self.askers[3].ask(self.ip))),
            lambda: self.spoilt(15, 6),  # ar_hrd: another hardware
            lambda: self.spoilt(19, 16),  # ar_pln: longer addresses
            lambda: self.spoilt(41, int(self.ip.split(".")[3]) ^ 1),
        ]  # fmt: skip
        order = kinds * (FIRST // len(kinds))
        self.chance.shuffle(order)
        for add in order:
            add()

    def many(self) -> None:
        """Small frames for nobody; now and then a question, and a ring later, so
        that it lies in the same buffer, what is left of one when it is cut."""
        cut = {}
        for i in range(FIRST, MANY):
            if i % 200 == 0:
                self.question()
                cut[i + RING] = self.cut(self.frames[-1])
            elif i in cut:
                self.frames.append(cut[i])
            else:
                data = self.chance.randbytes(self.chance.randrange(40))
                self.frames.append(Ethernet(self.mac, self.askers[0].mac, NOBODY, data).pack())

    def answered_first(self) -> int:
        """How many questions are among the first frames."""
        return sum(asked(frame) == self.ip for frame in self.frames[:FIRST])

    def last_line(self) -> str:
        check = 0
        for frame in self.frames:
            for byte in frame:
                check = (check * 31 + byte) & 0xFFFFFFFF
        size = sum(map(len, self.frames))
        return (
            f"sniff: {len(self.frames)} frames, {size} bytes, "
            f"{len(self.answers)} answered, check {check}"
        )


class Cable:
    """A guest that sniffs, and the script that is played to it."""

    def __init__(self, boot: Boots, chance: random.Random) -> None:
        self.boot, self.script = boot, Script(chance)
        self.wire = Wire()
        self.guest: Machine | None = None
        self.played = 0

    def close(self) -> None:
        if self.guest:
            self.guest.close()
        self.wire.close()

    def start(self) -> Machine:
        if not self.guest:
            script = self.script
            guest = self.boot(
                "sniff", "sniff", MACHINE="q35", APPEND=f"ip={script.ip}",
                CHALLENGE=f"show={FIRST} frames={len(script.frames)}",
                QEMU_ARGS=f"-global virtio-net-device.mac={script.mac}",
                **self.wire.variables(),
            )  # fmt: skip
            self.guest = self.wire.plug(guest)
            guest.expect("^sniff: listening")
        return self.guest

    def play(self, upto: int) -> None:
        for frame in self.script.frames[self.played : upto]:
            self.wire.send(frame)
        self.played = max(self.played, upto)

    def failed(self, expected: str, seen: str) -> Failed:
        assert self.guest
        return Failed(expected, seen, self.boot.evidence(self.guest))

    def compare(self, wanted: list[bytes]) -> None:
        """What came over the wire, byte by byte."""
        missing = Counter(wanted) - Counter(self.wire.frames)
        extra = Counter(self.wire.frames) - Counter(wanted)
        if missing or extra:
            raise self.failed(
                f"{len(wanted)} answers, as {next(iter(missing or extra)).hex(' ')}",
                f"{self.wire.seen} frames, among them {next(iter(extra)).hex(' ')}"
                if extra else f"{self.wire.seen} frames, and this one is not among them",
            )  # fmt: skip
