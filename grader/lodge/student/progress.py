# SPDX-License-Identifier: MIT
"""A small picture of the path: a bar for each lab, by its best grade."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lodge.student.history import History, Record
from lodge.student.path import Place, elsewhere, places
from lodge.student.todo import current

WIDTH = 25


def _bar(record: Record, colours: bool) -> str:
    full = WIDTH * (record.best or 0) // record.max if record.max else 0
    done, rest = "█" * full, "░" * (WIDTH - full)
    return f"\033[32m{done}\033[0m\033[2m{rest}\033[0m" if colours else done + rest


def _words(record: Record) -> str:
    if record.best is None:
        tried = list(record.checks.values())
        passed = sum(r == "pass" for r in tried)
        return f"          {passed} of {len(tried)} checks, step by step" if tried else ""
    now = "" if record.last == record.best else f"   (last time {record.last})"
    return f"{record.best:>4} of {record.max}{now}"


def _line(at: Place, record: Record, here: bool, colours: bool) -> str:
    arrow = ">" if here else " "
    if not at.files:
        return f" {arrow} {at.number}  {at.title:<28.28}  for no points"
    text = f" {arrow} {at.number}  {at.title:<28.28}  {_bar(record, colours)} {_words(record)}"
    return text.rstrip()


def progress(labs: Path) -> int:
    history = History(labs)
    every = places(labs)
    records = {p.number: history.of(p) for p in every}
    at = current(labs, history)
    colours = (
        sys.stdout.isatty() and "NO_COLOR" not in os.environ
        and os.environ.get("TERM") != "dumb"
    )  # fmt: skip
    print()
    for p in every:
        print(_line(p, records[p.number], p == at, colours))
    full = sum(r.full for r in records.values())
    count = sum(bool(p.files) for p in every)
    print(f"\n   {full} of {count} labs with full marks.", end=" ")
    words = " ".join(["make next", *elsewhere(labs)])
    if not history.latest():
        print("Nothing was graded yet.", end=" ")
    print(f"What to do now: {words}")
    print()
    return 0
