# SPDX-License-Identifier: MIT
"""What differs from port to port lies where it belongs, and the mistakes that a
PC forgives are shown to be mistakes (docs/porting.md)."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from shell import Outcome, make, must, run

from lodge.ethernet import ARP, BROADCAST, Arp, Ethernet
from lodge.kit import ROOT, Kit
from lodge.machine import DONE, PANIC, Machine, Pace
from lodge.mutants import Mutant, load
from lodge.peer import Wire
from lodge.web import Browser, serving, site_of

TOOLS = ROOT / "kernel/tools"


# ---- What differs ------------------------------------------------------------


def test_the_tables_are_what_the_engine_links() -> None:
    must(run("sh", TOOLS / "porting.sh", "--check"))


def compared(folder: Path, one: str, two: str) -> Outcome:
    """What porting.awk says of two processors that link these files."""
    (folder / "one").write_text(one)
    (folder / "two").write_text(two)
    targets = ("-v", "one=x86_64", "-v", "two=aarch64")
    return run("awk", *targets, "-f", TOOLS / "porting.awk", folder / "one", folder / "two")


def test_files_of_arch_and_drivers_may_differ(tmp_path: Path) -> None:
    same = "lib kernel/lib/number.c\n"
    more = "arch kernel/arch/x86_64/boot.S\ndrivers/uart solutions/01-hi/uart.c\n"
    said = must(compared(tmp_path, same + more, same)).output
    assert "01-hi/uart.c" in said and "boot.S" in said
    assert "number.c" not in said and "The same for both: 1 files" in said


@pytest.mark.parametrize("module", ["lib", "core", "net/lwip", "archive"])
def test_a_file_elsewhere_that_differs_is_named(module: str, tmp_path: Path) -> None:
    file = f"kernel/{module}/fast.c"
    failed = compared(tmp_path, f"{module} {file}\n", "")
    assert failed.status == 1
    assert f"{file} is linked for x86_64 alone" in failed.output


def test_make_files_shows_what_differs() -> None:
    said = must(make("files", "APP=web", "ARCH=aarch64", "AGAINST=x86_64")).output
    assert said.splitlines()[0].split() == ["module", "aarch64", "lines", "x86_64", "lines"]
    assert re.search(r"^drivers/pl011 ", said, re.M) and "kernel/http" not in said
    said = must(make("files", "APP=web", "AGAINST=unix-sockets")).output
    assert re.search(r"^net/sockets ", said, re.M) and re.search(r"^drivers/virtio/core ", said, re.M)


def test_the_page_names_all_that_a_port_must_give() -> None:
    contract = (ROOT / "kernel/arch/arch.h").read_text()
    page = (ROOT / "docs/porting.md").read_text()
    for name in set(re.findall(r"\barch_\w+(?=\()", contract)):
        assert f"`{name}()`" in page, name


@pytest.mark.parametrize("port", ["aarch64", "unix"])
def test_what_needs_another_machine_is_refused_in_a_sentence(port: str) -> None:
    for goal in (("app",), ("files", "AGAINST=x86_64")):
        refused = make(*goal, "APP=echo", f"ARCH={port}")
        assert refused.status != 0
        assert re.search(
            rf"echo can't be built with ARCH={port}: it needs kernel/drivers/\w+, "
            r"which is for x86_64\b", refused.output,
        ), refused.output  # fmt: skip


def test_the_bench_asks_for_a_number() -> None:
    for runs in ("x", "0", "-1", "1.5"):
        refused = run("python3", "-m", "lodge.bench", "build", "--", runs, at=ROOT / "grader")
        assert refused.status == 1 and f"RUNS={runs} is no number of runs" in refused.output


# ---- What a PC forgives ------------------------------------------------------


def variant(mutant: Mutant, folder: Path, build: Path, arch: str = "x86_64") -> Kit:
    """The kit with one file of somebody's who has made this mistake."""
    labs = folder / "labs"
    mutant.write(labs)
    return Kit(folder / arch, mine=mutant.file, labs=labs, build=build, arch=arch)


def on_the_host(kit: Kit, unit: str, *tests: str) -> Outcome:
    return run(kit.build_unit(unit), "--stop", *tests)


# The mistake, and what the fake device says of it.
BARRIERS = {
    "write-barrier-missing":
        r"avail\.idx was published before the entry: a device may see idx 1 before "
        r"avail\.ring\[0\] and its descriptors, as no write barrier stands between",
    "read-barrier-missing":
        r"it read an element before the device had written it",
    "kick-barrier-missing":
        r"it read used\.flags too early, and the device has gone to sleep meanwhile",
}  # fmt: skip


@pytest.mark.parametrize("name", BARRIERS)
def test_a_PC_forgives_a_missing_barrier_and_the_fake_device_does_not(
    name: str, build: Path, tmp_path: Path
) -> None:
    mutant = next(m for m in load("05-virtqueue") if m.name == name)
    kit = variant(mutant, tmp_path, build)
    assert rolls_dice(kit, tmp_path)
    assert serves_the_page(kit, tmp_path)
    failed = on_the_host(kit, "virtqueue")
    assert failed.status == 1
    assert re.search(BARRIERS[name], failed.output), failed.output


def rolls_dice(kit: Kit, folder: Path) -> bool:
    """A few thousand requests, with bytes that only we know."""
    rolls, check = 5000, 0
    entropy = random.Random(4).randbytes(2 * rolls + 4096)
    for byte in [b for b in entropy if b < 252][:rolls]:
        check = (check * 31 + 1 + byte % 6) & 0xFFFFFFFF
    kit.build_app("dice")
    challenge = f"rolls={rolls} batch=4 bytes=2"
    with Machine(
        kit, "dice", folder / "dice", pace=Pace(4), entropy=entropy, CHALLENGE=challenge
    ) as guest:
        return guest.wait_end() == DONE and f"check {check}" in guest.lines()


def serves_the_page(kit: Kit, folder: Path) -> bool:
    kit.build_app("web")
    index = (site_of(kit) / "index.html").read_bytes()
    with (
        Machine(kit, "web", folder / "web", pace=Pace(4), PORT="0") as guest,
        Browser(guest, serving(guest)) as browser,
    ):
        return all(browser.get("/") == (200, index) for _ in range(20))


def test_the_compiler_too_is_held_back_by_a_barrier(tmp_path: Path) -> None:
    """And by volatile as it likes: what that half prints is up to it."""
    program = tmp_path / "sample"
    source = ROOT / "grader/tests/sample_volatile.c"
    must(run("gcc", "-O2", "-pthread", "-o", program, source))
    assert "barrier: 64\n" in must(run(program)).output


CAST = next(m for m in load("porting") if m.name == "address-by-cast")


def test_a_PC_forgives_a_misaligned_read_and_the_sanitizer_does_not(
    build: Path, tmp_path: Path
) -> None:
    kit = variant(CAST, tmp_path, build)
    assert hears_who_asks(kit, tmp_path) == DONE
    failed = on_the_host(kit, *CAST.fails)
    assert failed.status == 1
    assert re.search(rf"arp\.c:\d+:\d+: runtime error: {CAST.hint}", failed.output), failed.output


def test_aarch64_does_not_forgive_a_misaligned_read(build: Path, tmp_path: Path) -> None:
    kit = variant(CAST, tmp_path, build, "aarch64")
    assert hears_who_asks(kit, tmp_path / "wrong") == PANIC
    said = (tmp_path / "wrong/debug.log").read_text()
    assert re.search(r"^exception: .*align", said, re.M | re.I), said
    reference = Kit(tmp_path / "reference", build=build, arch="aarch64")
    assert hears_who_asks(reference, tmp_path / "right") == DONE


def test_the_compiler_warns_of_a_cast_that_promises_alignment(build: Path, tmp_path: Path) -> None:
    said = variant(CAST, tmp_path, build).make("app", app="sniff")
    assert re.search(r"arp\.c:\d+:\d+: warning: cast increases required alignment", said)


def hears_who_asks(kit: Kit, folder: Path) -> int:
    """How sniff ends that is asked for its address once."""
    kit.build_app("sniff")
    wire = Wire()
    try:
        with Machine(
            kit, "sniff", folder, pace=Pace(4), APPEND="ip=10.0.0.2/24",
            CHALLENGE="frames=1", **wire.variables(),
        ) as guest:  # fmt: skip
            wire.plug(guest)
            guest.expect("^sniff: listening")
            asker = "02:00:00:00:00:01"
            question = Arp(1, asker, "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2")
            wire.send(Ethernet(BROADCAST, asker, ARP, question.pack()).pack())
            status = guest.wait_death()
            assert status == PANIC or "1 answered" in guest.lines()
            return status
    finally:
        wire.close()
