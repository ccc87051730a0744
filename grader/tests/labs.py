# SPDX-License-Identifier: MIT
"""Which labs have checks, and what is kept to try the grader with."""

from __future__ import annotations

from pathlib import Path

from lodge.kit import ROOT
from lodge.lab import Lab, lab_of

GRADER = ROOT / "grader"


# Pytest has grader/ among its paths (pytest.ini), so each is a module.
LABS: dict[str, Lab] = {
    lab.id: lab for lab in map(lab_of, sorted(GRADER.glob("test_[0-9]*.py")))
}


def folders(kind: str) -> list[Path]:
    """grader/alternatives/05-virtqueue/*, and so on."""
    return sorted(p for lab in LABS for p in (GRADER / kind / lab).glob("*") if p.is_dir())


def name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
