# SPDX-License-Identifier: MIT
"""The grader's Machine sees what a guest does and how it ends, at once, be it
in QEMU or a process; and the smallest guest boots on every machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lodge.kit import GraderError, Kit
from lodge.machine import (
    DONE,
    PANIC,
    GuestEnded,
    GuestFlood,
    GuestSilent,
    GuestTodo,
    Machine,
    Pace,
)
from lodge.target import SANITIZERS

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


@pytest.mark.parametrize("machine", MACHINES)
def test_a_barrier_is_translated_into_one(machine: str, boot: Boot, tmp_path: Path) -> None:
    log = tmp_path / "translated"
    guest = boot("dice", MACHINE=machine, QEMU_ARGS=f"-d op -D {log}")
    assert guest.wait_end(30) == DONE
    assert re.search(r"^ mb ", log.read_text(), re.M)


def test_the_command_line_is_make_s(kit: Kit) -> None:
    command = kit.run_command("hi", MACHINE="pc", MEM="32", APPEND="ip=10.0.0.2/8 a=b")
    assert command[command.index("-M") + 1] == "pc"
    assert command[command.index("-m") + 1] == "32"
    assert command[command.index("-append") + 1] == "ip=10.0.0.2/8 a=b"


# ---- Processes ------------------------------------------------------------------

# A program that does what its argument says, instead of a guest.
OFFENDER = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *volatile kept;

static void end(int number) { exit(128 + number); }

static void last_words(const char *words, int status)
{
    dprintf(atoi(getenv("LODGE_DEBUG") + 3), "%s\n", words);
    exit(status);
}

static void offend(const char *how)
{
    kept = malloc(10);
    if (strcmp(how, "overflow") == 0)
        kept[10 + (getppid() == 0)] = 1;
    if (strcmp(how, "arithmetic") == 0)
        kept[0] = (char)(0x7fffffff + (int)strlen(how));
    for (int i = 0; strcmp(how, "leak") == 0 && i < 100; i++)
        kept = malloc(10);
    while (strcmp(how, "flood") == 0)
        write(STDOUT_FILENO, (char[4096]){ "and on, and on" }, 4096);
    if (strcmp(how, "panic") == 0)
        last_words("panic: on purpose", 37);
    if (strcmp(how, "todo") == 0)
        last_words("not written yet: 13.1 sockets", 39);
    if (strcmp(how, "deaf") == 0)
        signal(SIGTERM, SIG_IGN);
    if (strcmp(how, "child") == 0 && fork() != 0)
        exit(33);
    if (strcmp(how, "abort") == 0)
        raise(SIGKILL);
}

int main(int argc, char **argv)
{
    char line[80];

    (void)argc;
    signal(SIGTERM, end);
    setvbuf(stdout, NULL, _IONBF, 0);
    offend(argv[1]);
    puts("here");
    while (fgets(line, sizeof line, stdin))
        printf("you said %s", line);
    return 33;
}
"""


class Program(Kit):
    """Not built by make, and run with the name for its only argument."""

    def run_command(self, app: str, **variables: str) -> list[str]:
        return ["env", f"LODGE_DEBUG={variables['DEBUG']}", str(self.out / "offender"), app]


@pytest.fixture(scope="module")
def offender(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    folder = tmp_path_factory.mktemp("offender")
    (folder / "offender.c").write_text(OFFENDER)
    subprocess.run(
        ["gcc", "-g", f"-fsanitize={SANITIZERS}", "-fno-sanitize-recover=all",
         "-o", "offender", "offender.c"],
        cwd=folder, check=True,
    )  # fmt: skip
    return Program(folder, arch="unix", sanitize=SANITIZERS)


@pytest.fixture
def run(offender: Kit, tmp_path: Path) -> Callable[[str], Machine]:
    return lambda how: Machine(offender, how, tmp_path, pace=Pace(4))


Run = Callable[[str], Machine]


def test_hi_is_a_process_as_well_with_the_same_status(build: Path, tmp_path: Path) -> None:
    kit = Kit(build / "test-unix", build=build, arch="unix", net="sockets", sanitize=SANITIZERS)
    kit.build_app("hi")
    with Machine(kit, "hi", tmp_path, pace=Pace(4), CHALLENGE="of this run") as guest:
        assert guest.expect(r"^of .*$")[0] == "of this run"
        assert guest.wait_end() == DONE
    assert guest.lines() == "hi\nof this run\n"
    assert (guest.debug, guest.stderr) == (b"", b"")


def test_a_process_is_spoken_with_and_ends_when_it_is_asked_to(run: Run) -> None:
    with run("as it should") as guest:
        guest.expect("^here$")
        guest.write("hello\n")
        guest.expect("^you said hello$")
    assert guest.status == 128 + signal.SIGTERM


@pytest.mark.parametrize("how, words", [("panic", "panic: on purpose"), ("abort", "signal 9")])
def test_a_process_that_dies_ends_the_waiting(how: str, words: str, run: Run) -> None:
    with run(how) as guest, pytest.raises(GuestEnded, match=words):
        guest.expect("no such line", 600)


def test_what_is_not_written_yet_is_named_by_a_process_as_well(run: Run) -> None:
    with run("todo") as guest, pytest.raises(GuestTodo, match=r"^13\.1 sockets$"):
        guest.expect("no such line", 600)


def test_a_process_that_prints_and_prints_is_stopped(run: Run) -> None:
    with run("flood") as guest, pytest.raises(GuestFlood):
        guest.expect("no such line", 600)


@pytest.mark.parametrize(
    "how, words",
    [
        ("overflow", "AddressSanitizer: heap-buffer-overflow"),
        ("arithmetic", "runtime error: signed integer overflow"),
    ],
)
def test_what_a_sanitizer_says_ends_the_waiting(how: str, words: str, run: Run) -> None:
    with pytest.raises(GuestEnded, match=words), run(how) as guest:
        guest.expect("no such line", 600)


@pytest.mark.parametrize("how", ["leak", "overflow", "arithmetic"])
def test_nobody_passes_of_whom_a_sanitizer_complained(how: str, run: Run) -> None:
    guest = run(how)
    if how == "leak":
        guest.expect("^here$")
    else:
        assert guest.wait_death() < 0
    with pytest.raises(GuestEnded, match="Sanitizer|runtime error"), guest:
        pass


def test_a_process_that_does_not_end_is_killed_and_that_is_told(run: Run) -> None:
    guest = run("deaf")
    guest.expect("^here$")
    guest.pace = Pace(0.02)
    with pytest.raises(GuestSilent, match="did not end when it was asked to"), guest:
        pass
    with pytest.raises(ProcessLookupError):
        os.kill(guest.pid, 0)


def test_what_a_process_has_started_ends_with_it(run: Run) -> None:
    with run("child") as guest:
        assert guest.wait_end() == DONE


def test_there_is_no_monitor_where_there_is_no_qemu(run: Run) -> None:
    with run("as it should") as guest:
        guest.expect("^here$")
        with pytest.raises(GraderError, match="there is no QEMU here"):
            guest.monitor("info status")
