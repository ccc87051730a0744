# SPDX-License-Identifier: MIT
"""What QEMU's devices have to say of the queues that a guest has given them:
their own messages in words, and how far they are with each queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lodge.kit import GraderError

if TYPE_CHECKING:
    from lodge.monitor import Monitor

# Messages of hw/virtio/virtio.c and of the devices, and what they mean for who
# writes a driver. The last ones are about the device's registers.
_MEANINGS = (
    (
        r"Guest moved used index from (\d+) to (\d+)",
        r"The device has read avail.idx up to \1, and then found \2 there: that is "
        "more new entries than the queue has descriptors. (The message says 'used' and "
        "means the avail ring.)",
    ),
    (
        r"Guest says index (\d+) is available",
        r"An entry of the avail ring names descriptor \1, and the table is not that "
        "long.",
    ),
    (
        r"Desc next is (\d+)",
        r"A descriptor's next field leads to descriptor \1, and the table is not that "
        "long.",
    ),
    (
        r"Looped descriptor",
        "A chain has more descriptors than the table: its next fields lead in a circle, "
        "or the last of a chain still has F_NEXT.",
    ),
    (
        r"Incorrect order for descriptors",
        "In a chain a buffer for the device to read stands behind one that it may "
        "write: all that it reads come first.",
    ),
    (
        r"zero sized buffers are not allowed",
        "A descriptor has a length of 0: it was never filled in, or the chain goes on "
        "into one that is not in use.",
    ),
    (
        r"bogus descriptor or out of resources",
        "A descriptor's address and length do not lie in the machine's memory: is it a "
        "bus address, and are its bytes in the right order?",
    ),
    (
        r"Virtqueue size exceeded|Too many (read|write) descriptors|Too many descriptors",
        "A chain has more buffers than the queue allows.",
    ),
    (
        r"[Ii]ndirect",
        "A descriptor says that it leads to a table of further ones: a flag that "
        "nobody meant to set.",
    ),
    (
        r"virtio-net header not in first element|virtio-net header incorrect",
        "A frame to send does not begin with the network header, whole and in the "
        "chain's first buffer: it is 12 bytes on a modern device.",
    ),
    (
        r"receive queue contains no in buffers",
        "A buffer for frames to come is not marked for the device to write.",
    ),
    (
        r"unexpected empty queue",
        "A frame needs more room than one chain of the receive queue has.",
    ),
    (
        r"virtio-blk missing headers",
        "A disk request needs something for the device to read and something for it to "
        "write, and this chain has only one of them.",
    ),
    (
        r"outhdr too short|inhdr too short",
        "A disk request is 16 bytes of header that the device reads at its beginning, "
        "and a byte of status that it writes at its end.",
    ),
    (
        r"wrong size for virtio-scsi headers",
        "A SCSI request's header or its response is too short.",
    ),
)

# Noise of our own making, or of the host. A guest that stays when it is done has
# no device that ends it, and its write to that port (arch_exit()) is answered by
# nobody; some cards are plugged in for being found, and lead nowhere.
_NOISE = re.compile(
    r"terminating on signal|warning: TCG doesn't support"
    r"|Invalid write at addr 0x501, size 2, region 'io'|warning: nic \S+ has no peer"
)


def is_of_interest(line: str) -> bool:
    return not _NOISE.search(line)


def in_words(lines: list[str]) -> list[str]:
    """What QEMU's messages mean, each once."""
    found = (
        match.expand(meaning)
        for line in lines
        for pattern, meaning in _MEANINGS
        if (match := re.search(pattern, line))
    )
    return list(dict.fromkeys(found))


# ---- How far it is with each ---------------------------------------------------------


def states(machine: Monitor) -> list[str]:
    """A line for each queue that is set up; none where QEMU is too old to be
    asked."""
    try:
        devices = machine.qmp("x-query-virtio")
    except GraderError:
        return []
    return [n for d in devices for n in _device(machine, d["name"], d["path"])]


def _device(machine: Monitor, name: str, path: str) -> list[str]:
    status = machine.qmp("x-query-virtio-status", path=path)
    lines = [f"{name}: QEMU has declared it broken."] if status.get("broken") else []
    for number in range(status["num-vqs"]):
        queue = machine.qmp("x-query-virtio-queue-status", path=path, queue=number)
        if queue["vring-num"] and queue["vring-desc"]:
            lines.append(_queue(name, number, queue))
    return lines


def _queue(name: str, number: int, queue: dict[str, int]) -> str:
    read = queue.get("last-avail-idx", 0)
    return (
        f"{name}, queue {number} of {queue['vring-num']}: the device has read the avail "
        f"ring up to {read}, has written used.idx {queue['used-idx']}, and holds "
        f"{queue['inuse']} chains."
    )
