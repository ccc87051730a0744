/* SPDX-License-Identifier: MIT */
/*
 * test_keyboard_setup.c - from the keyboard's controller to the event loop,
 * beside an 8042 that has one byte at a time and says nothing more until that
 * is read. What the handler and the codes are is test_keyboard.c's.
 */
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "core/irq.h"
#include "drivers/keyboard/keyboard.h"
#include "event/event.h"
#include "lib/errno.h"
#include "unit.h"

/* ---- An 8042 ------------------------------------------------------------ */

static struct {
    uint8_t byte[600];
    bool mouse[600];
    unsigned first, end;        /* byte[first] is there to be read */
    bool raised;                /* the line: since it was last read */
    uint8_t config, command;
    bool absent, dead;
    unsigned reads;
} i8042;

static irq_handler_t handler;

static void send(uint8_t byte, bool mouse)
{
    i8042.byte[i8042.end] = byte;
    i8042.mouse[i8042.end++] = mouse;
}

/* The line goes up when there is a byte, and again after each that is read. */
static void interrupts(void)
{
    while (i8042.first < i8042.end && !i8042.raised) {
        i8042.raised = true;
        if (handler)
            handler(NULL);
    }
}

uint8_t port_read8(uint16_t port)
{
    bool full = i8042.first < i8042.end;

    if (i8042.absent)
        return 0xff;
    if (port == KEYBOARD_STATUS)
        return (uint8_t)(full | (i8042.dead ? 2 : 0) |
                         (full && i8042.mouse[i8042.first]
                              ? KEYBOARD_STATUS_MOUSE : 0));
    CHECK(port == KEYBOARD_DATA, "the keyboard's ports are %#x and %#x; here "
          "%#x is read", KEYBOARD_DATA, KEYBOARD_STATUS, port);
    i8042.reads++;
    if (!full)
        return 0x1e;            /* the last one once more */
    i8042.raised = false;
    return i8042.byte[i8042.first++];
}

void port_write8(uint16_t port, uint8_t value)
{
    if (i8042.absent)
        return;
    if (port == KEYBOARD_STATUS) {
        i8042.command = value;
        if (value == 0x20)
            send(i8042.config, false);
    } else if (i8042.command == 0x60) {
        i8042.config = value;
        i8042.command = 0;
    } else {
        send(0xfa, false);      /* the keyboard acknowledges */
    }
}

int irq_request(struct irq_source *source, irq_handler_t function, void *ctx)
{
    (void)ctx;
    CHECK(source->kind == IRQ_LEGACY && source->line == KEYBOARD_LINE,
          "the keyboard has line 1 of the 8259s");
    handler = function;
    return 0;
}

/* ---- What was typed ----------------------------------------------------- */

static char text[600];
static unsigned typed_count;

static void typed(char c)
{
    text[typed_count++] = c;
}

static void press(const char *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        send((uint8_t)codes[i], false);
        interrupts();
    }
}
#define PRESS(codes) press(codes, sizeof(codes) - 1)

/* ---- From the controller to the loop ------------------------------------ */

static void open_keyboard(void)
{
    CHECK(keyboard_open(typed) == 0, "there is a keyboard");
    i8042.reads = 0;
}

TEST(test_setting_up_switches_interrupts_on_and_the_mouse_off)
{
    i8042.config = 0x32;        /* keyboard and its interrupt off, mouse's on */
    send(0x1e, false);          /* from before */
    open_keyboard();
    CHECK(i8042.config == 0x61, "the configuration is 0x61; here %#x",
          i8042.config);
    event_run_once(0);
    CHECK(typed_count == 0, "what came before is nobody's");
}

TEST(test_a_machine_without_a_keyboard_is_told_so)
{
    i8042.absent = true;
    CHECK(keyboard_open(typed) == -ENODEV, "there is none");
}

TEST(test_a_controller_that_never_answers_is_given_up)
{
    i8042.dead = true;
    CHECK(keyboard_open(typed) == -ENODEV, "there is none to speak of");
}

TEST(test_what_is_typed_comes_in_the_event_loop_and_in_order)
{
    open_keyboard();
    PRESS("\x2a\x23\xa3\xaa\x17\x97");
    CHECK(typed_count == 0, "nothing is called from the handler");
    event_run_once(0);
    CHECK(typed_count == 2 && memcmp(text, "Hi", 2) == 0,
          "\"Hi\" was typed; here \"%s\"", text);
}

TEST(test_each_interrupt_takes_exactly_one_byte)
{
    open_keyboard();
    for (unsigned n = 1; n <= 20; n++) {
        PRESS("\x1e");
        CHECK(i8042.reads == n, "after %u interrupts as many bytes were read; "
              "here %u: until it is, the controller stays silent", n,
              i8042.reads);
    }
    event_run_once(0);
    CHECK(typed_count == 20, "20 keys; here %u", typed_count);
}

TEST(test_bytes_that_queue_up_all_come)
{
    open_keyboard();
    send(0x1e, false);
    send(0x30, false);
    send(0x2e, false);
    interrupts();
    event_run_once(0);
    CHECK(strcmp(text, "abc") == 0, "\"abc\" was typed; here \"%s\"", text);
}

TEST(test_an_interrupt_without_a_byte_is_no_key)
{
    open_keyboard();
    handler(NULL);
    event_run_once(0);
    CHECK(i8042.reads == 0 && typed_count == 0, "nothing was there to read");
}

TEST(test_the_mouse_s_bytes_are_taken_away_and_are_no_keys)
{
    open_keyboard();
    send(0x1e, true);
    send(0x30, false);
    interrupts();
    event_run_once(0);
    CHECK(strcmp(text, "b") == 0, "only the keyboard's byte counts; here "
          "\"%s\"", text);
}

TEST(test_keys_beyond_what_there_is_room_for_are_lost_and_no_others)
{
    open_keyboard();
    for (unsigned n = 0; n < 300; n++)
        PRESS("\x1e");
    event_run_once(0);
    unsigned first = typed_count;

    CHECK(first >= 16 && first < 300, "some of 300 are kept; here %u", first);
    PRESS("\x30\x2e");
    event_run_once(0);
    CHECK(typed_count == first + 2 && strcmp(text + first, "bc") == 0,
          "what comes when there is room again is not lost");
}
