# SPDX-License-Identifier: MIT
"""The guest's memory, for the commands beside this file."""

import struct

import gdb

PAGE = 4096
POINTER = 8


def value(expression):
    """Of a variable of the kernel's; None when the image has no such thing."""
    try:
        return gdb.parse_and_eval(expression)
    except gdb.error:
        return None


def must(expression, what):
    """The same, or a sentence that says what the image lacks."""
    found = value(expression)
    if found is None:
        raise gdb.GdbError(f"There is no {what} in this program.")
    return found


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def readable(address, size):
    """The same in pieces, less the pages that nobody may touch, such as those
    that guard stacks: (address, bytes)."""
    try:
        yield address, read(address, size)
    except gdb.MemoryError:
        if size <= PAGE:
            return
        half = (size // 2 + PAGE - 1) // PAGE * PAGE
        yield from readable(address, half)
        yield from readable(address + half, size - half)


def words(address, count):
    return struct.unpack(f"<{count}Q", read(address, count * POINTER))


def at(address, kind):
    """The struct of that kind that lies there."""
    return gdb.Value(address).cast(gdb.lookup_type(kind).pointer()).dereference()


def offset(kind, member):
    return next(f.bitpos // 8 for f in gdb.lookup_type(kind).fields() if f.name == member)


def plural(count, word):
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _free_runs():
    runs, run = {}, int(value("pages.free") or 0)
    while run and run not in runs:
        count, following = words(run, 2)
        runs[run] = count
        run = following
    return runs


def used_pages():
    """The address of each page that the page allocator has handed out, by
    what it keeps itself (mem/pages.h)."""
    pages = must("pages", "page allocator")
    if int(pages["map"]) == 0:
        raise gdb.GdbError("There are no pages yet: the page allocator has not begun.")
    free = _free_runs()
    table = pages["map"].dereference()
    for i in range(int(table["count"])):
        region = table["region"][i]
        page = int(region["base"])
        end = page + int(region["size"])
        while page < end:
            if page in free:
                page += free[page] * PAGE
                continue
            yield page
            page += PAGE
