# SPDX-License-Identifier: MIT
"""Waits for files in some folders to change: inotify(7), by way of the C
library, as Python has none of its own. A file system that tells nobody (one
that is shared with another machine) is looked at once a second besides."""

from __future__ import annotations

import ctypes
import os
import select
from pathlib import Path
from typing import Self

_libc = ctypes.CDLL(None, use_errno=True)
_MODIFY, _CLOSE_WRITE, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x8, 0x80, 0x100, 0x200
_EVENTS = _MODIFY | _CLOSE_WRITE | _MOVED_TO | _CREATE | _DELETE
_LOOK_S = 1.0
_SETTLE_S = 0.1  # an editor's save is several events


class Changes:
    def __init__(self, folders: list[Path]) -> None:
        self._fd = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd >= 0:
            for folder in folders:
                _libc.inotify_add_watch(self._fd, os.fsencode(folder), _EVENTS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def _told(self, seconds: float) -> bool:
        """Whether there was word of something within so many seconds."""
        inputs = [self._fd] if self._fd >= 0 else []
        ready, _, _ = select.select(inputs, [], [], seconds)
        if ready:
            os.read(self._fd, 65536)
        return bool(ready)

    def wait(self, seconds: float = _LOOK_S) -> None:
        """Until something has happened, or perhaps has: look for yourself."""
        self._told(seconds)

    def settle(self) -> None:
        """Until nothing happens for a moment."""
        while self._told(_SETTLE_S):
            pass
