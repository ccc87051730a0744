# SPDX-License-Identifier: MIT
"""What a student types beside `make run` and `make grade`: as it is typed, with
what it says when it can't."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from shell import Outcome, copy_kit, make, must, run

from lodge.kit import ROOT
from lodge.student.frames import Pcap, describe
from lodge.student.path import numeric, places

Student = Callable[..., Outcome]


@pytest.fixture
def labs(tmp_path: Path) -> Path:
    """Stubs of all labs, as they are in the beginning."""
    folder = tmp_path / "labs"
    must(make("stubs", f"LABS={folder}"))
    return folder


@pytest.fixture
def student(build: Path, labs: Path) -> Student:
    """`make TARGET ...` with these labs."""

    def type_it(*words: str) -> Outcome:
        return make(*words, f"LABS={labs}", f"BUILD={build}")

    return type_it


def write(labs: Path, file: str, *but: str) -> None:
    """Puts the solution there, with the regions in `but` still blank."""
    command = ["awk", "-f", "kernel/tools/stubs.awk", "-v", f"track={' '.join(but) or '0.0'}"]
    text = must(run(*command, f"solutions/{file}")).output
    (labs / file).write_text(text)


# ---- What to do now, hints ------------------------------------------------------


def test_next_begins_with_the_tour_and_the_first_thing_to_write(student: Student, labs: Path) -> None:
    said = must(student("next")).output
    assert "labs/00-tour/README.md" in said
    assert "Lab 01" in said and "labs/01-hi/README.md" in said
    assert f"Write     1.1 uart_init, at {labs}/01-hi/uart.c:" in said
    assert f"make grade LAB=1 STEP=1.1 LABS={labs}" in said
    assert "not committed" not in said, "the folder is in no repository"


def test_hints_go_from_level_to_level_and_say_how_to_see_the_next(student: Student) -> None:
    first, second, third, again = (must(student("hint", "LAB=5")).output for _ in range(4))
    assert "Step 5.1, virtq_init: where to look (1 of 3)" in first
    assert "which part of the specification: make hint LAB=5 STEP=5.1" in first
    assert "(2 of 3)" in second and "§2.7" in second
    assert "(3 of 3)" in third and "print(" in third
    assert "no more than this" in third and "make debug LAB=5" in third
    assert again == third
    assert "(1 of 3)" in must(student("hint", "LAB=5", "LEVEL=1")).output
    assert "virtq_poll: where to look (1 of 3)" in must(student("hint", "LAB=5", "STEP=5.4")).output


def test_a_hint_is_for_the_first_step_that_is_not_written(student: Student, labs: Path) -> None:
    write(labs, "05-virtqueue/virtqueue.c", "5.3", "5.4")
    assert "Step 5.3, virtq_kick" in must(student("hint", "LAB=5")).output


def test_a_hint_that_nobody_can_choose_is_answered_with_what_to_do(
    student: Student, labs: Path
) -> None:
    write(labs, "05-virtqueue/virtqueue.c")
    failed = student("hint", "LAB=5")
    assert failed.status != 0 and "nothing of it was graded yet" in failed.output
    assert "make grade LAB=5" in failed.output
    failed = student("hint", "LAB=5", "STEP=5.9")
    assert failed.status != 0 and "has no step 5.9. There are: 5.1 virtq_init" in failed.output
    failed = student("hint", "LAB=5", "LEVEL=4")
    assert failed.status != 0 and "There is no LEVEL=4" in failed.output
    assert "Step 1.1, uart_init" in must(student("hint")).output
    failed = student("reset")
    assert failed.status != 0 and "Which lab? Say LAB=5" in failed.output
    failed = student("hint", "LAB=77")
    assert failed.status != 0 and "There are LAB=1 to LAB=13" in failed.output


def test_every_step_of_every_lab_has_its_hints() -> None:
    for place in places(ROOT / "labs"):
        if not place.files or place.lab is None:
            continue
        regions = {
            (number, name)
            for file in place.files
            for number, name in re.findall(
                r"/\* TODO (\d+\.\d+) (\w+):", (ROOT / "solutions" / file).read_text()
            )
        }
        steps = {(s.number, s.name) for s in place.lab.steps}
        assert steps <= regions, place.id
        assert {n for n, _ in steps} == {n for n, _ in regions}, place.id
        for step in place.lab.steps:
            assert len({step.where, step.spec, step.show}) == 3 and step.show, step.number


def test_3_10_comes_after_3_9() -> None:
    assert sorted(["3.10", "3.9", "12.1"], key=numeric) == ["3.9", "3.10", "12.1"]


# ---- Grades that are remembered ---------------------------------------------------


def test_a_lab_from_its_first_step_to_the_comparison_with_the_reference(
    student: Student, labs: Path, tmp_path: Path
) -> None:
    failed = student("diff", "LAB=5")
    assert failed.status != 0 and "Lab 05 was not graded yet" in failed.output

    file = "05-virtqueue/virtqueue.c"
    write(labs, file, "5.3", "5.4")
    must(student("grade", "LAB=5", "STEP=5.2"))
    assert "3 of 3 checks, step by step" in must(student("progress")).output

    write(labs, file)
    wrong = (labs / file).read_text()
    (labs / file).write_text(wrong.replace("    arch_full_barrier();\n", ""))
    must(student("grade", "LAB=5", "STEP=5.3"))
    assert "Step 5.3, virtq_kick" in must(student("hint", "LAB=5")).output
    said = must(student("next")).output
    assert "Mend      step 5.3" in said and "labs/00-tour" not in said

    write(labs, file)
    must(student("grade", "LAB=5"))
    assert re.search(r"05  the virtqueue +█{25}  100 of 100", must(student("progress")).output)
    assert "passed everything" in must(student("hint", "LAB=5")).output
    assert "Lab 01" in must(student("next")).output
    said = must(student("diff", "LAB=5")).output
    # All that differs here is what marks a region that was given.
    assert "-    /* GIVEN 5.1 virtq_init" in said and "+    /* TODO 5.1 virtq_init" in said

    (labs / file).write_text(wrong + "\n")
    failed = student("diff", "LAB=5")
    assert failed.status != 0 and "has changed since its full marks" in failed.output

    # It is not lost with what was built.
    must(make("clean", f"LABS={labs}", f"BUILD={tmp_path / 'build'}"))
    assert "100 of 100" in must(student("progress")).output


def test_a_grade_of_the_reference_is_nobody_s(student: Student) -> None:
    must(student("grade", "LAB=5", "STEP=5.1", "MINE="))
    assert "Nothing was graded yet." in must(student("progress")).output


def test_a_history_that_can_not_be_read_is_put_aside(student: Student, labs: Path) -> None:
    (labs / ".progress.json").write_text("{")
    assert "Nothing was graded yet." in must(student("progress")).output
    assert (labs / ".progress.json.unreadable").read_text() == "{"


# ---- Reset ------------------------------------------------------------------------


def test_reset_gives_the_stub_and_keeps_what_was_there(student: Student, labs: Path) -> None:
    path = labs / "05-virtqueue/virtqueue.c"
    stub = path.read_text()
    path.write_text("mine\n")
    said = must(student("reset", "LAB=5")).output
    assert path.read_text() == stub
    kept = re.search(r"mv (\S+) (\S+)", said)
    assert kept and kept[2] == str(path)
    assert Path(kept[1]).read_text() == "mine\n" and Path(kept[1]).suffix != ".c"
    again = must(student("reset", "LAB=5")).output
    assert "as it was in the beginning" in again and "mv " not in again
    # What was kept is in nobody's way.
    must(student("app", "LAB=5", f"OUT={labs.parent}/out"))


def test_reset_of_one_file_leaves_the_others(student: Student, labs: Path) -> None:
    for name in ("uart.c", "vga.c"):
        (labs / "01-hi" / name).write_text("mine\n")
    must(student("reset", "LAB=1", "FILE=vga.c"))
    assert (labs / "01-hi/uart.c").read_text() == "mine\n"
    assert "lab_todo" in (labs / "01-hi/vga.c").read_text()
    failed = student("reset", "LAB=1", "FILE=heap.c")
    assert failed.status != 0 and "It has: uart.c, vga.c" in failed.output


def test_two_resets_in_a_second_keep_both(student: Student, labs: Path) -> None:
    path = labs / "05-virtqueue/virtqueue.c"
    for text in ("one\n", "two\n"):
        path.write_text(text)
        must(student("reset", "LAB=5"))
    kept = [p.read_text() for p in path.parent.iterdir() if p.name.startswith("virtqueue.c.")]
    assert sorted(kept) == ["one\n", "two\n"]


def test_the_files_of_another_folder_are_never_taken_for_these(
    build: Path, labs: Path, tmp_path: Path
) -> None:
    """Though their objects lie in the same place, and theirs may be the younger;
    and though that folder may be gone."""
    write(labs, "05-virtqueue/virtqueue.c")
    other = tmp_path / "other"
    shutil.copytree(labs, other)
    write(other, "05-virtqueue/virtqueue.c", "5.1")
    words = ["LAB=5", "STEP=5.1", f"BUILD={build}"]
    assert "8 of 8 points" in must(make("grade", *words, f"LABS={labs}")).output
    assert "0 of 8 points" in must(make("grade", *words, f"LABS={other}")).output
    shutil.rmtree(other)
    assert "8 of 8 points" in must(make("grade", *words, f"LABS={labs}")).output


# ---- Watch ------------------------------------------------------------------------


def at_a_terminal() -> None:
    """Ctrl-C works, also where these tests run in the background: what a shell
    starts there ignores it, and so does all that is started from there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_watch_grades_again_after_each_save_until_ctrl_c(build: Path, labs: Path) -> None:
    file = labs / "05-virtqueue/virtqueue.c"
    words = ["watch", "LAB=5", "STEP=5.1", f"LABS={labs}", f"BUILD={build}"]
    person = pexpect.spawn(
        "make", words, cwd=ROOT, timeout=120, encoding="utf-8", preexec_fn=at_a_terminal
    )
    person.expect("0 of 8 points")
    person.expect("To leave: Ctrl-C")
    write(labs, "05-virtqueue/virtqueue.c", "5.2", "5.3", "5.4")
    person.expect("8 of 8 points")
    person.expect("To leave: Ctrl-C")
    # As many editors save: another file, put in its place.
    new = file.with_name("new")
    new.write_text(file.read_text().replace("return -EINVAL", "return -EIO"))
    new.replace(file)
    person.expect("0 of 8 points")
    person.expect("To leave: Ctrl-C")
    person.sendintr()
    person.expect("Left. The last grade is in build/grade")
    person.expect(pexpect.EOF)
    person.wait()


# ---- Screen -----------------------------------------------------------------------


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB\x60\x82")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_screen_takes_a_picture_of_a_guest_that_ends_and_of_one_that_goes_on(build: Path) -> None:
    said = must(make("screen", "LAB=1", "MINE=", f"BUILD={build}")).output
    assert said.endswith("build/screen/hi.png: the guest when it was done.\n") or "hi.png" in said
    assert png_size(build / "screen/hi.png") == (720, 400)
    said = must(make("screen", "APP=echo", f"BUILD={build}")).output
    assert 'the guest when it said "echo: type".' in said
    assert (build / "screen/echo.png").read_bytes() != (build / "screen/hi.png").read_bytes()


def test_screen_says_which_part_was_not_written_yet(build: Path, labs: Path) -> None:
    write(labs, "01-hi/uart.c")
    write(labs, "01-hi/vga.c", "1.5")
    for _ in range(3):  # it has been seen to come too late
        said = must(make("screen", "LAB=1", f"LABS={labs}", f"BUILD={build}")).output
        assert "a part that is not written yet: 1.5 vga_putc" in said


def test_screen_shows_what_a_guest_said_when_it_gave_up(build: Path, labs: Path) -> None:
    write(labs, "01-hi/uart.c")
    write(labs, "01-hi/vga.c")
    file = labs / "01-hi/vga.c"
    newline = "    if (c == '\\n') {"
    file.write_text(file.read_text().replace(newline, f'    panic("enough");\n{newline}'))
    said = must(make("screen", "LAB=1", f"LABS={labs}", f"BUILD={build}")).output
    assert "what it said when it gave up" in said


def test_what_has_no_screen_says_so(build: Path) -> None:
    failed = make("screen", "LAB=13", f"BUILD={build}")
    assert failed.status != 0 and "it is for ARCH=x86_64" in failed.output
    failed = make("screen", f"BUILD={build}")
    assert failed.status != 0 and "Which application? Say LAB=5" in failed.output


# ---- What is written about them ---------------------------------------------------


@pytest.mark.parametrize("document", ["labs", "docs"])
def test_every_command_in_the_documents_is_one_of_make_s(document: str) -> None:
    listed = set(re.findall(r"^  make (?:-s )?([a-z-]+)", must(make("help")).output, re.M))
    for path in [*(ROOT / document).glob("*.md"), *(ROOT / document).glob("*/README.md")]:
        blocks = "".join(re.findall(r"^```\w*\n(.*?)^```", path.read_text(), re.M | re.S))
        typed = set(re.findall(r"^(?:\$ )?make (?:-s )?([a-z-]+)(?:\s|$)", blocks, re.M))
        assert typed <= listed | {"unit-programs"}, path


def test_the_timetable_is_of_three_hours_and_names_what_is_blank() -> None:
    text = (ROOT / "docs/workshop.md").read_text()
    rows = re.findall(r"^\| (\d):(\d\d) \| (\d+) \| ", text, re.M)
    at = 0
    for hours, minutes, count in rows:
        assert at == 60 * int(hours) + int(minutes)
        at += int(count)
    assert at == 180
    track = (ROOT / "kernel/tools/tracks/workshop").read_text()
    for region in re.findall(r"\d+\.\d", re.sub("#.*", "", track)):
        assert region in text, region


# ---- Run, in a window or not ----------------------------------------------------------


def test_labs_with_a_screen_get_a_window_where_there_can_be_one(tmp_path: Path) -> None:
    qemu = tmp_path / "qemu"
    qemu.write_text('#!/bin/sh\n[ "$*" != "-display help" ] || echo gtk\n')
    qemu.chmod(0o755)
    window = "sh", "kernel/tools/window.sh"
    assert must(run(*window, QEMU=str(qemu), DISPLAY=":0")).output == "window\n"
    assert must(run(*window, QEMU=str(qemu))).output == "none\n"
    qemu.write_text("#!/bin/sh\necho none\n")
    assert must(run(*window, QEMU=str(qemu), DISPLAY=":0")).output == "none\n"


def test_without_a_window_run_says_how_to_see_the_screen(build: Path) -> None:
    said = must(make("run", "LAB=1", "MINE=", f"BUILD={build}")).output
    assert "To leave: Ctrl-A, then X.\nTo see its screen: make screen LAB=1\n" in said
    assert "make screen" not in must(make("run", "LAB=5", "MINE=", f"BUILD={build}")).output


def test_in_a_window_what_is_done_stays_until_it_is_closed(build: Path) -> None:
    words = ["run", "LAB=1", "MINE=", "SCREEN=window", "QEMU_ARGS=-display none", f"BUILD={build}"]
    must(make("app", *words[1:3], words[-1]))
    person = pexpect.spawn("make", words, cwd=ROOT, timeout=60, encoding="utf-8")
    person.expect("close it, or Ctrl-A, then X, here")
    person.expect(r"hi\r+\n")
    # Still there: its monitor answers.
    person.send("\x01c")
    person.expect_exact("(qemu)")
    person.send("info status\r")
    person.expect_exact("VM status: running")
    person.send("\x01x")
    person.expect_exact("The guest was stopped.")
    person.expect(pexpect.EOF)


@pytest.mark.parametrize(
    ("log", "status", "said"),
    [("", 0, "stopped"), ("panic: x.c:1: so\n", 37, "panicked"), ("failed: main\n", 35, "gave up")],
)
def test_a_window_that_is_closed_tells_how_it_ended(
    log: str, status: int, said: str, tmp_path: Path
) -> None:
    qemu = tmp_path / "qemu"
    qemu.write_text(f"#!/bin/sh\nprintf '{log}' > {tmp_path}/debug.log\n")
    qemu.chmod(0o755)
    (tmp_path / "kernel.elf").touch()
    done = run("sh", "kernel/tools/run.sh", qemu, OUT=str(tmp_path), LABS="labs", WINDOW="window")
    assert done.status == status and said in done.output
    assert "close it, or Ctrl-A, then X" in done.output


# ---- On the wire ------------------------------------------------------------------------


def test_pcap_says_what_is_on_the_wire_and_where_it_is_kept(build: Path) -> None:
    words = ["pcap", "LAB=10", "MINE=", "CHALLENGE=count=2 interval=50", f"BUILD={build}"]
    said = must(make(*words)).output
    file = build / "x86_64/ping/net0.pcap"
    assert str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file) in said
    assert "DHCP" in said and "wireshark" in said
    frames = Pcap().feed(file.read_bytes())
    assert f"\n{len(frames)} frames are in" in said
    text = "\n".join(frames)
    assert "10.0.2.15 > 10.0.2.2: ping" in text and "10.0.2.2 > 10.0.2.15: pong" in text
    assert "ARP, who has 10.0.2.2? Tell 10.0.2.15" in text


def test_a_capture_may_come_in_any_pieces() -> None:
    frame = bytes.fromhex("ffffffffffff02000000000108060001080006040001"
                          "0200000000010a00000100000000000 00a000002".replace(" ", ""))  # fmt: skip
    head = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    packet = b"".join(n.to_bytes(4, "little") for n in (7, 250000, len(frame), len(frame))) + frame
    whole = Pcap().feed(head + packet * 2)
    assert whole == [f" 0.000000  {describe(frame)}"] * 2
    pcap, lines = Pcap(), []
    for byte in head + packet * 2:
        lines += pcap.feed(bytes([byte]))
    assert lines == whole and pcap.count == 2


def test_a_frame_that_makes_no_sense_is_shown_in_bytes() -> None:
    assert describe(b"\1\2") == "a frame of 2 bytes (2 bytes: 01 02 ...)"


def test_what_has_no_wire_says_so(build: Path) -> None:
    failed = make("pcap", "LAB=5", "MINE=", f"BUILD={build}")
    assert failed.status != 0 and "dice has no network" in failed.output
    failed = make("pcap", "LAB=13", "MINE=", f"BUILD={build}")
    assert failed.status != 0 and "With NET=sockets the network is the host's" in failed.output


# ---- The three-hour edition -----------------------------------------------------------------


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    folder = copy_kit(tmp_path / "kit")
    shutil.copytree(ROOT / "grader", folder / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_workshop_has_only_its_regions_to_write(kit: Path) -> None:
    said = must(make("workshop", at=kit)).output
    assert "export LABS=workshop" in said
    folder = kit / "workshop"
    assert sorted(p.name for p in folder.iterdir()) == ["01-hi", "05-virtqueue", "12-http", "track"]
    blank = set()
    for path in folder.glob("*/*.c"):
        blank |= set(re.findall(r'lab_todo\("(\S+) ', path.read_text()))
    assert blank == set((folder / "track").read_text().split())
    assert blank == {"1.3", "1.4", "1.5", "5.2", "5.4", "12.1", "12.7"}
    # Again changes nothing; and nobody's work is lost.
    assert "STUB" not in must(make("workshop", at=kit)).output
    (folder / "01-hi/vga.c").write_text("mine\n")
    failed = make("workshop", at=kit)
    assert failed.status != 0 and "holds work that is not committed" in failed.output
    failed = make("workshop", "DIR=labs", at=kit)
    assert failed.status != 0 and "is not for an edition" in failed.output


def test_the_tools_know_an_edition(kit: Path) -> None:
    must(make("workshop", at=kit))
    said = must(make("next", "LABS=workshop", at=kit)).output
    assert "Write     1.3 vga_clear, at workshop/01-hi/vga.c:" in said
    assert "make grade LAB=1 STEP=1.3 LABS=workshop" in said
    progress = must(make("progress", "LABS=workshop", at=kit)).output
    assert re.findall(r"^ [> ] (\d\d) ", progress, re.M) == ["01", "05", "12"]
    assert "Step 5.2" in must(make("hint", "LAB=5", "LABS=workshop", at=kit)).output
    file = kit / "workshop/05-virtqueue/virtqueue.c"
    stub = file.read_text()
    file.write_text("mine\n")
    must(make("reset", "LAB=5", "LABS=workshop", at=kit))
    assert file.read_text() == stub and "GIVEN 5.1" in stub


def test_an_edition_is_graded_and_says_what_is_given(build: Path, tmp_path: Path) -> None:
    folder = tmp_path / "workshop"
    must(make("workshop", f"DIR={folder}"))
    said = must(make("grade", "LAB=5", "STEP=5.1", f"LABS={folder}", f"BUILD={build}")).output
    assert "yours to write are 5.2, 5.4. The rest is given" in said
    assert "8 of 8 points" in said
    said = must(make("grade", "LAB=5", "STEP=5.2", f"LABS={folder}", f"BUILD={build}")).output
    assert "Next: 5.2 virtq_add" in said and "0 of" in said
    assert json.loads((folder / ".progress.json").read_text())["labs"]["05"]["best"] is None
