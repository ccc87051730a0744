# SPDX-License-Identifier: MIT
"""The table in docs/grader.md: with how many wrong and right programs each
lab's checks were tried, and what came of it.

Files are counted where they lie. What changes by rule came to is on record
beside them (rules.py), as to try them all takes long.
"""

from __future__ import annotations

from dataclasses import dataclass

from lodge import mutants, rules
from lodge.assignment import GRADER, lab_files
from lodge.kit import ROOT
from lodge.lab import Lab, lab_of

PAGE = ROOT / "docs/grader.md"
_BEGIN = "<!-- table begin: written by `python3 -m lodge table` -->\n"
_END = "<!-- table end -->\n"


@dataclass(frozen=True)
class Row:
    lab: str
    checks: int
    mutants: int
    alternatives: int
    cheaters: int
    changes: int  # by rule
    noticed: int
    named: int  # survivors with a reason

    @classmethod
    def of(cls, lab: Lab) -> Row:
        killed = rules.killed(lab.id)
        return cls(
            f"{lab.number} {lab.title}", len(lab.checks), len(mutants.load(lab.id)),
            _folders("alternatives", lab), _folders("cheaters", lab),
            sum(tried for tried, _ in killed.values()),
            sum(dead for _, dead in killed.values()), len(mutants.survivors(lab.id)),
        )  # fmt: skip


def _folders(kind: str, lab: Lab) -> int:
    return len([p for p in (GRADER / kind / lab.id).glob("*") if p.is_dir()])


def table() -> str:
    # The checks of a lab are declared when its file is imported.
    rows = [Row.of(lab_of(file)) for file in lab_files("")]
    lines = [
        "| lab | checks | mistakes by hand | other right programs | cheaters | changes by rule "
        "| noticed | survivors, each with its reason |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    total = Row("all", *(sum(getattr(r, n) for r in rows) for n in _COUNTS))
    for r in [*rows, total]:
        share = f"{r.noticed} ({100 * r.noticed / r.changes:.1f}%)" if r.changes else ""
        lines.append(
            f"| {r.lab} | {r.checks} | {r.mutants} | {r.alternatives} | {r.cheaters} "
            f"| {r.changes or ''} | {share} | {r.named} |"
        )
    return "\n".join(lines) + "\n"


_COUNTS = ("checks", "mutants", "alternatives", "cheaters", "changes", "noticed", "named")


def up_to_date(page: str) -> str:
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    assert begin and end, f"{PAGE} has lost the marks of its table"
    return before + _BEGIN + table() + _END + after


def write() -> int:
    PAGE.write_text(up_to_date(PAGE.read_text()))
    return 0
