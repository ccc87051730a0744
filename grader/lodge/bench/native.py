# SPDX-License-Identifier: MIT
"""nginx on this host itself, in a network namespace of its own, behind a pair
of virtual cards: what the same server does with no guest around it. No guest
can be asked for more."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lodge.bench.guest import Guest, Recipe
from lodge.bench.link import NATIVE, NoLink, ip
from lodge.bench.linux import READY, configuration

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

# In the new namespace: waits until its card has been put there.
_SCRIPT = f"""
read go
ip address add {NATIVE.guest}/24 dev {NATIVE.name}1
ip link set {NATIVE.name}1 up
exec nginx -c "$1"
"""


def is_here() -> bool:
    return shutil.which("nginx", path=_PATH) is not None


@contextmanager
def serving(folder: Path, site: Path) -> Iterator[Guest]:
    """It serves `site` while the context lasts. Needs a namespace of our own
    around us (link.lay_taps)."""
    run = folder / "native"
    run.mkdir(parents=True, exist_ok=True)
    file = run / "nginx.conf"
    file.write_text(configuration(f"{NATIVE.guest}:80", str(site), str(run)))
    recipe = Recipe("nginx on this host", (), NATIVE.guest, 80, READY)
    ours, theirs = socket.socketpair()
    began = time.monotonic()
    with (
        ours,
        theirs,
        subprocess.Popen(
            ["unshare", "--net", "sh", "-c", _SCRIPT, "native", str(file)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs,
            env=os.environ | {"PATH": _PATH},
        ) as process,
    ):  # fmt: skip
        theirs.close()
        try:
            _plug_in(process)
            guest = Guest(recipe, process, ours, 80, began)
            guest.wait_ready()
            yield guest
        finally:
            process.kill()
            # Else it goes when the namespace does, which may be after the next
            # one has been made.
            with suppress(NoLink):
                ip("link", "delete", NATIVE.name)


def _plug_in(process: subprocess.Popen[bytes]) -> None:
    """Makes the pair, and gives one of it to the process's namespace."""
    here = Path("/proc/self/ns/net").resolve()
    there = Path(f"/proc/{process.pid}/ns/net")
    limit = time.monotonic() + 10
    while there.resolve() == here:
        if time.monotonic() > limit or process.poll() is not None:
            raise NoLink("unshare made no second namespace")
        time.sleep(0.01)
    ip("link", "add", NATIVE.name, "type", "veth", "peer", "name", f"{NATIVE.name}1")
    ip("link", "set", f"{NATIVE.name}1", "netns", str(process.pid))
    ip("address", "add", f"{NATIVE.host}/24", "dev", NATIVE.name)
    ip("link", "set", NATIVE.name, "up")
    assert process.stdin
    process.stdin.write(b"go\n")
    process.stdin.close()
