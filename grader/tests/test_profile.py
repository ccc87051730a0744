# SPDX-License-Identifier: MIT
"""make profile: the samples, the names, the picture."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from shell import make, must

from lodge import flame, pressure
from lodge.kit import ROOT, GraderError, Kit
from lodge.machine import Machine, Pace
from lodge.profile import Counts, Profiled, from_perf, named, show, watch_process
from lodge.symbols import Function, Symbols
from lodge.target import AARCH64, MICROVM, Q35, Target
from lodge.web import serving

STACKS = Counter({("main", "run", "read"): 50, ("main", "run"): 25, ("main", "wait"): 20, ("asleep",): 5})
SVG = "{http://www.w3.org/2000/svg}"

# A console that prints nothing, and is at it for ever.
SPINS = """
__attribute__((noinline)) static void spin_here(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}

void console_write(const char *text, size_t len)
{
    spin_here();
}
"""


# ---- The picture ----------------------------------------------------------------------


def test_known_stacks_give_known_rectangles() -> None:
    svg = ElementTree.fromstring(flame.svg(STACKS, "title", "said"))
    seen = {}
    for group in svg.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        x, width, y = (float(rect.attrib[n]) for n in ("x", "width", "y"))
        seen[group.attrib["data-n"]] = (x - flame.EDGE, width, y)
    tenth = flame.WIDTH / 10
    assert {n: v[:2] for n, v in seen.items()} == {
        "all": (0, 10 * tenth),
        "asleep": (0, tenth / 2),
        "main": (tenth / 2, 9.5 * tenth),
        "run": (tenth / 2, 7.5 * tenth),
        "read": (tenth / 2, 5 * tenth),
        "wait": (8 * tenth, 2 * tenth),
    }
    heights = {n: v[2] for n, v in seen.items()}
    assert heights["main"] == heights["asleep"] == heights["all"] - flame.ROW
    assert heights["run"] == heights["wait"] == heights["main"] - flame.ROW


def test_a_box_says_its_share_and_count_and_text_in_it_is_escaped() -> None:
    text = flame.svg({("a<b>", "c&d"): 3, ("e",): 1}, 'x "y"', where=lambda n: f"{n}.c")
    titles = [t.text for t in ElementTree.fromstring(text).iter(f"{SVG}title")]
    assert "a<b>: 75.00 %, 3 samples, a<b>.c" in titles
    assert "c&d: 75.00 %, 3 samples, c&d.c" in titles


def test_what_is_too_narrow_to_be_seen_is_left_out_of_the_picture_alone() -> None:
    stacks = {("main",): 1_000_000, ("main", "rare"): 1}
    assert "rare" not in flame.svg(stacks, "")
    assert "main;rare 1\n" in flame.folded(stacks)


def test_folded_stacks_come_back_as_they_were() -> None:
    assert flame.unfolded(flame.folded(STACKS)) == STACKS


def test_the_table_has_own_and_total_samples_of_each_function() -> None:
    rows = {r.name: (r.own, r.total) for r in flame.table({**STACKS, ("main", "run", "main"): 5})}
    assert rows["main"] == (5, 100)
    assert rows["run"] == (25, 80)
    assert rows["read"] == (50, 50)
    assert list(rows)[:2] == ["read", "run"]


# ---- From addresses to names ------------------------------------------------------------


class FakeSymbols:
    """Functions of 0x100 bytes; those with an odd number have no frame at
    their first 0x10."""

    names = ["main", "event_run", "interrupt", "handler", "leaf"]

    def resolve(self, addresses: set[int]) -> None:
        pass

    def at(self, address: int) -> Function | None:
        index = address >> 8
        return Function(self.names[index], index << 8, "x.c") if index < 5 else None

    def has_frame(self, address: int) -> bool:
        return address & 0xFF >= 0x10


def _named(*stack: int, idle: int = 0) -> Counter[tuple[str, ...]]:
    counts = Counts(997, 1 + idle, idle, 0, Counter({stack: 1}))
    return named(counts, FakeSymbols()).stacks  # type: ignore[arg-type]


def test_a_function_without_a_frame_yet_is_called_by_whom_its_link_names() -> None:
    assert _named(0x400, 0x180, 0x50) == {("main", "event_run", "leaf"): 1}
    assert _named(0x440, 0x180, 0x50) == {("main", "leaf"): 1}
    assert _named(0x440, 0, 0x150, 0x50) == {("main", "event_run", "leaf"): 1}


def test_an_interrupt_has_a_foot_of_its_own_and_so_has_sleep() -> None:
    assert _named(0x350, 0, 0x250, 0x150, 0x50) == {("interrupt", "handler"): 1}
    assert _named(0x50, 0, idle=3) == {("main",): 1, ("asleep",): 3}


def test_what_perf_says_is_read_innermost_first(tmp_path: Path) -> None:
    text = (
        "\t  401234 event_run+0x4 (/b/kernel.elf)\n\t  401100 main+0x10 (/b/kernel.elf)\n\n"
        "\t    7f00 [unknown] (/lib/libc.so.6)\n\t    7f10 [unknown] (/lib/libc.so.6)\n"
        "\t  401240 event_run+0x10 (/b/kernel.elf)\n\n"
    )
    symbols = SimpleNamespace(elf=Path("/b/kernel.elf"), at=lambda a: None)
    assert from_perf(text, symbols).stacks == {  # type: ignore[arg-type]
        ("main", "event_run"): 1, ("event_run", "in libc.so.6"): 1,
    }  # fmt: skip


def test_without_perf_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lodge.profile.shutil.which", lambda name: None)
    with pytest.raises(GraderError, match="linux-perf"):
        watch_process(None, None, lambda: None)  # type: ignore[arg-type]


# ---- A guest ------------------------------------------------------------------------------


def spinning(build: Path, labs: Path, target: Target) -> Profiled:
    source = (ROOT / "solutions/02-print/console.c").read_text()
    begin, rest = source.index("void console_write("), source.index("void console_scroll(")
    (labs / "02-print").mkdir(parents=True)
    (labs / "02-print/console.c").write_text(source[:begin] + SPINS + source[rest:])
    arch = dict(target.build).get("arch", "")
    return Profiled(labs.parent / "out", "console.c", labs, build, arch)


@pytest.mark.parametrize("target", [Q35, MICROVM, AARCH64], ids=str)
def test_a_guest_that_spins_is_met_where_it_spins(
    target: Target, build: Path, tmp_path: Path
) -> None:
    kit = spinning(build, tmp_path / "labs", target)
    symbols = Symbols(kit.build_app("hi"))
    address = symbols.address("profile_table")
    with Machine(kit, "hi", tmp_path / "run", pace=Pace(4), **target.variables) as guest:
        limit = time.monotonic() + 60
        while (counts := Counts.read(guest, address)).samples < 100:
            assert time.monotonic() < limit, f"{counts.samples} samples in a minute"
    assert counts.samples == counts.idle + counts.lost + counts.stacks.total()
    seen = named(counts, symbols)
    own, times = Counter({s[-1]: n for s, n in seen.stacks.items()}).most_common(1)[0]
    assert own == "spin_here"
    assert times >= 0.9 * counts.samples
    chain, _ = seen.stacks.most_common(1)[0]
    assert chain[-4:] == ("main", "write_line", "console_write", "spin_here")
    said = show(seen, tmp_path, "hi", "hi", "spins")
    assert re.search(rf"^ *\d+\.\d% +\d+\.\d%  {own} ", said, re.M)
    assert flame.unfolded((tmp_path / "hi.folded").read_text()) == seen.stacks


def test_who_does_not_ask_for_the_profiler_has_nothing_of_it(kit: Kit) -> None:
    text = must(make("-s", "files", "APP=web", f"BUILD={kit.build}")).output
    assert "kernel/core/start.c" in text
    assert "kernel/profile/" not in text and "kernel/arch/sample/" not in text


def test_a_module_that_is_not_there_is_named(build: Path) -> None:
    done = make("-s", "app", "APP=hi", "WITH=nonsense", f"BUILD={build}")
    assert done.status != 0
    assert "There is no module kernel/nonsense for WITH=nonsense" in done.output


# ---- The load --------------------------------------------------------------------------


def test_without_wrk_the_load_comes_from_here(
    boot: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = boot("web", PORT="0")
    address = ("127.0.0.1", serving(guest))
    monkeypatch.setattr("lodge.pressure.shutil.which", lambda name: None)
    pressed = pressure.press(address, "/style.css", 4, 0.3)
    assert pressed.by == "Python" and pressed.requests > 0
    with pytest.raises(GraderError, match="not 200"):
        pressure.press(address, "/not/there", 4, 0.3)


# ---- The whole command ----------------------------------------------------------------


def profiled(build: Path, *words: str) -> set[str]:
    """The names in the picture that `make profile` draws."""
    load: dict[str, Any] = {"LOAD": "/style.css", "SECONDS": "1", "BUILD": build}
    done = make("-s", "profile", "APP=web", *words, *(f"{k}={v}" for k, v in load.items()))
    said = must(done).output
    assert re.search(r"^16 connections ask for /style.css .* requests/s", said, re.M)
    found = re.search(r"^(/.*\.svg)$", said, re.M)
    assert found
    return {g.attrib["data-n"] for g in ElementTree.parse(found[1]).iter(f"{SVG}g")}


def test_make_profile_prints_a_table_and_draws_a_picture(build: Path, soak: bool) -> None:
    """A guest's; a soak has it for every port."""
    for words in [(), ("ARCH=aarch64",), ("ARCH=unix",)][: 3 if soak else 1]:
        assert {"main", "event_run", "event_run_once"} <= profiled(build, *words)
