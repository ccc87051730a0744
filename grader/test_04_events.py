# SPDX-License-Identifier: MIT
"""Lab 04, events: interrupts, ticks, keys, and the loop that sleeps.

The steps stand on host tests beside two 8259s, an 8254, an 8042 and a processor
that is interrupted at every instruction (unit/test_irq.c, test_timer.c,
test_keyboard.c, test_loop_parts.c, test_loop.c); the whole on keys that this
run has chosen, pressed at a keyboard of QEMU's, and on a page served by the
student's loop.
"""

from __future__ import annotations

import random
import time

from lodge.boots import Boots
from lodge.lab import Failed, Hint, Lab, Step
from lodge.machine import DONE, GuestSilent, Machine
from lodge.objects import Symbols
from lodge.page import serve_page

LAB = Lab(
    "04-events",
    "Events",
    app="echo",
    exercises={
        "04-events/pic.c": Symbols(
            defines=("pic_spurious", "pic_end"), may_use=("port_read8", "port_write8"),
            units=("irq",), instructions=True,
        ),
        "04-events/irq.c": Symbols(
            defines=("irq_dispatch",),
            may_use=("irq_actions", "arch_irq_spurious", "arch_irq_end"), units=("irq",),
        ),
        "04-events/timer.c": Symbols(
            defines=("timer_set_rate", "timer_interrupt", "timer_ticks", "timer_ms"),
            may_use=("timer_count", "timer_rate", "port_write8"),
            units=("timer",), instructions=True,
        ),
        "04-events/keyboard.c": Symbols(
            defines=("keyboard_interrupt", "keyboard_decode"),
            may_use=("keyboard_keep", "keyboard_plain", "keyboard_shifted",
                     "keyboard_prefixed", "port_read8"),
            units=("keyboard",), instructions=True,
        ),
        "04-events/loop.c": Symbols(
            defines=("event_post", "event_take", "event_timer_cancel", "event_timer_set",
                     "event_wait", "event_run_once"),
            may_use=("event_loop", "event_next_timer", "clock_ns", "arch_irq_disable",
                     "arch_irq_restore", "arch_timer_set", "arch_irq_enable_and_wait"),
            units=("loop_parts", "loop"), instructions=True,
        ),
    },
    steps=(
        Step(
            "4.1", "pic_spurious",
            where="Draw the two 8259s with their ISRs, and go through line 3, line 7 and "
            "line 15, each once with its bit set and once without.",
            spec="[8259A, Interrupt Sequence] on the level that comes when there is none, "
            "[Reading the 8259A Status] for OCW3, [Cascade Mode] for who waits for what.",
            show='print("line %u: ISR %02x\\n", ...) after the read.',
        ),
        Step(
            "4.2", "pic_end",
            where="In the same drawing: which bits does an interrupt of line 1 set, which "
            "one of line 12? Each has to be cleared by somebody.",
            spec="[8259A, End of Interrupt] and [Cascade Mode].",
            show="QEMU's monitor, `info pic`: which bits of isr stay set?",
        ),
        Step(
            "4.3", "irq_dispatch",
            where="Three things, in this order: was it meant, who is to be called, who is "
            "to be told. For which vectors is there a second handler, for which none?",
            spec="[SDM vol. 3, 11.8.5] and [11.9] in the chapter on the APIC, and the list "
            "\"What is always true\" of docs/interrupts.md.",
            show='print("vector %u\\n", vector) at the beginning and at the end: is the '
            "same one seen twice, another one never?",
        ),
        Step(
            "4.4", "timer_set_rate",
            where="Compute the counts for 19, 100 and 1000 ticks a second by hand, with "
            "the remainder; and for 18 and 0.",
            spec="[8254, Control Word Format], [Write Operations], [Mode 2].",
            show='print("%u Hz: %u\\n", hz, count) before the first write.',
        ),
        Step(
            "4.5", "timer_interrupt",
            where="pit.h says who counts in what.",
            spec="docs/interrupts.md, the first of the things that are always true.",
            show="In gdb: break timer_interrupt, then print timer_count at each stop.",
        ),
        Step(
            "4.6", "timer_ticks",
            where="pit.h, the contract: what may it never do?",
            spec="docs/interrupts.md, the seventh of the things that are always true.",
            show='print("%llu\\n", timer_ticks()) twice in a row.',
        ),
        Step(
            "4.7", "timer_ms",
            where="Take 2^33 ticks at 100 a second and work out every number on the way: "
            "how many bits does each need? And what is divided by before there is a rate?",
            spec="The C standard's word is: an expression has the type of its operands, "
            "whatever it is assigned to.",
            show="In gdb: set timer_count = 1ull << 33, then print timer_ms().",
        ),
        Step(
            "4.8", "keyboard_interrupt",
            where="The picture of the two ports. Go through the four values that two of "
            "the bits of the status can have.",
            spec="keyboard.h, the contract of keyboard_interrupt(); the handout's table of "
            "the status register.",
            show='print("status %02x\\n", status), then hold a key: is there a line for '
            "each code?",
        ),
        Step(
            "4.9", "keyboard_decode",
            where="Write the codes of: Shift down, a down, Shift up, a up, right arrow "
            "down and up. What has to be known of the past at each?",
            spec="keyboard.h's picture of the codes, and the handout's.",
            show='print("%02x ", code) for each code, and press the keys that go wrong.',
        ),
        Step(
            "4.10", "event_post",
            where="Draw the ready list empty, with one work and with two, with `first` and "
            "`end` as arrows; then let an interrupt post between two of your lines.",
            spec="event.h, the invariants; arch.h on arch_irq_disable() and restore.",
            show="In gdb: print event_loop, print *event_loop.first.",
        ),
        Step(
            "4.11", "event_take",
            where="The same drawing, backwards: from two to one to none. Where does `end` "
            "point when the last has gone?",
            spec="event.h, the invariants.",
            show="In gdb: break event_take, finish, print event_loop.",
        ),
        Step(
            "4.12", "event_timer_cancel",
            where="Who says whether a timer is on the list, and is it still true "
            "afterwards?",
            spec="list.h: what list_remove() leaves behind.",
            show='print("cancel: armed %d\\n", timer->armed).',
        ),
        Step(
            "4.13", "event_timer_set",
            where="Draw the list with deadlines 10, 20, 20, 30 and put in 20, 5 and 40. "
            "From which end do you look, and where do you stop?",
            spec="event.h, the third invariant; list.h's list_insert_before().",
            show="Walk the list in gdb: print *event_timer_of(event_loop.timers.next).",
        ),
        Step(
            "4.14", "event_wait",
            where="Step 4.14's picture of two columns: put the interrupt between each two "
            "lines of the left one, in turn.",
            spec="[SDM vol. 2, STI] on the instruction behind it; arch.h on "
            "arch_irq_enable_and_wait().",
            show="QEMU's monitor, `info registers`: HLT=1, and with which of EFL's bit 9?",
        ),
        Step(
            "4.15", "event_run_once",
            where="Play a round on paper: a work that posts itself, a timer that is due "
            "and sets itself to now, one that cancels its neighbour. Which lists do you "
            "walk while others change them?",
            spec="event.h, the contracts of event_run_once() and event_timer_set().",
            show='print("round: %u ready\\n", event_loop.ready) at the beginning.',
        ),
    ),
    hints=(
        Hint(
            r"with an interrupt before instruction",
            "It goes well until an interrupt comes at the wrong moment, and one did: "
            "between two of your lines the handler has changed the same list. What keeps "
            "it away?",
        ),
        Hint(
            r"did not put its processor to sleep",
            "Everything comes, and the processor never rests. When there is nothing to "
            "do, what does your loop do?",
        ),
        Hint(
            r"did not (print|show)",
            "What was waited for did not come. Does anything come at all? One tick or "
            "one key and then no more: the controller still waits for a word. Nothing at "
            "all: does the loop wake up, and look?",
        ),
    ),
)

# ---- 4.1 to 4.3: interrupts ---------------------------------------------------

NOT_WAITED_FOR = Hint(
    r"only to an 8259 that waits|waits for no end",
    "An end was sent where nobody waits for one; it would be taken for that of "
    "another interrupt, which is still being served.",
)


@LAB.check(
    "4.1 4.2", 9, "Steps 4.1 and 4.2", "The two 8259s are told what they wait for, and no more",
    hints=[
        NOT_WAITED_FOR,
        Hint(
            r"at the slave no more",
            "An interrupt of the slave's was ended at the master alone. The slave goes "
            "on believing that it is being served, and is silent for ever.",
        ),
        Hint(
            r"master waits for one end|at the master no more",
            "The master is silent for ever: it saw the slave's interrupt on its own line "
            "2, and was not told that this is over.",
        ),
        Hint(
            r"8 ends at",
            "Somebody was told too often. Which line is whose?",
        ),
        Hint(
            r"in the ISR is|in service",
            "A real interrupt was taken for a spurious one, or the other way round. What "
            "does a read of the command port give, and what has to be said first?",
        ),
        Hint(
            r"can't be spurious",
            "An 8259 that has to name a line and means none names its last. All others "
            "are meant.",
        ),
    ],
)  # fmt: skip
def test_pic(unit):
    unit("irq", "test_spurious_", "test_end_")


@LAB.check(
    "4.3", 8, "Step 4.3", "Who asked for an interrupt is called, and then it is ended",
    rests_on=[test_pic],
    hints=[
        NOT_WAITED_FOR,
        Hint(
            r"ended after its handlers",
            "The controller was told too early: the next interrupt may come while the "
            "handlers still run.",
        ),
        Hint(
            r"Nobody waits|nobody waits|line 3 is still",
            "A spurious interrupt was acknowledged. Nobody waits for that.",
        ),
        Hint(
            r"handler is called for a spurious",
            "A spurious interrupt reached a handler, which now reads a device that has "
            "nothing to say.",
        ),
        Hint(
            r"handlers \"",
            "Not everybody who had asked was called, or not in the order in which they "
            "asked. A line may be shared.",
        ),
        Hint(
            r"in service any more|ends at the|is ended once|two ends",
            "The controller was not told that an interrupt is over, or was told twice. "
            "It holds back this line and all below it; also when nobody had asked for "
            "it.",
        ),
    ],
)  # fmt: skip
def test_dispatch(unit):
    unit("irq", "test_dispatch_")


# ---- 4.4 to 4.7: ticks ----------------------------------------------------------


@LAB.check(
    "4.4", 7, "Step 4.4", "The timer is set to the rate that was asked for",
    hints=[
        Hint(
            r"divi(sion|ded) by zero|ticks a second are refused|and nothing is written",
            "Some rates can't be had, and 0 is one of them. Which counts can counter 0 "
            "hold in this mode? Ask before anything is written.",
        ),
        Hint(
            r"timer_rate has kept",
            "The timer ticks as it should, and nobody will know how fast: what do ticks "
            "become milliseconds by?",
        ),
        Hint(
            r"it counts \d+ steps; here",
            "The counter counts from another number. Is it the nearest, and in which "
            "order do its two bytes go to the port?",
        ),
        Hint(
            r"control word|counts down again|low first|in binary|only counter 0|expected",
            "The 8254 was told something else. Put the control word together from its "
            "fields, bit by bit.",
        ),
    ],
)  # fmt: skip
def test_rate(unit):
    unit("timer", "test_the_rate", "test_a_rate")


@LAB.check(
    "4.5 4.6 4.7", 8, "Steps 4.5, 4.6 and 4.7", "A tick counts once, and time goes on",
    hints=[
        Hint(
            r"interrupts are as many ticks|asking changes",
            "Interrupts and ticks are not the same number. Who counts, and how often is "
            "it called?",
        ),
        Hint(
            r"just before|10 ms later|for centuries|2\^32 follows",
            "It goes well for weeks, and then time begins anew: a number on the way has "
            "32 bits. Which?",
        ),
        Hint(
            r"divi(sion|ded) by zero|before there is a rate",
            "Nobody has set a rate yet.",
        ),
        Hint(r"ticks of|of 1/60", "Ticks and milliseconds are converted wrongly."),
    ],
)  # fmt: skip
def test_ticks(unit):
    unit("timer", "test_each_interrupt", "test_ticks", "test_milliseconds", "test_time")


# ---- 4.8 and 4.9: keys ------------------------------------------------------------


@LAB.check(
    "4.8", 8, "Step 4.8", "Each code is taken from the controller, once",
    hints=[
        Hint(
            r"a byte of the mouse's is read",
            "What is the mouse's was left where it is, and the keyboard's bytes wait "
            "behind it: no key will ever come again.",
        ),
        Hint(
            r"mouse's is no key|the mouse's bit|is kept; here 0",
            "A byte was taken for the mouse's, or the mouse's for a key's. Which look at "
            "the status says whose it is: the one before the byte is read, or the one "
            "after?",
        ),
        Hint(
            r"is read once|stays silent",
            "The controller has one byte and says nothing more until it is taken. How "
            "often do you read its port?",
        ),
        Hint(
            r"nothing is there|nothing to say",
            "The port was read, or a code kept, when there was none: what one gets then "
            "is the last one once more.",
        ),
    ],
)  # fmt: skip
def test_handler(unit):
    unit("keyboard", "test_handler_")


@LAB.check(
    "4.9", 10, "Step 4.9", "A row of codes is the text that was typed",
    hints=[
        Hint(
            r"keys coming up:",
            "Every key comes twice: its code on the way down and another on the way up.",
        ),
        Hint(
            r"with both Shifts:",
            "One Shift came up, and the other is still held. What do you remember?",
        ),
        Hint(
            r"behind e0:",
            "A code behind e0 is another key's than the same code alone. What do you "
            "know of the code before, and until when?",
        ),
        Hint(
            r"with Shift:|shifted table's",
            "Shift makes no difference, or goes on making one. When does it begin to "
            "count, and when does it end?",
        ),
        Hint(
            r"after any codes|Pause:",
            "After some row of codes a key no longer means what it says: something was "
            "remembered for too long.",
        ),
        Hint(
            r"was typed; here|table's",
            "Another text came out. Print each code in hex, and look it up in the "
            "picture of the keyboard.",
        ),
    ],
)  # fmt: skip
def test_decode(unit):
    unit("keyboard", "test_decode_")


# ---- 4.10 to 4.15: the loop -------------------------------------------------------


@LAB.check(
    "4.10 4.11", 10, "Steps 4.10 and 4.11", "What is posted comes out once, in order, whenever an interrupt posts",
    hints=[
        Hint(
            r"with an interrupt (before|in)",
            "It goes well until a handler posts in the middle of it. Between which two "
            "of your stores is the list not a list? What keeps handlers away, and from "
            "when to when?",
        ),
        Hint(
            r"as they were",
            "Interrupts are on where they were off, or off where they were on: a handler "
            "that calls event_post() may be interrupted now, or the machine is deaf.",
        ),
        Hint(
            r"on the list once|ready list; here|come out",
            "A work is on the list twice, or has left it without coming out.",
        ),
        Hint(
            r"link behind the last",
            "The list and its end have parted: the next work will be written where "
            "nobody looks. Where does `end` point when the list is empty again?",
        ),
        Hint(
            r"event_take\(\) gives|`ready` is|posted",
            "What comes out is not what went in. Draw the list before and after.",
        ),
    ],
)  # fmt: skip
def test_ready(unit):
    unit("loop_parts", "test_ready_")


@LAB.check(
    "4.12 4.13", 8, "Steps 4.12 and 4.13", "Timers stand in the order in which they will expire",
    hints=[
        Hint(
            r"timers (EDCBFA|[A-F]*) are armed.*here [A-F]*E?|is not before",
            "The order of the timers is not that of their deadlines, or of two with the "
            "same one not that of arming. A deadline has 64 bits, and may use them all.",
        ),
        Hint(
            r"armed",
            "A timer is on the list and says that it isn't, or the other way round.",
        ),
    ],
)  # fmt: skip
def test_timers(unit):
    unit("loop_parts", "test_timers_")


@LAB.check(
    "4.14", 10, "Step 4.14", "The machine sleeps when there is nothing to do, and no wake-up is lost",
    rests_on=[test_ready],
    hints=[
        Hint(
            r"between the last look and the sleep|with an interrupt before|ever wake it",
            "An interrupt came after the last look and before the sleep: what it posted "
            "waits, and the machine sleeps. Step 4.14's picture has the moment.",
        ),
        Hint(
            r"sleeps once; here 0|it sleeps for",
            "There was nothing to do, and the machine did not sleep until the deadline: "
            "it looks again and again, and a host processor is busy with it.",
        ),
        Hint(
            r"does not sleep|not slept for",
            "There was something to do, and the machine slept.",
        ),
        Hint(
            r"timer is off",
            "An old deadline will wake the machine for nothing, or a new one won't wake "
            "it at all.",
        ),
        Hint(
            r"as they were",
            "Interrupts are on where they were off, or off where they were on.",
        ),
        Hint(r"ends the sleep as well", "One call, one sleep: the caller looks again."),
    ],
)  # fmt: skip
def test_wait(unit):
    unit("loop_parts", "test_wait_")


@LAB.check(
    "4.15", 10, "Step 4.15", "A round does what is there when it begins, and then sleeps",
    rests_on=[test_ready, test_timers, test_wait],
    hints=[
        Hint(
            r"things are run|posts itself:|posts other work:|is always due:",
            "Somebody always has something to do, and others wait for ever. Of what is "
            "posted or set while the round runs, what belongs to this round?",
        ),
        Hint(
            r"cancels itself:|cancels another:|arms itself again:|before it expires",
            "A timer's function may cancel timers and set them, its own and others that "
            "are due with it. What is your loop holding while it runs?",
        ),
        Hint(
            r"sleeps once|one sleep of|the sleep:|before the timer:|timer is not due|ever wake it",
            "The round had nothing to do and did not sleep, or for another time than "
            "until the next timer or its own deadline, whichever is first.",
        ),
        Hint(
            r"to do does not sleep",
            "There may be more to do, and the machine slept.",
        ),
        Hint(
            r"before its time|centuries|expires at|was due",
            "A timer expired too early, or did not when it was due. A time is 64 bits.",
        ),
        Hint(
            r"was to run; here",
            "Something ran twice, never, or in another order. Read both rows from the "
            "left: where do they part?",
        ),
    ],
)  # fmt: skip
def test_round(unit):
    unit("loop", "test_")


# ---- All of it ---------------------------------------------------------------------

# QEMU's names for keys, and what they are without and with Shift.
KEYS = {c: c + c.upper() for c in "abcdefghijklmnopqrstuvwxyz"} | {
    "1": "1!", "2": "2@", "3": "3#", "5": "5%", "7": "7&", "9": "9(", "0": "0)",
    "minus": "-_", "equal": "=+", "semicolon": ";:", "comma": ",<", "dot": ".>",
    "slash": "/?", "bracket_left": "[{", "bracket_right": "]}",
}  # fmt: skip
SILENT = ("left", "up", "f5", "caps_lock", "ctrl", "shift-right", "shift-end", "insert")


def keys_and_text(numbers: random.Random, count: int) -> tuple[list[str], str]:
    keys, text = [], ""
    for _ in range(count):
        if numbers.random() < 0.15:
            keys.append(numbers.choice(SILENT))
        name, shift = numbers.choice(list(KEYS)), numbers.random() < 0.4
        keys.append(("shift-" if shift else "") + name)
        text += KEYS[name][shift]
    return keys, text


def wait_for_sleep(guest: Machine) -> None:
    """Whenever we look a tick may be in service; but not always."""
    limit = time.monotonic() + guest.pace(4)
    while not guest.halted():
        if time.monotonic() > limit:
            raise GuestSilent("The guest did not put its processor to sleep.", guest)


def type_a_line(boot: Boots, numbers: random.Random) -> None:
    with boot("echo", "echo", MACHINE="q35", SCREEN="vga", ACCEL="tcg") as guest:
        guest.expect(r"Esc ends it\n")
        since = len(guest.lines())
        keys, text = keys_and_text(numbers, 28)
        guest.type([*keys, "ret"])
        line = guest.expect(r"(.*)\n", 6, since)[1]
        if line != text:
            raise Failed(f"{text}, as the keys were pressed", line, boot.evidence(guest))
        guest.expect_on_screen(text)
        wait_for_sleep(guest)
        guest.type_last("esc")
        if (status := guest.wait_end()) != DONE:
            raise Failed("an end in order", f"status {status}", boot.evidence(guest))


def count_ticks(boot: Boots, numbers: random.Random) -> None:
    """With -icount the guest's clocks go by the instructions that it executes,
    and jump while it sleeps: so two can be held against each other."""
    ticks = numbers.randrange(200, 400)
    with boot(
        "echo", "ticks", MACHINE="q35", ACCEL="tcg", CHALLENGE=f"ticks={ticks}",
        QEMU_ARGS="-icount shift=0,sleep=off",
    ) as guest:  # fmt: skip
        found = guest.expect(r"^echo: (\d+) ticks in (\d+) ms$", 8)
    if int(found[1]) != ticks or abs(int(found[2]) - 10 * ticks) > 20:
        raise Failed(f"{ticks} ticks in {10 * ticks} ms", found[0], boot.evidence(guest))


@LAB.check(
    "4", 8, "Check", "In QEMU, what is typed comes back, and the clock ticks a hundred times a second",
    rests_on=[test_dispatch, test_rate, test_ticks, test_handler, test_decode, test_round],
    hints=[
        Hint(
            r"ticks in",
            "The ticks do not come at the rate that was asked for, by the clock that the "
            "event loop goes by.",
        ),
        Hint(
            r"as the keys were pressed",
            "Another text came back than the one that was typed. Between the letters "
            "there were keys without a character, arrows too.",
        ),
    ],
)  # fmt: skip
def test_echo(boot, rng):
    type_a_line(boot, rng("echo"))
    count_ticks(boot, rng("ticks"))


@LAB.check(
    "4", 4, "Serve the page with it", "Your loop serves the web page",
    rests_on=[test_dispatch, test_round],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
