# SPDX-License-Identifier: MIT
"""A guest's cable whose other end takes work off a card's hands.

    wire = cable()          # a TapWire; a Wire where no tap can be had
    guest = wire.plug(boot("web", **wire.variables()))

What the guest hands to its card comes here as it is: a segment of 64 KiB in one
piece, its checksum not made, and what is to be done about it (offload.Offload).
It is done here, and checked; so loss, delay and duplication (peer.Trouble) meet
the segments that would be on the wire. The other way, what stations send is
left for the guest's card to sum, where the guest has agreed to that; else this
host's kernel makes it up.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

from lodge.offload import Offload, left_open
from lodge.peer import Wire
from lodge.tap import Tap, open_tap

_SOL_PACKET, _PACKET_STATISTICS = 263, 6


class TapWire(Wire):
    """`asked` counts what the guest left to its card: frames to be "cut", and
    to be "summed"; and "frames" in all. `spies` see each before it is cut.
    While `leaves_open` is false, what goes to the guest has the checksum that
    its sender gave it."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self.asked: Counter[str] = Counter()
        super().__init__((tap.packets, tap.device))

    def variables(self) -> dict[str, Any]:
        return {"sockets": {"wire": self.theirs}, "NETDEV": "tap,fd=@wire@"}

    def close(self) -> None:
        super().close()
        self._tap.close()

    def dropped(self) -> int:
        """Frames for which there was no room here, since this was last asked:
        no fault of the guest's."""
        said = self._ours.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        return struct.unpack("=II", said)[1]

    def _put(self, frame: bytes) -> None:
        header, frame = left_open(frame) if self.leaves_open else (Offload(), frame)
        self._ours.send(header.pack() + frame)

    def _get(self) -> list[bytes] | None:
        data = self._ours.recv(1 << 17)
        header, frame = Offload.read(data), data[Offload.SIZE :]
        self.asked["frames"] += 1
        self.asked["cut"] += header.cuts
        self.asked["summed"] += header.sums
        self._spy(frame)
        try:
            return header.finished(frame)
        except ValueError as error:
            self.wrong.append(f"{error}: {frame[:80].hex()}")
            return []


def cable() -> Wire:
    tap = open_tap()
    return TapWire(tap) if tap else Wire()
