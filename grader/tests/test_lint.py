# SPDX-License-Identifier: MIT
"""The lint finds nothing here, and would find what it is there to find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shell import Outcome, must, run

from lodge.kit import ROOT

SPDX = "/* SPDX-License-Identifier: MIT */\n"


def lint(kit: Path) -> Outcome:
    return run("sh", ROOT / "kernel/tools/lint.sh", at=kit)


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """Five modules in four layers, two ports, and an exercise; nothing to
    complain of.

    app -> disk -> lib; core -> arch -> lib, which need not be named
    """
    for module, needs in {
        "lib": "", "arch": " lib", "core": " arch", "disk": " lib", "apps/app": " disk",
    }.items():  # fmt: skip
        folder = tmp_path / "kernel" / module
        folder.mkdir(parents=True)
        name = "app.mk" if module.startswith("apps/") else "module.mk"
        more = "EXERCISES := 01-one/one.c\n" if module == "disk" else ""
        (folder / name).write_text(f"SRCS := a.c\nNEEDS :={needs}\n{more}")
        (folder / "a.h").write_text(SPDX)
    for port in "big", "small":
        write(tmp_path, f"kernel/arch/{port}/sources.mk", "")
        write(tmp_path, f"kernel/arch/{port}/inline.h", "")
    write(tmp_path, "kernel/arch/a.h", '#include "inline.h"\n')
    write(tmp_path, "kernel/apps/app/a.c", '#include "lib/a.h"\n#include "core/a.h"\n')
    write(tmp_path, "solutions/01-one/one.c", '#include "disk/a.h"\n')
    return tmp_path


def write(kit: Path, file: str, text: str) -> None:
    (kit / file).parent.mkdir(parents=True, exist_ok=True)
    (kit / file).write_text(SPDX + text)


def complaint(kit: Path) -> str:
    failed = lint(kit)
    assert failed.status == 1, failed.output
    return failed.output


def test_there_is_nothing_to_complain_of_here() -> None:
    must(lint(ROOT))


def test_the_picture_of_the_layers_is_what_NEEDS_says() -> None:
    must(run("sh", "kernel/tools/layers.sh", "--check"))


@pytest.mark.parametrize("page", ["virtqueue", "ext2", "http", "memory", "interrupts"])
def test_docs_has_a_page_with_the_picture_the_invariants_and_what_is_refused(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text()
    heads = "\n".join(line for line in text.splitlines() if line.startswith("## "))
    assert re.search("picture|life", heads) and "```" in text
    assert re.search("Invariants|What is always true|What always holds", heads)
    assert "What is refused" in heads


def test_needs_are_met_through_others_and_core_is_given(kit: Path) -> None:
    assert must(lint(kit)).output == ""


def test_a_header_of_a_module_that_is_not_needed_is_named(kit: Path) -> None:
    write(kit, "kernel/disk/b.c", '#include "apps/app/a.h"\n')
    assert (
        'kernel/disk/b.c:2: includes "apps/app/a.h", but disk does not need apps/app'
        in complaint(kit)
    )


def test_what_core_rests_on_may_not_include_core(kit: Path) -> None:
    write(kit, "kernel/arch/b.h", '#include "core/a.h"\n')
    assert "arch does not need core" in complaint(kit)


def test_an_exercise_is_held_to_its_module(kit: Path) -> None:
    write(kit, "labs/01-one/one.c", '#include "apps/app/a.h"\n')
    assert "labs/01-one/one.c:2: " in complaint(kit)


def test_an_exercise_that_no_module_lists_is_named(kit: Path) -> None:
    write(kit, "solutions/01-one/two.c", "")
    assert "two.c: no module.mk lists it" in complaint(kit)


def test_a_header_that_is_not_ours_is_named(kit: Path) -> None:
    write(kit, "kernel/disk/b.c", '#include "lwip/tcp.h"\n')
    assert 'includes "lwip/tcp.h", which is not under kernel/' in complaint(kit)


def test_a_header_that_not_every_port_has_is_named_where_all_see_it(kit: Path) -> None:
    write(kit, "kernel/arch/big/own.h", "")
    write(kit, "kernel/arch/big/own.c", '#include "own.h"\n#include "arch/big/own.h"\n')
    must(lint(kit))
    write(kit, "kernel/arch/a.c", '#include "own.h"\n')
    assert 'arch/a.c:2: includes "own.h", which is not under kernel/' in complaint(kit)
    write(kit, "kernel/arch/a.c", "")
    write(kit, "kernel/arch/small/own.c", '#include "own.h"\n')
    assert 'small/own.c:2: includes "own.h"' in complaint(kit)


def test_a_header_of_one_port_is_for_that_port_alone(kit: Path) -> None:
    write(kit, "kernel/disk/a.c", '#include "arch/big/inline.h"\n')
    assert 'includes "arch/big/inline.h", which only port big has' in complaint(kit)
    text = (kit / "kernel/disk/module.mk").read_text()
    (kit / "kernel/disk/module.mk").write_text(text + "ARCHS := big small\n")
    assert "which only port big has" in complaint(kit)
    (kit / "kernel/disk/module.mk").write_text(text + "ARCHS := big\n")
    must(lint(kit))


def test_an_exercise_of_one_port_may_include_its_headers(kit: Path) -> None:
    write(kit, "kernel/arch/big/sources.mk", "")
    text = (kit / "kernel/arch/module.mk").read_text()
    lists = "EXERCISES := $(if $(filter big,$(ARCH)),02-two/two.c)\n"
    (kit / "kernel/arch/module.mk").write_text(text + lists)
    write(kit, "solutions/02-two/two.c", '#include "arch/big/inline.h"\n')
    must(lint(kit))
    write(kit, "solutions/02-two/two.c", '#include "arch/small/inline.h"\n')
    assert "which only port small has" in complaint(kit)


def test_a_port_s_folder_that_is_not_under_arch_or_drivers_is_named(kit: Path) -> None:
    write(kit, "kernel/lib/big/a.c", "")
    assert "lib/big/a.c: what differs from port to port belongs under" in complaint(kit)


def test_modules_that_need_each_other_are_named(kit: Path) -> None:
    (kit / "kernel/lib/module.mk").write_text("SRCS :=\nNEEDS := disk\n")
    assert "kernel/lib: needs itself" in complaint(kit)


def test_a_module_that_is_not_there_is_named(kit: Path) -> None:
    (kit / "kernel/disk/module.mk").write_text("SRCS :=\nNEEDS := lib tape\n")
    assert "needs tape, but kernel/tape has no module.mk" in complaint(kit)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("kernel/disk/b.c", "#ifdef X\n#endif\n", "b.c:2: conditional compilation"),
        ("kernel/disk/b.c", "/*" + 79 * "x" + "*/\n", "b.c:2: is 83 columns wide"),
        ("kernel/disk/b.h", 300 * "\n", "b.h:301: has 301 lines"),
        ("solutions/01-one/one.c", 300 * "\n", "one.c:301: has 301 lines"),
        ("kernel/disk/b.c", "int f(void)\n{\n" + 61 * ";\n" + "}\n", "b.c:3: this function has 61"),
        ("kernel/disk/b.c", "int x; \n", "b.c:2: ends in a space"),
    ],
)  # fmt: skip
def test_what_is_too_long_or_has_conditions_is_named(
    kit: Path, file: str, text: str, said: str
) -> None:
    write(kit, file, text)
    assert said in complaint(kit)


def test_a_column_is_a_character_and_not_a_byte(kit: Path) -> None:
    write(kit, "kernel/disk/b.c", "/* " + 74 * "§" + " */\n")
    must(lint(kit))


def test_a_file_without_a_licence_line_is_named(kit: Path) -> None:
    (kit / "kernel/disk/b.c").write_text("int x;\n")
    assert "b.c:1: has no line" in complaint(kit)
