# SPDX-License-Identifier: MIT
"""The table in docs/grader.md says what is so."""

from __future__ import annotations

import pytest
from labs import LABS

from lodge import mutants, rules, table


def test_the_table_is_up_to_date() -> None:
    page = table.PAGE.read_text()
    assert page == table.up_to_date(page), "cd grader && python3 -m lodge table"


@pytest.mark.parametrize("lab", LABS)
def test_what_went_unnoticed_is_named(lab: str) -> None:
    # One name may stand for a change of several files: the line is the same.
    named = mutants.survivors(lab)
    for file, (tried, noticed) in rules.killed(lab).items():
        assert tried - noticed <= sum(m.name in named for m in mutants.by_rule(file)), file


@pytest.mark.parametrize("lab", LABS)
def test_the_record_is_of_the_solutions_as_they_are(lab: str, soak: bool) -> None:
    # A soak tries all of them again, so it can ask for a record of that.
    changes = {file: len(list(mutants.by_rule(file))) for file in LABS[lab].exercises}
    recorded = {file: tried for file, (tried, _) in rules.killed(lab).items()}
    assert recorded == changes if soak else recorded.keys() <= changes.keys()
