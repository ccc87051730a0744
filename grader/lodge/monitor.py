# SPDX-License-Identifier: MIT
"""QEMU's monitor (QMP), over a socket: the half of a Machine that looks at it
and at its devices from outside.

Who reads the socket is the Machine's thread; it hands on what comes.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lodge.kit import GraderError


class Monitor:
    """Needs of the Machine: its folder, its wait, and a socket, if it has a
    monitor."""

    folder: Path
    _changed: threading.Condition
    _ours: dict[str, socket.socket]
    _wait: Callable[[str, Callable[[], Any], float], Any]

    def _monitor_init(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._replies: dict[int, dict[str, Any]] = {}
        self._qmp_data = b""
        self._qmp_ready = False
        self._qmp_next = 0

    # ---- What comes, on the Machine's thread ---------------------------------

    def _take_qmp(self, data: bytes) -> None:
        *lines, self._qmp_data = (self._qmp_data + data).split(b"\n")
        for line in lines:
            self._take_message(json.loads(line))

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

    # ---- Commands --------------------------------------------------------------

    def qmp(self, command: str, **arguments: Any) -> Any:
        """One command of QEMU's monitor protocol; what it returns."""
        number = self._ask(command, arguments)
        reply = self._wait(
            f"let QEMU answer {command}", lambda: self._replies.pop(number, None), 5
        )
        if "error" in reply:
            raise GraderError(f"QMP {command}: {reply['error']['desc']}")
        return reply["return"]

    def _ask(self, command: str, arguments: dict[str, Any]) -> int:
        """Sends a command; by which number its reply will be known."""
        if "qmp" not in self._ours:
            raise GraderError(f"there is no QEMU here to be asked {command}")
        self._wait("start", lambda: self._qmp_ready, 5)
        with self._changed:
            number = self._qmp_next
            self._qmp_next += 1
        self._send({"execute": command, "arguments": arguments, "id": number})
        return number

    def monitor(self, line: str) -> str:
        """One command of QEMU's human monitor."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def type(self, keys: list[str]) -> None:
        """Presses keys one after the other: QEMU's names, "shift-a"."""
        for key in keys:
            self.qmp("send-key", keys=_codes(key))

    def type_last(self, key: str) -> None:
        """Presses a key by which the guest ends, perhaps before QEMU answers."""
        self._ask("send-key", {"keys": _codes(key)})

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

    def forwarded_port(self, guest: int) -> int:
        """The port of this host that QEMU's user network forwards."""
        table = self.monitor("info usernet")
        pattern = rf"TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+{guest}\b"
        found = re.search(pattern, table)
        if not found:
            raise GraderError(f"QEMU forwards no port:\n{table}")
        return int(found[1])


def _codes(key: str) -> list[dict[str, str]]:
    return [{"type": "qcode", "data": k} for k in key.split("-")]
