# SPDX-License-Identifier: MIT
"""The stub again. What stood there is kept beside it under a dated name, which
is none that make or the grader looks for."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

from lodge.kit import ROOT, GraderError, from_root
from lodge.student.path import Place, Sorry, place, track


def _stub(file: str, labs: Path) -> str:
    done = subprocess.run(
        ["awk", "-f", "kernel/tools/stubs.awk", "-v", f"track={' '.join(track(labs))}",
         f"solutions/{file}"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise GraderError(f"no stub can be made of solutions/{file}: {done.stderr}")
    return done.stdout


def _chosen(at: Place, word: str) -> list[str]:
    if not at.files:
        raise Sorry(f"Lab {at.number} has no files to write.")
    if not word:
        return at.files
    name = word.rpartition("/")[2].removesuffix(".c") + ".c"
    chosen = [f for f in at.files if f == f"{at.id}/{name}"]
    if not chosen:
        there = ", ".join(f.split("/")[1] for f in at.files)
        raise Sorry(f"Lab {at.number} has no file {word}. It has: {there}")
    return chosen


def _keep(path: Path) -> Path:
    """Moves it aside; where to."""
    date = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    kept, count = path.with_name(f"{path.name}.{date}"), 1
    while kept.exists():
        count += 1
        kept = path.with_name(f"{path.name}.{date}-{count}")
    path.rename(kept)
    return kept


def reset(lab: str, word: str, labs: Path) -> int:
    for file in _chosen(at := place(lab, labs), word):
        path, stub = at.mine(file), _stub(file, labs)
        folder, name = from_root(path.parent), f"{from_root(path.parent)}/{path.name}"
        if path.exists() and path.read_text(errors="replace") == stub:
            print(f"{name} is as it was in the beginning.")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = _keep(path) if path.exists() or path.is_symlink() else None
        path.write_text(stub)
        print(f"{name} is as it was in the beginning.", end="")
        if kept:
            print(" What you had is kept; to have it back:")
            print(f"  mv {folder}/{kept.name} {name}", end="")
        print()
    return 0
