# SPDX-License-Identifier: MIT
"""Runs a guest whose network is captured into a file, and says of each frame
what it is: by tcpdump where there is one, else in words of our own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import BinaryIO

from lodge.kit import ROOT, from_root
from lodge.student.changes import Changes
from lodge.student.frames import Pcap


class Follower(threading.Thread):
    """Reads what is added to the file until it is told that no more will be."""

    def __init__(self, path: Path, tcpdump: str | None) -> None:
        super().__init__()
        self.path = path
        self.ended = threading.Event()
        self.seen = Pcap()
        self._reader: subprocess.Popen[bytes] | None = None
        if tcpdump:
            self._reader = subprocess.Popen(
                [tcpdump, "-n", "-l", "-r", "-"], stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def run(self) -> None:
        with Changes([self.path.parent]) as changes, self.path.open("rb") as file:
            while True:
                last = self.ended.is_set()
                self._read(file)
                if last:
                    break
                changes.wait(0.2)
        if self._reader and self._reader.stdin:
            self._reader.stdin.close()
            self._reader.wait()

    def _read(self, file: BinaryIO) -> None:
        while data := file.read(65536):
            lines = self.seen.feed(data)
            if self._reader and self._reader.stdin:
                try:
                    self._reader.stdin.write(data)
                    self._reader.stdin.flush()
                    continue
                except BrokenPipeError:
                    self._reader.stdin = None
            for line in lines:
                print(line, flush=True)


def capture(path: Path, command: list[str]) -> int:
    """Runs `command`, which captures into `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")  # QEMU begins it anew, as the same file
    print(f"What is on the wire goes to {from_root(path)}.", flush=True)
    follower = Follower(path, shutil.which("tcpdump"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the guest's, or run.sh's
    child = subprocess.Popen(
        command, cwd=ROOT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    )
    follower.start()
    status = child.wait()
    follower.ended.set()
    follower.join()
    print(
        f"\n{follower.seen.count} frames are in {from_root(path)}. To look at them again:\n"
        f"  tcpdump -n -r {from_root(path)}\n  wireshark {from_root(path)}"
    )
    return status
