/* SPDX-License-Identifier: MIT */
/*
 * echo - lab 04's application: what is typed appears on the screen.
 *
 * Keys come from the keyboard, where the machine has one, and from the serial
 * line. The corner of a text screen shows for how long this has been going on,
 * by the ticks that were counted. In between the machine sleeps. Esc ends it.
 *
 * The challenge may say ticks=number: then it ends after so many, and tells
 * how long they took by the clock that the event loop goes by.
 */
#include "arch/arch.h"
#include "console/console.h"
#include "console/format.h"
#include "core/challenge.h"
#include "core/clock.h"
#include "core/start.h"
#include "drivers/keyboard/keyboard.h"
#include "drivers/pit/pit.h"
#include "drivers/uart/input/uart_input.h"
#include "event/event.h"
#include "lib/errno.h"
#include "lib/string.h"

enum { ESC = 27, CORNER_COLOR = 0x70 };     /* black on light grey */

static bool done;

static void typed(char c)
{
    if (c == ESC)
        done = true;
    else if (c == '\n' || (c >= ' ' && c <= '~'))
        console_write(&c, 1);
}

static bool has_text_screen(void)
{
    for (struct console *c = console_list(); c; c = c->next)
        if (strcmp(c->name, "vga") == 0)
            return true;
    return false;
}

/* "12:34:56", at the right end of the first row. */
static void show_time(uint64_t seconds)
{
    char text[24];
    int len = format(text, sizeof text, "%02u:%02u:%02u",
                     (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60),
                     (unsigned)(seconds % 60));

    for (int i = 0; i < len; i++)
        vga_write_cell((unsigned)(VGA_COLUMNS - len + i),
                       (uint16_t)(CORNER_COLOR << 8 | (uint8_t)text[i]));
}

/* Rounds of the loop, of which every tick makes at least one. */
static void run(uint64_t ticks_to_live)
{
    bool show = has_text_screen();

    while (!done && timer_ticks() < ticks_to_live) {
        if (show)
            show_time(timer_ticks() / TIMER_HZ);
        event_run_once(UINT64_MAX);
    }
}

int main(void)
{
    bool keyboard = keyboard_open(typed) == 0;
    bool serial = uart_listen(typed) == 0;
    uint64_t start = clock_ns();
    int ticking = timer_open();

    if (!keyboard)
        print("echo: this machine has no keyboard%s\n",
              serial ? "; what comes in on the serial line is shown" : "");
    if (!keyboard && !serial)
        return -ENODEV;
    if (ticking != 0)
        print("echo: this machine has no timer that ticks\n");
    print("echo: type; Esc ends it\n");

    unsigned long limit = challenge_number("ticks", 0);
    if (ticking != 0)
        limit = 0;
    run(limit ? limit : UINT64_MAX);
    print("\necho: %llu ticks in %llu ms\n",
          (unsigned long long)timer_ticks(),
          (unsigned long long)((clock_ns() - start) / NS_PER_MS));
    return 0;
}
