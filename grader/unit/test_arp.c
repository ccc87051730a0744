/* SPDX-License-Identifier: MIT */
/*
 * test_arp.c - lab 09: who asks for our address is told, and nobody else.
 */
#include <stdlib.h>
#include <string.h>

#include "net/frames/arp.h"
#include "unit.h"

enum { OURS = 0x0a000002 };     /* 10.0.0.2 */

static const uint8_t hardware[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

/* 10.0.0.1 at 02:00:00:00:00:01 asks everybody for 10.0.0.2. */
static const uint8_t request[42] = {
    255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6,
    0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1,
    0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
};

/* arp_asks(), of a copy that ends where its memory ends. */
static bool asks(const uint8_t *frame, size_t len)
{
    uint8_t *copy = unit_memory(len ? len : 1, 1, 0);

    memcpy(copy, frame, len);
    return arp_asks(copy, len, OURS);
}

TEST(test_who_asks_for_our_address_is_heard)
{
    CHECK(asks(request, sizeof request), "a request for our address should be "
          "taken for one, and was not");
}

TEST(test_bytes_behind_the_packet_do_not_matter)
{
    uint8_t frame[1514];

    memset(frame, 0xa5, sizeof frame);
    memcpy(frame, request, sizeof request);
    CHECK(asks(frame, 60), "a request for our address that is padded to 60 "
          "bytes should be taken for one, and was not");
    CHECK(asks(frame, 1514), "and one of 1514 bytes too, and was not");
}

TEST(test_a_frame_may_begin_at_any_address)
{
    _Alignas(8) uint8_t memory[sizeof request + 8];

    for (unsigned at = 0; at < 8; at++) {
        memcpy(memory + at, request, sizeof request);
        CHECK(arp_asks(memory + at, sizeof request, OURS),
              "a request should be taken for one also %u bytes behind a "
              "multiple of 8, and was not", at);
    }
}

TEST(test_a_short_frame_is_not_read_beyond_its_end)
{
    for (size_t len = 0; len < sizeof request; len++)
        CHECK(!asks(request, len), "a request needs %zu bytes; here are %zu, "
              "and they were taken for one", sizeof request, len);
}

TEST(test_every_other_address_belongs_to_others)
{
    uint8_t frame[42];

    for (unsigned byte = 38; byte < 42; byte++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(frame, request, sizeof frame);
            frame[byte] ^= (uint8_t)(1u << bit);
            CHECK(!asks(frame, sizeof frame), "who asks for %u.%u.%u.%u does "
                  "not ask for 10.0.0.2, and was taken for one who does",
                  frame[38], frame[39], frame[40], frame[41]);
        }
}

TEST(test_the_address_is_in_network_byte_order)
{
    uint8_t frame[42];

    memcpy(frame, request, sizeof frame);
    memcpy(frame + 38, "\x02\0\0\x0a", 4);
    CHECK(!asks(frame, sizeof frame), "a request for 2.0.0.10 was taken for "
          "one for 10.0.0.2");
}

TEST(test_what_is_about_something_else_is_no_request)
{
    static const struct { uint8_t at; const char *what; } fields[] = {
        { 12, "type" }, { 13, "type" }, { 14, "ar_hrd" }, { 15, "ar_hrd" },
        { 16, "ar_pro" }, { 17, "ar_pro" }, { 18, "ar_hln" },
        { 19, "ar_pln" }, { 20, "ar_op" }, { 21, "ar_op" },
    };
    uint8_t frame[42];

    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++)
        for (unsigned value = 0; value < 256; value++) {
            memcpy(frame, request, sizeof frame);
            if (frame[fields[i].at] == value)
                continue;
            frame[fields[i].at] = (uint8_t)value;
            CHECK(!asks(frame, sizeof frame), "with %u in byte %u (%s) it is "
                  "no request for an IPv4 address, and was taken for one",
                  value, fields[i].at, fields[i].what);
        }
}

static void randomize(uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (uint8_t)unit_random();
}

TEST(test_the_other_fields_are_for_the_asker_to_choose)
{
    static const struct { uint8_t at, size; const char *what; } fields[] = {
        { 0, 6, "the frame's destination" }, { 6, 6, "the frame's source" },
        { 22, 6, "ar_sha" }, { 28, 4, "ar_spa" }, { 32, 6, "ar_tha" },
    };
    uint8_t frame[42];

    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        memcpy(frame, request, sizeof frame);
        randomize(frame + fields[i].at, fields[i].size);
        CHECK(asks(frame, sizeof frame), "with another value in %s (bytes %u "
              "to %u) it is still a request for 10.0.0.2, and was not taken "
              "for one", fields[i].what, fields[i].at,
              fields[i].at + fields[i].size - 1u);
    }
    for (unsigned i = 0; i < 100; i++) {
        randomize(frame, 12);
        randomize(frame + 22, 16);
        CHECK(asks(frame, sizeof frame), "with other values in destination, "
              "source, ar_sha, ar_spa and ar_tha it is still a request for "
              "10.0.0.2, and was not taken for one");
    }
    memset(frame + 28, 0, 4);
    CHECK(asks(frame, sizeof frame), "who has no address yet, so that ar_spa "
          "is 0.0.0.0, should be heard as well, and was not");
}

TEST(test_the_answer_is_right_to_the_last_byte)
{
    static const uint8_t expected[42] = {
        2, 0, 0, 0, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 6,
        0, 1, 8, 0, 6, 4, 0, 2, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 10, 0, 0, 2,
        2, 0, 0, 0, 0, 1, 10, 0, 0, 1,
    };
    uint8_t *from = unit_memory(42, 1, 0), *reply = unit_memory(42, 1, 0xa5);

    memcpy(from, request, 42);
    arp_answer((void *)from, hardware, OURS, (void *)reply);
    for (unsigned i = 0; i < 42; i++)
        CHECK(reply[i] == expected[i], "byte %u of the answer should be "
              "0x%02x, here 0x%02x", i, expected[i], reply[i]);
    CHECK(memcmp(from, request, 42) == 0, "the request should be as it was");
}

/* Bridges and other stations that speak for somebody. */
TEST(test_the_answer_goes_to_the_sender_in_the_packet)
{
    uint8_t frame[42];
    struct arp_frame reply;

    memcpy(frame, request, 42);
    memset(frame + 6, 0x66, 6);
    arp_answer((void *)frame, hardware, OURS, &reply);
    CHECK(memcmp(reply.ethernet.destination, request + 22, 6) == 0, "the "
          "frame should go to ar_sha, whoever has sent the request's frame");
    CHECK(memcmp(reply.arp.ar_tha, request + 22, 6) == 0, "and ar_sha should "
          "be the answer's ar_tha");
}
