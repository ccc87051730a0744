/* SPDX-License-Identifier: MIT */
/*
 * test_uart.c - the serial line, beside a 16550 that loses what it is given
 * too early.
 */
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "drivers/uart/uart.h"
#include "lib/errno.h"
#include "unit.h"

/* ---- A 16550 ------------------------------------------------------------ */

/* Time passes by looks at LSR: so many until a character has left. */
enum { SLOW = 3, FIFO = 16, TEMT = 1 << 6, LOOKS_AT_READY = 1000 };

static bool absent, stuck;
static uint8_t lcr, ier = 0xff, mcr, fcr, scratch;
static uint8_t divisor[2] = { 0xff, 0xff };
static unsigned waiting;        /* characters that have not left yet */
static unsigned shifting;       /* looks until the one on its way has left */
static unsigned looks, ready;   /* since the last character was written */
static unsigned sent, lost;
static char line[400];

static void take(uint8_t c)
{
    unsigned room = fcr & UART_FCR_ENABLE ? FIFO : 1;

    looks = ready = 0;
    if (waiting >= room || stuck) {
        lost++;
        return;
    }
    CHECK(sent < sizeof(line), "more characters are sent than there are");
    line[sent++] = (char)c;
    waiting++;
    shifting = SLOW;
}

void port_write8(uint16_t port, uint8_t value)
{
    unsigned reg = port - UART_BASE;

    CHECK(reg < 8, "port %#x is written: expected none but the UART's eight, "
          "%#x to %#x", port, UART_BASE, UART_BASE + 7);
    if (absent)
        return;
    if (reg <= 1 && lcr & UART_LCR_DLAB)
        divisor[reg] = value;
    else if (reg == UART_THR)
        take(value);
    else if (reg == UART_IER)
        ier = value;
    else if (reg == UART_FCR)
        fcr = value;
    else if (reg == UART_LCR)
        lcr = value;
    else if (reg == UART_MCR)
        mcr = value;
    else if (reg == UART_SCR)
        scratch = value;
}

static uint8_t line_status(void)
{
    looks++;
    if (stuck) {
        CHECK(looks <= UART_PATIENCE, "the line is stuck, and looked at %u "
              "times: expected that the character is given up after "
              "UART_PATIENCE looks, %d", looks, UART_PATIENCE);
        return 0;
    }
    if (shifting > 0) {
        if (--shifting == 0 && waiting > 0 && --waiting > 0)
            shifting = SLOW;
        return 0;
    }
    ready++;
    CHECK(ready < LOOKS_AT_READY, "LSR was read %d times while it says THRE, "
          "bit 5: expected that the character is written", LOOKS_AT_READY);
    return UART_LSR_THRE | TEMT;
}

uint8_t port_read8(uint16_t port)
{
    unsigned reg = port - UART_BASE;

    CHECK(reg < 8, "port %#x is read: expected none but the UART's eight, %#x "
          "to %#x", port, UART_BASE, UART_BASE + 7);
    if (absent)
        return 0xff;
    if (reg <= 1 && lcr & UART_LCR_DLAB)
        return divisor[reg];
    if (reg == UART_LCR)
        return lcr;
    if (reg == UART_SCR)
        return scratch;
    return reg == UART_LSR ? line_status() : 0;
}

/* ---- Of the test -------------------------------------------------------- */

static void put(const char *text)
{
    while (*text)
        uart_putc(*text++);
}

/* What went over the line, for a person to read. */
static const char *seen(void)
{
    static char text[4 * sizeof(line) + 1];
    size_t at = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < sent; i++) {
        const char *form = line[i] == '\r'   ? "\\r"
                           : line[i] == '\n' ? "\\n"
                           : line[i] >= ' ' && line[i] <= '~' ? "%c"
                                                              : "\\x%02x";
        at += (size_t)snprintf(text + at, sizeof(text) - at, form,
                               (unsigned char)line[i]);
    }
    return text;
}

static void check_sent(const char *wanted, const char *shown)
{
    CHECK(sent == strlen(wanted) && memcmp(line, wanted, sent) == 0,
          "\"%s\" went over the line: expected \"%s\"", seen(), shown);
}

static void check_init(void)
{
    int result = uart_init();

    CHECK(result == 0, "there is a UART, and uart_init() returned %d: expected "
          "0", result);
}

TEST(test_init_sets_the_line_to_115200_baud_8n1)
{
    check_init();
    CHECK(divisor[0] == 1 && divisor[1] == 0, "the divisor is low %u and high "
          "%u: expected 1, low byte 1 and high byte 0", divisor[0],
          divisor[1]);
    CHECK((lcr & UART_LCR_DLAB) == 0, "LCR is %#x at the end: expected that "
          "DLAB is off again", lcr);
    CHECK(lcr == UART_LCR_8_BITS, "LCR is %#x: expected %#x, 8 bits without "
          "parity and with one stop bit", lcr, UART_LCR_8_BITS);
    CHECK(ier == 0, "IER is %#x: expected 0, no interrupts", ier);
    CHECK(fcr == (UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX),
          "FCR is %#x: expected 0x7, FIFOs on and both cleared", fcr);
    CHECK((mcr & 3) == (UART_MCR_DTR | UART_MCR_RTS),
          "MCR is %#x: expected DTR and RTS on, 0x3", mcr);
}

TEST(test_init_sets_a_line_that_was_set_otherwise)
{
    lcr = 0x1a;                 /* 7 bits, even parity */
    fcr = 0;
    mcr = 0;
    check_init();
    CHECK(lcr == UART_LCR_8_BITS, "LCR is %#x: expected %#x, whatever it was "
          "before", lcr, UART_LCR_8_BITS);
    CHECK(sent == 0 && lost == 0, "\"%s\" went over the line meanwhile: "
          "expected nothing", seen());
}

TEST(test_init_says_when_nobody_answers)
{
    absent = true;
    int result = uart_init();
    CHECK(result == -ENODEV, "at an empty port, which reads as 0xff, "
          "uart_init() returned %d: expected -ENODEV, %d", result, -ENODEV);
}

TEST(test_putc_waits_until_the_line_can_take_a_character)
{
    const char *text = "slowly, please: this line takes its time for each of "
                       "the characters in this sentence";

    uart_init();
    put(text);
    CHECK(lost == 0, "%u of %zu characters were written while LSR did not say "
          "THRE, and are lost: expected none", lost, strlen(text));
    check_sent(text, text);
}

/* As a firmware leaves it that has just said something. */
TEST(test_putc_waits_until_what_others_have_sent_is_gone)
{
    uart_init();
    waiting = FIFO;
    shifting = SLOW;
    uart_putc('x');
    CHECK(lost == 0, "the line was busy with what others had sent, and the "
          "first character was written at once, and is lost: expected that "
          "it waits until LSR says THRE");
    check_sent("x", "x");
}

TEST(test_putc_sends_every_other_character_as_it_is)
{
    uart_init();
    for (int c = 0; c < 256; c++)
        if (c != '\n') {
            sent = 0;
            uart_putc((char)c);
            CHECK(sent == 1 && (uint8_t)line[0] == c, "for character %#x "
                  "\"%s\" went over the line: expected the character as it "
                  "is", (unsigned)c, seen());
        }
}

TEST(test_putc_sends_a_carriage_return_before_each_new_line)
{
    uart_init();
    put("a\n\nb");
    check_sent("a\r\n\r\nb", "a\\r\\n\\r\\nb");
}

TEST(test_putc_waits_for_the_carriage_return_as_well)
{
    uart_init();
    for (int i = 0; i < 50; i++)
        uart_putc('\n');
    CHECK(lost == 0 && sent == 100, "of 50 times \"\\r\\n\" %u characters "
          "arrived and %u were written too early: expected 100 and 0", sent,
          lost);
}

TEST(test_putc_gives_up_on_a_line_that_is_stuck)
{
    uart_init();
    stuck = true;
    looks = 0;
    uart_putc('x');
    CHECK(lost == 0, "a character was written to a line that never says THRE: "
          "expected none");
    CHECK(looks > 1000, "the character was given up after %u looks at the "
          "line: expected UART_PATIENCE, %d", looks, UART_PATIENCE);
    stuck = false;
    uart_putc('y');
    check_sent("y", "y");
}
