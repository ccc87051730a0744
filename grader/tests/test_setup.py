# SPDX-License-Identifier: MIT
"""One command is enough, on a machine that lacks everything as on one that
has it all; and whoever runs a guest is told how it ended."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pexpect
import pytest
from shell import Outcome, make, must, run

from lodge.kit import ROOT

MISSING = ("gcc", "qemu-system-x86_64", "xz")


def script(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder to use as PATH: this machine's programs, but neither compilers
    nor QEMU nor a package manager."""
    folder = tmp_path / "bin"
    folder.mkdir()
    gone = (*MISSING, "apt-get", "dnf", "pacman", "zypper", "apk", "sudo")
    for place in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for program in Path(place).iterdir():
            link = folder / program.name
            if program.name not in gone and not link.is_symlink():
                link.symlink_to(program)
    return folder


def with_apt(bare: Path) -> Path:
    """Gives it an apt-get that writes down what it is asked, and installs."""
    real = {name: must(run("which", name)).output.strip() for name in MISSING}
    links = "\n".join(f"ln -sf {path} {bare / name}" for name, path in real.items())
    log = bare.parent / "apt.log"
    script(bare / "apt-get", f'echo "$@" >> {log}\ncase "$*" in *install*)\n{links}\nesac')
    script(bare / "sudo", 'exec "$@"')
    return log


def set_up(bare: Path, build: Path) -> Outcome:
    return run("sh", "kernel/tools/setup.sh", PATH=str(bare), BUILD=str(build))


def test_setup_is_silent_where_nothing_is_missing(build: Path) -> None:
    assert must(make("setup", f"BUILD={build}")).output == ""


def test_setup_leaves_what_was_built_as_it_is(build: Path) -> None:
    lwip = build / "lwip-2.2.1" / ".verified"
    must(make("setup", f"BUILD={build}"))
    before = lwip.stat().st_mtime_ns
    must(make("setup", f"BUILD={build}"))
    assert lwip.stat().st_mtime_ns == before


def test_setup_installs_what_is_missing_and_says_so(bare: Path, build: Path) -> None:
    log = with_apt(bare)
    said = must(set_up(bare, build)).output.splitlines()
    assert len(said) == 2 and all(line.startswith("setup: ") for line in said)
    update, install = log.read_text().splitlines()
    assert update.endswith("update")
    assert "install -y" in install
    for package in ("gcc", "libc6-dev", "qemu-system-x86", "xz-utils"):
        assert package in install.split() and package in said[1]
    assert must(set_up(bare, build)).output == ""


def test_setup_says_what_apt_said_when_it_fails(bare: Path, build: Path) -> None:
    script(bare / "apt-get", "echo the mirror is down >&2\nexit 100")
    script(bare / "sudo", 'exec "$@"')
    failed = set_up(bare, build)
    assert failed.status != 0
    assert "the mirror is down" in failed.output
    assert "apt-get could not install" in failed.output


def test_setup_without_apt_says_what_to_type(bare: Path, build: Path) -> None:
    script(bare / "dnf", "exit 1")
    failed = set_up(bare, build)
    assert failed.status != 0
    assert "lacks: compiler libc qemu archives" in failed.output
    assert "dnf install gcc" in failed.output and "qemu-system-x86-core" in failed.output


def test_demo_sets_up_before_it_asks_for_a_compiler(
    bare: Path, build: Path, free_port: int
) -> None:
    with_apt(bare)
    fake = bare.parent / "qemu"
    script(fake, "exit 33")
    said = must(
        make("demo", f"BUILD={build}", f"QEMU={fake}", f"PORT={free_port}", PATH=str(bare))
    ).output
    assert said.index("setup: installing") < said.index(f"http://127.0.0.1:{free_port}/")
    assert "not found" not in said and "No such file" not in said


def test_a_build_without_a_compiler_says_what_to_do(bare: Path, tmp_path: Path) -> None:
    failed = make("app", "APP=hi", f"BUILD={tmp_path}", PATH=str(bare))
    assert failed.status != 0 and "make setup" in failed.output


def test_the_doctor_finds_this_machine_well(build: Path) -> None:
    said = must(make("doctor", f"BUILD={build}")).output
    for machine in ("q35", "pc", "microvm"):
        assert f"  ok    QEMU has the machine {machine}\n" in said


def test_the_doctor_says_how_to_mend_what_fails(bare: Path, build: Path) -> None:
    script(bare / "zypper", "exit 1")
    script(bare / "qemu-system-x86_64", "echo no such machine >&2\nexit 1")
    failed = run("sh", "kernel/tools/doctor.sh", PATH=str(bare), BUILD=str(build))
    assert failed.status == 1
    assert "  FAIL  QEMU has the machine pc\n          no such machine\n" in failed.output
    assert "to mend it: zypper install qemu-x86" in failed.output


# ---- Running a guest ------------------------------------------------------


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ended(tmp_path: Path, status: int, words: str = "") -> Outcome:
    """What `make run` says of a guest that ends so, with `words` on its debug
    console."""
    (tmp_path / "kernel.elf").write_bytes(b"")
    script(tmp_path / "qemu", f"cat > {tmp_path}/debug.log <<'END'\n{words}\nEND\nexit {status}")
    return run(
        "sh", "kernel/tools/run.sh", tmp_path / "qemu",
        OUT=str(tmp_path), LABS="labs", ADDR2LINE="true",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (33, "The guest is done."),
        (35, "its main() returned an error"),
        (1, "QEMU itself could not start"),
        (7, "status 7, which no guest of ours gives"),
    ],
)
def test_the_end_of_a_guest_is_explained(tmp_path: Path, status: int, said: str) -> None:
    outcome = ended(tmp_path, status)
    assert said in outcome.output
    assert outcome.status == (0 if status == 33 else status)


def test_last_words_of_a_panic_are_shown(tmp_path: Path) -> None:
    outcome = ended(tmp_path, 37, "log\npanic: x.c:1: it is so\n  at 0x00100000")
    assert outcome.status == 37
    assert "The guest panicked" in outcome.output
    assert "panic: x.c:1: it is so\n" in outcome.output
    assert "log\n" not in outcome.output


def test_a_part_not_written_yet_is_named_with_its_place(
    build: Path, tmp_path: Path
) -> None:
    must(make("stubs", f"LABS={tmp_path}"))
    lab = tmp_path / "05-virtqueue"
    (lab / "README.md").touch()
    text = (lab / "virtqueue.c").read_text()
    line = text[: text.index("TODO 5.1 virtq_init")].count("\n") + 1
    outcome = make("run", "LAB=5", f"LABS={tmp_path}", f"BUILD={build}", f"OUT={tmp_path}")
    assert outcome.status != 0
    assert "not written yet: 5.1 virtq_init." in outcome.output
    assert f"at {lab}/virtqueue.c:{line}." in outcome.output
    assert f"The handout is {lab}/README.md." in outcome.output
    assert f" virtq_init {lab}/virtqueue.c:" in outcome.output


def test_a_guest_that_is_done_is_a_success(build: Path) -> None:
    assert must(make("run", "APP=hi", f"BUILD={build}")).output.endswith("hi\n\nThe guest is done.\n")


def test_ctrl_a_x_leaves_the_guest(build: Path, free_port: int) -> None:
    words = ["run", "APP=web", f"PORT={free_port}", f"BUILD={build}"]
    must(make("app", *words[1:]))
    typist = pexpect.spawn("make", words, cwd=ROOT, timeout=120, encoding="utf-8")
    typist.expect_exact(f"http://127.0.0.1:{free_port}/")
    typist.expect_exact("To leave: Ctrl-A, then X.")
    typist.expect_exact("serving on port 80")
    typist.send("\x01x")
    typist.expect_exact("The guest was stopped.")
    typist.expect(pexpect.EOF)
    typist.wait()
    assert typist.exitstatus == 0


def test_a_port_that_is_taken_is_said_in_a_sentence(build: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = make("run", "APP=web", f"PORT={port}", f"BUILD={build}")
    assert failed.status != 0
    assert f"127.0.0.1:{port} can't be the guest's address" in failed.output
    assert "Address already in use" in failed.output and "PORT=18080" in failed.output


@pytest.mark.parametrize("port", ["http", "99999", "-1", "0"])
def test_a_port_that_can_not_be_is_said_in_a_sentence(build: Path, port: str) -> None:
    failed = make("run", "APP=web", f"PORT={port}", f"BUILD={build}")
    assert failed.status != 0
    assert f"this host: PORT={port} is no number from 1 to 65535.\n" in failed.output


@pytest.mark.parametrize("host", ["localhost", "::1", ""])
def test_a_host_that_is_no_address_is_said_in_a_sentence(build: Path, host: str) -> None:
    failed = make("run", "APP=web", f"HOST={host}", f"BUILD={build}")
    assert failed.status != 0
    assert f"this host: HOST={host} is no IPv4 address such as 127.0.0.1.\n" in failed.output


def test_the_guest_ends_with_whoever_runs_it(tmp_path: Path) -> None:
    """Killed, run.sh takes its QEMU with it."""
    script(
        tmp_path / "qemu",
        "trap 'echo stopped > $OUT/end; exit 0' TERM\n"
        "timeout 10 cat $OUT/fifo > /dev/null 2>&1 &\n"
        "kill -TERM $PPID\nwait\nexit 9",
    )
    os.mkfifo(tmp_path / "fifo")
    must(run("sh", "kernel/tools/run.sh", tmp_path / "qemu", OUT=str(tmp_path), LABS="labs"))
    assert (tmp_path / "end").read_text() == "stopped\n"
