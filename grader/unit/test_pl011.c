/* SPDX-License-Identifier: MIT */
/*
 * test_pl011.c - Arm's serial line, beside one that loses what it is given too
 * early, or while it is switched off.
 */
#include <string.h>

#include "arch/aarch64/board.h"
#include "arch/arch.h"
#include "console/console.h"
#include "core/start.h"
#include "unit.h"

enum {
    BASE = 0x9000000,
    DR = 0x00, FR = 0x18, LCR_H = 0x2c, CR = 0x30, IMSC = 0x38,
    FR_BUSY = 1 << 3, FR_TXFF = 1 << 5,
    CR_SEND = 1 << 0 | 1 << 8,
};

/* ---- A PL011 ------------------------------------------------------------ */

static struct board there = {
    .uart = { .base = BASE, .size = 0x1000, .line = 1 },
};
static bool stuck;
static uint32_t lcr_h, cr = CR_SEND, imsc = 0x7ff;
static unsigned full;           /* looks at FR until it takes a character */
static unsigned looks, lost;
static char line[200];
static unsigned sent;

const struct board *board(void)
{
    return &there;
}

void mmio_write32(uintptr_t addr, uint32_t value)
{
    switch (addr - BASE) {
    case DR:
        if (full > 0 || stuck || (cr & CR_SEND) != CR_SEND)
            lost++;
        else
            line[sent++] = (char)value;
        full = 3;
        return;
    case LCR_H:
        CHECK((cr & 1) == 0, "the format is set while it is off");
        lcr_h = value;
        return;
    case CR:
        cr = value;
        return;
    case IMSC:
        imsc = value;
        return;
    }
    FAIL("register %#lx is none of those that are needed", addr - BASE);
}

uint32_t mmio_read32(uintptr_t addr)
{
    CHECK(addr == BASE + FR, "only FR is read; here %#lx", addr);
    looks++;
    if (full > 0 && !stuck)
        full--;
    return full > 0 || stuck ? FR_TXFF | FR_BUSY : 0;
}

/* ---- The driver --------------------------------------------------------- */

extern const struct initcall __start_initcalls[];

static void say(const char *text)
{
    for (; *text; text++)
        console_list()->putc(*text);
}

TEST(test_it_is_set_to_eight_bits_with_fifos_and_no_interrupts)
{
    __start_initcalls[0].run();
    CHECK(console_list() != NULL, "it is a console");
    CHECK(lcr_h == (3 << 5 | 1 << 4), "8N1, FIFOs on; here %#x", lcr_h);
    CHECK((cr & CR_SEND) == CR_SEND && imsc == 0, "it sends, without a word");
}

TEST(test_no_character_is_lost_and_a_line_begins_at_the_left)
{
    __start_initcalls[0].run();
    say("one\ntwo\n");
    CHECK(lost == 0, "%u characters are lost", lost);
    CHECK(strcmp(line, "one\r\ntwo\r\n") == 0, "here: %s", line);
}

TEST(test_a_line_that_is_stuck_does_not_hold_the_guest_for_ever)
{
    __start_initcalls[0].run();
    stuck = true;
    looks = 0;
    say("x");
    CHECK(sent == 0 && lost == 0, "nothing is sent into a line that is full");
    CHECK(looks > 1000, "it has some patience; here %u looks", looks);
}

TEST(test_without_a_serial_line_there_is_no_console)
{
    there.uart.base = 0;
    __start_initcalls[0].run();
    CHECK(console_list() == NULL, "a board without one");
    there.uart.base = BASE;
    there.uart.size = 0x800;
    __start_initcalls[0].run();
    CHECK(console_list() == NULL, "nor with half of its registers");
}
