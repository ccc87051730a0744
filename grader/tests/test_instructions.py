# SPDX-License-Identifier: MIT
"""The guest's instructions for a recorded visit, against those on record."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from lodge import instructions
from lodge.instructions import (
    PHASES, RECORD, Compiler, Counts, Measured, judge, measure, nearest, parse,
)  # fmt: skip

GCC_12, GCC_14 = Compiler("gcc", 12, "x86_64"), Compiler("gcc", 14, "x86_64")
RENEW = "If that is worth it: make instructions"


def counts(*numbers: int) -> Counts:
    return dict(zip(PHASES, numbers, strict=True))


@pytest.fixture(scope="module")
def measured(build: Path) -> Measured:
    return measure(build)


def test_a_recorded_visit_takes_at_most_a_tenth_more_instructions_than_on_record(
    measured: Measured,
) -> None:
    here, records = Compiler.here(), parse(RECORD.read_text())
    of = nearest(records, here)
    if of is None:
        warnings.warn(f"nothing is on record for {here}: make instructions", stacklevel=1)
        return
    risen, fallen = judge(measured.phases, records[of], here, of)
    if fallen:
        said = "\n".join(fallen)
        warnings.warn(f"to hold what was gained: make instructions\n{said}", stacklevel=1)
    assert not risen, "\n".join([*risen, RENEW, "Of these most are in", measured.most()])


def test_every_phase_and_every_exchange_has_instructions(measured: Measured) -> None:
    assert all(measured.phases[p] > 0 for p in PHASES)
    assert sum(measured.exchanges.values()) == measured.phases["whole"]
    assert sum(measured.functions.values()) == measured.phases["whole"]
    assert all(n > 0 for n in measured.exchanges.values())
    inside = sum(measured.phases[p] for p in PHASES if p != "whole")
    assert 0.5 * measured.phases["whole"] < inside < measured.phases["whole"]


def test_the_count_is_the_same_in_every_run(measured: Measured, build: Path, soak: bool) -> None:
    for _ in range(5 if soak else 1):
        again = measure(build)
        assert again.exchanges == measured.exchanges
        assert again.functions == measured.functions


def test_a_rise_by_more_than_a_tenth_names_the_phase_and_both_numbers() -> None:
    was = counts(1000, 1000, 1000, 3000)
    risen, fallen = judge(counts(1100, 1000, 1101, 3000), was, GCC_12, GCC_12)
    assert not fallen
    assert risen == [
        "stream: 1,101 instructions with gcc-12 x86_64, on record 1,000 with "
        "gcc-12 x86_64 (+10.1%)"
    ]


def test_a_fall_by_more_than_a_tenth_is_told_and_fails_nothing() -> None:
    was = counts(1000, 1000, 1000, 3000)
    risen, fallen = judge(counts(899, 900, 1000, 2800), was, GCC_12, GCC_12)
    assert not risen
    assert len(fallen) == 1 and fallen[0].startswith("parser: 899 ")


def test_an_unknown_compiler_is_held_against_the_nearest_of_its_target() -> None:
    records = {GCC_12: counts(1, 1, 1, 1), GCC_14: counts(2, 2, 2, 2)}
    assert nearest(records, Compiler("gcc", 11, "x86_64")) == GCC_12
    assert nearest(records, Compiler("gcc", 13, "x86_64")) == GCC_12
    assert nearest(records, Compiler("gcc", 16, "x86_64")) == GCC_14
    assert nearest(records, Compiler("gcc", 12, "aarch64")) is None
    assert nearest(records, Compiler("clang", 12, "x86_64")) is None


def test_the_record_comes_back_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = {GCC_14: counts(5, 6, 7, 18), GCC_12: counts(1, 2, 3, 6)}
    monkeypatch.setattr(instructions, "RECORD", tmp_path / "record")
    instructions.write(records)
    text = (tmp_path / "record").read_text()
    assert parse(text) == records
    instructions.write(parse(text))
    assert (tmp_path / "record").read_text() == text
