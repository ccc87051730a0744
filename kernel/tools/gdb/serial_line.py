# SPDX-License-Identifier: MIT
"""The guest's serial line, when `make debug` has handed it to us: what comes is
shown among gdb's words, `lodge type` sends."""

import os
import select
import signal
import socket
import threading

import gdb

_line = None
_came = bytearray()
_lock = threading.Lock()


def _take():
    """What has come and was not taken yet; whether there can be more."""
    with _lock:
        try:
            data = _line.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        _came.extend(data)
        return bool(data)


def _show():
    with _lock:
        data = bytes(_came)
        _came.clear()
    if data:
        gdb.write(data.replace(b"\r", b"").decode(errors="replace"))
        gdb.flush()


def _stopped(event):
    """Nothing of what it printed before is to come after."""
    _take()
    _show()


def _pump():
    # gdb waits for signals on the thread that is its own.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while select.select([_line], [], []) and _take():
        gdb.post_event(_show)


def begin():
    global _line
    number = os.environ.pop("LODGE_SERIAL", "")
    if number:
        _line = socket.socket(fileno=int(number))
        gdb.events.stop.connect(_stopped)
        threading.Thread(target=_pump, daemon=True).start()


def type_text(argument):
    r"""Type text into the guest's serial line, as in: lodge type hello\r
    It gets there when the guest runs on."""
    if _line is None:
        raise gdb.GdbError("The guest's serial line is not ours: it is where it was started.")
    _line.sendall(argument.encode().decode("unicode_escape").encode("latin-1"))
