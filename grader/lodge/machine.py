# SPDX-License-Identifier: MIT
"""One guest of ours: a QEMU with an application in it, or the application as a
process of this host.

Serial line, debug console and monitor (QMP) are socket pairs: no files to
poll, no ports to collide. A thread of its own reads them all, so that a guest
never waits for us; whoever waits for something here waits on a condition, and
is told at once when the guest says a fatal word, when a sanitizer complains of
it, or when it ends. A process has its serial line for standard input and
output, and no monitor but that of the QEMU which plays its network, if one
does.
"""

from __future__ import annotations

import ctypes
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

from lodge import queues
from lodge.kit import ROOT, GraderError, Kit
from lodge.monitor import Monitor

# QEMU's exit status, by core/exit.h: (status << 1) | 1. A process's is the same.
DONE, FAILED, PANIC, TODO = 33, 35, 37, 39

# What core/panic.c says on the debug console before it ends the machine.
_FATAL = re.compile(rb"^(panic|exception|not written yet): ?([^\r\n]*)\r?\n", re.M)

# The first line of what a sanitizer says against a process, and what it is told
# for that to be all we want to know.
_COMPLAINT = re.compile(
    rb"^(?:==\d+==)?(?:ERROR: )?(\w+Sanitizer[: ] ?[^\r\n]*"
    rb"|\S+:\d+:\d+: runtime error: [^\r\n]*)\r?\n", re.M
)  # fmt: skip
_SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "abort_on_error=1:print_stacktrace=1",
}

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


def crowding() -> float:
    """How much longer than it should it takes to compute something, just now:
    1 or more, as others use the processors too."""
    needs = 0.05
    began, ran = time.monotonic(), time.thread_time()
    while time.thread_time() - ran < needs:
        pass
    return max(1.0, (time.monotonic() - began) / needs)


class Machine(Monitor):
    """Starts it; as a context manager it also sees to its end, and to what it
    says last of all.

    `variables` are machine.mk's (MACHINE, MEM, APPEND, CHALLENGE ...).
    `entropy` is what the guest's rng0 will give, to the last byte. It is given
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
        self.status: int | None = None
        self.seconds = 0.0
        self._flooded = False
        self._stubborn = False  # it would not end in order
        self._queues: list[str] = []
        self._changed = threading.Condition()
        self._monitor_init()
        folder.mkdir(parents=True, exist_ok=True)
        self._start()

    # ---- Start and end ------------------------------------------------------

    def _start(self) -> None:
        self._ours: dict[str, socket.socket] = {}
        theirs: dict[str, socket.socket] = {}
        for name in ("serial", "debug", "stderr", *(["qmp"] if self.kit.has_qemu else [])):
            self._ours[name], theirs[name] = socket.socketpair()
        numbers = {n: s.fileno() for n, s in (theirs | self.sockets).items()}
        self._entropy_fd = -1
        if self.entropy is not None:
            numbers["rng"], self._entropy_fd = os.pipe()
            (self.folder / "entropy").write_bytes(self.entropy)
        command = self._command(numbers)
        process = self.kit.is_process
        self._began = time.monotonic()
        try:
            self._process = subprocess.Popen(
                command, stdin=theirs["serial"] if process else subprocess.DEVNULL,
                stdout=theirs["serial" if process else "stderr"],
                stderr=theirs["stderr"], pass_fds=list(numbers.values()),
                start_new_session=True, preexec_fn=die_with(os.getpid()), cwd=ROOT,
                env=_environment(),
            )  # fmt: skip
        except OSError as error:
            raise GraderError(f"{command[0]} does not start: {error}") from error
        finally:
            for s in theirs.values():
                s.close()
            if self.entropy is not None:
                os.close(numbers["rng"])
        self.pid = self._process.pid
        self._pump = threading.Thread(target=self._read_all, daemon=True)
        self._pump.start()

    def _command(self, numbers: dict[str, int]) -> list[str]:
        """make's command line, with the numbers of what it is handed."""
        settings = dict(self.variables)
        extra = settings.pop("QEMU_ARGS", "")
        monitor = "-chardev socket,fd=@qmp@,id=qmp -mon chardev=qmp,mode=control "
        if self.kit.is_process:
            settings["SERIAL"], settings["DEBUG"] = "fd:@serial@", "fd:@debug@"
        else:
            settings["SERIAL"], settings["DEBUG"] = "chardev:serial", "socket,fd=@debug@"
            monitor += "-chardev socket,fd=@serial@,id=serial -d guest_errors "
        settings["QEMU_ARGS"] = monitor + extra
        if self.entropy is not None:
            settings["RNG"] = "/dev/fd/@rng@"
        command = [
            re.sub(r"@(\w+)@", lambda m: str(numbers.get(m[1], m[0])), word)
            for word in self.kit.run_command(self.app, **settings)
        ]
        (self.folder / "command").write_text(shlex.join(command) + "\n")
        return command

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.queue_states()
        self.close()
        if kind is None:
            self.raise_if_complained()

    def close(self) -> None:
        """Ends it, if it is still there, and writes down what was seen. A
        process is asked to end, so that who watches over its memory looks at
        what is left."""
        if self._process.poll() is None and self.kit.is_process:
            self._process.terminate()
            with self._changed:
                self._changed.wait_for(lambda: self.status is not None, self.pace(10))
                self._stubborn = self.status in (None, -signal.SIGTERM)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._pump.join()
        for s in self._ours.values():
            s.close()
        for name in ("serial", "debug", "stderr"):
            (self.folder / f"{name}.log").write_bytes(getattr(self, name))

    def raise_if_complained(self) -> None:
        """After its end: whether a sanitizer had something against it, which
        it may say last of all."""
        if said := self.complaint():
            raise GuestEnded(f"A sanitizer complained of the guest: {said}.", self)
        if self._stubborn:
            raise GuestSilent("The guest did not end when it was asked to.", self)

    # ---- What comes from it ---------------------------------------------------

    def _read_all(self) -> None:
        """The thread: reads until it is gone, feeds it its entropy."""
        chooser = selectors.DefaultSelector()
        for name, s in self._ours.items():
            s.setblocking(False)
            chooser.register(s, selectors.EVENT_READ, name)
        left = memoryview(self.entropy or b"")
        if self._entropy_fd >= 0:
            os.set_blocking(self._entropy_fd, False)
            if left:
                chooser.register(self._entropy_fd, selectors.EVENT_WRITE, "entropy")
        open_inputs = len(self._ours)
        end = os.pidfd_open(self.pid)
        chooser.register(end, selectors.EVENT_READ, "end")
        while open_inputs:
            for key, _ in chooser.select():
                if key.data == "end":
                    self._end_children()
                    chooser.unregister(end)
                elif key.data == "entropy":
                    left = self._feed(left)
                    if not left:
                        chooser.unregister(key.fileobj)
                elif not self._take(key):
                    chooser.unregister(key.fileobj)
                    open_inputs -= 1
        chooser.close()
        os.close(end)
        if self._entropy_fd >= 0:
            os.close(self._entropy_fd)
        status = self._process.wait()
        with self._changed:
            self.status = status
            self.seconds = time.monotonic() - self._began
            self._changed.notify_all()

    def _end_children(self) -> None:
        """What a process has started (its network) has its lines as well, and
        they end only with the last who has them."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

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
                self._take_qmp(data)
            elif len(getattr(self, key.data)) < _FLOOD:
                setattr(self, key.data, getattr(self, key.data) + data)
            else:
                self._flooded = True
            self._changed.notify_all()
        return True

    # ---- Waiting ---------------------------------------------------------------

    def fatal(self) -> tuple[str, str] | None:
        """The fatal word on the debug console and what follows it, if any."""
        found = _FATAL.search(self.debug)
        return (found[1].decode(), found[2].decode(errors="replace")) if found else None

    def complaint(self) -> str | None:
        """The first line of a sanitizer's report, if there is one."""
        found = _COMPLAINT.search(self.stderr)
        return found[1].decode(errors="replace") if found else None

    def _lost(self) -> bool:
        """Whether nothing will come of it any more."""
        return bool(self.fatal() or self.complaint() or self.status is not None)

    def _wait(self, what: str, happened: Callable[[], Any], seconds: float) -> Any:
        """Until happened() is true; then its value. `what` is the rest of the
        sentence "The guest did not ..."."""
        limit = time.monotonic() + self.pace(seconds)
        patient = False
        with self._changed:
            while not (value := happened()):
                if self._flooded:
                    raise GuestFlood(
                        f"The guest printed {_FLOOD >> 20} MiB and went on.", self
                    )
                if self._lost():
                    self._ended(what)
                left = limit - time.monotonic()
                if left <= 0 and not patient:
                    # It may be slow because this machine has become so.
                    patient = True
                    left = self.pace(seconds) * (crowding() - 1.1)
                    limit += max(0.0, left)
                if left <= 0:
                    raise GuestSilent(
                        f"The guest did not {what} within {self.pace(seconds):.1f} s.",
                        self,
                    )
                self._changed.wait(left)
            return value

    def raise_if_dead(self, what: str, patience: float = 0) -> None:
        """For who waits for something that does not come over its lines; with
        patience, so many seconds, if it seems to be just now coming to its end."""
        with self._changed:
            if self._changed.wait_for(self._lost, self.pace(patience)):
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
        if said := self.complaint():
            raise GuestEnded(f"A sanitizer ended the guest: {said}.", self)
        if self.status == 1 and not (self._qmp_ready or self.kit.is_process):
            text = self.stderr.decode(errors="replace").strip()
            raise GraderError(f"QEMU did not run the guest: {text}")
        raise GuestEnded(f"The guest did not {what}: {self.end_in_words()}.", self)

    @property
    def was_reset(self) -> bool:
        """It ended by a reset, which nobody here asks for: a triple fault."""
        reasons = [e["data"].get("reason") for e in self.events if e["event"] == "SHUTDOWN"]
        return "guest-reset" in reasons

    def end_in_words(self) -> str:
        if self.status == DONE:
            return "it ended before, as if all were well"
        if self.status == FAILED:
            return "main() returned an error"
        if self.status is not None and self.status < 0:
            return f"{self.runner} was ended by signal {-self.status}"
        if self.was_reset:
            return (
                "it reset itself, which is what a processor does after a triple "
                "fault: an exception whose handler can't be reached"
            )
        return f"{self.runner} ended with status {self.status}"

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
        """Waits for its end; its status. A panic is no end like another."""
        with self._changed:
            self._wait("end", lambda: self.status is not None, seconds)
        if self.fatal() or self.complaint():
            with self._changed:
                self._ended("end")
        assert self.status is not None
        if self.status not in (DONE, FAILED):
            with self._changed:
                self._ended("end in peace")
        return self.status

    def wait_death(self, seconds: float = 10) -> int:
        """Waits for its end, however it comes; for tests of the ways to
        die."""
        limit = time.monotonic() + self.pace(seconds)
        with self._changed:
            while self.status is None:
                if (left := limit - time.monotonic()) <= 0:
                    raise GuestSilent("The guest did not end.", self)
                self._changed.wait(left)
            return self.status

    # ---- Hands on it -----------------------------------------------------------

    def write(self, text: str) -> None:
        """What a person types into the terminal of the serial line."""
        self._ours["serial"].sendall(text.encode())

    def port(self, guest: int = 80) -> int:
        """The port of this host that leads to the guest's; the machine was
        given PORT=0, or a NETDEV that says so of another than 80."""
        if self.kit.has_qemu:
            return self.forwarded_port(guest)
        line = rf"^net0: port {guest} is \S+:(\d+) of this host$"
        return int(self.expect(line)[1])

    # ---- What to show of it ---------------------------------------------------------

    @property
    def runner(self) -> str:
        return "the process" if self.kit.is_process else "QEMU"

    def guest_errors(self) -> list[str]:
        """What QEMU said against the guest, a line each."""
        lines = self.stderr.decode(errors="replace").splitlines()
        return [re.sub(r"^qemu-system-\w+: ", "", line) for line in lines if line]

    def queue_states(self) -> list[str]:
        """How far its devices are with each queue, as it was when it could last
        be asked."""
        with self._changed:
            alive = self.kit.has_qemu and self._qmp_ready and not self._lost()
        if alive:
            try:
                self._queues = queues.states(self)
            except GuestError:
                pass  # it has ended meanwhile
        return self._queues

    def last_lines(self, count: int = 8) -> list[str]:
        """Of the serial line, but for registers and backtrace of a panic; what a
        terminal would obey is a dot."""
        text = self.serial.replace(b"\r", b"")
        if found := _FATAL.search(text):
            text = text[: found.end()]
        lines = [n for n in text.decode(errors="replace").split("\n") if n]
        return [
            "".join(c if c.isprintable() or c == "\t" else "." for c in line[:160])
            for line in lines[-count:]
        ]

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


def _environment() -> dict[str, str]:
    """What a person has set for a process of their own is not for ours."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("LODGE_")}
    return ours | _SANITIZERS


def die_with(parent: int) -> Callable[[], None]:
    """For the child, before it becomes another program."""

    def in_child() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return in_child
