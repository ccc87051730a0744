# SPDX-License-Identifier: MIT
"""The labs are cut out of the solutions, and nothing of a student's is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shell import Outcome, make, must, run

from lodge.kit import ROOT

SOLUTION = """\
/* SPDX-License-Identifier: MIT */
int first(int n)
{
    /* TODO 1.1 first: one line. */
    return n + 1;
    /* END 1.1 */
}

int second(int n)
{
    int kept = n;
    if (kept) {
        /* TODO 1.2 second: what must be true
         * of the answer. */
        kept = 2;
        return kept;
        /* END 1.2 */
    }
    return 0;
}
"""

STUB = """\
/* SPDX-License-Identifier: MIT */
int first(int n)
{
    /* TODO 1.1 first: one line. */
    lab_todo("1.1 first");
    /* END 1.1 */
}

int second(int n)
{
    int kept = n;
    if (kept) {
        /* TODO 1.2 second: what must be true
         * of the answer. */
        lab_todo("1.2 second");
        /* END 1.2 */
    }
    return 0;
}
"""


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A repository with one exercise, committed."""
    folder = tmp_path / "kit"
    (folder / "solutions/01-one").mkdir(parents=True)
    (folder / "solutions/01-one/one.c").write_text(SOLUTION)
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def git(kit: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a student", "-c", "user.email=student@example.org")
    must(run("git", *who, *arguments, at=kit))


def commit(kit: Path) -> None:
    git(kit, "add", "--all")
    git(kit, "commit", "--quiet", "--allow-empty", "--message", "so far")


def stubs(kit: Path, folder: str = "labs", *track: str) -> Outcome:
    return run("sh", ROOT / "kernel/tools/stubs.sh", folder, *track, at=kit)


def test_the_labs_are_what_the_solutions_make_them(tmp_path: Path) -> None:
    must(make("stubs", f"LABS={tmp_path}"))
    for solution in ROOT.glob("solutions/*/*.c"):
        file = solution.relative_to(ROOT / "solutions")
        assert (ROOT / "labs" / file).read_text() == (tmp_path / file).read_text(), (
            f"labs/{file} is not what solutions/{file} makes it: make stubs"
        )


def test_every_region_of_every_solution_names_its_lab() -> None:
    for solution in ROOT.glob("solutions/*/*.c"):
        steps = re.findall(r"/\* TODO (\d+)\.\d+ \w+:", solution.read_text())
        assert steps, f"{solution.name} leaves nothing to write"
        assert {int(lab) for lab in steps} == {int(solution.parent.name[:2])}


def test_a_region_makes_way_for_lab_todo_and_its_comment_stays(kit: Path) -> None:
    must(stubs(kit))
    assert (kit / "labs/01-one/one.c").read_text() == STUB


def test_a_track_leaves_the_other_regions_complete(kit: Path) -> None:
    must(stubs(kit, "labs", "1.2"))
    text = (kit / "labs/01-one/one.c").read_text()
    assert 'lab_todo("1.2 second");' in text and "kept = 2;" not in text
    assert "/* GIVEN 1.1 first: one line. */\n    return n + 1;" in text


def test_a_track_of_a_region_that_is_nowhere_is_an_error(kit: Path) -> None:
    failed = stubs(kit, "labs", "1.2", "7.7")
    assert failed.status != 0 and "no region 7.7" in failed.output
    assert not (kit / "labs").exists()


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        (6, "    ;", "one.c:13: region 1.1 of line 4 is still open"),
        (17, "        ;", "one.c:13: region 1.2 is not closed: END 1.2 is missing"),
        (6, "    /* END 1.3 */", "one.c:6: END 1.3 stands in region 1.1 of line 4"),
        (8, "/* END 1.1 */", "one.c:8: END 1.1 closes no region"),
        (4, "    /* TODO first */", "one.c:4: a region opens like this"),
        (4, "    /* TODO 1.1 first: x. */ n++;", "one.c:4: code stands behind"),
    ],
)  # fmt: skip
def test_a_malformed_region_is_an_error_with_its_place(
    kit: Path, line: int, instead: str, said: str
) -> None:
    lines = SOLUTION.splitlines()
    lines[line - 1] = instead
    (kit / "solutions/01-one/one.c").write_text("\n".join(lines) + "\n")
    failed = stubs(kit)
    assert failed.status != 0 and said in failed.output
    assert not (kit / "labs").exists()


def test_work_that_is_not_committed_is_not_overwritten(kit: Path) -> None:
    must(stubs(kit))
    commit(kit)
    work = kit / "labs/01-one/one.c"
    work.write_text("mine\n")
    failed = stubs(kit)
    assert failed.status != 0
    assert "labs/01-one/one.c holds work that is not committed" in failed.output
    assert work.read_text() == "mine\n"


def test_work_that_git_has_never_seen_is_not_overwritten(kit: Path) -> None:
    (kit / ".gitignore").write_text("/labs/\n")
    (kit / "labs/01-one").mkdir(parents=True)
    work = kit / "labs/01-one/one.c"
    work.write_text("mine\n")
    failed = stubs(kit)
    assert failed.status != 0 and "not committed" in failed.output
    assert work.read_text() == "mine\n"


def test_work_that_is_committed_makes_way_for_a_new_stub(kit: Path) -> None:
    (kit / "labs/01-one").mkdir(parents=True)
    work = kit / "labs/01-one/one.c"
    work.write_text("mine\n")
    commit(kit)
    must(stubs(kit))
    assert work.read_text() == STUB


def test_stubs_that_are_right_are_left_alone(kit: Path) -> None:
    must(stubs(kit))
    assert must(stubs(kit)).output == ""
