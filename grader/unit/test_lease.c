/* SPDX-License-Identifier: MIT */
/*
 * test_lease.c - what a DHCP server's answer says, and which can't be
 * believed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "net/lwip/lease.h"
#include "unit.h"

enum { HEAD = 240, SNAME = 44, FILE_NAME = 108 };

static const char *const what_options[] = {
    "\x35\x01\x05", "\x36\x04\x0a\0\0\x01", "\x33\x04\0\0\x0e\x10", "\xff",
    "\x01\x04\xff\xff\xff\0", "\x03\x04\x0a\0\0\x01", "\0", "\x1a\x02\x05\xb4",
};

/* Head of an answer for 52:54:00:12:34:56 that offers 10.0.0.9. */
static void make_head(uint8_t *message)
{
    memset(message, 0, HEAD);
    memcpy(message, "\2\1\6\0\x11\x22\x33\x44", 8);
    memcpy(message + 16, "\x0a\0\0\x09", 4);
    memcpy(message + 28, "\x52\x54\0\x12\x34\x56", 6);
    memcpy(message + 236, "\x63\x82\x53\x63", 4);
}

/* An answer with those options, read from memory that ends where it does. */
static int read_options(const void *options, size_t len, struct lease *out)
{
    uint8_t *message = malloc(HEAD + len);
    int err;

    make_head(message);
    memcpy(message + HEAD, options, len);
    err = lease_read(message, HEAD + len, out);
    free(message);
    return err;
}

#define ACK "\x35\x01\x05"
#define SERVER "\x36\x04\x0a\x00\x00\x01"
#define READ(text, out) read_options(text, sizeof(text) - 1, out)

TEST(test_an_answer_is_read)
{
    struct lease lease;

    CHECK(READ(ACK SERVER "\x33\x04\0\0\x0e\x10\x01\x04\xff\xff\xff\0"
               "\0\0\x03\x08\x0a\0\0\xfe\x0a\0\0\xfd\x1a\x02\x05\xb4"
               "\x79\x05\x20\x0a\0\0\xfe\xff trailing", &lease) == 0,
          "an answer with these options is good");
    CHECK(lease.type == LEASE_ACK && lease.xid == 0x11223344 &&
          lease.server == 0x0a000001 && lease.address == 0x0a000009 &&
          lease.netmask == 0xffffff00 && lease.router == 0x0a0000fe &&
          lease.mtu == 1460 && lease.seconds == 3600 && lease.renew == 1800 &&
          lease.rebind == 3150, "each says what it says; of two routers the "
          "first counts: %08x/%08x by %08x, mtu %u, %u %u %u", lease.address,
          lease.netmask, lease.router, lease.mtu, lease.seconds, lease.renew,
          lease.rebind);
    CHECK(memcmp(lease.chaddr, "\x52\x54\0\x12\x34\x56", 6) == 0, "and for "
          "whom it is");
}

TEST(test_times_that_make_no_sense_are_put_right)
{
    static const struct {
        const char *options;
        size_t len;
        uint32_t seconds, renew, rebind;
    } table[] = {
#define TIMES(text, seconds, renew, rebind)                               \
        { ACK text, sizeof(ACK text) - 1, seconds, renew, rebind }
        TIMES("", LEASE_UNSAID, 1800, 3150),
        TIMES("\x33\x04\0\0\0\0", 10, 5, 9),
        TIMES("\x33\x04\0\0\0\x09", 10, 5, 9),
        TIMES("\x33\x04\0\0\0\x0a\x3a\x04\0\0\0\1\x3b\x04\0\0\0\3", 10, 1, 3),
        TIMES("\x33\x04\0\0\0\x40\x3a\x04\0\0\0\x40", 64, 32, 56),
        TIMES("\x33\x04\0\0\0\x40\x3b\x04\0\0\1\0", 64, 32, 56),
        TIMES("\x33\x04\0\0\0\x40\x3b\x04\0\0\0\x02", 64, 1, 2),
        TIMES("\x33\x04\0\0\0\x40\x3b\x04\0\0\0\x01", 64, 32, 56),
        TIMES("\x33\x04\0\0\0\x40\x3a\x04\0\0\0\0\x3b\x04\0\0\0\0", 64, 32,
              56),
        TIMES("\x33\x04\xff\xff\xff\xfe", 0xfffffffe, 0x7fffffff, 0xdfffffff),
        TIMES("\x33\x04\xff\xff\xff\xff\x3a\x04\0\0\0\1", LEASE_FOREVER,
              LEASE_FOREVER, LEASE_FOREVER),
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct lease lease;

        CHECK(read_options(table[i].options, table[i].len, &lease) == 0,
              "row %u is good", i);
        CHECK(lease.seconds == table[i].seconds &&
              lease.renew == table[i].renew &&
              lease.rebind == table[i].rebind, "row %u: %u s, renewed after "
              "%u, by any after %u; here %u, %u, %u", i, table[i].seconds,
              table[i].renew, table[i].rebind, lease.seconds, lease.renew,
              lease.rebind);
    }
}

TEST(test_malformed_answers_are_refused)
{
    static const struct { const char *options; size_t len; } table[] = {
#define ROW(text) { text, sizeof(text) - 1 }
        ROW(""), ROW(SERVER), ROW("\x35\x01\x01"), ROW("\x35\x01\x07"),
        ROW("\x35"), ROW("\x35\x01"), ROW("\x35\x00"), ROW("\x35\x02\5\5"),
        ROW(ACK "\x36\x04\x0a\0\0"), ROW(ACK "\x36\x03\x0a\0\0"),
        ROW(ACK "\x33\x05\0\0\0\0\0"), ROW(ACK "\x33\xff\0\0\0\0"),
        ROW(ACK "\x01\x04\xff\0\xff\0"), ROW(ACK "\x01\x04\0\0\0\1"),
        ROW(ACK "\x01\x04\xff\xff\xff\xf7"), ROW(ACK "\x03\x03\x0a\0\0"),
        ROW(ACK "\x03\x04\x7f\0\0\1"), ROW(ACK "\x03\x04\xe0\0\0\1"),
        ROW(ACK "\x1a\x01\5"), ROW(ACK "\x34\x02\1\1"), ROW(ACK "\x79\xff"),
        ROW(ACK "\xfa\x03\1\2"), ROW(ACK "\x01"),
    };
    struct lease lease;

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        memset(&lease, 0x5a, sizeof lease);
        CHECK(read_options(table[i].options, table[i].len, &lease) == -EINVAL,
              "row %u is refused", i);
        CHECK(lease.type == 0 && lease.address == 0, "and leaves nothing");
    }
}

TEST(test_addresses_that_no_machine_has_are_refused)
{
    static const uint8_t bad[][4] = {
        { 0, 0, 0, 0 }, { 0, 1, 2, 3 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 },
        { 255, 255, 255, 255 }, { 10, 0, 0, 0 }, { 10, 0, 0, 255 },
    };
    static const uint8_t options[] = ACK "\x01\x04\xff\xff\xff\0\xff";
    uint8_t message[HEAD + sizeof options];
    struct lease lease;

    make_head(message);
    memcpy(message + HEAD, options, sizeof options);
    CHECK(lease_read(message, sizeof message, &lease) == 0, "10.0.0.9 is one");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        memcpy(message + 16, bad[i], 4);
        CHECK(lease_read(message, sizeof message, &lease) == -EINVAL,
              "%u.%u.%u.%u in a network of 24 bits is none", bad[i][0],
              bad[i][1], bad[i][2], bad[i][3]);
    }
    message[HEAD + 2] = LEASE_NAK;
    CHECK(lease_read(message, sizeof message, &lease) == 0, "a refusal has "
          "none, and is good");
}

TEST(test_options_may_go_on_in_the_names)
{
    static const uint8_t options[] = ACK "\x34\x01\x03\xff";
    uint8_t message[HEAD + sizeof options];
    struct lease lease;

    make_head(message);
    memcpy(message + HEAD, options, sizeof options);
    memcpy(message + FILE_NAME, "\x1a\x02\x05\xb4\xff", 5);
    memcpy(message + SNAME, "\x03\x04\x0a\0\0\xfe\xff", 7);
    CHECK(lease_read(message, sizeof message, &lease) == 0 &&
          lease.mtu == 1460 && lease.router == 0x0a0000fe, "by option 52 they "
          "go on in `file`, then in `sname`");
    memset(message + SNAME, 0x1a, 64);
    CHECK(lease_read(message, sizeof message, &lease) == -EINVAL, "where they "
          "may be malformed as well");
}

TEST(test_an_answer_cut_off_anywhere_is_refused_or_whole)
{
    static const uint8_t options[] = ACK SERVER "\x33\x04\0\0\x0e\x10";
    size_t whole = HEAD + sizeof options - 1;
    uint8_t message[HEAD + sizeof options];

    make_head(message);
    memcpy(message + HEAD, options, sizeof options);
    for (size_t len = 0; len <= whole; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct lease lease;
        bool between = len == HEAD + 3 || len == HEAD + 9 || len == whole;

        memcpy(copy, message, len);
        CHECK((lease_read(copy, len, &lease) == 0) == between, "of %zu bytes "
              "it is %s", len, between ? "good" : "refused");
        free(copy);
    }
}

TEST(test_no_message_and_no_frame_does_harm)
{
    char buf[400];

    for (unsigned i = 0; i < 100000; i++) {
        uint8_t frame[400];
        size_t len = fuzz_input(buf, 100, unit_random, what_options, 8), size;
        struct lease lease;

        read_options(buf, len, &lease);
        make_head(frame + 42);
        memcpy(frame + 42 + HEAD, buf, len);
        len += 42 + HEAD;
        memset(frame, 0, 42);
        frame[12] = 8;
        memcpy(frame + 14, "\x45\0", 2);
        frame[16] = (uint8_t)((len - 14) >> 8);
        frame[17] = (uint8_t)(len - 14);
        frame[23] = 17;
        frame[37] = 68;
        if (i % 4)
            frame[12 + unit_random_below(30)] = (uint8_t)unit_random();
        len = i % 3 ? len : unit_random_below((uint32_t)len);
        uint8_t *exact = (uint8_t *)fuzz_copy(frame, len);
        const uint8_t *message = lease_find(exact, len, &size);

        CHECK(!message || (message > exact && size <= len &&
              (size_t)(message - exact) <= len - size), "a message lies in "
              "its frame");
        if (message)
            lease_read(message, size, &lease);
        free(exact);
    }
}
