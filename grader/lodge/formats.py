# SPDX-License-Identifier: MIT
"""What lab 02's application, kernel/apps/print/main.c, must say: its table of
formats and those that it makes up, as the host's own printf family has them."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lodge.kit import ROOT

# As the application has them; its table is read from there.
WORDS = ["", "a", "of", "two", "page", "frame", "packet", "library"]
KINDS = [("d", "-0+ "), ("i", "-0+ "), ("u", "-0"), ("x", "-0#"), ("X", "-0#"),
         ("o", "-0#"), ("c", "-"), ("s", "-")]  # fmt: skip
LENGTHS = ["", "hh", "h", "l", "ll", "z", "j", "t"]
ROUNDS = 3


def table() -> list[str]:
    text = (ROOT / "kernel/apps/print/main.c").read_text()
    return re.findall(r"\{ [A-Z]+, \"(%.*?)\" \}", text)


def snprintf(form: str, number: int) -> bytes:
    """What the host's C library makes of it."""
    argument: object
    if form.endswith("s"):
        argument = ctypes.c_char_p(WORDS[number % 8].encode())
    elif form.endswith("c"):
        argument = ctypes.c_int(33 + number % 94)
    elif form.endswith("p"):
        argument = ctypes.c_void_p(number)
    elif re.search("[lzjt]", form):
        argument = ctypes.c_uint64(number)
    else:
        argument = ctypes.c_uint32(number % 2**32)
    text = ctypes.create_string_buffer(100)
    ctypes.CDLL(None).snprintf(text, ctypes.c_size_t(100), form.encode(), argument)
    return text.value


def made_up(n: int) -> str:
    """make_row()'s format."""

    def choose(count: int) -> int:
        nonlocal n
        n, choice = divmod(n, count)
        return choice

    conversion, flags = KINDS[choose(8)]
    form = "%" + "".join(flag for flag in flags if choose(2))
    width, precision = choose(24), choose(60)
    form += str(width) if width else ""
    if conversion != "c" and precision < 40:
        form += "." + (str(precision) if precision < 20 else "")
    length = LENGTHS[choose(8)]
    return form + (length if conversion not in "cs" else "") + conversion


@dataclass(frozen=True)
class Table:
    """What one run is to say."""

    seed: int
    more: int

    @property
    def challenge(self) -> str:
        return f"seed={self.seed} more={self.more}"

    def _rows(self) -> Iterator[tuple[str, int]]:
        state = self.seed

        def step() -> int:
            nonlocal state
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            return state

        def number() -> int:
            n = step()
            return n >> (n >> 58)

        for _ in range(ROUNDS):
            for form in table():
                yield form, number()
        for _ in range(self.more):
            form = made_up(step() >> 11)
            yield form, number()

    def text(self) -> bytes:
        rows = [f"{form:<12} [".encode() + snprintf(form, n) + b"]" for form, n in self._rows()]
        rows.append(f"100% of {len(rows)} lines".encode())
        return b"".join(row + b"\n" for row in rows)
