# SPDX-License-Identifier: MIT
"""What a person sees of a grade."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from lodge.report import Scoreboard
from lodge.results import BROKEN, FAIL, PASS, SKIPPED, TODO, Outcome, Result


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def result(lab: str, step: str, kind: str, name: str = "It does what it should", **more: object):
    points = 10 if kind == PASS else 0
    return Result(
        lab, step, f"test_{step}", name, f"Step {step}", kind, points, 10,
        folder=f"{lab}-name", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def shown(outcome: Outcome, out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    board = Scoreboard(out)
    for r in outcome.results:
        board.begin(r.step, r.name)
        board.end(r)
    board.summary(outcome, 7, Path("/tmp/grade"), "SEED=7")
    return out.getvalue()


def test_each_of_the_five_results_has_its_word() -> None:
    kinds = [PASS, FAIL, TODO, SKIPPED, BROKEN]
    text = shown(Outcome([result("05", f"5.{i}", kind) for i, kind in enumerate(kinds)]))
    words = ["10/10  pass", "0/10  FAIL", "not written yet", "0/10  skipped", "could not run"]
    for line, word in zip(text.splitlines(), words):
        assert line.endswith(word), line


def test_a_failure_says_all_that_is_known() -> None:
    text = shown(Outcome([result(
        "05", "5.2", FAIL, expected="a page", seen="nothing", hint="Think.", blame="Look at yours.",
        serial=["hello"], said=["Looped descriptor"], meaning=["It goes in a circle."],
        backtrace=["  at 0x1 main main.c:1"], command="make run", evidence="build/grade/evidence/x",
    )]))  # fmt: skip
    for field, words in {
        "expected": "a page", "seen": "nothing", "serial": "hello", "QEMU says": "Looped descriptor",
        "meaning": "It goes in a circle.", "backtrace": "at 0x1 main main.c:1",
        "look at": "Look at yours.", "hint": "Think.", "by hand": "make run",
        "handout": "Step 5.2, in labs/05-name/README.md", "evidence": "build/grade/evidence/x",
    }.items():  # fmt: skip
        assert f"    {field:<10} {words}\n" in text


def test_three_failures_are_explained_and_the_others_counted() -> None:
    text = shown(Outcome([result("05", f"5.{i}", FAIL, hint=f"Hint {i}.") for i in range(5)]))
    assert "Hint 2." in text and "Hint 3." not in text
    assert "... and 2 more" in text and "failures.txt" in text


def test_what_to_write_next_is_said_when_nothing_is_wrong() -> None:
    todo = result("05", "5.3", TODO, seen="5.3 virtq_kick")
    text = shown(Outcome([result("05", "5.1", PASS), todo]))
    assert "Next: 5.3 virtq_kick (Step 5.3, in labs/05-name/README.md)" in text
    assert "Next:" not in shown(Outcome([result("05", "5.1", FAIL), todo]))


def test_several_labs_have_a_line_each_and_a_total() -> None:
    text = shown(Outcome([
        result("05", "5.1", PASS), result("06", "6.1", TODO, seen="6.1 pci_next"),
        result("07", "7.1", FAIL), result("07", "7.2", PASS),
    ]))  # fmt: skip
    lines = {n.split()[0]: n for n in text.splitlines() if n.startswith("  0")}
    assert "█" * 30 in lines["05-name"]
    assert "not written yet: 6.1 pci_next" in lines["06-name"]
    assert "█" * 15 + "░" * 15 in lines["07-name"] and "FAIL: 1 of 2" in lines["07-name"]
    assert "20 of 40 points" in text


def test_a_broken_grader_gives_no_points() -> None:
    text = shown(Outcome([result("05", "5.1", PASS)], ["no QEMU"]))
    assert "No grade: the grader itself could not run." in text and "10 of 10" not in text


def test_what_the_grader_could_not_do_is_not_explained_for_each_check() -> None:
    broken = [result("05", f"5.{i}", BROKEN, seen="GraderError: no QEMU") for i in range(3)]
    assert "no QEMU" not in shown(Outcome(broken, ["no QEMU"]))  # who calls says it, once
    # One that fails with the reference as well has something to show.
    text = shown(Outcome([result("05", "5.1", BROKEN, expected="a page", seen="nothing")], ["?"]))
    assert "expected   a page" in text and "seen       nothing" in text


def test_colours_and_moving_lines_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome([result("05", "5.1", FAIL, expected="a", seen="b")])
    assert "\033" not in shown(outcome) and "\r" not in shown(outcome)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\033[31m" in shown(outcome, Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[31m" not in shown(outcome, Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert "\033" not in shown(outcome, Terminal())


def test_a_long_name_is_shortened_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(Outcome([result("05", "5.1", TODO, "A sentence " * 9)]), Terminal())
    line = next(n for n in text.split("\r\033[K") if "not written yet" in n).split("\n")[0]
    assert len(line) <= 80 and "…" in line
