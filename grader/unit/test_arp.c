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
    CHECK(asks(request, sizeof request), "a request for our address is one");
}

TEST(test_bytes_behind_the_packet_do_not_matter)
{
    uint8_t frame[1514];

    memset(frame, 0xa5, sizeof frame);
    memcpy(frame, request, sizeof request);
    CHECK(asks(frame, 60), "a frame padded to 60 bytes is a request");
    CHECK(asks(frame, 1514), "and one of 1514 bytes too");
}

TEST(test_a_frame_may_begin_at_any_address)
{
    _Alignas(8) uint8_t memory[sizeof request + 8];

    for (unsigned at = 0; at < 8; at++) {
        memcpy(memory + at, request, sizeof request);
        CHECK(arp_asks(memory + at, sizeof request, OURS),
              "a request is one also %u bytes behind a multiple of 8", at);
    }
}

TEST(test_a_short_frame_is_not_read_beyond_its_end)
{
    for (size_t len = 0; len < sizeof request; len++)
        CHECK(!asks(request, len), "a request needs %zu bytes, here are %zu",
              sizeof request, len);
}

TEST(test_every_other_address_is_another_s)
{
    uint8_t frame[42];

    for (unsigned byte = 38; byte < 42; byte++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(frame, request, sizeof frame);
            frame[byte] ^= (uint8_t)(1u << bit);
            CHECK(!asks(frame, sizeof frame), "who asks for %u.%u.%u.%u does "
                  "not ask for 10.0.0.2", frame[38], frame[39], frame[40],
                  frame[41]);
        }
}

TEST(test_the_address_is_in_network_byte_order)
{
    uint8_t frame[42];

    memcpy(frame, request, sizeof frame);
    memcpy(frame + 38, "\x02\0\0\x0a", 4);
    CHECK(!asks(frame, sizeof frame), "2.0.0.10 is not 10.0.0.2");
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
                  "no request for an IPv4 address", value, fields[i].at,
                  fields[i].what);
        }
}

TEST(test_the_other_fields_are_the_asker_s_own_business)
{
    uint8_t frame[42];

    for (unsigned i = 0; i < 100; i++) {
        memcpy(frame, request, sizeof frame);
        for (unsigned at = 0; at < 12; at++)
            frame[at] = (uint8_t)unit_random();
        for (unsigned at = 22; at < 38; at++)
            frame[at] = (uint8_t)unit_random();
        CHECK(asks(frame, sizeof frame), "whoever asks for 10.0.0.2 does");
    }
    memset(frame + 28, 0, 4);
    CHECK(asks(frame, sizeof frame), "also who has no address yet, 0.0.0.0");
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
        CHECK(reply[i] == expected[i], "byte %u of the answer is 0x%02x, here "
              "0x%02x", i, expected[i], reply[i]);
    CHECK(memcmp(from, request, 42) == 0, "the request is as it was");
}

/* Bridges and other stations that speak for somebody. */
TEST(test_the_answer_goes_to_the_packet_s_sender)
{
    uint8_t frame[42];
    struct arp_frame reply;

    memcpy(frame, request, 42);
    memset(frame + 6, 0x66, 6);
    arp_answer((void *)frame, hardware, OURS, &reply);
    CHECK(memcmp(reply.ethernet.destination, request + 22, 6) == 0, "the "
          "frame goes to ar_sha, whoever has sent the request's frame");
    CHECK(memcmp(reply.arp.ar_tha, request + 22, 6) == 0, "and ar_sha is the "
          "answer's ar_tha");
}
