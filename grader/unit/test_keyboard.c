/* SPDX-License-Identifier: MIT */
/*
 * test_keyboard.c - codes in, characters out, beside an 8042 that has one byte
 * at a time and says nothing more until that is read.
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

/* What a fresh keyboard makes of these codes. */
static const char *decoded(const char *codes, size_t count)
{
    static char out[600];
    struct keyboard keyboard = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        char c = keyboard_decode(&keyboard, (uint8_t)codes[i]);

        if (c)
            out[len++] = c;
    }
    out[len] = '\0';
    return out;
}
#define CHECK_DECODED(codes, wanted)                                           \
    do {                                                                       \
        const char *seen = decoded(codes, sizeof(codes) - 1);                  \
        CHECK(strcmp(seen, wanted) == 0, "they are \"%s\"; here \"%s\"",       \
              wanted, seen);                                                   \
    } while (0)

TEST(test_a_key_that_goes_down_is_its_character)
{
    CHECK_DECODED("\x1e\x30\x2e", "abc");
    CHECK_DECODED("\x02\x0b\x39\x1c", "10 \n");
}

TEST(test_a_key_that_comes_up_is_nothing)
{
    CHECK_DECODED("\x1e\x9e\x30\xb0", "ab");
    CHECK_DECODED("\x9e\xb0\xff\x80", "");
}

TEST(test_a_key_that_is_held_repeats)
{
    CHECK_DECODED("\x1e\x1e\x1e\x9e", "aaa");
}

TEST(test_shift_counts_while_it_is_held)
{
    CHECK_DECODED("\x2a\x1e\x9e\xaa\x1e", "Aa");
    CHECK_DECODED("\x36\x02\x82\xb6\x02", "!1");
    CHECK_DECODED("\x2a\x1a\x27\x35\xaa", "{:?");
}

TEST(test_shift_may_come_up_before_the_key)
{
    CHECK_DECODED("\x2a\x1e\xaa\x9e\x30", "Ab");
}

TEST(test_both_shifts_count_each_by_itself)
{
    CHECK_DECODED("\x2a\x36\xaa\x1e\xb6\x1e", "Aa");
    CHECK_DECODED("\x2a\x36\xb6\x1e\xaa\x1e", "Aa");
    CHECK_DECODED("\x2a\x2a\xaa\x1e", "a");
}

TEST(test_keys_behind_e0_have_characters_of_their_own_or_none)
{
    CHECK_DECODED("\xe0\x1c\xe0\x9c", "\n");
    CHECK_DECODED("\xe0\x35\xe0\xb5", "/");
    CHECK_DECODED("\xe0\x4d\xe0\xcd\x1e", "a");
    CHECK_DECODED("\xe0\x1d\x1e\xe0\x9d", "a");
    CHECK_DECODED("\xe0\x48\x48\x1e", "a");
}

TEST(test_the_shifts_that_come_with_an_arrow_are_none)
{
    CHECK_DECODED("\xe0\x2a\xe0\x4b\x1e", "a");
    CHECK_DECODED("\x2a\xe0\xaa\xe0\x4b\x1e\xaa\x1e", "Aa");
    CHECK_DECODED("\xe0\x36\x1e", "a");
}

TEST(test_pause_is_nothing_at_all)
{
    CHECK_DECODED("\xe1\x1d\x45\xe1\x9d\xc5\x1e", "a");
    CHECK_DECODED("\x2a\xe1\x1d\x45\xe1\x9d\xc5\x1e", "A");
}

TEST(test_a_key_without_a_character_is_nothing)
{
    CHECK_DECODED("\x3b\xbb\x3a\xba\x38\xb8\x1d\x9d\x45\x7f", "");
}

TEST(test_every_key_of_both_tables)
{
    for (unsigned key = 0; key < 128; key++) {
        char plain[] = { (char)key }, shifted[] = { '\x36', (char)key };

        if (key == KEY_SHIFT_LEFT || key == KEY_SHIFT_RIGHT)
            continue;
        CHECK(decoded(plain, 1)[0] == keyboard_plain[key],
              "key %#x is the plain table's", key);
        CHECK(decoded(shifted, 2)[0] == keyboard_shifted[key],
              "key %#x is the shifted table's", key);
    }
}

TEST(test_after_any_codes_a_key_means_what_it_says)
{
    for (unsigned round = 0; round < 10000; round++) {
        struct keyboard keyboard = { 0 };

        for (unsigned n = unit_random_below(20); n > 0; n--) {
            char c = keyboard_decode(&keyboard, (uint8_t)unit_random());
            CHECK(c >= 0 && c < 127, "what comes out is ASCII; here %d", c);
        }
        keyboard_decode(&keyboard, 0x9e);   /* it may be behind a prefix */
        keyboard_decode(&keyboard, KEY_SHIFT_LEFT | KEY_UP);
        keyboard_decode(&keyboard, KEY_SHIFT_RIGHT | KEY_UP);
        CHECK(keyboard_decode(&keyboard, 0x1e) == 'a', "key 1e is 'a'");
    }
}

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
