# SPDX-License-Identifier: MIT
"""Lab 02, print.

The steps stand on host tests: of the pieces (unit/test_format_pieces.c), of
format_v() against the host's own printf family (unit/test_format.c), and of the
console (unit/test_console.c). The whole is a table of formats and numbers that
only this run knows, many of the formats made up on the spot, and a screen that
it scrolls through.
"""

from __future__ import annotations

from lodge.formats import Table
from lodge.lab import Failed, Hint, Lab, NotWritten, Step
from lodge.objects import Symbols
from lodge.page import serve_page
from lodge.shown import check_screen, check_serial, when_asleep
from lodge.units import Unit

LAB = Lab(
    "02-print",
    "Print",
    app="print",
    exercises={
        "02-print/format.c": Symbols(
            defines=(
                "format_put", "format_field", "format_integer", "format_parse",
                "format_convert", "format_v",
            ),
            may_use=("memchr", "strchr", "strcmp", "strlen", "strncmp"),
            units=("format", "format_pieces"),
        ),
        "02-print/console.c": Symbols(
            defines=("console_write", "console_scroll"),
            may_use=("console_list", "vga_read_cell", "vga_write_cell"),
            units=("console",),
        ),
    },
    steps=(
        Step(
            "2.1", "format_put",
            where="A buffer of 3, and five characters come. After each: what is in the "
            "buffer, and what is len?",
            spec="C11 §7.21.6.5 (snprintf) on what is counted when it does not fit; the "
            "comment beside struct format_out.",
            show="make unit UNIT=format_pieces MINE=2 shows the buffer and the count.",
        ),
        Step(
            "2.2", "format_v",
            where="Take \"ab\" and a buffer of 0, 1, 2 and 3. Where does the NUL go in "
            "each case, and what is returned?",
            spec="The contract above format_v() in console/format.h; C11 §7.16.1 on what "
            "may be done with a va_list that somebody has lent you.",
            show="make unit UNIT=format MINE=2 ARGS=test_text shows for each size of the "
            "buffer what was expected in it.",
        ),
        Step(
            "2.3", "format_field",
            where="Write down the length of all that is no blank: three parts. The blanks "
            "are what is missing to the width, if anything is.",
            spec="C11 §7.21.6.1 paragraph 4, on the field width, and 6, on the flag -.",
            show="Nothing more than the test's own words: it says which prefix, zeros, "
            "text and width it gave, and what came.",
        ),
        Step(
            "2.4", "format_convert",
            where="Which C type does the caller's argument have, after the promotions that "
            "every argument behind a \"...\" goes through? That is the type to take.",
            spec="C11 §7.21.6.1 paragraph 8, of each conversion in format.h's list; "
            "paragraph 4 on what a precision does to %s.",
            show="In gdb: break format_integer, then backtrace: value and negative are what "
            "you made of the argument.",
        ),
        Step(
            "2.5", "format_integer",
            where="Do 0, 8 and 255 by hand, in each base, with and without # and with a "
            "precision of 0, 1 and 5. Where does a digit come from that is not the "
            "number's?",
            spec="C11 §7.21.6.1 paragraph 6 (flags # and 0), and paragraph 8 (d, i; o, u, "
            "x, X) on precision and zero.",
            show="make unit UNIT=format_pieces MINE=2 ARGS=test_integer says the value, "
            "the conversion and what came. Or in gdb: break format_field.",
        ),
        Step(
            "2.6", "format_parse",
            where="Move a finger along \"-05.3llx\" and say at each character which part "
            "of the specification it is. Now along \"12\", which ends there.",
            spec="C11 §7.21.6.1 paragraphs 4 to 7; the picture at the top of "
            "console/format.h.",
            show="make unit UNIT=format_pieces MINE=2 ARGS=test_parse names the field "
            "that is wrong. In gdb: break format_parse, finish, print *spec.",
        ),
        Step(
            "2.7", "console_write",
            where="There is a list of consoles and a row of characters: two loops. What "
            "ends each of them?",
            spec="The contracts of console_list() and console_write() in "
            "console/console.h.",
            show="panic_hex(len); at its beginning. (print() would come back to it.) With "
            "make run only; take it out again before make grade.",
        ),
        Step(
            "2.8", "console_scroll",
            where="Draw three rows of two cells. Which cell is copied first, from where, "
            "and what is in the last row at the end?",
            spec="The picture of the screen in console/console.h.",
            show="make unit UNIT=console MINE=2 ARGS=test_scroll names the first cell that "
            "is wrong, by row and column.",
        ),
    ),
)


def piece(unit: Unit, tests: str) -> None:
    """A piece's own tests. Who has written format_v() without the pieces has
    none to test: then the whole must be right."""
    try:
        unit("format_pieces", tests)
    except NotWritten as missing:
        try:
            unit("format")
        except (Failed, NotWritten):
            raise missing from None


# ---- 2.1 and 2.2 ------------------------------------------------------------


@LAB.check(
    "2.1", 5, "Step 2.1", "What fits is stored, and all is counted",
    hints=[
        Hint(
            r"are? counted",
            "The count is what the text would need, not what the buffer took: whoever "
            "called can then ask for a larger one.",
        ),
        Hint(
            r"a buffer of 3 holds|nothing is written behind|SEGV|null pointer",
            "A character was stored that there is no room for, or one that fits was "
            "not. Which places does a buffer of `cap` have?",
        ),
        Hint(
            r"'h' and 'i'",
            "Two characters should stand side by side. Which place does the next one "
            "have, and who moves it on?",
        ),
    ],
)  # fmt: skip
def test_put(unit):
    piece(unit, "test_put_")


@LAB.check(
    "2.2", 8, "Step 2.2", "Text is copied, ends with a NUL, and is cut if need be",
    hints=[
        Hint(
            r"of length \d+; here \d+",
            "The result is the length of the whole text, cut or not.",
        ),
        Hint(
            r"into 0 bytes|SEGV|null pointer",
            "A buffer of no bytes was written to: not even a NUL has room there.",
        ),
        Hint(
            r"two characters and a NUL|into \d+ bytes is",
            "The NUL stands where the text ends, or on the last place that there is "
            "when it does not fit; and nothing is touched behind it.",
        ),
    ],
)  # fmt: skip
def test_text(unit):
    unit("format", "test_text_")


# ---- 2.3 to 2.6 -------------------------------------------------------------

NO_CONVERSION = Hint(
    r"^%(5?q| at the end|%) is|^%5 at the end is|has no conversion|\" ends in the middle",
    "A % that is no conversion's stands for itself, with the character behind it if "
    "there is one, and nothing else: format.h says it of %, of %q and of a format's end.",
)
WRONG_TYPE = Hint(
    r"ended by signal 4",
    "va_arg() was asked for a type that never comes through \"...\": what did the compiler "
    "say?",
)
# A sanitizer's report of format_integer(), which the random numbers may bring
# as well as its own tests.
NO_DIGIT = Hint(
    r"stack-buffer-overflow(?s:.*?)^READ of|load of address .* with insufficient",
    "A digit was looked at that is not there. Which number has none?",
)
TOO_MANY_DIGITS = Hint(
    r"stack-buffer-|out of bounds|store to address|UINT64_MAX as|1ull << 63 as",
    "A large number has been cut, or did not fit where its digits are kept. How many "
    "octal digits are 64 bits, and does # want one more?",
)

@LAB.check(
    "2.3", 8, "Step 2.3", "A field is filled up to its width, and never cut",
    rests_on=[test_put],
    hints=[
        Hint(
            r"no end after",
            "A loop over blanks or zeros never ends. Can what it counts be less than "
            "nothing, and what is that as an unsigned number?",
        ),
        Hint(
            r"\.left = true is",
            "With the flag -, blanks come behind the text, and only there.",
        ),
        Hint(
            r"is \"-007|is \"   -007|0x00ff|is \"0x0text",
            "Sign or prefix, then zeros, then the digits: and blanks before all of it, "
            "or behind.",
        ),
        Hint(
            r"is \"",
            "Count all that is no blank: prefix, zeros and text. What is missing to the "
            "width is blanks, and it may be that nothing is missing.",
        ),
    ],
)  # fmt: skip
def test_field(unit):
    piece(unit, "test_field_")


@LAB.check(
    "2.4", 8, "Step 2.4", "Characters and strings come as they are, NULL with its name",
    rests_on=[test_field],
    hints=[
        Hint(
            r"\(null\)|address 0x0{8}|null pointer",
            "A string may be NULL, and the machine should not die of a message about "
            "it. What does the contract say is printed?",
        ),
        Hint(
            r"AddressSanitizer|without a NUL",
            "With a precision the string need not end: what lies behind it may be "
            "nobody's. Who looks for the NUL, and how far?",
        ),
        NO_CONVERSION,
        WRONG_TYPE,
        Hint(
            r"%\.\d",
            "A precision is the most of a string that is taken.",
        ),
        Hint(
            r"%-?\d*[cs]",
            "A character or a string is a field like any other: with which prefix, how "
            "many zeros, and which length?",
        ),
    ],
)  # fmt: skip
def test_strings(unit):
    piece(unit, "test_convert_text")


@LAB.check(
    "2.5", 10, "Step 2.5", "Integers in each base, with sign, prefix and zeros",
    rests_on=[test_field],
    hints=[
        NO_DIGIT,
        Hint(
            r"^0 as|SEGV",
            "Zero is a number with special manners: how many digits has it, with a "
            "precision of 0 and without one, and what do # and x make of it?",
        ),
        TOO_MANY_DIGITS,
        Hint(
            r"\.zero = true",
            "The flag 0 asks for zeros between prefix and digits, up to the width: but "
            "not if a precision says how many digits, nor if the flag - is there.",
        ),
        Hint(
            r"\.precision =",
            "The precision is the least number of digits: sign and prefix are not "
            "among them.",
        ),
        Hint(
            r"\.alternate = true|as 'p'",
            "# puts 0x before hexadecimal numbers and makes octal ones begin with a 0. "
            "For which numbers is there nothing to be added?",
        ),
        Hint(
            r"\.plus|\.space|as '[di]'",
            "The sign: which of the conversions have one, and which of the flags asks "
            "for one where there is no minus?",
        ),
        Hint(
            r" as '",
            "The digits are not right. The last one is what remains when the value is "
            "divided by the base; what is divided next, and when is the end?",
        ),
    ],
)  # fmt: skip
def test_integer(unit):
    piece(unit, "test_integer_")


@LAB.check(
    "2.4", 8, "Step 2.4", "Numbers of every size are taken as they were given",
    rests_on=[test_strings, test_integer],
    hints=[
        Hint(
            r"INT_MIN|LONG_MIN|runtime error: negation",
            "The magnitude of the most negative number is one more than the largest "
            "positive one. In which type can it be held?",
        ),
        Hint(
            r"%l[dux]",
            "Half of the number has been lost: 64 bits came in. Where do they become "
            "32?",
        ),
        Hint(
            r"%[hd]h|%h|%d of -|%x of -1|%u of",
            "The sign of a number: whether the argument is signed says the conversion, "
            "and format_argument() wants to be told.",
        ),
        Hint(r"%p", "A pointer is an address of 64 bits, always with its 0x."),
        WRONG_TYPE,
    ],
)  # fmt: skip
def test_numbers(unit):
    piece(unit, "test_convert_number")


@LAB.check(
    "2.6", 10, "Step 2.6", "What stands between % and the conversion is understood",
    hints=[
        Hint(
            r"ends in the middle|the conversion is '\\0'|AddressSanitizer",
            "The format ends in the middle of a specification. What is read next, and "
            "whose is it?",
        ),
        Hint(
            r"goes on after",
            "format_v() goes on at the wrong place: some of the specification would be "
            "printed, or some of the text be lost.",
        ),
        Hint(
            r"\" size is",
            "The length is not the one that was written. h and hh differ by a "
            "character, l and ll don't differ to us, and z, t and j are as large as l.",
        ),
        Hint(
            r"\" precision is",
            "A precision that was not given, one of 0 and one that is a '.' alone: which "
            "two of the three are the same?",
        ),
        Hint(
            r"\" width is|\"%\*d\" left",
            "A width is a number that does not begin with 0, or a *. What does a "
            "negative argument for the * mean?",
        ),
        Hint(
            r"\" (left|zero|plus|space|alternate) is",
            "Flags may come in any order and any number, but all of them before the "
            "width.",
        ),
        Hint(r"\" conversion is", "The last character is the conversion, whatever it is."),
    ],
)  # fmt: skip
def test_parse(unit):
    piece(unit, "test_parse_")


@LAB.check(
    "2.6", 10, "Step 2.6", "A hundred thousand random conversions are as in C",
    rests_on=[test_text, test_numbers, test_parse],
    hints=[
        Hint(
            r"of length \d+; here \d+",
            "The text may be right where it can be seen; the count is not. It is that of "
            "the whole text, also of what did not fit.",
        ),
        NO_DIGIT,
        TOO_MANY_DIGITS,
        NO_CONVERSION,
        Hint(
            r"<%",
            "Each piece passes its own tests, and yet this format goes wrong. Take it "
            "apart by hand, piece by piece.",
        ),
    ],
)  # fmt: skip
def test_whole(unit):
    unit("format")


# ---- 2.7 and 2.8 ------------------------------------------------------------


@LAB.check(
    "2.7", 6, "Step 2.7", "Every console gets every character, once and in order",
    hints=[
        Hint(
            r"second console gets",
            "One console has all, another has not. How does one go from one console to "
            "the next?",
        ),
        Hint(
            r"three characters, the second a NUL",
            "The length says where the text ends: a NUL is a character like any other "
            "here.",
        ),
        Hint(r"SEGV|null pointer|no end", "There may be no console at all. Where does the list end?"),
        Hint(r"first console gets", "Characters are missing, or come twice, or mixed."),
        Hint(
            r"print returns|end with",
            "print() looks at the length that format_v() returns in order to know "
            "whether the text was cut.",
        ),
    ],
)  # fmt: skip
def test_write(unit):
    unit("console", "test_write_")
    unit("console", "test_print_")


@LAB.check(
    "2.8", 10, "Step 2.8", "The text moves up by one row, and the last one is blank",
    hints=[
        Hint(
            r"the screen has",
            "A cell behind the screen was touched. Which is the last row that has one "
            "below it?",
        ),
        Hint(
            r"row 24, column \d+ is blank",
            "The last row still shows what stood there. It has moved up, and left a copy "
            "of itself.",
        ),
        Hint(
            r"one row below",
            "A cell does not hold what stood one row below it: all 16 bits, and from the "
            "row below as it was before.",
        ),
        Hint(
            r"as it was, 1f41",
            "More was made blank than the last row.",
        ),
    ],
)  # fmt: skip
def test_scroll(unit):
    unit("console", "test_scroll_")


# ---- In QEMU ----------------------------------------------------------------


@LAB.check(
    "2", 13, "Check", "In QEMU the table is as the host's printf has it, and scrolls",
    rests_on=[test_whole, test_write, test_scroll],
    hints=[
        Hint(
            r"over the serial line",
            "The first row that is not as it should be is shown, with its format in "
            "front. Here it runs without the host's C library and at full speed.",
        ),
        Hint(
            r"row 2[34] of the screen",
            "The rows at the bottom are wrong: what is in the last one after a scroll?",
        ),
        Hint(
            r"of the screen|of the picture",
            "Some two hundred rows have moved up here, one by one. What the screen shows "
            "is not the end of what the serial line said.",
        ),
    ],
)  # fmt: skip
def test_table(boot, rng):
    numbers = rng("print")
    asked = Table(numbers.randrange(1, 1 << 32), numbers.randrange(80, 120))
    with boot("print", "print", SCREEN="vga", STAYS="1", CHALLENGE=asked.challenge) as guest:
        shown = when_asleep(guest)
    evidence = boot.evidence(guest)
    check_serial(shown, asked.text(), evidence)
    check_screen(shown, asked.text(), evidence)


@LAB.check(
    "2", 4, "Serve the page with it", "The web server prints and formats with it",
    rests_on=[test_table],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
