# SPDX-License-Identifier: MIT
"""The cable between this host and a guest.

A tap device in a network namespace of our own: nothing of the host's network is
touched, nothing is left behind, and where ordinary users may have namespaces it
needs no root. Where that can't be had it is QEMU's user network, which is good
for trying the bench and not for judging by: it is then the bottleneck itself.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class NoLink(Exception):
    """Why there is no tap here, as the rest of a sentence."""


@dataclass(frozen=True)
class End:
    """A guest's end of its cable."""

    name: str  # the tap device's, at most 15 characters
    net: int  # 10.77.NET.0/24: .1 is this host, .2 the guest

    @property
    def host(self) -> str:
        return f"10.77.{self.net}.1"

    @property
    def guest(self) -> str:
        return f"10.77.{self.net}.2"

    @property
    def netdev(self) -> str:
        """As QEMU's -netdev has it, less id=."""
        return f"tap,ifname={self.name},script=no,downscript=no"


OURS, LINUX, NATIVE = End("ours", 1), End("linux", 2), End("native", 3)


def ip(*words: str) -> None:
    """Runs ip(8); NoLink with what it said."""
    try:
        done = subprocess.run(
            ["ip", *words], env=os.environ | {"PATH": _PATH, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NoLink("there is no ip here (package iproute2)") from error
    if done.returncode != 0:
        raise NoLink(f"`ip {' '.join(words)}` said: {done.stderr.strip()}")


def _enter_namespace() -> None:
    """This process, and all that it starts from now on, in a network namespace
    in which it may make devices. It must have one thread as yet."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if user == 0 and libc.unshare(_CLONE_NEWNET) == 0:
        return
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno())
        raise NoLink(f"this user may not have a network namespace of its own ({why})")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _many_ports() -> None:
    """Without keep-alive each request leaves a port behind that can't be used
    for a minute: let there be as many as there may."""
    try:
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("1024 65535")
    except OSError:
        pass  # then with fewer


def lay_taps(*ends: End) -> None:
    """Enters the namespace and makes a tap device for each end."""
    _enter_namespace()
    ip("link", "set", "lo", "up")
    _many_ports()
    for end in ends:
        ip("tuntap", "add", end.name, "mode", "tap")
        ip("address", "add", f"{end.host}/24", "dev", end.name)
        ip("link", "set", end.name, "up")
