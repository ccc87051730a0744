# SPDX-License-Identifier: MIT
"""clang-tidy and cppcheck find nothing here. Only `make soak` asks them, as it
takes them minutes and set-up installs them for it alone: see conftest.py."""

from __future__ import annotations

import shutil
from pathlib import Path

from shell import Outcome, copy_kit, make, must

from lodge.kit import ROOT


def test_clang_tidy_and_cppcheck_are_clean(build: Path) -> None:
    assert must(make("-s", "tidy", f"BUILD={build}", patience=3000)).output == ""


def tidied(build: Path, tmp_path: Path, text: str) -> Outcome:
    """What is said of `hi` with `text` for its main.c."""
    kit = copy_kit(tmp_path / "kit")
    shutil.copy(ROOT / ".clang-tidy", kit)
    (kit / "kernel/apps/hi/main.c").write_text(text)
    return make("-s", "tidy", "APPS=hi", f"BUILD={build}", at=kit)


def test_what_clang_tidy_finds_is_said(build: Path, tmp_path: Path) -> None:
    said = tidied(build, tmp_path, "int main(void)\n{\n    int *p = 0;\n    return *p;\n}\n")
    assert said.status != 0 and "kernel/apps/hi/main.c:4" in said.output
    assert "NullDereference" in said.output
    assert "tidy: the lines above say what to mend" in said.output


def test_what_cppcheck_finds_is_said(build: Path, tmp_path: Path) -> None:
    said = tidied(
        build, tmp_path,
        "int main(void)\n{\n    int a[2] = { 1, 2 };\n    return a[5];\n}\n",
    )  # fmt: skip
    assert said.status != 0 and "arrayIndexOutOfBounds" in said.output
