/* SPDX-License-Identifier: MIT */
/*
 * test_uart.c - the serial line, beside a 16550 that loses what it is given
 * too early.
 */
#include <string.h>

#include "arch/arch.h"
#include "drivers/uart/uart.h"
#include "lib/errno.h"
#include "unit.h"

/* ---- A 16550 ------------------------------------------------------------ */

static bool absent, stuck;
static uint8_t lcr, ier = 0xff, mcr, fcr, scratch;
static uint8_t divisor[2] = { 0xff, 0xff };
static unsigned busy;           /* looks at LSR until it can send again */
static unsigned looks, lost;
static char line[200];
static unsigned sent;
static unsigned slow = 3;

void port_write8(uint16_t port, uint8_t value)
{
    unsigned reg = port - UART_BASE;

    CHECK(reg < 8, "only the UART's eight ports are written; here %#x", port);
    if (absent)
        return;
    if (reg <= 1 && lcr & UART_LCR_DLAB) {
        divisor[reg] = value;
    } else if (reg == UART_THR) {
        if (busy > 0 || stuck)
            lost++;
        else
            line[sent++] = (char)value;
        busy = slow;
    } else if (reg == UART_IER) {
        ier = value;
    } else if (reg == UART_FCR) {
        fcr = value;
    } else if (reg == UART_LCR) {
        lcr = value;
    } else if (reg == UART_MCR) {
        mcr = value;
    } else if (reg == UART_SCR) {
        scratch = value;
    }
}

uint8_t port_read8(uint16_t port)
{
    unsigned reg = port - UART_BASE;

    CHECK(reg < 8, "only the UART's eight ports are read; here %#x", port);
    if (absent)
        return 0xff;
    if (reg == UART_SCR)
        return scratch;
    if (reg != UART_LSR)
        return 0;
    looks++;
    if (stuck)
        return 0;
    if (busy > 0) {
        busy--;
        return 0;
    }
    return UART_LSR_THRE;
}

static void put(const char *text)
{
    while (*text)
        uart_putc(*text++);
}

TEST(test_the_line_is_set_to_115200_baud_8n1)
{
    CHECK(uart_init() == 0, "there is a UART");
    CHECK(divisor[0] == 1 && divisor[1] == 0, "the divisor is 1; here %u",
          divisor[0] | divisor[1] << 8);
    CHECK(lcr == UART_LCR_8_BITS, "8 bits, no parity, one stop bit, and DLAB "
          "off again; here LCR is %#x", lcr);
    CHECK(ier == 0, "no interrupts; here IER is %#x", ier);
    CHECK(fcr == (UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX),
          "FIFOs on and cleared; here FCR is %#x", fcr);
    CHECK((mcr & 3) == (UART_MCR_DTR | UART_MCR_RTS),
          "DTR and RTS on; here MCR is %#x", mcr);
}

TEST(test_a_machine_without_a_uart_is_told_so)
{
    absent = true;
    CHECK(uart_init() == -ENODEV, "an empty port is no UART");
}

TEST(test_no_character_is_sent_before_the_line_can_take_it)
{
    uart_init();
    put("slowly, please");
    CHECK(lost == 0, "none is lost; here %u", lost);
    CHECK(strcmp(line, "slowly, please") == 0, "all are sent; here \"%s\"",
          line);
}

TEST(test_a_new_line_is_carriage_return_and_line_feed)
{
    uart_init();
    put("a\n\nb");
    CHECK(strcmp(line, "a\r\n\r\nb") == 0 && lost == 0,
          "each '\\n' is sent as \"\\r\\n\"; here \"%s\"", line);
}

TEST(test_every_other_character_is_sent_as_it_is)
{
    uart_init();
    for (int c = 1; c < 128; c++)
        if (c != '\n') {
            sent = 0;
            uart_putc((char)c);
            CHECK(sent == 1 && line[0] == (char)c, "%d is sent as it is", c);
        }
    sent = 0;
    uart_putc((char)0xe4);
    CHECK(sent == 1 && (uint8_t)line[0] == 0xe4, "and so is 0xe4");
}

TEST(test_a_line_that_is_stuck_costs_the_character_and_not_the_guest)
{
    uart_init();
    stuck = true;
    looks = 0;
    uart_putc('x');
    CHECK(sent == 0 && lost == 0, "it is not sent blindly");
    CHECK(looks > 1000 && looks <= UART_PATIENCE,
          "it was waited for, but not for ever; here %u looks", looks);
    stuck = false;
    uart_putc('y');
    CHECK(strcmp(line, "y") == 0, "the next one is sent; here \"%s\"", line);
}
