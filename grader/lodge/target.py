# SPDX-License-Identifier: MIT
"""What the same application is built for and run on.

A target is a name for make's variables: for which port and network library
it is built, and on which machine that then runs. Those that share what is
built share a kit. What a test must know of a target is here as well, with the
reason; a test that asks for a target's name would be another test.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lodge.kit import Kit

SANITIZERS = "address,undefined"


@dataclass(frozen=True)
class Target:
    name: str
    build: tuple[tuple[str, str], ...] = ()  # Kit's
    run: tuple[tuple[str, str], ...] = ()  # Machine's

    # Who asks, as the server sees it: QEMU's user network speaks for this
    # host, and the host's own sockets for themselves.
    client: str = "10.0.2.2"

    # It knows the time of day; QEMU's microvm is run without a clock for it.
    clock: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def variables(self) -> dict[str, str]:
        """Machine's."""
        return dict(self.run)

    def kit(self, build: Path) -> Kit:
        """The reference, built for it."""
        made = dict(self.build)
        folder = "-".join(["test", *(v.replace(",", "-") for v in made.values())])
        return Kit(build / folder, build=build, **made)


def _pc(name: str, **run: str) -> Target:
    return Target(name, run=tuple(run.items()))


def _process(net: str, **more: str) -> Target:
    made = {"arch": "unix", "net": net, "sanitize": SANITIZERS}
    return Target(f"unix-{net}", tuple(made.items()), **more)


Q35 = _pc("q35", MACHINE="q35")
MICROVM = Target("microvm", run=(("MACHINE", "microvm"),), clock=False)
# As a cloud's first generation has it.
CLOUD = _pc("pc-legacy-scsi", MACHINE="pc", VIRTIO="legacy", DISK_ON="virtio-scsi")
AARCH64 = Target("aarch64", (("arch", "aarch64"),), (("MACHINE", "virt"),))
UNIX_SOCKETS = _process("sockets", client="127.0.0.1")
UNIX_LWIP = _process("lwip")

# The first three are one of each kind: of each processor, of each network library.
TARGETS = (
    Q35,
    AARCH64,
    UNIX_SOCKETS,
    UNIX_LWIP,
    MICROVM,
    _pc("pc", MACHINE="pc"),
    _pc("q35-modern", MACHINE="q35", VIRTIO="modern"),
    _pc("q35-legacy", MACHINE="q35", VIRTIO="legacy"),
    CLOUD,
)
KINDS = TARGETS[:3]
