# SPDX-License-Identifier: MIT
"""`lodge virtqueues`: the rings between drivers and devices.

Drivers keep their queues where they like. What all queues have in common is
a transport's function that tells the device of news, in `notify` or behind it,
in `doorbell`; so the program's variables and the heap are searched for these.
"""

import re

import gdb
import guest
import heap

NOTIFY = ("modern_notify", "legacy_notify", "mmio_notify")
SHOWN = 8  # chains in flight of each queue
LARGEST = 1 << 16  # bytes of a heap's block that may hold a queue
WRITE, NEXT = 2, 1


def _sections():
    """Where variables lie: address and size. gdb lists a file twice once it runs."""
    text = gdb.execute("info files", to_string=True)
    found = re.findall(r"(0x[0-9a-f]+) - (0x[0-9a-f]+) is \.(?:data|bss)$", text, re.M)
    for start, end in dict.fromkeys(found):
        yield int(start, 16), int(end, 16) - int(start, 16)


def _places():
    yield from _sections()
    if guest.value("heap.usage") is not None and int(guest.value("pages.map") or 0):
        for area in heap.areas():
            for block in area.of(heap.USED):
                if block.size <= LARGEST:
                    yield block.address, block.size


def _is_queue(vq):
    num = int(vq["num"])
    return 0 < num <= 32768 and int(vq["avail"]) == int(vq["desc"]) + 16 * num


def queues():
    addresses = set()
    for name in NOTIFY:
        function = guest.value(f"(unsigned long) &{name}")
        if function is not None:
            addresses.add(int(function).to_bytes(8, "little"))
    if not addresses:
        raise gdb.GdbError("There is no virtio device's driver in this program.")
    inside = [guest.offset("struct virtq", m) for m in ("notify", "doorbell")]
    for place in _places():
        for start, data in guest.readable(*place):
            for i in range(-start % 8, len(data) - 7, 8):
                if data[i : i + 8] in addresses:
                    found = (guest.at(start + i - n, "struct virtq") for n in inside)
                    yield from filter(_is_queue, found)


def _heads(vq):
    """Of the chains in flight."""
    num, size = int(vq["num"]), gdb.lookup_type("struct virtq_chain").sizeof
    data = guest.read(int(vq["chains"]), num * size)
    token = guest.offset("struct virtq_chain", "token")
    return [i for i in range(num) if any(data[i * size + token : i * size + token + 8])]


def _chain(vq, head):
    chain = vq["chains"][head]
    parts, at = [], head
    for _ in range(min(int(chain["count"]), 6)):
        desc = vq["desc"][at]
        flags = int(desc["flags"])
        use = "to write" if flags & WRITE else "to read"
        parts.append(f"{int(desc['len'])} bytes at {int(desc['addr']):#x} {use}")
        if not flags & NEXT:
            break
        at = int(desc["next"]) % int(vq["num"])
    more = ", ..." if int(chain["count"]) > len(parts) else ""
    return f"    chain {head}: {', '.join(parts)}{more}; token {int(chain['token']):#x}"


def _doubts(vq, heads):
    """What can't be between two calls."""
    num = int(vq["num"])
    taken = sum(int(vq["chains"][h]["count"]) for h in heads)
    if int(vq["num_free"]) + taken != num:
        yield (f"{int(vq['num_free'])} descriptors are free and {taken} in flight: "
               f"that is not {num}")  # fmt: skip
    if int(vq["avail"]["idx"]) != int(vq["avail_idx"]):
        yield (f"the device sees avail.idx {int(vq['avail']['idx'])}, but "
               f"{int(vq['avail_idx'])} were added")  # fmt: skip
    if len(heads) != (int(vq["avail_idx"]) - int(vq["last_used"])) % 65536:
        yield f"{guest.plural(len(heads), 'chain')} in flight, which is not avail_idx - last_used"


def _show(vq, shown):
    name = vq["name"].string() if int(vq["name"]) else "?"
    heads = _heads(vq)
    ready = (int(vq["used"]["idx"]) - int(vq["last_used"])) % 65536
    print(f"{name}: {int(vq['num'])} descriptors, {int(vq['num_free'])} free, "
          f"{guest.plural(len(heads), 'chain')} in flight")  # fmt: skip
    told = "all are announced" if int(vq["kicked"]) == int(vq["avail_idx"]) else (
        f"announced up to {int(vq['kicked'])}")  # fmt: skip
    print(f"    avail.idx {int(vq['avail']['idx'])}, flags {int(vq['avail']['flags'])}: {told}")
    print(f"    used.idx {int(vq['used']['idx'])}, flags {int(vq['used']['flags'])}: "
          f"read up to {int(vq['last_used'])}, {ready} not read yet")  # fmt: skip
    if vq["broken"]:
        print("    BROKEN: the device said what can't be")
    for doubt in _doubts(vq, heads):
        print(f"    WRONG, unless a call is half done just now: {doubt}")
    for head in heads[:shown]:
        print(_chain(vq, head))
    if len(heads) > shown:
        print(f"    ... and {guest.plural(len(heads) - shown, 'chain')} more")


def show(argument):
    """Show the virtqueues: indices, flags, and the chains that the device has.
    lodge virtqueues         all of them
    lodge virtqueues NAME    all chains of those whose name has NAME in it"""
    found = list(queues())
    if not found:
        print("No virtqueue has been set up yet.")
    for vq in found:
        name = vq["name"].string() if int(vq["name"]) else "?"
        if argument in name:
            _show(vq, 32768 if argument else SHOWN)
