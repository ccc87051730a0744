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
    CHECK(sent < sizeof(line), "no more characters are sent than there are");
    line[sent++] = (char)c;
    waiting++;
    shifting = SLOW;
}

void port_write8(uint16_t port, uint8_t value)
{
    unsigned reg = port - UART_BASE;

    CHECK(reg < 8, "only the UART's eight ports, %#x to %#x, are written; here "
          "%#x", UART_BASE, UART_BASE + 7, port);
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
        CHECK(looks <= UART_PATIENCE, "after UART_PATIENCE (%d) looks the "
              "character is given up; here there was one more", UART_PATIENCE);
        return 0;
    }
    if (shifting > 0) {
        if (--shifting == 0 && waiting > 0 && --waiting > 0)
            shifting = SLOW;
        return 0;
    }
    ready++;
    CHECK(ready < LOOKS_AT_READY, "LSR says THRE, bit 5: the character can be "
          "written; here LSR was read %d times more, and nothing was",
          LOOKS_AT_READY);
    return UART_LSR_THRE | TEMT;
}

uint8_t port_read8(uint16_t port)
{
    unsigned reg = port - UART_BASE;

    CHECK(reg < 8, "only the UART's eight ports, %#x to %#x, are read; here "
          "%#x", UART_BASE, UART_BASE + 7, port);
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
          "\"%s\" goes over the line; here \"%s\"", shown, seen());
}

TEST(test_init_sets_the_line_to_115200_baud_8n1)
{
    CHECK(uart_init() == 0, "there is a UART, and uart_init() returns 0");
    CHECK(divisor[0] == 1 && divisor[1] == 0, "the divisor is 1, low byte 1 "
          "and high byte 0; here low %u and high %u", divisor[0], divisor[1]);
    CHECK((lcr & UART_LCR_DLAB) == 0, "DLAB is off again at the end; here LCR "
          "is %#x", lcr);
    CHECK(lcr == UART_LCR_8_BITS, "LCR is %#x, 8 bits without parity and with "
          "one stop bit; here %#x", UART_LCR_8_BITS, lcr);
    CHECK(ier == 0, "IER is 0: no interrupts; here %#x", ier);
    CHECK(fcr == (UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX),
          "FCR is 0x7, FIFOs on and both cleared; here %#x", fcr);
    CHECK((mcr & 3) == (UART_MCR_DTR | UART_MCR_RTS),
          "MCR has DTR and RTS on; here it is %#x", mcr);
}

TEST(test_init_sets_a_line_that_was_set_otherwise)
{
    lcr = 0x1a;                 /* 7 bits, even parity */
    fcr = 0;
    mcr = 0;
    CHECK(uart_init() == 0, "there is a UART, and uart_init() returns 0");
    CHECK(lcr == UART_LCR_8_BITS, "LCR is %#x, whatever it was before; here "
          "%#x", UART_LCR_8_BITS, lcr);
    CHECK(sent == 0 && lost == 0, "nothing goes over the line meanwhile; here "
          "\"%s\"", seen());
}

TEST(test_init_says_when_nobody_answers)
{
    absent = true;
    int result = uart_init();
    CHECK(result == -ENODEV, "at an empty port, which reads as 0xff, "
          "uart_init() returns -ENODEV (%d); here %d", -ENODEV, result);
}

TEST(test_putc_waits_until_the_line_can_take_a_character)
{
    const char *text = "slowly, please: this line takes its time for each of "
                       "the characters in this sentence";

    uart_init();
    put(text);
    CHECK(lost == 0, "each character is written when LSR says THRE; here %u "
          "of %zu were written while it did not, and are lost", lost,
          strlen(text));
    check_sent(text, text);
}

TEST(test_putc_sends_every_other_character_as_it_is)
{
    uart_init();
    for (int c = 0; c < 256; c++)
        if (c != '\n') {
            sent = 0;
            uart_putc((char)c);
            CHECK(sent == 1 && (uint8_t)line[0] == c, "character %#x is sent "
                  "as it is; here \"%s\" went over the line", (unsigned)c,
                  seen());
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
    CHECK(lost == 0 && sent == 100, "50 times \"\\r\\n\" arrive whole; here "
          "%u characters arrived and %u were written too early", sent, lost);
}

TEST(test_putc_gives_up_on_a_line_that_is_stuck)
{
    uart_init();
    stuck = true;
    looks = 0;
    uart_putc('x');
    CHECK(lost == 0, "a line that never says THRE is not written to; here the "
          "character was");
    CHECK(looks > 1000, "the line is looked at UART_PATIENCE times before the "
          "character is given up; here %u times", looks);
    stuck = false;
    uart_putc('y');
    check_sent("y", "y");
}
