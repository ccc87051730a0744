/* SPDX-License-Identifier: MIT */
/*
 * test_keyboard.c - lab 04's steps 4.8 and 4.9: an 8042 that has one byte at a
 * time and says nothing more until that is read; and codes in, characters out.
 * From the controller to the event loop it is test_keyboard_setup.c's.
 */
#include <string.h>

#include "arch/arch.h"
#include "drivers/keyboard/keyboard.h"
#include "unit.h"

/* ---- 4.8 keyboard_interrupt --------------------------------------------- */

static struct {
    uint8_t status, data;
    unsigned looks, reads;
} i8042;

uint8_t port_read8(uint16_t port)
{
    if (port == KEYBOARD_STATUS) {
        i8042.looks++;
        return i8042.status;
    }
    CHECK(port == KEYBOARD_DATA, "the keyboard's ports are %#x and %#x; here "
          "%#x is read", KEYBOARD_DATA, KEYBOARD_STATUS, port);
    i8042.reads++;
    /* The next byte is there at once, and may be anybody's. */
    i8042.status ^= KEYBOARD_STATUS_MOUSE;
    return i8042.data;
}

void port_write8(uint16_t port, uint8_t value)
{
    FAIL("the handler writes nothing; here %#x to port %#x", value, port);
}

static unsigned kept;
static uint8_t last_kept;

void keyboard_keep(uint8_t code)
{
    kept++;
    last_kept = code;
}

static void interrupt(uint8_t status, uint8_t data)
{
    i8042.status = status;
    i8042.data = data;
    i8042.looks = i8042.reads = kept = 0;
    keyboard_interrupt(NULL);
}

enum { OTHERS = 0xff & ~KEYBOARD_STATUS_FULL & ~KEYBOARD_STATUS_MOUSE };

TEST(test_handler_takes_one_byte_and_keeps_it)
{
    for (unsigned code = 0; code < 256; code++) {
        interrupt(KEYBOARD_STATUS_FULL, (uint8_t)code);
        CHECK(i8042.reads == 1, "the byte that is there is read once; here %u "
              "times: until it is, the controller stays silent", i8042.reads);
        CHECK(kept == 1 && last_kept == code, "code %#x is kept; here %u, the "
              "last of them %#x", code, kept, last_kept);
    }
    interrupt(KEYBOARD_STATUS_FULL | OTHERS, 0x1e);
    CHECK(kept == 1, "other bits of the status have nothing to say here");
}

TEST(test_handler_reads_nothing_when_no_byte_is_there)
{
    interrupt(0, 0x1e);
    CHECK(i8042.reads == 0 && kept == 0, "nothing is there to be read; here "
          "%u reads, and %u codes kept", i8042.reads, kept);
    interrupt(OTHERS, 0x1e);
    CHECK(i8042.reads == 0 && kept == 0, "other bits of the status have "
          "nothing to say here");
    interrupt(KEYBOARD_STATUS_MOUSE, 0x1e);
    CHECK(i8042.reads == 0 && kept == 0, "the mouse's bit says whose byte it "
          "is, when there is one");
}

TEST(test_handler_takes_a_byte_of_the_mouse_away_and_does_not_keep_it)
{
    interrupt(KEYBOARD_STATUS_FULL | KEYBOARD_STATUS_MOUSE, 0x1e);
    CHECK(i8042.reads == 1, "a byte of the mouse's is read, as no other comes "
          "before it is; here %u reads", i8042.reads);
    CHECK(kept == 0, "a byte of the mouse's is no key");
}

/* ---- 4.9 keyboard_decode ------------------------------------------------ */

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
/* `what`: of what these are the codes. */
#define CHECK_DECODED(what, codes, wanted)                                     \
    do {                                                                       \
        const char *seen = decoded(codes, sizeof(codes) - 1);                  \
        CHECK(strcmp(seen, wanted) == 0, "%s: \"%s\" was typed; here \"%s\"",  \
              what, wanted, seen);                                             \
    } while (0)

TEST(test_decode_gives_the_character_of_a_key_that_goes_down)
{
    CHECK_DECODED("keys going down", "\x1e\x30\x2e", "abc");
    CHECK_DECODED("keys going down", "\x02\x0b\x39\x1c", "10 \n");
}

TEST(test_decode_gives_nothing_for_a_key_that_comes_up)
{
    CHECK_DECODED("keys coming up", "\x1e\x9e\x30\xb0", "ab");
    CHECK_DECODED("keys coming up", "\x9e\xb0\xff\x80", "");
}

TEST(test_decode_repeats_a_key_that_is_held)
{
    CHECK_DECODED("a key that is held", "\x1e\x1e\x1e\x9e", "aaa");
}

TEST(test_decode_minds_shift_while_it_is_held)
{
    CHECK_DECODED("with Shift", "\x2a\x1e\x9e\xaa\x1e", "Aa");
    CHECK_DECODED("with Shift", "\x36\x02\x82\xb6\x02", "!1");
    CHECK_DECODED("with Shift", "\x2a\x1a\x27\x35\xaa", "{:?");
}

TEST(test_decode_lets_shift_come_up_before_the_key)
{
    CHECK_DECODED("with Shift", "\x2a\x1e\xaa\x9e\x30", "Ab");
}

TEST(test_decode_counts_both_shifts_each_by_itself)
{
    CHECK_DECODED("with both Shifts", "\x2a\x36\xaa\x1e\xb6\x1e", "Aa");
    CHECK_DECODED("with both Shifts", "\x2a\x36\xb6\x1e\xaa\x1e", "Aa");
    CHECK_DECODED("with both Shifts", "\x2a\x2a\xaa\x1e", "a");
}

TEST(test_decode_knows_keys_behind_e0_from_others)
{
    CHECK_DECODED("behind e0", "\xe0\x1c\xe0\x9c", "\n");
    CHECK_DECODED("behind e0", "\xe0\x35\xe0\xb5", "/");
    CHECK_DECODED("behind e0", "\xe0\x4d\xe0\xcd\x1e", "a");
    CHECK_DECODED("behind e0", "\xe0\x1d\x1e\xe0\x9d", "a");
    CHECK_DECODED("behind e0", "\xe0\x48\x48\x1e", "a");
}

TEST(test_decode_takes_shifts_behind_e0_for_none)
{
    CHECK_DECODED("Shifts behind e0", "\xe0\x2a\xe0\x4b\x1e", "a");
    CHECK_DECODED("Shifts behind e0", "\x2a\xe0\xaa\xe0\x4b\x1e\xaa\x1e", "Aa");
    CHECK_DECODED("Shifts behind e0", "\xe0\x36\x1e", "a");
}

TEST(test_decode_gives_nothing_for_pause)
{
    CHECK_DECODED("Pause", "\xe1\x1d\x45\xe1\x9d\xc5\x1e", "a");
    CHECK_DECODED("Pause", "\x2a\xe1\x1d\x45\xe1\x9d\xc5\x1e", "A");
}

TEST(test_decode_gives_nothing_for_a_key_without_a_character)
{
    CHECK_DECODED("keys without a character",
                  "\x3b\xbb\x3a\xba\x38\xb8\x1d\x9d\x45\x7f", "");
}

TEST(test_decode_knows_every_key_of_both_tables)
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

TEST(test_decode_gives_keys_their_meaning_after_any_codes)
{
    for (unsigned round = 0; round < 10000; round++) {
        struct keyboard keyboard = { 0 };

        for (unsigned n = unit_random_below(20); n > 0; n--) {
            char c = keyboard_decode(&keyboard, (uint8_t)unit_random());
            CHECK(c >= 0 && c < 127, "after any codes what comes out is ASCII; "
                  "here %d", c);
        }
        keyboard_decode(&keyboard, 0x9e);   /* it may be behind a prefix */
        keyboard_decode(&keyboard, KEY_SHIFT_LEFT | KEY_UP);
        keyboard_decode(&keyboard, KEY_SHIFT_RIGHT | KEY_UP);
        CHECK(keyboard_decode(&keyboard, 0x1e) == 'a', "after any codes, and "
              "with both Shifts up, key 1e is 'a'");
    }
}
