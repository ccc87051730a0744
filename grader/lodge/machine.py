# SPDX-License-Identifier: MIT
"""One QEMU with a guest of ours in it.

Serial line, debug console and monitor (QMP) are socket pairs: no files to
poll, no ports to collide. A thread of its own reads them all, so that a guest
never waits for us; whoever waits for something here waits on a condition, and
is told at once when the guest says a fatal word or QEMU ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import selectors
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lodge.kit import ROOT, GraderError, Kit

# QEMU's exit status, by core/exit.h: (status << 1) | 1.
DONE, FAILED, PANIC, TODO = 33, 35, 37, 39

# What core/panic.c says on the debug console before it ends the machine.
_FATAL = re.compile(rb"^(panic|exception|not written yet): ?([^\r\n]*)\r?\n", re.M)

# Of the serial line and the debug console this much is kept: nothing honest
# comes near it.
_FLOOD = 4 << 20

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class GuestError(Exception):
    """The guest did not do what was waited for. `what` is a whole sentence."""

    def __init__(self, what: str, machine: Machine) -> None:
        super().__init__(what)
        self.what = what
        self.machine = machine


class GuestEnded(GuestError):
    """It ended: by itself, by a panic, by a triple fault."""


class GuestTodo(GuestEnded):
    """It came to a part that is not written yet; `what` names the part."""


class GuestSilent(GuestError):
    """It did not happen in time."""


class GuestFlood(GuestError):
    """It printed and printed."""


@dataclass
class Pace:
    """How much slower than usual this machine is now; 1 or more."""

    factor: float = 1.0

    # What a boot of a reference guest takes on an ordinary machine.
    REFERENCE = 0.25

    def measured(self, seconds: float) -> Pace:
        return Pace(max(1.0, seconds / self.REFERENCE))

    def __call__(self, seconds: float) -> float:
        return seconds * self.factor


class Machine:
    """Starts QEMU; as a context manager it also sees to its end.

    `variables` are machine.mk's (MACHINE, MEM, APPEND, CHALLENGE ...).
    `entropy` is what the guest's rng0 will give, to the last byte. QEMU gets
    the `sockets`; where a variable says @name@ stands that one's number.
    """

    def __init__(
        self,
        kit: Kit,
        app: str,
        folder: Path,
        *,
        pace: Pace | None = None,
        entropy: bytes | None = None,
        sockets: dict[str, socket.socket] | None = None,
        **variables: str,
    ) -> None:
        self.kit, self.app, self.folder = kit, app, folder
        self.variables = variables
        self.pace = pace or Pace()
        self.entropy = entropy
        self.sockets = sockets or {}
        self.serial = b""
        self.debug = b""
        self.stderr = b""
        self.events: list[dict[str, Any]] = []
        self.status: int | None = None
        self.seconds = 0.0
        self._flooded = False
        self._replies: dict[int, dict[str, Any]] = {}
        self._qmp_ready = False
        self._qmp_next = 0
        self._changed = threading.Condition()
        folder.mkdir(parents=True, exist_ok=True)
        self._start()

    # ---- Start and end ------------------------------------------------------

    def _start(self) -> None:
        self._ours: dict[str, socket.socket] = {}
        theirs: dict[str, socket.socket] = {}
        for name in ("serial", "debug", "qmp"):
            self._ours[name], theirs[name] = socket.socketpair()
        handed = theirs | self.sockets
        fds = [s.fileno() for s in handed.values()]
        self._entropy_fd = -1
        settings = dict(self.variables)
        extra = settings.pop("QEMU_ARGS", "")
        settings["SERIAL"] = "chardev:serial"
        settings["DEBUG"] = "socket,fd=@debug@"
        settings["QEMU_ARGS"] = (
            "-chardev socket,fd=@serial@,id=serial -chardev socket,fd=@qmp@,id=qmp"
            " -mon chardev=qmp,mode=control -d guest_errors " + extra
        )
        if self.entropy is not None:
            reader, self._entropy_fd = os.pipe()
            fds.append(reader)
            settings["RNG"] = "/dev/fd/@rng@"
            (self.folder / "entropy").write_bytes(self.entropy)
        command = self.kit.qemu_command(self.app, **settings)
        numbers = {n: str(s.fileno()) for n, s in handed.items()}
        if self.entropy is not None:
            numbers["rng"] = str(reader)
        command = [
            re.sub(r"@(\w+)@", lambda m: numbers[m[1]], word) for word in command
        ]
        (self.folder / "command").write_text(shlex.join(command) + "\n")

        parent = os.getpid()

        def die_with_us() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        self._began = time.monotonic()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, pass_fds=fds, start_new_session=True,
                preexec_fn=die_with_us, cwd=ROOT,
            )  # fmt: skip
        except OSError as error:
            raise GraderError(f"QEMU does not start: {error}") from error
        finally:
            for s in theirs.values():
                s.close()
            if self.entropy is not None:
                os.close(reader)
        self.pid = self._process.pid
        self._pump = threading.Thread(target=self._read_all, daemon=True)
        self._pump.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends QEMU, if it is still there, and writes down what was seen."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._pump.join()
        for s in self._ours.values():
            s.close()
        for name in ("serial", "debug", "stderr"):
            (self.folder / f"{name}.log").write_bytes(getattr(self, name))

    # ---- What comes from QEMU -------------------------------------------------

    def _read_all(self) -> None:
        """The thread: reads until QEMU is gone, feeds it its entropy."""
        assert self._process.stdout
        chooser = selectors.DefaultSelector()
        for name, s in self._ours.items():
            s.setblocking(False)
            chooser.register(s, selectors.EVENT_READ, name)
        stderr = self._process.stdout.fileno()
        os.set_blocking(stderr, False)
        chooser.register(stderr, selectors.EVENT_READ, "stderr")
        left = memoryview(self.entropy or b"")
        if self._entropy_fd >= 0:
            os.set_blocking(self._entropy_fd, False)
            if left:
                chooser.register(self._entropy_fd, selectors.EVENT_WRITE, "entropy")
        open_inputs = 1 + len(self._ours)
        while open_inputs:
            for key, _ in chooser.select():
                if key.data == "entropy":
                    left = self._feed(left)
                    if not left:
                        chooser.unregister(key.fileobj)
                elif not self._take(key):
                    chooser.unregister(key.fileobj)
                    open_inputs -= 1
        chooser.close()
        if self._entropy_fd >= 0:
            os.close(self._entropy_fd)
        status = self._process.wait()
        with self._changed:
            self.status = status
            self.seconds = time.monotonic() - self._began
            self._changed.notify_all()

    def _feed(self, left: memoryview) -> memoryview:
        try:
            return left[os.write(self._entropy_fd, left[:4096]) :]
        except BlockingIOError:
            return left
        except BrokenPipeError:
            return left[:0]

    def _take(self, key: selectors.SelectorKey) -> bool:
        """Reads once from one input; False when it has come to its end."""
        try:
            data = os.read(key.fd, 65536)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            data = b""
        if not data:
            return False
        with self._changed:
            if key.data == "qmp":
                self._qmp_data = getattr(self, "_qmp_data", b"") + data
                *lines, self._qmp_data = self._qmp_data.split(b"\n")
                for line in lines:
                    self._take_message(json.loads(line))
            elif len(getattr(self, key.data)) < _FLOOD:
                setattr(self, key.data, getattr(self, key.data) + data)
            else:
                self._flooded = True
            self._changed.notify_all()
        return True

    def _take_message(self, message: dict[str, Any]) -> None:
        if "QMP" in message:
            self._send({"execute": "qmp_capabilities", "id": -1})
        elif "event" in message:
            self.events.append(message)
        elif message.get("id") == -1:
            self._qmp_ready = True
        elif "id" in message:
            self._replies[message["id"]] = message

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._ours["qmp"].sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass  # QEMU is gone: who waits for the reply is told

    # ---- Waiting ---------------------------------------------------------------

    def fatal(self) -> tuple[str, str] | None:
        """The fatal word on the debug console and what follows it, if any."""
        found = _FATAL.search(self.debug)
        return (found[1].decode(), found[2].decode(errors="replace")) if found else None

    def _wait(self, what: str, happened: Callable[[], Any], seconds: float) -> Any:
        """Until happened() is true; then its value. `what` is the rest of the
        sentence "The guest did not ..."."""
        limit = time.monotonic() + self.pace(seconds)
        with self._changed:
            while not (value := happened()):
                if self._flooded:
                    raise GuestFlood(
                        f"The guest printed {_FLOOD >> 20} MiB and went on.", self
                    )
                if self.fatal() or self.status is not None:
                    self._ended(what)
                left = limit - time.monotonic()
                if left <= 0:
                    raise GuestSilent(
                        f"The guest did not {what} within {self.pace(seconds):.1f} s.",
                        self,
                    )
                self._changed.wait(left)
            return value

    def raise_if_dead(self, what: str) -> None:
        """For who waits for something that does not come from QEMU."""
        with self._changed:
            if self.fatal() or self.status is not None:
                self._ended(what)

    def _ended(self, what: str) -> None:
        """It did not come to `what`, and never will: says why. Lets last words
        come to their end."""
        limit = time.monotonic() + self.pace(2)
        while self.status is None and (left := limit - time.monotonic()) > 0:
            self._changed.wait(left)
        fatal = self.fatal()
        if fatal and fatal[0] == "not written yet":
            raise GuestTodo(fatal[1], self)
        if fatal:
            raise GuestEnded(f"The guest ended with {fatal[0]}: {fatal[1]}", self)
        if self.status == 1 and not self._qmp_ready:
            text = self.stderr.decode(errors="replace").strip()
            raise GraderError(f"QEMU did not run the guest: {text}")
        raise GuestEnded(f"The guest did not {what}: {self.end_in_words()}.", self)

    def end_in_words(self) -> str:
        reasons = [e["data"].get("reason") for e in self.events if e["event"] == "SHUTDOWN"]
        if self.status == DONE:
            return "it ended before, as if all were well"
        if self.status == FAILED:
            return "main() returned an error"
        if self.status is not None and self.status < 0:
            return f"QEMU was ended by signal {-self.status}"
        if "guest-reset" in reasons:
            return (
                "it reset itself, which is what a processor does after a triple "
                "fault: an exception whose handler can't be reached"
            )
        return f"QEMU ended with status {self.status}"

    def lines(self) -> str:
        """The serial line's text, up to the last line that is complete."""
        whole, end, _ = self.serial.replace(b"\r", b"").rpartition(b"\n")
        return (whole + end).decode(errors="replace")

    def expect(self, pattern: str, seconds: float = 5, since: int = 0) -> re.Match[str]:
        """Waits for a line on the serial console that matches; of what stands
        in lines() from `since` on."""
        search = re.compile(pattern, re.M)
        return self._wait(
            f'print what matches "{pattern}"',
            lambda: search.search(self.lines(), since), seconds,
        )  # fmt: skip

    def expect_on_screen(self, line: str, seconds: float = 5) -> list[str]:
        """Waits for a line of the text screen; the whole screen. The screen
        tells nobody that it has changed: we have to look."""
        limit = time.monotonic() + self.pace(seconds)
        while line not in (screen := self.vga_text()):
            if time.monotonic() > limit:
                raise GuestSilent(f'The guest did not show "{line}".', self)
        return screen

    def wait_end(self, seconds: float = 10) -> int:
        """Waits for QEMU's end; its status. A panic is no end like another."""
        with self._changed:
            self._wait("end", lambda: self.status is not None, seconds)
        if self.fatal():
            with self._changed:
                self._ended("end")
        assert self.status is not None
        if self.status not in (DONE, FAILED):
            with self._changed:
                self._ended("end in peace")
        return self.status

    def wait_death(self, seconds: float = 10) -> int:
        """Waits for QEMU's end, however it comes; for tests of the ways to
        die."""
        limit = time.monotonic() + self.pace(seconds)
        with self._changed:
            while self.status is None:
                if (left := limit - time.monotonic()) <= 0:
                    raise GuestSilent("The guest did not end.", self)
                self._changed.wait(left)
            return self.status

    # ---- The monitor -------------------------------------------------------------

    def qmp(self, command: str, **arguments: Any) -> Any:
        """One command of QEMU's monitor protocol; what it returns."""
        self._wait("start", lambda: self._qmp_ready, 5)
        with self._changed:
            number = self._qmp_next
            self._qmp_next += 1
        self._send({"execute": command, "arguments": arguments, "id": number})
        reply = self._wait(
            f"let QEMU answer {command}", lambda: self._replies.pop(number, None), 5
        )
        if "error" in reply:
            raise GraderError(f"QMP {command}: {reply['error']['desc']}")
        return reply["return"]

    def monitor(self, line: str) -> str:
        """One command of QEMU's human monitor."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def type(self, keys: list[str]) -> None:
        """Presses keys one after the other: QEMU's names, "shift-a"."""
        for key in keys:
            codes = [{"type": "qcode", "data": k} for k in key.split("-")]
            self.qmp("send-key", keys=codes)

    def write(self, text: str) -> None:
        """What a person types into the terminal of the serial line."""
        self._ours["serial"].sendall(text.encode())

    def halted(self) -> bool:
        """Whether the processor sleeps at this moment."""
        return "HLT=1" in self.monitor("info registers")

    def screenshot(self, name: str = "screen") -> Path:
        """The screen as it is now, as a PNG or PPM in the folder."""
        path = self.folder / f"{name}.ppm"
        self.qmp("screendump", filename=str(path))
        return path

    def memory(self, address: int, size: int) -> bytes:
        """Guest memory, by its physical address."""
        path = self.folder / "memory"
        self.qmp("pmemsave", val=address, size=size, filename=str(path))
        data = path.read_bytes()
        path.unlink()
        return data

    def vga_text(self) -> list[str]:
        """The 25 lines of the text screen, blanks at the end cut off."""
        cells = self.memory(0xB8000, 80 * 25 * 2)[::2]
        text = cells.decode("cp437").replace("\0", " ")
        return [text[i : i + 80].rstrip() for i in range(0, 80 * 25, 80)]

    def port(self, guest: int = 80) -> int:
        """The port of this host that leads to the guest's; the machine was
        given PORT=0, or a NETDEV that says so of another than 80."""
        table = self.monitor("info usernet")
        pattern = rf"TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+{guest}\b"
        found = re.search(pattern, table)
        if not found:
            raise GraderError(f"QEMU forwards no port:\n{table}")
        return int(found[1])

    # ---- What to show of it ---------------------------------------------------------

    def guest_errors(self) -> list[str]:
        """What QEMU said against the guest, a line each."""
        lines = self.stderr.decode(errors="replace").splitlines()
        return [re.sub(r"^qemu-system-\w+: ", "", line) for line in lines if line]

    def last_lines(self, count: int = 8) -> list[str]:
        """Of the serial line, but for registers and backtrace of a panic."""
        text = self.serial.replace(b"\r", b"")
        if found := _FATAL.search(text):
            text = text[: found.end()]
        lines = [n for n in text.decode(errors="replace").split("\n") if n]
        return [line[:160] for line in lines[-count:]]

    def backtrace(self) -> list[str]:
        """The fatal words' backtrace, with functions and lines of source."""
        text = self.debug.decode(errors="replace")
        if not re.search(r"^  at 0x", text, re.M):
            return []
        done = subprocess.run(
            ["sh", "kernel/tools/symbolise.sh", self.kit.out / self.app / "kernel.elf"],
            input=text, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
        return [line for line in done.stdout.splitlines() if line.startswith("  at ")]
