# SPDX-License-Identifier: MIT
"""`make debug`: gdb on a guest, by hand of a person at a terminal, and what the
commands of ours say of the kernel's own structures."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from shell import make, must

from lodge.kit import ROOT

Typist = Callable[..., pexpect.spawn]
PROMPT = r"\(gdb\) "


def terminal(home: Path) -> dict[str, str]:
    """One without colours, for somebody whose gdb has no settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb"}


@pytest.fixture
def gdb(build: Path, tmp_path: Path) -> Iterator[Typist]:
    """A person who types `make debug ...` and sees gdb's first prompt."""
    people: list[pexpect.spawn] = []

    def start(*words: str) -> pexpect.spawn:
        must(make("app", *words, f"BUILD={build}"))
        person = pexpect.spawn(
            "make", ["debug", *words, f"BUILD={build}"], cwd=ROOT, timeout=60,
            encoding="utf-8", dimensions=(50, 200),
            env=terminal(tmp_path),
        )  # fmt: skip
        people.append(person)
        person.expect_exact("To leave: quit")
        person.expect(r"core_start \(\) at kernel/core/start.c")
        person.expect(PROMPT)
        return person

    yield start
    for person in people:
        person.close(force=True)


def ask(person: pexpect.spawn, command: str) -> str:
    """What is said to it, up to the next prompt."""
    person.sendline(command)
    person.expect(PROMPT)
    return person.before.replace("\r", "")


def leave(person: pexpect.spawn) -> None:
    """Make, too, has had every Ctrl-C, and ends by it when gdb has ended."""
    person.sendline("quit")
    person.expect(pexpect.EOF)
    person.wait()
    assert person.exitstatus == 0 or person.signalstatus == signal.SIGINT


def test_the_ring_of_running_dice_can_be_read(gdb: Typist, build: Path) -> None:
    person = gdb("LAB=5", "MINE=")
    assert "No virtqueue has been set up yet" in ask(person, "lodge virtqueues")
    ask(person, "break virtq_kick")
    assert "virtq_kick" in ask(person, "continue")
    said = ask(person, "lodge virtqueues")
    # Four requests of 16 bytes are added before the first kick.
    queues = re.findall(r"^rng0\b.*: 8 descriptors, 4 free, 4 chains in flight$", said, re.M)
    assert len(queues) == 1, said
    assert re.search(r"avail\.idx 4, flags \d: announced up to 0", said)
    assert "used.idx 0, flags 0: read up to 0, 0 not read yet" in said
    assert re.search(r"chain 3: 16 bytes at 0x\w+ to write; token 0x\w+", said)
    assert "WRONG" not in said
    ask(person, "delete 3")
    ask(person, "break virtq_poll")
    ask(person, "continue")
    said = ask(person, "lodge virtqueues rng")
    assert "all are announced" in said
    ask(person, "delete")
    ask(person, "hbreak arch_exit")
    # What the guest prints comes between.
    assert "dice: rolled 10" in ask(person, "continue")
    assert "core_start" in ask(person, "backtrace")
    leave(person)
    assert not (build / "x86_64/dice/gdb.socket").exists()


def test_what_does_not_agree_is_said(gdb: Typist) -> None:
    person = gdb("LAB=5", "MINE=")
    ask(person, "break virtq_kick")
    ask(person, "continue")
    ask(person, "set var vq->num_free = 7")
    assert "WRONG" in (said := ask(person, "lodge virtqueues"))
    assert "7 descriptors are free and 4 in flight: that is not 8" in said
    person.sendline("kill")
    leave(person)


def test_what_a_program_does_not_have_is_said(gdb: Typist) -> None:
    person = gdb("APP=hi")
    assert "There is no virtio device's driver in this program." in ask(person, "lodge virtqueues")
    assert "There is no heap of ours in this program." in ask(person, "lodge heap")
    assert "There is no lwIP in this program." in ask(person, "lodge pbufs")
    assert "There is no lwIP in this program." in ask(person, "lodge connections")
    assert "lodge virtqueues" in ask(person, "lodge")
    leave(person)


def test_heap_pbufs_and_connections_of_a_running_server(gdb: Typist, free_port: int) -> None:
    person = gdb("APP=web", f"PORT={free_port}")
    person.sendline("continue")
    person.expect_exact("web: serving on port 80")
    person.expect(r"net0: .* \(by DHCP\)")
    with socket.create_connection(("127.0.0.1", free_port), timeout=30) as browser:
        browser.sendall(b"GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n")
        assert browser.recv(4096).startswith(b"HTTP/1.1 200")
        person.sendintr()
        person.expect("SIGINT")
        person.expect(PROMPT)
        said = ask(person, "lodge connections")
        assert "LISTEN       port 80" in said
        assert re.search(r"ESTABLISHED  10\.0\.2\.15:80 +10\.0\.2\.2:\d+", said), said
        accepted = re.search(r"stream 0x\w+: accepted ([\d,]+), acknowledged", said)
        assert accepted and int(accepted[1].replace(",", "")) > 100

        said = ask(person, "lodge heap")
        handed = re.search(r"heap: ([\d,]+) blocks handed out, ([\d,]+) bytes", said)
        assert handed, said
        rows = re.findall(r"^  0x\w+ +([\d,]+) +(\d+) +([\d,]+) +(\d+) +([\d,]+) +[\d,]+$", said, re.M)
        assert sum(int(r[1]) for r in rows) == int(handed[1].replace(",", ""))
        assert "WRONG" not in said

        said = ask(person, "lodge pbufs")
        assert re.search(r"^  PBUF_REF/ROM +\d+ +\d+ +\d+", said, re.M), said
        assert re.search(r"^\d+ pbufs? in use$", said, re.M)

        said = ask(person, "lodge virtqueues")
        assert len(re.findall(r"^net0 \w+: 256 descriptors", said, re.M)) == 2, said
        assert "blk0" in said
    leave(person)


def test_a_block_of_the_heap_that_was_overrun_is_found(gdb: Typist) -> None:
    person = gdb("LAB=3", "MINE=")
    ask(person, "break heap_free")
    ask(person, "continue")
    payload = ask(person, "print payload")
    assert "0x" in payload
    assert "is byte 0 of a block of" in ask(person, "lodge heap payload")
    ask(person, "set var *(long *)((char *)payload - 24 + *(long *)((char *)payload - 24)) = 7")
    assert "WRONG: " in ask(person, "lodge heap")
    person.sendline("kill")
    leave(person)


def test_a_guest_goes_with_its_gdb(gdb: Typist, build: Path) -> None:
    """Also when gdb is killed."""
    person = gdb("APP=hi")
    pids = must(make("-s", "run-cmd", "APP=hi", f"BUILD={build}")).output
    assert "qemu" in pids
    person.sendline("shell kill -9 $PPID")
    person.expect(pexpect.EOF)
    person.wait()
    assert not (build / "x86_64/hi/gdb.socket").exists()


def test_a_gdb_without_python_is_attached_with_a_sentence(build: Path, tmp_path: Path) -> None:
    """As Debian's gdb-minimal has none."""
    poor = tmp_path / "gdb"
    poor.write_text(
        "#!/bin/sh\ncase $* in *-batch*python*) exit 1 ;; esac\n"
        f"exec {shutil.which('gdb')} \"$@\"\n"
    )
    poor.chmod(0o755)
    must(make("app", "APP=hi", f"BUILD={build}"))
    words = ["debug", "APP=hi", f"GDB={poor}", f"BUILD={build}"]
    person = pexpect.spawn(
        "make", words, cwd=ROOT, timeout=60, encoding="utf-8", env=terminal(tmp_path)
    )
    person.expect_exact("This gdb has no Python")
    person.expect(r"core_start \(\)")
    person.expect(PROMPT)
    assert "Undefined command" in ask(person, "lodge heap")
    leave(person)


def test_no_gdb_is_said_in_a_sentence(build: Path) -> None:
    failed = make("debug", "APP=hi", "GDB=no-such-gdb", f"BUILD={build}")
    assert failed.status != 0
    assert "There is no no-such-gdb here." in failed.output and "make doctor" in failed.output


def test_a_qemu_that_does_not_start_is_said_in_its_words(build: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = make("debug", "APP=web", f"PORT={port}", f"BUILD={build}")
    assert failed.status != 0
    assert "QEMU did not start" in failed.output and "PORT=18080" in failed.output


def test_a_process_is_debugged_with_the_same_command(gdb: Typist, build: Path, tmp_path: Path) -> None:
    words = ["debug", "LAB=13", "MINE=", "PORT=0", f"BUILD={build}"]
    said = must(make("-n", *words)).output
    assert "gdb" in said and "--args" in said and "kernel/tools/gdb/lodge.py" in said


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]
