/* SPDX-License-Identifier: MIT */
/*
 * test_describe.c - a frame in a line.
 */
#include <stdlib.h>
#include <string.h>

#include "net/address.h"
#include "net/frames/describe.h"
#include "unit.h"

static char line[200];

/* Of a copy that ends where its memory ends. */
static const char *describe(const uint8_t *frame, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    int n;

    memcpy(copy, frame, len);
    n = frame_describe(line, sizeof line, copy, len);
    free(copy);
    CHECK(n > 0 && (size_t)n == strlen(line), "it returns the line's length");
    return line;
}

static void check(const uint8_t *frame, size_t len, const char *expected)
{
    CHECK(strcmp(describe(frame, len), expected) == 0, "expected \"%s\", here "
          "\"%s\"", expected, line);
}

#define TO_ALL 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1
#define FROM "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, "
#define IP(offset, protocol) \
    TO_ALL, 8, 0, 0x45, 0, 0, 0, 0, 0, (offset) >> 8, (offset) & 255, 64, \
    protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2

TEST(test_arp_is_told)
{
    static uint8_t frame[42] = {
        TO_ALL, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1,
        0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
    };

    check(frame, 42, FROM "42 bytes, ARP who has 10.0.0.2? tell 10.0.0.1");
    frame[21] = 2;
    check(frame, 42, FROM "42 bytes, ARP 10.0.0.1 is at 02:00:00:00:00:01");
    frame[21] = 3;
    check(frame, 42, FROM "42 bytes, ARP operation 3");
    frame[18] = 8;
    check(frame, 42, FROM "42 bytes, ARP about other things than IPv4 over "
          "Ethernet");
    check(frame, 41, FROM "41 bytes, ARP, cut short");
}

TEST(test_ipv4_is_told_with_its_ports)
{
    static const uint8_t tcp[38] = { IP(0x4000, 6), 0x9c, 0x40, 0, 80 };
    static const uint8_t udp[38] = { IP(0, 17), 0, 68, 0, 67 };
    static const uint8_t ping[38] = { IP(0, 1), 8, 0 };
    static const uint8_t other[38] = { IP(0, 2) };
    static const uint8_t part[38] = { IP(0x2001, 17), 0, 68, 0, 67 };

    check(tcp, 38, FROM "38 bytes, IPv4 10.0.0.1 > 10.0.0.2, TCP 40000 > 80");
    check(tcp, 37, FROM "37 bytes, IPv4 10.0.0.1 > 10.0.0.2, TCP, cut short");
    check(udp, 38, FROM "38 bytes, IPv4 10.0.0.1 > 10.0.0.2, UDP 68 > 67");
    check(ping, 38, FROM "38 bytes, IPv4 10.0.0.1 > 10.0.0.2, ICMP type 8");
    check(ping, 34, FROM "34 bytes, IPv4 10.0.0.1 > 10.0.0.2, ICMP");
    check(other, 38, FROM "38 bytes, IPv4 10.0.0.1 > 10.0.0.2, protocol 2");
    check(part, 38, FROM "38 bytes, IPv4 10.0.0.1 > 10.0.0.2, a fragment from "
          "8");
    check(tcp, 33, FROM "33 bytes, IPv4, cut short");
}

TEST(test_a_header_with_options_and_a_malformed_one_are_told_apart)
{
    static uint8_t frame[42] = { IP(0, 6), 1, 1, 1, 1, 0, 7, 0, 8 };

    frame[14] = 0x46;
    check(frame, 42, FROM "42 bytes, IPv4 10.0.0.1 > 10.0.0.2, TCP 7 > 8");
    frame[14] = 0x4f;
    check(frame, 42, FROM "42 bytes, IPv4 10.0.0.1 > 10.0.0.2, cut short");
    frame[14] = 0x44;
    check(frame, 42, FROM "42 bytes, IPv4 10.0.0.1 > 10.0.0.2, a malformed "
          "header");
    frame[14] = 0x65;
    check(frame, 42, FROM "42 bytes, IPv4 10.0.0.1 > 10.0.0.2, a malformed "
          "header");
}

TEST(test_what_is_not_known_is_told_by_its_type)
{
    static const uint8_t frame[60] = { TO_ALL, 0x86, 0xdd };

    check(frame, 60, FROM "60 bytes, type 0x86dd");
    check(frame, 14, FROM "14 bytes, type 0x86dd");
    check(frame, 13, "13 bytes, less than a header");
    check(frame, 0, "0 bytes, less than a header");
}

TEST(test_a_line_that_is_too_short_is_cut_and_its_length_told)
{
    static const uint8_t frame[38] = { IP(0, 6), 0x9c, 0x40, 0, 80 };
    int whole = frame_describe(line, sizeof line, frame, 38);

    for (size_t cap = 0; cap < 100; cap++) {
        char *cut = unit_memory(cap ? cap : 1, 1, 'x');
        int n = frame_describe(cut, cap, frame, 38);

        CHECK(n == whole, "with room for %zu characters too it returns %d, "
              "here %d", cap, whole, n);
        CHECK(cap == 0 || (strlen(cut) < cap &&
                           strncmp(cut, line, strlen(cut)) == 0),
              "what there is room for is the line's beginning");
    }
}

TEST(test_no_frame_does_harm)
{
    static const uint8_t kinds[] = { 0, 6, 0, 0, 1, 6, 17, 0x45, 0x46, 0x4f };
    uint8_t frame[80];

    for (unsigned round = 0; round < 20000; round++) {
        size_t len = unit_random_below(sizeof frame);

        for (unsigned i = 0; i < sizeof frame; i++)
            frame[i] = (uint8_t)unit_random();
        frame[12] = 8;
        frame[13] = kinds[unit_random_below(2)];
        frame[14] = kinds[7 + unit_random_below(3)];
        frame[20] = frame[21] = 0;
        frame[23] = kinds[3 + unit_random_below(4)];
        describe(frame, len);
    }
}

TEST(test_addresses_are_read_as_people_write_them)
{
    static const struct { const char *text; size_t len; uint32_t value; }
    good[] = {
        { "10.0.2.15", 9, 0x0a00020f }, { "0.0.0.0", 7, 0 },
        { "255.255.255.255", 15, 0xffffffff }, { "1.2.3.4/24", 7, 0x01020304 },
        { "001.002.003.004", 15, 0x01020304 },
    };
    static const char *const bad[] = {
        "", "10", "10.0.2", "10.0.2.", "256.0.0.1", "1.2.3.0004", "a.b.c.d",
        "1..2.3", ".1.2.3", "-1.2.3.4", " 1.2.3.4",
    };

    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        const char *at = good[i].text;
        uint32_t value;

        CHECK(ipv4_parse(&at, &value) && value == good[i].value &&
              at == good[i].text + good[i].len, "\"%s\" is %08x, and the rest "
              "begins at %zu", good[i].text, good[i].value, good[i].len);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *at = bad[i];
        uint32_t value;

        CHECK(!ipv4_parse(&at, &value) && at == bad[i], "\"%s\" is none",
              bad[i]);
    }
}
