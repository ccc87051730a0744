# SPDX-License-Identifier: MIT
"""What the distribution has, fetched and unpacked into a folder: nothing is
installed, and root is not needed. For apt; elsewhere it says what is missing.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


class Missing(Exception):
    """Why there can be no Linux guest here, as the rest of a sentence."""


def _run(*command: str | Path, at: Path | None = None) -> str:
    try:
        done = subprocess.run(
            [str(word) for word in command], cwd=at, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise Missing(f"there is no {command[0]} here") from error
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing"]
        raise Missing(f"{command[0]} {command[1]} said: {last[0]}")
    return done.stdout


def depends(package: str) -> list[str]:
    """The packages that it can't do without, by name; [] if nobody knows it."""
    try:
        said = _run("apt-cache", "depends", "--important", package)
    except Missing:
        return []
    return re.findall(r"^ *\|?(?:Pre)?Depends: ([a-z0-9][\w.+-]*)", said, re.M)


def kernel_packages() -> list[str]:
    """The packages with the kernel and the modules of the one meant for virtual
    machines: those that Debian's and Ubuntu's names for it lead to."""
    for name in ("linux-image-cloud-amd64", "linux-image-virtual", "linux-image-amd64"):
        numbered = [d for d in depends(name) if re.match(r"linux-(image|modules)-\d", d)]
        more = [d for n in numbered for d in depends(n) if re.match(r"linux-modules-\d", d)]
        if numbered:
            return sorted({*numbered, *more})
    raise Missing("apt has no kernel for virtual machines (after apt-get update, maybe)")


def server_packages() -> list[str]:
    """nginx, under whichever name its program comes, and its libraries."""
    names = [n for n in ("nginx", "nginx-core", "nginx-light") if depends(n)]
    if not names:
        raise Missing("apt has no nginx (after apt-get update, maybe)")
    found: list[str] = []
    queue = list(names)
    while queue:
        name = queue.pop(0)
        if name not in found:
            found.append(name)
            queue += [d for d in depends(name) if re.match(r"lib(?!nginx)|zlib", d)]
    return found


def unpack(folder: Path) -> Path:
    """All of that under folder/root; done once."""
    root, done = folder / "root", folder / "unpacked"
    if done.exists():
        return root
    names = kernel_packages() + server_packages()
    debs = folder / "packages"
    debs.mkdir(parents=True, exist_ok=True)
    # As root, apt complains that it can't become another user in there.
    _run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *names, at=debs)
    for deb in sorted(debs.glob("*.deb")):
        _run("dpkg-deb", "-x", deb, root)
    done.write_text("\n".join(names) + "\n")
    return root


def needed(program: Path) -> list[str]:
    """The libraries that it names. [ELF, DT_NEEDED]"""
    return re.findall(r"\(NEEDED\).*\[(.*)\]", _run("readelf", "-d", program))


def interpreter(program: Path) -> str:
    """Who loads it and its libraries. [ELF, PT_INTERP]"""
    found = re.search(r"interpreter: (\S+)\]", _run("readelf", "-l", program))
    if not found:
        raise Missing(f"{program.name} names no interpreter")
    return found[1]


def libraries(program: Path, root: Path) -> dict[str, Path]:
    """All that it needs, directly and not, by name."""
    found: dict[str, Path] = {}
    queue = [program]
    while queue:
        for name in needed(queue.pop(0)):
            if name in found:
                continue
            places = [p for p in root.rglob(name) if "lib" in str(p.parent) and p.exists()]
            if not places:
                raise Missing(f"no package unpacked here has {name}, which {program.name} needs")
            found[name] = places[0].resolve()
            queue.append(found[name])
    return found
