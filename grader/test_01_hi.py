# SPDX-License-Identifier: MIT
"""Lab 01, hi.

The steps stand on host tests beside a UART that loses what it is given too
early and a screen whose cells are counted (unit/test_uart.c, unit/test_vga.c);
the whole on lines that only this run knows, as they come over QEMU's serial
line, as they stand in the screen's memory, and as QEMU draws them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lodge.boots import Boots
from lodge.lab import Hint, Lab, Step
from lodge.objects import Symbols
from lodge.page import serve_page
from lodge.shown import COLUMNS, Shown, check_screen, check_serial, when_asleep

LAB = Lab(
    "01-hi",
    "Hi",
    app="hi",
    exercises={
        "01-hi/uart.c": Symbols(
            defines=("uart_init", "uart_putc"),
            may_use=("port_read8", "port_write8"),
            units=("uart",),
            instructions=True,
        ),
        "01-hi/vga.c": Symbols(
            defines=("vga_clear", "vga_newline", "vga_putc"),
            may_use=("vga_cursor", "vga_read_cell", "vga_write_cell", "console_scroll"),
            units=("vga",),
        ),
    },
    steps=(
        Step(
            "1.1", "uart_init",
            where="Make a list of two columns, register and value, in the order in which "
            "you write them. Which of the lines reach another register while DLAB is set?",
            spec="The 16550's data sheet: Line Control Register for DLAB and the format of "
            "a character, Programmable Baud Generator for the divisor, Scratchpad "
            "Register for the question whether anybody is there.",
            show="Nothing can be printed before this works. make unit UNIT=uart MINE=1 "
            "says what each register holds after your uart_init().",
        ),
        Step(
            "1.2", "uart_putc",
            where="Two loops want the same thing: the one for the character and the one "
            "for the carriage return before a new line. What do you do when the line "
            "never becomes ready, in either?",
            spec="The data sheet's Line Status Register: which bit says that the holding "
            "register is empty, and what it means when the FIFOs are on.",
            show="make unit UNIT=uart MINE=1 prints what went over the line, with \\r and "
            "\\n as you would write them in C, and how many characters were lost.",
        ),
        Step(
            "1.3", "vga_clear",
            where="How many cells are there, which 16 bits make one blank, and in which "
            "colors? Where should the next character go afterwards?",
            spec="The picture of a cell at the top of drivers/vga/vga.h.",
            show="panic_hex(vga_read_cell(0)); and panic_hex(vga_read_cell(1999)); at its "
            "end: the first cell and the last, attribute before character.",
        ),
        Step(
            "1.4", "vga_newline",
            where="There are two cases. Write down row and column before and after for a "
            "cursor in row 3, in row 23 and in row 24.",
            spec="The contract above vga_newline() in drivers/vga/vga.h, and the one of "
            "console_scroll() in console/console.h: which of the two moves what?",
            show="panic_hex(vga_cursor.row); and panic_hex(vga_cursor.column); before and "
            "after. (These go to the terminal, and use nothing of yours.)",
        ),
        Step(
            "1.5", "vga_putc",
            where="Follow one character of code 0xe4 through your expression, type by "
            "type: char, int, uint16_t. Then the eightieth character of a row.",
            spec="C11 §6.3.1.1 on what becomes of a char in an expression; the picture of "
            "a cell in drivers/vga/vga.h.",
            show="panic_hex(cell); for the 16 bits that you are about to write, beside "
            "panic_hex(index);. (print() would end up in vga_putc() again.)",
        ),
    ),
    hints=(
        Hint(
            r"did not come to the end of its text",
            "The guest did not get through its text. Does a loop wait for a bit that "
            "never comes, or a new line call itself?",
        ),
    ),
)

# ---- 1.1 --------------------------------------------------------------------

DLAB_LEFT = Hint(
    r"DLAB is off again",
    "While DLAB is set, two of the eight ports lead to the divisor. What is written to "
    "THR from now on does not reach the line.",
)


@LAB.check(
    "1.1", 12, "Step 1.1", "The line is set to 115200 baud, 8N1, without interrupts",
    hints=[
        DLAB_LEFT,
        Hint(
            r"the divisor is low",
            "The divisor has a low and a high byte, at the offsets of THR and IER; when "
            "do those two offsets mean the divisor?",
        ),
        Hint(
            r"LCR is",
            "The format of a character is not 8N1. Which bits of LCR say how many bits "
            "a character has, and what is left in the others?",
        ),
        Hint(
            r"IER is",
            "The UART may interrupt from now on, and nobody here listens. Was IER "
            "written while its offset meant something else?",
        ),
        Hint(
            r"FCR is|MCR is",
            "One of the last two registers does not hold what the step lists. A write "
            "sets all eight bits of a register at once.",
        ),
        Hint(
            r"went over the line",
            "What was meant for the divisor was sent as a character.",
        ),
        Hint(
            r"there is a UART",
            "There is a UART, and uart_init() says that there is none. Which value did "
            "you write to the scratch register, and which did you read?",
        ),
    ],
)  # fmt: skip
def test_line(unit):
    unit("uart", "test_init_sets")


@LAB.check(
    "1.1", 6, "Step 1.1", "A machine without a UART is told so",
    hints=[
        Hint(
            r"uart_init\(\) returned [1-9]",
            "Nobody is there, and uart_init() says so with a number above 0. What do the "
            "functions of this kernel return when something is wrong: lib/errno.h?",
        ),
        Hint(
            r"at an empty port",
            "Nobody is there, and uart_init() is content. What does an empty port read "
            "as, and which value in the scratch register would tell the difference?",
        ),
    ],
)  # fmt: skip
def test_nobody(unit):
    unit("uart", "test_init_says")


# ---- 1.2 --------------------------------------------------------------------

WRONG_BIT = Hint(
    r"LSR was read \d+ times",
    "The line is ready, and your loop does not see it. Which bit of LSR do you look at, "
    "and what else may be set beside it?",
)
TOO_EARLY = Hint(
    r"(is|are) lost|[1-9]\d* were written too early",
    "The UART sends one character after the other and takes its time. What is "
    "written before it has room is lost: how does it say that it has?",
)


@LAB.check(
    "1.2", 14, "Step 1.2", "No character is sent before the line can take it",
    rests_on=[test_line],
    hints=[
        WRONG_BIT,
        TOO_EARLY,
        Hint(
            r"went over the line",
            "What goes over the line is not what uart_putc() was given. What do you "
            "write to THR, and how often?",
        ),
    ],
)  # fmt: skip
def test_send(unit):
    unit("uart", "test_putc_waits_until", "test_putc_sends_every")


@LAB.check(
    "1.2", 8, "Step 1.2", "A new line is carriage return and line feed, in that order",
    rests_on=[test_send],
    hints=[
        TOO_EARLY,
        Hint(
            r'"a\\n\\r.* went over the line: expected "a\\r\\n\\r\\nb"',
            "Both characters are there. Which of the two must come first?",
        ),
        Hint(
            r"went over the line|characters arrived",
            "A terminal takes '\\n' for straight down: the text becomes a staircase. What "
            "has to be sent besides, and when?",
        ),
    ],
)  # fmt: skip
def test_return(unit):
    unit("uart", "test_putc_sends_a_carriage", "test_putc_waits_for_the_carriage")


@LAB.check(
    "1.2", 6, "Step 1.2", "A line that is stuck costs the character, not the guest",
    rests_on=[test_send],
    hints=[
        Hint(
            r"the line is stuck|no end after",
            "The line will never be ready, and the guest waits for it for ever. The "
            "contract says how patient to be.",
        ),
        Hint(
            r"never says THRE|given up after",
            "A character that can't be sent is given up, but not before UART_PATIENCE "
            "looks, and it is not written all the same.",
        ),
    ],
)  # fmt: skip
def test_stuck(unit):
    unit("uart", "test_putc_gives_up")


# ---- 1.3 --------------------------------------------------------------------

NO_COLOR = Hint(
    r"has attribute 00",
    "Black on black: the character is there, and nobody can see it. What are the upper "
    "8 bits of the cell?",
)


@LAB.check(
    "1.3", 10, "Step 1.3", "The screen is cleared of the firmware's text",
    hints=[
        Hint(
            r"the screen has 2000 cells",
            "A cell beyond the screen was written. A cell's index counts cells, not "
            "bytes: how many are there?",
        ),
        NO_COLOR,
        Hint(
            r"row 24, column 79|that it stays|expected attribute 1e",
            "Blanks have colors, too: the cursor's. And the cursor keeps them.",
        ),
        Hint(
            r"has attribute 1f",
            "Text of the firmware is still there. How far does your loop go?",
        ),
        Hint(
            r"expected attribute \w+ and character 20",
            "A cell is not blank. A blank is a character like any other: which is its "
            "code?",
        ),
        Hint(
            r"the cursor is in",
            "The screen is blank, and the next character would still be written where "
            "the last one was.",
        ),
    ],
)  # fmt: skip
def test_clear(unit):
    unit("vga", "test_clear_")


# ---- 1.4 --------------------------------------------------------------------


@LAB.check(
    "1.4", 8, "Step 1.4", "A new line begins at the left edge, at the bottom too",
    hints=[
        Hint(
            r"cursor is in row \d+, column [1-9]",
            "The new line begins under the end of the last one. A '\\n' here does what "
            "carriage return and line feed do together.",
        ),
        Hint(
            r"cursor is in row (2[5-9]|[3-9]\d)",
            "The cursor has left the screen. Rows count from 0: which is the last, and "
            "what happens there?",
        ),
        Hint(
            r"the cursor is in row",
            "The cursor is in the wrong row. When does it go down, and when does the "
            "text go up instead?",
        ),
        Hint(
            r"row \d+, column \d+ has",
            "Text has moved that should not, or has not that should: in which rows is "
            "console_scroll() called?",
        ),
    ],
)  # fmt: skip
def test_newline(unit):
    unit("vga", "test_newline_")


# ---- 1.5 --------------------------------------------------------------------

BEYOND = Hint(
    r"the screen has 2000 cells",
    "A cell beyond the screen was written. A cell's index counts cells, not bytes, and "
    "the cursor is always on the screen between two calls.",
)


@LAB.check(
    "1.5", 12, "Step 1.5", "A character stands at its place, in the cursor's colors",
    rests_on=[test_newline],
    hints=[
        BEYOND,
        NO_COLOR,
        Hint(
            r"has attribute ff",
            "The character has spilled into the attribute. Is a char with its highest "
            "bit set a positive number?",
        ),
        Hint(
            r"column 3 has attribute 07 and character 0a: expected attribute 07 and "
            r"character 20",
            "A glyph was drawn for '\\n', which is no character to be seen.",
        ),
        Hint(
            r"has attribute \w+ and character \w+: expected",
            "A character is not where it should be, or in the wrong colors. Work out the "
            "index of row 12, column 34 by hand, and then the way your code does.",
        ),
        Hint(
            r"the cursor is in",
            "The cursor has not moved as it should after a character.",
        ),
    ],
)  # fmt: skip
def test_draw(unit):
    unit(
        "vga", "test_putc_writes", "test_putc_finds", "test_putc_keeps",
        "test_putc_begins",
    )  # fmt: skip


@LAB.check(
    "1.5", 8, "Step 1.5", "After the last column comes the next row, and text moves up",
    rests_on=[test_draw],
    hints=[
        BEYOND,
        Hint(
            r"cursor is in row \d+, column (8[0-9]|79)|character \w+: expected attribute "
            r"07 and character 79",
            "The eightieth character fills its row. Where is the cursor then, before "
            "the next one comes?",
        ),
        Hint(
            r"the cursor is in|row \d+, column",
            "Screen and cursor go apart at the end of a row or at the bottom. What is "
            "different when the last column is reached in the last row?",
        ),
    ],
)  # fmt: skip
def test_edges(unit):
    unit("vga", "test_putc_goes", "test_putc_moves", "test_putc_of_random")


# ---- In QEMU ----------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What a run of `hi` is to say (kernel/apps/hi/lines.c)."""

    seed: int
    lines: int

    @property
    def challenge(self) -> str:
        return f"seed={self.seed} lines={self.lines}"

    def text(self) -> bytes:
        state = self.seed

        def number() -> int:
            nonlocal state
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            return state >> 33

        lines = [b"hi", self.challenge.encode()]
        for _ in range(self.lines):
            length = number() % 200
            length = COLUMNS if length % 3 == 0 else length
            lines.append(bytes(33 + number() % 222 for _ in range(length)))
        return b"".join(line + b"\n" for line in lines)


Said = tuple[Asked, Shown]


@pytest.fixture(scope="module")
def said(boot: Boots, rng: Callable[[str], random.Random]) -> Said:
    numbers = rng("hi")
    asked = Asked(numbers.randrange(1, 1 << 32), numbers.randrange(30, 50))
    with boot("hi", "hi", SCREEN="vga", STAYS="1", CHALLENGE=asked.challenge) as guest:
        return asked, when_asleep(guest)


@LAB.check(
    "1", 6, "Check", "Lines that only this run knows leave on QEMU's serial line",
    rests_on=[test_return],
    hints=[
        Hint(
            r"over the serial line",
            "Some of it is missing, or there is more than was said. Which is the first "
            "character that is not as it should be?",
        ),
    ],
)  # fmt: skip
def test_serial(boot, said):
    asked, shown = said
    check_serial(shown, asked.text(), boot.evidence(shown.guest))


@LAB.check(
    "1", 8, "Check", "The same lines stand on the screen, and can be seen there",
    rests_on=[test_clear, test_edges],
    hints=[
        Hint(
            r"attribute of row",
            "The text is in the screen's memory, but in other colors than the cursor's.",
        ),
        Hint(
            r"of the picture to be",
            "What is drawn is not what the text says. The attribute decides which color "
            "a cell has, and black on black is one, too.",
        ),
        Hint(
            r"row \d+ of the screen",
            "Lines that are longer than a row, and more lines than rows: look at the "
            "first row that is wrong, and at the one above it.",
        ),
    ],
)  # fmt: skip
def test_screen(boot, said):
    asked, shown = said
    check_screen(shown, asked.text(), boot.evidence(shown.guest))


@LAB.check(
    "1", 2, "Serve the page with it", "The web server speaks through your drivers",
    rests_on=[test_serial],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
