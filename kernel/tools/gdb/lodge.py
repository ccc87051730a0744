# SPDX-License-Identifier: MIT
"""Commands of ours for gdb: `lodge virtqueues`, `lodge heap` and so on print the
kernel's own structures in words. `make debug` loads this file; by hand:

    (gdb) source kernel/tools/gdb/lodge.py

Each command is a function of a file beside this one. They read the guest's
memory and change nothing.
"""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import heap  # noqa: E402
import network  # noqa: E402
import serial_line  # noqa: E402
import virtqueues  # noqa: E402


class Lodge(gdb.Command):
    """Lodge: what the kernel has in its memory, in words."""

    def __init__(self):
        super().__init__("lodge", gdb.COMMAND_USER, gdb.COMPLETE_NONE, True)

    def invoke(self, argument, from_tty):
        gdb.execute("help lodge")


class Tool(gdb.Command):
    def __init__(self, name, function):
        self.__doc__ = function.__doc__
        self._function = function
        super().__init__(f"lodge {name}", gdb.COMMAND_USER, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        try:
            self._function(argument.strip())
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"The guest has no memory there: {error}") from error


Lodge()
for name, function in {
    "virtqueues": virtqueues.show,
    "heap": heap.show,
    "pbufs": network.show_pbufs,
    "connections": network.show_connections,
    "type": serial_line.type_text,
}.items():
    Tool(name, function)
serial_line.begin()
