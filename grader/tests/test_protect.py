# SPDX-License-Identifier: MIT
"""The machine notices what no program should do (kernel/apps/protect)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from lodge.machine import DONE, FAILED, PANIC, Machine

Boot = Callable[..., Machine]

# The offence, and what must be said about it.
OFFENCES = {
    "read-null": r"page fault .*read of 0x00000000",
    "write-null": r"page fault .*write to 0x00000000",
    "call-null": r"page fault .*(execut|fetch|run).* 0x00000000",
    "write-text": r"page fault .*write to",
    "write-rodata": r"page fault .*write to",
    "execute-data": r"page fault .*(execut|fetch|run)",
    "execute-stack": r"page fault .*(execut|fetch|run)",
    "execute-heap": r"page fault .*(execut|fetch|run)",
    "write-nowhere": r"page fault .*write to 0x7ffff0000000",
    "write-noncanonical": r"general protection",
    "smash-stack": r"stack",
    "overflow-stack": r"(guard|stack)",
    "divide-by-zero": r"divi",
    "breakpoint": r"breakpoint",
    "invalid-opcode": r"opcode",
    "lose-stack": r"page fault|double fault",
    "fail-assertion": r"this does not hold",
}


@pytest.mark.parametrize("machine", ["q35", "microvm"])
@pytest.mark.parametrize("offence", OFFENCES)
def test_an_offence_is_noticed_and_named(offence: str, machine: str, boot: Boot) -> None:
    guest = boot("protect", CHALLENGE=offence, MACHINE=machine)
    assert guest.wait_death() == PANIC, guest.last_lines()
    fatal = guest.fatal()
    assert fatal
    assert re.search(OFFENCES[offence], " ".join(fatal), re.I), fatal


@pytest.mark.parametrize(
    "offence, function",
    [("read-null", "read_null"), ("fail-assertion", "fail_assertion"),
     ("write-text", "write_text"), ("divide-by-zero", "divide_by_zero")],
)  # fmt: skip
def test_the_backtrace_names_who_did_it(offence: str, function: str, boot: Boot) -> None:
    guest = boot("protect", CHALLENGE=offence)
    guest.wait_death()
    trace = guest.backtrace()
    assert re.search(rf" {function} kernel/(apps/protect|arch/offences)/", trace[0]), trace
    assert any(" core_start " in line for line in trace), trace


def test_no_offence_is_no_panic(boot: Boot) -> None:
    assert boot("protect", CHALLENGE="none").wait_end() == DONE


def test_an_error_of_main_is_a_status_of_its_own(boot: Boot) -> None:
    assert boot("protect", CHALLENGE="return-error").wait_end() == FAILED


def test_the_canary_differs_from_boot_to_boot(boot: Boot) -> None:
    canaries = set()
    for _ in range(3):
        guest = boot("protect", CHALLENGE="show-canary")
        canaries.add(guest.expect(r"^canary ([0-9a-f]{16})$")[1])
    assert len(canaries) == 3
    # A string's end must not be able to carry it along whole.
    assert all(c.endswith("00") for c in canaries)
