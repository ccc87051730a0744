# SPDX-License-Identifier: MIT
"""`lodge heap`: the heap's areas and blocks, as mem/heap_block.h draws them.

Nobody keeps a list of areas, so they are looked for: an area begins with a
page, whose first block is marked and has none before it.
"""

import gdb
import guest

HEAD = 32  # bytes: mark, size, before, asked
USED, FREE, END = 0x75736564, 0x66726565, 0x656E6421
SHOWN = 40  # blocks of an area, when they are asked for


class Block:
    def __init__(self, address):
        self.address = address
        self.mark, self.size, self.before, self.asked = guest.words(address, 4)

    def likely(self):
        """Does it look like the first of an area?"""
        return (
            self.mark in (USED, FREE)
            and self.before == 0
            and 0 < self.size < 1 << 40
            and self.size % 16 == 0
        )


class Area:
    """Its blocks; and what is wrong with it, if anything is."""

    def __init__(self, first):
        self.blocks, self.wrong = [], ""
        block = first
        while block.mark in (USED, FREE) and block.size and not self.wrong:
            self.blocks.append(block)
            size = block.size
            try:
                block = Block(block.address + size)
            except gdb.MemoryError:
                self.wrong = f"the size of the block at {block.address:#x} leads out of memory"
                return
            if block.before != size:
                self.wrong = (
                    f"the block at {self.blocks[-1].address:#x} has {size} bytes, but the "
                    f"one behind it was told {block.before}"
                )
        if not self.wrong and block.mark != END:
            self.wrong = f"there is neither a block nor the end at {block.address:#x}"
        self.end = block.address + HEAD

    def of(self, mark):
        return [b for b in self.blocks if b.mark == mark]


def areas():
    """All of them, in the order of their addresses."""
    skip = 0
    for page in guest.used_pages():
        if page < skip:
            continue
        first = Block(page)
        if first.likely():
            area = Area(first)
            if not area.wrong or len(area.blocks) > 1:
                skip = area.end
                yield area


def _summary(area):
    used, free = area.of(USED), area.of(FREE)
    start = area.blocks[0].address
    text = f"  {start:#012x}  {area.end - start:>10,}  {len(used):>6}  {sum(b.size for b in used):>10,}"
    text += f"  {len(free):>6}  {sum(b.size for b in free):>10,}"
    return text + f"  {max((b.size for b in free), default=0):>10,}"


def _show_blocks(area):
    for block in area.blocks[:SHOWN]:
        state = f"used, asked for {block.asked:,}" if block.mark == USED else "free"
        print(f"      {block.address + HEAD:#012x}  {block.size:>10,}  {state}")
    if len(area.blocks) > SHOWN:
        print(f"      ... and {guest.plural(len(area.blocks) - SHOWN, 'block')} more")


def _show_address(address):
    for area in areas():
        if not area.blocks[0].address <= address < area.end:
            continue
        for block in area.blocks:
            if block.address <= address < block.address + block.size:
                state = "in use" if block.mark == USED else "free"
                inside = address - block.address - HEAD
                print(
                    f"{address:#x} is byte {inside} of a block of {block.size:,} that is "
                    f"{state}: payload at {block.address + HEAD:#x}, "
                    f"asked for {block.asked:,}."
                )
                return
    print(f"{address:#x} is in no area of the heap.")


def show(argument):
    """Show the heap: its areas, used and free blocks, and whether they agree.
    lodge heap           a line for each area
    lodge heap blocks    the blocks, too
    lodge heap ADDRESS   in which block that address lies"""
    usage = guest.must("heap.usage", "heap of ours")
    if argument not in ("", "blocks"):
        _show_address(int(gdb.parse_and_eval(argument)))
        return
    print(f"heap: {guest.plural(int(usage['blocks']), 'block')} handed out, "
          f"{guest.plural(int(usage['bytes']), 'byte')} as asked for")  # fmt: skip
    found = list(areas())
    if not found:
        print("  No areas are to be found as mem/heap_block.h has them.")
        return
    print("  area              bytes    used       bytes    free       bytes     largest")
    for area in found:
        print(_summary(area))
        if area.wrong:
            print(f"      WRONG: {area.wrong}")
        if argument == "blocks":
            _show_blocks(area)
    count = sum(len(a.of(USED)) for a in found)
    if count != int(usage["blocks"]):
        print(f"  {guest.plural(count, 'used block')} found: not as many as were counted. "
              "Either a call is half done just now, or one of the two is wrong.")  # fmt: skip
