# SPDX-License-Identifier: MIT
"""An application as a process: it ends as on a machine, says what is wrong in
sentences, and those who can watch a process (gdb, valgrind, sanitizers) see
what there is to see."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import pytest
from shell import copy_kit, make, must, run

from lodge.kit import ROOT, Kit
from lodge.machine import DONE, FAILED, PANIC, TODO

SANITIZERS = "address,undefined"


@dataclass(frozen=True)
class End:
    """What a process printed, and how it ended."""

    status: int
    out: str
    err: str
    debug: str


Start = Callable[..., End]


@pytest.fixture(scope="module")
def process(build: Path) -> Kit:
    return Kit(build / "test-unix", build=build, arch="unix")


@pytest.fixture(scope="module")
def host_heap(process: Kit) -> Kit:
    return replace(process, out=process.out.with_name("test-unix-host-heap"), heap="host")


@pytest.fixture(scope="module")
def sanitized(process: Kit) -> Kit:
    out = process.out.with_name("test-unix-sanitized")
    return replace(process, out=out, sanitize=SANITIZERS)


@pytest.fixture
def start(process: Kit, tmp_path: Path) -> Start:
    """Builds an application and runs it to its end; `variables` are make's."""

    def ends(app: str, kit: Kit = process, **variables: str) -> End:
        kit.build_app(app)
        debug = tmp_path / "debug.log"
        done = subprocess.run(
            kit.run_command(app, **{"DEBUG": str(debug)} | variables), cwd=ROOT,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=120,
        )  # fmt: skip
        said = debug.read_text() if debug.exists() else ""
        return End(done.returncode, done.stdout, done.stderr, said)

    return ends


# ---- It runs, and ends with the status of a machine --------------------------


def test_hi_says_hi_and_is_done(start: Start) -> None:
    end = start("hi")
    assert (end.status, end.out, end.err, end.debug) == (DONE, "hi\n", "", "")


def test_make_run_says_how_to_leave_and_how_it_ended(build: Path) -> None:
    run = must(make("-s", "run", "APP=hi", "ARCH=unix", f"BUILD={build}"))
    assert run.output == "To leave: Ctrl-C.\nhi\n\nThe process is done.\n"


def test_an_error_of_main_is_told(start: Start) -> None:
    end = start("protect", CHALLENGE="return-error")
    assert end.status == FAILED
    assert "failed: main() returned an error, 0x00000005" in end.out


def test_a_part_that_is_not_written_yet_is_named_with_its_place(build: Path) -> None:
    run = make("-s", "run", "APP=hi", "ARCH=unix", f"BUILD={build}", "MINE=console")
    assert f"Error {TODO}" in run.output
    assert "came to a part that is not written yet: 2.7 console_write." in run.output
    assert re.search(r"^It is to be written at labs/02-print/console.c:\d+\.$", run.output, re.M)
    assert re.search(r"^  at 0x\w+ main kernel/apps/hi/main.c:\d+$", run.output, re.M)


# The offence, and what must be said of it.
EXCEPTIONS = {
    "fail-assertion": r"panic: \S+: this does not hold: variable == constant",
    "smash-stack": r"panic: \S+: a function has written past an array on its stack",
    "read-null": r"exception: segmentation .*0x00000000, not mapped \(a null pointer\?\)",
    "write-null": r"exception: segmentation .*0x00000000, not mapped \(a null pointer\?\)",
    "call-null": r"exception: segmentation .* at 0x00000000: ",
    "write-text": r"exception: segmentation .*, forbidden \(the program's code\)",
    "write-rodata": r"exception: segmentation .*, forbidden",
    "execute-data": r"exception: segmentation .*, forbidden",
    "execute-stack": r"exception: segmentation .*, forbidden\.",
    "execute-heap": r"exception: segmentation .*, forbidden",
    "write-nowhere": r"exception: segmentation .*0x7ffff0000000",
    "overflow-stack": r"exception: segmentation .*\(the stack has overflowed\?\)",
    "divide-by-zero": r"exception: arithmetic fault \(SIGFPE\) .*division by zero",
    "write-noncanonical": r"exception: segmentation ",
    "give-up": r"exception: (illegal instruction|breakpoint) ",
    "free-twice": r"panic: \S+: The heap was given ",
}


@pytest.mark.parametrize("offence", EXCEPTIONS)
def test_an_offence_is_told_in_words_on_both_consoles(offence: str, start: Start) -> None:
    end = start("protect", CHALLENGE=offence)
    assert end.status == PANIC
    assert re.search(f"^{EXCEPTIONS[offence]}", end.debug, re.M), end.debug
    assert end.out.endswith(end.debug)


@pytest.mark.parametrize(
    "offence, callers",
    [("fail-assertion", "fail_assertion main core_start arch_start"),
     ("call-null", r"\S+ call_null main core_start arch_start"),
     ("execute-stack", r"\S+ execute_stack main core_start arch_start"),
     ("overflow-stack", "recurse")],
)  # fmt: skip
def test_the_backtrace_has_names_and_lines(
    offence: str, callers: str, start: Start, process: Kit
) -> None:
    names = named(process, start("protect", CHALLENGE=offence))
    assert re.match(callers, " ".join(names)), names


def test_the_backtrace_goes_through_the_c_library(start: Start, host_heap: Kit) -> None:
    end = start("protect", host_heap, CHALLENGE="free-twice")
    assert end.status == PANIC and "exception: abort (SIGABRT)" in end.debug
    names = " ".join(named(host_heap, end))
    assert "heap_free give_back free_twice main core_start arch_start" in names


def named(kit: Kit, end: End) -> list[str]:
    """The functions of its backtrace; one that is there several times in a row
    (it calls itself, or a part of it lies apart) is named once."""
    done = subprocess.run(
        ["sh", "kernel/tools/symbolise.sh", kit.out / "protect/kernel.elf"],
        input=end.debug, capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    return [name for name, _ in groupby(re.findall(r"^  at 0x\w+ (\S+)", done.stdout, re.M))]


# ---- What it is given -----------------------------------------------------------


def test_the_challenge_may_be_any_text(start: Start) -> None:
    text = """a 'b' "c" * ; \\ & | < > ~ # ( ) ! ` %s $$HOME"""
    assert start("hi", CHALLENGE=text).out == f"hi\n{text.replace('$$', '$')}\n"


def test_the_arguments_are_the_command_line(process: Kit) -> None:
    process.build_app("hi")
    command = process.run_command(
        "hi", APPEND="ip=10.0.2.15/24 gw='10.0.2.2' *", RUN_UNDER="gdb -nx -q -batch --args"
    )
    at = command.index("--args")
    command[at:at] = ["-ex", "break main", "-ex", "run", "-ex", "print 'cmdline.c'::line"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert "\"ip=10.0.2.15/24 gw='10.0.2.2' * " in done.stdout, done.stdout


@pytest.mark.parametrize("mib", [1, 6, 64, 6144])
def test_it_has_as_much_memory_as_was_asked_for(mib: int, start: Start) -> None:
    end = start("pages", MEM=str(mib), CHALLENGE="pieces=4")
    assert end.status == DONE, end
    assert f" of {mib * 256} in use" in end.out


@pytest.mark.parametrize("mib", [1, 64])
def test_the_hosts_heap_has_no_more_than_the_machine(
    mib: int, start: Start, host_heap: Kit
) -> None:
    """A thousand blocks of 2500 bytes do not fit in a machine of 1 MiB."""
    end = start("pages", host_heap, MEM=str(mib), CHALLENGE="pieces=1000 seed=1")
    assert (end.status == DONE) == (mib == 64), end


@pytest.mark.parametrize("mib", ["0", "-1", "64M", "x", "16777217", "99999999999999999999"])
def test_memory_that_is_no_number_is_told(mib: str, start: Start) -> None:
    end = start("hi", MEM=mib)
    assert end.status == FAILED
    assert end.out == (
        f'cannot start: LODGE_MEM: "{mib}" is no number of mebibytes from 1 to 16777216.\n'
    )


@pytest.mark.parametrize(
    "name, value, why",
    [("SERIAL", "fd:99", "Bad file descriptor"),
     ("SERIAL", "fd:1x", "Invalid argument"),
     ("SERIAL", "/nowhere/console", "No such file or directory"),
     ("DEBUG", "/nowhere/debug", "No such file or directory")],
)  # fmt: skip
def test_a_console_that_can_not_be_had_is_told(
    name: str, value: str, why: str, start: Start
) -> None:
    end = start("hi", **{name: value})
    variable = {"SERIAL": "LODGE_CONSOLE", "DEBUG": "LODGE_DEBUG"}[name]
    assert end.status == FAILED
    assert end.out == f'cannot start: {variable}: "{value}" can\'t be written to: {why}.\n'


def test_a_disk_that_can_not_be_had_is_told(start: Start, tmp_path: Path) -> None:
    disk = tmp_path / "it's \"no\" disk"
    end = start("hexdump", DISK=str(disk))
    assert end.status == FAILED
    assert end.out == (
        f'cannot start: LODGE_BLK0: "{disk}" can\'t be used as a disk: '
        "No such file or directory.\n"
    )


def test_a_disk_with_any_name_is_read_and_written(start: Start, tmp_path: Path) -> None:
    disk = tmp_path / "a 'disk' of \"one's\" own"
    disk.write_bytes(bytes(range(256)) * 4 + b"the end")
    end = start("hexdump", DISK=str(disk), CHALLENGE="sector=2 copy=1 from=0 to=1")
    assert end.status == DONE, end
    assert "blk0: 3 sectors, " in end.out
    assert "|the end.........|" in end.out
    assert "hexdump: 1 written, 0 failed: error 0" in end.out
    assert "hexdump: read back, 0 of 1 wrong" in end.out
    copied = (bytes(range(256)) * 2)[::-1]
    assert disk.read_bytes() == bytes(range(256)) * 2 + copied + b"the end"


def test_the_console_may_be_a_file(start: Start, tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.write_text("what was there before, and is longer\n")
    end = start("hi", SERIAL=str(console))
    assert (end.status, end.out, console.read_text()) == (DONE, "", "hi\n")


def test_a_reader_who_goes_away_does_not_end_it(process: Kit) -> None:
    process.build_app("hexdump")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        process.run_command("hexdump", CHALLENGE="times=100"), stdout=writer, cwd=ROOT
    )
    os.close(writer)
    assert done.returncode == DONE


def test_what_is_closed_at_its_start_does_not_become_something_else(
    process: Kit, tmp_path: Path
) -> None:
    """The file of last words would be the first to be opened."""
    process.build_app("hi")
    debug = tmp_path / "debug.log"
    command = process.run_command("hi", DEBUG=str(debug))
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    assert subprocess.run(closed, cwd=ROOT).returncode == DONE
    assert debug.read_text() == ""


def test_a_console_that_can_only_be_read_is_told(process: Kit, tmp_path: Path) -> None:
    process.build_app("hi")
    source = tmp_path / "read-only"
    source.touch()
    with source.open() as only_read:
        done = subprocess.run(
            process.run_command("hi", SERIAL="fd:0"), stdin=only_read, capture_output=True,
            text=True, cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == FAILED
    assert 'LODGE_CONSOLE: "fd:0" can\'t be written to: Bad file descriptor.' in done.stdout


# ---- It can be stopped ------------------------------------------------------------


def stopped(kit: Kit, app: str, challenge: str, until: str, how: int) -> tuple[int, str]:
    """Sends signal `how` to it once it has printed `until`; its status, and all
    that it printed."""
    kit.build_app(app)
    child = subprocess.Popen(
        kit.run_command(app, CHALLENGE=challenge), stdout=subprocess.PIPE, cwd=ROOT,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert child.stdout
        seen = ""
        while until not in seen:
            more = child.stdout.read(1)
            assert more, f"it ended with {child.wait()} after: {seen}"
            seen += more
        child.send_signal(how)
        seen += child.stdout.read()
        return child.wait(60), seen
    finally:
        child.kill()


@pytest.mark.parametrize("how, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_in_order(how: int, status: int, sanitized: Kit) -> None:
    """In order: the sanitizer has looked for lost memory, and said nothing."""
    ended, seen = stopped(sanitized, "hexdump", "times=100000000", "00000000", how)
    assert ended == status, seen


def test_a_signal_ends_one_that_hangs_and_no_word_is_lost(process: Kit) -> None:
    """It lets no interrupt in, and its last line has no end."""
    ended, seen = stopped(process, "protect", "hang", "\n", signal.SIGTERM)
    assert (ended, seen) == (143, "hang: for ever\nand a day")


def test_a_signal_ends_one_whose_reader_takes_nothing(process: Kit) -> None:
    """Its first line is read; then the pipe is full, and some words are left."""
    process.build_app("protect")
    reader, writer = os.pipe()
    child = subprocess.Popen(
        process.run_command("protect", CHALLENGE="hang"), stdout=writer, cwd=ROOT
    )
    try:
        assert os.read(reader, 100) == b"hang: for ever\n"
        os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)))
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 128 + signal.SIGTERM
    finally:
        child.kill()
        os.close(reader)
        os.close(writer)


# ---- Those who watch ----------------------------------------------------------------


@pytest.mark.parametrize("app", ["hi", "files", "pages"])
def test_sanitizers_find_nothing(app: str, start: Start, sanitized: Kit) -> None:
    end = start(app, sanitized)
    assert (end.status, end.err) == (DONE, "")


REPORTS = {
    "overflow-heap": r"AddressSanitizer: heap-buffer-overflow",
    "use-after-free": r"AddressSanitizer: heap-use-after-free",
    "free-twice": r"AddressSanitizer: attempting",
    "lose-memory": r"LeakSanitizer: detected memory leaks",
    "smash-stack": r"AddressSanitizer: stack-buffer-overflow",
    "overflow-stack": r"AddressSanitizer: stack-overflow",
    "shift-too-far": r"runtime error: shift exponent 32 is too large",
    "read-null": r"runtime error: load of null pointer",
}


@pytest.mark.parametrize("offence", REPORTS)
def test_a_sanitizer_reports_an_offence(offence: str, start: Start, sanitized: Kit) -> None:
    end = start("protect", sanitized, CHALLENGE=offence)
    assert end.status == PANIC
    assert re.search(REPORTS[offence], end.err), end.err
    function = offence.replace("-", "_")
    assert re.search(rf"in ({function}|recurse) kernel/(apps|arch)/", end.err), end.err


VALGRIND = "valgrind -q --leak-check=full --error-exitcode=99"


@pytest.mark.parametrize("app", ["hi", "files"])
def test_valgrind_finds_nothing(app: str, start: Start, host_heap: Kit) -> None:
    end = start(app, host_heap, RUN_UNDER=VALGRIND)
    assert (end.status, end.err) == (DONE, "")


@pytest.mark.parametrize(
    "offence, words",
    [("overflow-heap", "0 bytes after a block of size 24 alloc'd"),
     ("use-after-free", "inside a block of size 24 free'd")],
)  # fmt: skip
def test_valgrind_reports_an_offence(
    offence: str, words: str, start: Start, host_heap: Kit
) -> None:
    """The document's sessions have others."""
    end = start("protect", host_heap, RUN_UNDER=VALGRIND, CHALLENGE=offence)
    assert end.status == 99 and words in end.err, end.err


# ---- The document ---------------------------------------------------------------------

DOCUMENT = ROOT / "docs/debugging.md"
SESSIONS = re.findall(r"^```console\n(.*?)^```", DOCUMENT.read_text(), re.M | re.S)


@pytest.fixture(scope="module")
def kit_of_a_reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kit = copy_kit(tmp_path_factory.mktemp("reader") / "lodge")
    # For the site that lies on the disks of `files`.
    for more in ("docs", "README.md"):
        source = ROOT / more
        must(run("cp", "-r", source, kit / more))
    return kit


def plain(text: str) -> str:
    """Without what differs from run to run and from host to host: numbers,
    blanks, the name of the kit's folder."""
    text = re.sub(r"\[/\S*/build/", "[build/", text)
    text = re.sub(r"0x[0-9a-fA-F]+|\d[\d,.]*", "N", text)
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("session", SESSIONS, ids=range(len(SESSIONS)))
def test_a_session_in_the_document_goes_as_it_stands_there(
    session: str, kit_of_a_reader: Path
) -> None:
    """Its lines come in that order; there may be others between them."""
    for part in re.split(r"^\$ ", session, flags=re.M)[1:]:
        command, *lines = part.splitlines()
        typed = [n.removeprefix("(gdb) ") for n in lines if n.startswith("(gdb) ")]
        if typed:
            command += " -nx -batch" + "".join(f" -ex '{n}'" for n in typed)
        output = run("sh", "-c", command, at=kit_of_a_reader).output
        left = iter([plain(n) for n in output.splitlines()])
        for line in lines:
            if line not in ("", "...") and not line.startswith("(gdb) "):
                assert plain(line) in left, f"{command}: no {line}\n{output}"


def test_the_document_has_sessions_with_all_of_these() -> None:
    text = "".join(SESSIONS)
    for tool in ("gdb -q", "(gdb) break main", "SANITIZE=", "valgrind", "callgrind"):
        assert tool in text
