# SPDX-License-Identifier: MIT
"""8259, PIT and PS/2 keyboard, local APIC, I/O APIC and MSI-X: each brings what
it is there for, and `echo` puts typed keys on the screen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from lodge.machine import DONE, FAILED, GuestSilent, Machine

Boot = Callable[..., Machine]
CORNER = re.compile(r" \d\d:\d\d:\d\d$")

# QEMU's names for keys, and what they are with and without Shift.
KEYS = {
    "a": "aA", "z": "zZ", "m": "mM", "1": "1!", "2": "2@", "0": "0)",
    "minus": "-_", "equal": "=+", "semicolon": ";:", "apostrophe": "'\"",
    "grave_accent": "`~", "backslash": "\\|", "comma": ",<", "dot": ".>",
    "slash": "/?", "bracket_left": "[{", "bracket_right": "]}", "spc": "  ",
}  # fmt: skip


def start(boot: Boot, **variables: str) -> Machine:
    guest = boot("echo", **variables)
    guest.expect("Esc ends it")
    return guest


def leave(guest: Machine) -> None:
    guest.write("\033")
    assert guest.wait_end() == DONE


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_echo_puts_typed_keys_on_the_screen(machine: str, boot: Boot) -> None:
    guest = start(boot, MACHINE=machine, SCREEN="vga")
    guest.type(["shift-h", "i", "spc", "1", "shift-1", "ret"])
    guest.expect(r"^Hi 1!$")
    guest.expect_on_screen("Hi 1!")

    # More keys than the controller keeps at a time, one after the other.
    text = "the quick brown fox jumps over the lazy dog"
    guest.type([{" ": "spc"}.get(c, c) for c in text] + ["ret"])
    guest.expect(f"^{text}$")
    screen = guest.expect_on_screen(text)
    assert CORNER.search(screen[0]), screen
    leave(guest)


def test_every_row_of_the_keyboard_with_and_without_shift(boot: Boot) -> None:
    guest = start(boot)
    for shift in 0, 1:
        guest.type([("shift-" if shift else "") + key for key in KEYS] + ["ret"])
        guest.expect("^" + re.escape("".join(pair[shift] for pair in KEYS.values())) + "$")
    leave(guest)


def test_keys_with_a_prefix_and_keys_without_a_character_disturb_nothing(boot: Boot) -> None:
    guest = start(boot)
    guest.type(
        ["left", "right", "up", "home", "f1", "f12", "caps_lock", "pause", "ctrl_r", "alt",
         "shift-left", "shift-end", "a", "insert", "b", "kp_divide", "kp_enter"]
    )  # fmt: skip
    guest.expect("^ab/$")
    leave(guest)


def test_a_keyboard_that_no_firmware_has_touched_is_set_up(boot: Boot) -> None:
    guest = start(boot, MACHINE="microvm", QEMU_ARGS="-device i8042")
    guest.type(["shift-h", "i", "ret"])
    guest.expect("^Hi$")
    leave(guest)


def test_the_serial_line_is_echoed_on_every_machine(boot: Boot) -> None:
    for machine in "q35", "pc", "microvm":
        guest = start(boot, MACHINE=machine)
        guest.write("from a terminal\r")
        guest.expect("^from a terminal$")
        no_keyboard = "no keyboard; what comes in on the serial line is shown"
        assert (no_keyboard in guest.lines()) == (machine == "microvm")
        leave(guest)


def test_without_an_8259_the_serial_line_still_works(boot: Boot) -> None:
    guest = start(boot, MACHINE="microvm", QEMU_ARGS="-M microvm,pic=off,acpi=off,rtc=off")
    assert "no timer that ticks" in guest.lines()
    guest.write("hi\r")
    guest.expect("^hi$")
    leave(guest)


def test_a_long_text_comes_whole_by_the_serial_line(boot: Boot) -> None:
    text = "".join(chr(33 + i * 7 % 94) for i in range(3000))
    guest = start(boot)
    guest.write(text + "\r")
    guest.expect("^" + re.escape(text) + "$", 20)
    leave(guest)


# With -icount the guest's clocks go by the instructions that it executes, and
# jump while it sleeps: so the two can be held against each other.
@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_the_pit_ticks_a_hundred_times_a_second(machine: str, boot: Boot) -> None:
    guest = boot(
        "echo", MACHINE=machine, ACCEL="tcg", CHALLENGE="ticks=500",
        QEMU_ARGS="-icount shift=0,sleep=off",
    )  # fmt: skip
    found = guest.expect(r"^echo: 500 ticks in (\d+) ms$", 20)
    assert 4980 <= int(found[1]) <= 5020
    assert guest.wait_end() == DONE


def test_the_corner_of_the_screen_shows_that_time_passes(boot: Boot) -> None:
    guest = start(boot, SCREEN="vga", ACCEL="tcg", QEMU_ARGS="-icount shift=0,sleep=off")
    seen: list[str] = []
    limit = time.monotonic() + guest.pace(10)
    while len(seen) < 4:
        assert time.monotonic() < limit, seen
        guest.raise_if_dead("show the time")
        found = CORNER.search(guest.vga_text()[0])
        if found and found[0] not in seen:
            seen.append(found[0])
    assert seen == sorted(seen), "time never goes back"
    leave(guest)


def test_the_processor_sleeps_between_keys(boot: Boot) -> None:
    guest = start(boot, ACCEL="tcg")  # QEMU itself must know whether it sleeps
    guest.type(["a", "ret"])
    guest.expect("^a$")
    limit = time.monotonic() + guest.pace(10)
    while not guest.halted():
        if time.monotonic() > limit:
            raise GuestSilent("The guest did not put its processor to sleep.", guest)
    leave(guest)


def test_the_8259s_bring_the_keyboard_and_the_i_o_apic_the_serial_line(boot: Boot) -> None:
    guest = start(boot, ACCEL="tcg")
    guest.type(["a", "ret"])
    guest.expect("^a$")
    guest.write("b\r")
    guest.expect("^b$")
    # QEMU's view. Of the 8259s lines 0, 1 and 2 are heard, of the I/O APIC line
    # 4. Whenever we look a tick may be in service; but none is so for good.
    limit = time.monotonic() + guest.pace(10)
    while not re.search(r"pic0: irr=\w+ imr=f8 isr=00", pic := guest.monitor("info pic")):
        assert time.monotonic() < limit, pic
    assert re.search(r"pic1: irr=\w+ imr=ff isr=00", pic), pic
    assert re.findall(r"pin (\d+) +0x\w+ dest=\d+ vec=(?!0 )\d+ ", pic) == ["4"], pic
    assert "ExtINT" in guest.monitor("info lapic")
    leave(guest)


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_msi_x_messages_bring_what_pci_devices_have_to_say(machine: str, boot: Boot) -> None:
    guest = boot("dice", MACHINE=machine, ACCEL="tcg", QEMU_ARGS="-trace apic_deliver_irq")
    assert guest.wait_end() == DONE
    said = guest.stderr.decode(errors="replace")
    assert re.search(r"apic_deliver_irq dest 0 .* vector 4[89]", said), said[-2000:]


def test_a_line_that_is_masked_is_silent(boot: Boot) -> None:
    guest = boot("protect", CHALLENGE="mask-line")
    guest.expect("^line: 1 while it is open, 0 when it is masked$")
    assert guest.wait_end() == DONE


def test_without_keyboard_and_serial_line_there_is_nothing_to_echo(boot: Boot) -> None:
    guest = boot(
        "echo", MACHINE="microvm",
        QEMU_ARGS="-M microvm,isa-serial=off,acpi=off,rtc=off",
    )  # fmt: skip
    assert guest.wait_end() == FAILED
