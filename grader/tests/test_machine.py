# SPDX-License-Identifier: MIT
"""The grader's Machine sees what a guest does and how it ends, at once; and
the smallest guest boots on every machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from lodge.kit import GraderError, Kit
from lodge.machine import DONE, PANIC, GuestEnded, GuestSilent, Machine, Pace

MACHINES = ["q35", "pc", "microvm"]
Boot = Callable[..., Machine]


@pytest.mark.parametrize("machine", MACHINES)
def test_hi_boots_and_ends_well(machine: str, boot: Boot) -> None:
    guest = boot("hi", MACHINE=machine, CHALLENGE="of this run")
    assert guest.expect(r"^of .*$")[0] == "of this run"
    assert guest.wait_end() == DONE
    assert guest.serial == b"hi\r\nof this run\r\n"
    assert guest.debug == b""


@pytest.mark.parametrize("memory", ["16", "64", "2048", "6144"])
def test_hi_boots_with_little_memory_and_with_much(memory: str, boot: Boot) -> None:
    assert boot("hi", MEM=memory).wait_end() == DONE


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_the_screen_shows_what_was_printed(machine: str, boot: Boot) -> None:
    guest = boot("web", MACHINE=machine, SCREEN="vga")
    guest.expect(r"^net0: .*\(by DHCP\)$")
    printed = guest.lines().splitlines()
    screen = guest.expect_on_screen(printed[-1])
    assert [n for n in screen if n] == printed
    assert guest.screenshot().stat().st_size > 10_000


def test_a_line_that_never_comes_is_told_when_the_guest_ends(boot: Boot) -> None:
    guest = boot("hi")
    with pytest.raises(GuestEnded, match="ended before, as if all were well"):
        guest.expect("no such line", 60)


def test_a_panic_ends_the_waiting(boot: Boot) -> None:
    guest = boot("protect", CHALLENGE="fail-assertion")
    began = time.monotonic()
    with pytest.raises(GuestEnded, match="panic: .*this does not hold"):
        guest.expect("no such line", 600)
    assert time.monotonic() - began < 300, "it waited for its time to be up"
    assert guest.status == PANIC
    assert any("fail_assertion" in line for line in guest.backtrace())


def test_a_guest_that_hangs_is_given_up(boot: Boot) -> None:
    guest = boot("hi", QEMU_ARGS="-S")
    with pytest.raises(GuestSilent, match="did not print"):
        guest.expect("hi", 0.05)


def test_qemu_is_gone_when_the_machine_is(boot: Boot) -> None:
    guest = boot("hi", QEMU_ARGS="-S")
    assert guest.qmp("query-status")["status"] == "prelaunch"
    guest.close()
    with pytest.raises(ProcessLookupError):
        os.kill(guest.pid, 0)
    assert (guest.folder / "serial.log").read_bytes() == b""


def test_what_qemu_does_not_understand_is_no_fault_of_the_guest(boot: Boot) -> None:
    guest = boot("hi", QEMU_ARGS="-no-such-option")
    with pytest.raises(GraderError, match="no-such-option"):
        guest.wait_end()


def test_a_triple_fault_is_explained(boot: Boot) -> None:
    guest = boot("hi", QEMU_ARGS="-S")
    guest.qmp("query-status")
    # No way to fault: but to the processor a reset is a reset.
    guest.qmp("system_reset")
    with pytest.raises(GuestEnded):
        guest.wait_end()


@pytest.mark.parametrize("seconds, factor", [(0.1, 1.0), (0.25, 1.0), (1.0, 4.0)])
def test_limits_grow_with_the_reference_boot(seconds: float, factor: float) -> None:
    assert Pace().measured(seconds)(3.0) == 3.0 * factor


def test_the_command_line_is_make_s(kit: Kit) -> None:
    command = kit.qemu_command("hi", MACHINE="pc", MEM="32", APPEND="ip=10.0.0.2/8 a=b")
    assert command[command.index("-M") + 1] == "pc"
    assert command[command.index("-m") + 1] == "32"
    assert command[command.index("-append") + 1] == "ip=10.0.0.2/8 a=b"
