# SPDX-License-Identifier: MIT
"""A guest and a router on one cable, with addresses that only this run knows.

    with Lan(boot, rng("echo")) as lan:
        with lan.boot("tcpecho", "echo", APPEND=lan.fixed) as guest:
            guest.expect("^tcpecho: listening")
            client = Client(lan.router, lan.router_ip, lan.guest_ip, 7)
"""

from __future__ import annotations

import random
from types import TracebackType
from typing import NoReturn, Self

from lodge.boots import Boots
from lodge.lab import Failed
from lodge.machine import Machine
from lodge.peer import Station, Wire


class Lan:
    """`router` is a station at the other end. Whoever boots with `fixed` on the
    command line has the address `guest_ip`, without asking DHCP."""

    def __init__(self, boot: Boots, numbers: random.Random) -> None:
        network = f"10.{numbers.randrange(1, 250)}.{numbers.randrange(250)}"
        guest, router = numbers.sample(range(1, 255), 2)
        self.guest_ip, self.router_ip = f"{network}.{guest}", f"{network}.{router}"
        self.guest_mac = ":".join(["52:54:00", *(f"{b:02x}" for b in numbers.randbytes(3))])
        self.fixed = f"ip={self.guest_ip}/24 gw={self.router_ip}"
        self.wire = Wire()
        self.router = Station(self.wire, "02:00:00:00:00:01", self.router_ip)
        self._boot = boot

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.wire.close()

    def boot(self, app: str, name: str, **variables: str) -> Machine:
        """`name` is the folder of the evidence."""
        card = f"-global virtio-net-device.mac={self.guest_mac}"
        settings = {"MACHINE": "q35", "QEMU_ARGS": card} | variables
        return self.wire.plug(self._boot(app, name, **self.wire.variables(), **settings))

    def fail(self, expected: str, seen: str) -> NoReturn:
        assert self.wire.guest
        raise Failed(expected, seen, self._boot.evidence(self.wire.guest))

    def check_sense(self) -> None:
        """That whatever came from the guest so far could be read."""
        if self.wire.wrong:
            self.fail("frames that make sense", self.wire.wrong[0])
