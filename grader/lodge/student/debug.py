# SPDX-License-Identifier: MIT
"""A guest with gdb attached to it in this terminal. QEMU stands still until gdb
has come, and goes when gdb goes, however that is.

The guest's serial line is handed to gdb's Python (kernel/tools/gdb), which
shows it among its own words; a gdb that has no Python finds it in a file.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from lodge.kit import ROOT, from_root
from lodge.machine import die_with
from lodge.student.path import Sorry

SCRIPTS = "kernel/tools/gdb"
_ROWS = 40  # of a terminal that has room for the source beside the commands


def _find_gdb(named: str) -> str:
    for name in [named] if named else ["gdb", "gdb-multiarch"]:
        if path := shutil.which(name):
            return path
    raise Sorry(
        f"There is no {named or 'gdb'} here. To install it on a Debian or Ubuntu: "
        f"apt-get install {named or 'gdb'}. What works here says: make doctor"
    )


def _has_python(gdb: str) -> bool:
    done = subprocess.run(
        [gdb, "-nx", "-batch", "-ex", "python print(6 * 7)"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True,
    )  # fmt: skip
    return "42" in done.stdout


def _wants_layout(layout: str) -> bool:
    if layout or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return layout == "src"
    known = os.environ.get("TERM", "dumb") not in ("dumb", "")
    return known and os.get_terminal_size().lines >= _ROWS


def _gdb_arguments(out: Path, address: Path, python: bool, layout: bool) -> list[str]:
    words = ["-q", str(out / "kernel.elf"), "-x", f"{SCRIPTS}/settings.gdb"]
    words += ["-x", f"{SCRIPTS}/lodge.py"] if python else []
    words += ["-ex", f"target remote {address}", "-x", f"{SCRIPTS}/start.gdb"]
    return words + (["-ex", "layout src", "-ex", "focus cmd"] if layout else [])


def _start_qemu(
    command: list[str], address: Path, serial: socket.socket | Path
) -> subprocess.Popen[str]:
    """When it returns, gdb can come. A QEMU that could not start has said why."""
    ours, theirs = socket.socketpair()
    given = [theirs.fileno()]
    if isinstance(serial, Path):
        line = f"file,id=lodge_serial,path={serial}"
    else:
        line = f"socket,id=lodge_serial,fd={serial.fileno()}"
        given.append(serial.fileno())
    extra = [
        "-S", "-chardev", line,
        "-chardev", f"socket,id=lodge_gdb,path={address},server=on,wait=off",
        "-gdb", "chardev:lodge_gdb",
        "-chardev", f"socket,id=lodge_monitor,fd={theirs.fileno()}",
        "-mon", "chardev=lodge_monitor,mode=control",
    ]  # fmt: skip
    qemu = subprocess.Popen(
        [*command, *extra], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, pass_fds=given, start_new_session=True,
        preexec_fn=die_with(os.getpid()), cwd=ROOT,
    )  # fmt: skip
    theirs.close()
    if not isinstance(serial, Path):
        serial.close()
    with ours:
        # Its monitor's greeting is the first that it does when all is set up.
        if not ours.recv(1):
            said = qemu.communicate()[0].strip()
            more = " Another port: PORT=18080" if "host forwarding" in said else ""
            raise Sorry(f"QEMU did not start: {said}.{more}")
    return qemu


def _say(python: bool, layout: bool, log: Path) -> None:
    print("gdb is about to be attached to the guest. To leave: quit (or q).")
    print("  continue   let it run; Ctrl-C stops it again")
    if python:
        print("  lodge      what of the kernel's own can be shown: heap, virtqueues, ...")
        print("What the guest prints is shown here.")
    else:
        print("This gdb has no Python, so our commands are missing (in Debian, the package gdb")
        print(f"has it, gdb-minimal has not). What the guest prints goes to {from_root(log)}.")
    if layout:
        print("Ctrl-X, then A, takes the window with the source away, and brings it back.")
    sys.stdout.flush()


def debug(out: Path, named: str, wish: str, command: list[str]) -> int:
    """`command` is QEMU's, but for its serial line (chardev lodge_serial)."""
    gdb = _find_gdb(named)
    if not shutil.which(command[0]):
        raise Sorry(f"There is no {command[0]} here. To install what is missing: make setup")
    python, layout = _has_python(gdb), _wants_layout(wish)
    address, log = out / "gdb.socket", out / "serial.log"
    address.unlink(missing_ok=True)
    ours, theirs = socket.socketpair()
    qemu = _start_qemu(command, address, theirs if python else log)
    try:
        _say(python, layout, log)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is gdb's
        subprocess.run(
            [gdb, *_gdb_arguments(out, address, python, layout)], cwd=ROOT,
            pass_fds=[ours.fileno()], env=os.environ | {"LODGE_SERIAL": str(ours.fileno())},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
    finally:
        if qemu.poll() is None:
            qemu.kill()
        lines = qemu.communicate()[0].splitlines()
        said = [n for n in lines if not n.endswith("Terminated via GDBstub")]  # by gdb's quit
        address.unlink(missing_ok=True)
    if said:
        print("\n".join(["QEMU's own words:", *said]))
    return 0
