# SPDX-License-Identifier: MIT
"""Handouts say what is so: their headings, the steps they lead through, the
commands and files that they name."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import pytest
from labs import LABS
from shell import make, must

from lodge.kit import ROOT

HEADINGS = [
    "Goal", "Picture", "Read", "Write", "Check", "Serve the page with it",
    "When it does not work", "Explain", "Further",
]  # fmt: skip
ANSWERS = ["Answers", "Where students get stuck", "Points to make"]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


class Page:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text()

    @cached_property
    def prose(self) -> str:
        """Without what stands in blocks, where a # is no heading."""
        return re.sub(r"^```.*?^```$", "", self.text, flags=re.M | re.S)

    def headings(self, level: int) -> list[str]:
        return re.findall(rf"^{'#' * level} (.+)$", self.prose, re.M)

    def part(self, heading: str) -> str:
        """From a heading to the next of its level or above."""
        level = len(heading.split()[0])
        _, found, rest = self.text.partition(f"\n{heading}\n")
        assert found, f"{self.path} has no {heading}"
        return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.M)[0]

    @cached_property
    def steps(self) -> dict[str, str]:
        """By number, the heading under which it is explained."""
        found = {}
        for heading in self.headings(3):
            if heading.startswith("Step"):
                for number in _numbers(heading.partition(":")[0]):
                    found[number] = f"### {heading}"
        return found


def _numbers(words: str) -> list[str]:
    """Of "Steps 3.5 and 3.6", "Steps 3.5 to 3.8"."""
    numbers = re.findall(r"\d+\.\d+", words)
    if " to " not in words:
        return numbers
    (lab, first), (_, last) = (n.split(".") for n in numbers)
    return [f"{lab}.{n}" for n in range(int(first), int(last) + 1)]


WRITTEN = {
    lab: Page(ROOT / "labs" / lab / "README.md")
    for lab in LABS
    if (ROOT / "labs" / lab / "README.md").exists()
}
a_handout = pytest.mark.parametrize("lab", WRITTEN)


def regions(lab: str) -> dict[str, set[str]]:
    """What stands open in the stubs: by number, the names behind TODO."""
    found: dict[str, set[str]] = {}
    for file in LABS[lab].exercises:
        text = (ROOT / "solutions" / file).read_text()
        for number, name in re.findall(r"/\* TODO (\d+\.\d+) (\w+)", text):
            found.setdefault(number, set()).add(name)
    return found


@a_handout
def test_headings_come_in_their_order(lab: str) -> None:
    page = WRITTEN[lab]
    assert page.headings(2) == HEADINGS
    assert len(page.headings(1)) == 1
    assert page.headings(1)[0].startswith(f"Lab {LABS[lab].number}: ")


@a_handout
def test_each_region_has_its_step_and_a_command_that_grades_it(lab: str) -> None:
    page, number = WRITTEN[lab], LABS[lab].number.lstrip("0")
    assert page.steps.keys() == regions(lab).keys()
    for step, heading in page.steps.items():
        same = [n for n, h in page.steps.items() if h == heading]
        asked = re.findall(rf"^make grade LAB={number} STEP=(\S+)", page.part(heading), re.M)
        assert set(asked) & set(same), f"{heading} does not end with a grade of it: {step}"


@pytest.mark.parametrize("lab", LABS)
def test_each_region_has_hints_and_a_check(lab: str) -> None:
    steps = {step.number: step.name for step in LABS[lab].steps}
    checked = {number for check in LABS[lab].checks for number in check.steps}
    for number, names in regions(lab).items():
        assert steps.get(number) in names, f"{lab}: Step({number!r}, ...) for {names}"
        assert number in checked, f"{lab}: no check of {number}"
    whole = {LABS[lab].number.lstrip("0")}
    assert steps.keys() == regions(lab).keys() and checked - whole == steps.keys()


@a_handout
def test_each_check_names_a_section_that_is_there(lab: str) -> None:
    headings = WRITTEN[lab].headings(2) + WRITTEN[lab].headings(3)
    for check in LABS[lab].checks:
        words = rf"{re.escape(check.section)}(\b|$)"
        assert any(re.match(words, h) for h in headings), check.section


@a_handout
def test_links_lead_to_files_that_are_there(lab: str) -> None:
    page = WRITTEN[lab]
    for link in LINK.findall(page.prose):
        if "://" not in link:
            assert (page.path.parent / link).exists(), link


@pytest.fixture(scope="module")
def targets() -> set[str]:
    """What can be asked of make: what help tells, and what is a name only."""
    named = set(re.findall(r"^ +make ([\w-]+)", must(make("help")).output, re.M))
    for path in (ROOT / "Makefile", *ROOT.glob("kernel/*.mk"), *ROOT.glob("grader/**/*.mk")):
        for line in re.findall(r"^\.PHONY: (.*)$", path.read_text(), re.M):
            named.update(re.findall(r"(?<![\w$(])[a-z][\w-]*", line))
    return named


@a_handout
def test_commands_are_those_that_there_are(lab: str, targets: set[str]) -> None:
    commands = re.findall(r"(?:^|`)make ([a-z][\w-]*)", WRITTEN[lab].text, re.M)
    assert commands
    assert set(commands) <= targets


@a_handout
def test_each_question_has_its_answer_for_instructors(lab: str) -> None:
    page = Page(ROOT / "docs/instructor" / f"{lab}.md")
    assert page.headings(2) == ANSWERS

    def questions(text: str) -> list[str]:
        return re.findall(r"^(\d+)\. ", text, re.M)

    asked = questions(WRITTEN[lab].part("## Explain"))
    assert 2 <= len(asked) <= 3
    assert questions(page.part("## Answers")) == asked
