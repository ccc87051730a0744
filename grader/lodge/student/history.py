# SPDX-License-Identifier: MIT
"""What was graded so far: of each lab the best grade and the last, and of each
check how it came out when it was last tried; and which hints were shown.

It is one small file, .progress.json, in the folder of the student's files and
not in build/: so it goes where they go, and nobody who cleans up loses it. Git
is told to ignore it. A grade of the reference is nobody's and not kept.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lodge.student.path import Place, places

NAME = ".progress.json"


@dataclass
class Record:
    """Of one lab. Points are those of whole grades; checks also of steps'."""

    best: int | None = None
    last: int | None = None
    max: int = 0
    when: str = ""  # the last grade of anything in it
    files: dict[str, str] = field(default_factory=dict)  # as `last` had them
    checks: dict[str, str] = field(default_factory=dict)  # id -> its result

    @property
    def full(self) -> bool:
        return self.max > 0 and self.best == self.max


def fingerprints(place: Place) -> dict[str, str]:
    """What stands in its files just now."""
    paths = {file: place.mine(file) for file in place.files}
    return {
        file: hashlib.sha256(path.read_bytes()).hexdigest()
        for file, path in paths.items() if path.is_file()
    }  # fmt: skip


class History:
    def __init__(self, labs: Path) -> None:
        self.path = labs / NAME
        self._labs: dict[str, dict[str, Any]] = {}
        self._hints: dict[str, int] = {}
        if self.path.exists():
            try:
                known = json.loads(self.path.read_text())
                self._labs, self._hints = known["labs"], known["hints"]
            except (ValueError, KeyError):
                self.path.replace(self.path.with_name(NAME + ".unreadable"))

    def of(self, place: Place) -> Record:
        return Record(**self._labs.get(place.number, {}))

    def latest(self) -> str:
        """The number of the lab that was graded last; "" of none."""
        return max(self._labs, key=lambda n: self._labs[n]["when"]) if self._labs else ""

    def hint_level(self, step: str, level: int | None, most: int) -> int:
        """The level to show now, one more than the last; one that is asked for
        counts as reached."""
        now = level or min(self._hints.get(step, 0) + 1, most)
        self._hints[step] = now
        self._write()
        return now

    def add(self, results: dict[str, Any], files: dict[str, dict[str, str]], whole: bool) -> None:
        """A grade's results.json. `files`: of each lab whose files were the
        student's, as they were then; `whole`: all checks were to be tried."""
        if results.get("points") is None:
            return
        for number, prints in files.items():
            checks = [c for c in results["checks"] if c["lab"] == number]
            if checks:
                self._add(number, checks, prints, whole)
                self._write()

    def _add(
        self, number: str, checks: list[dict[str, Any]], prints: dict[str, str], whole: bool
    ) -> None:
        record = Record(**self._labs.get(number, {}))
        record.when = datetime.now().isoformat(timespec="seconds")
        tried = {c["check"]: c["result"] for c in checks}
        record.checks = tried if whole else record.checks | tried
        if whole:
            record.last = sum(c["points"] for c in checks)
            record.max = sum(c["max"] for c in checks)
            record.best = max(record.best or 0, record.last)
            record.files = prints
        self._labs[number] = asdict(record)

    def _write(self) -> None:
        new = self.path.with_name(NAME + ".new")
        try:
            new.write_text(json.dumps({"labs": self._labs, "hints": self._hints}, indent=1) + "\n")
            new.replace(self.path)
        except OSError as error:
            print(f"What was graded can't be remembered: {error}", file=sys.stderr)


def mine(words: set[str], labs: Path) -> dict[str, dict[str, str]]:
    """Of MINE's words: the labs all of whose files are the student's, and what
    stands in these."""
    return {p.number: fingerprints(p) for p in places(labs) if p.files and _is_mine(p, words)}


def _is_mine(place: Place, words: set[str]) -> bool:
    names = {f: Path(f).name for f in place.files}
    by_file = all({f, n, n.removesuffix(".c")} & words for f, n in names.items())
    return by_file or bool({"all", "each", place.id, place.number, place.short} & words)
