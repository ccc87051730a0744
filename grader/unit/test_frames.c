/* SPDX-License-Identifier: MIT */
/*
 * test_frames.c - frames of every kind, right and wrong, into the whole of the
 * network (fuzz_frames.c). Each run of the program is another sample: the seed
 * decides.
 */
#include <stdio.h>
#include <stdlib.h>

#include "apps/tcpecho/home.h"
#include "core/clock.h"
#include "fake_card.h"
#include "frame_maker.h"
#include "fuzz.h"
#include "fuzz_frames.h"
#include "mem/heap.h"
#include "unit.h"

enum { FRAMES = 10000 };        /* malformed ones, a test */

void heap_free(void *block)
{
    free(block);
}

/* Of the echo server's. Here card_check_nothing_is_out() looks. */
void home_remember(void)
{
}

bool home_is_all(void)
{
    return true;
}

uint64_t clock_unix(void)
{
    return 1700000000;
}

static void malformed_frames(bool by_dhcp)
{
    static uint8_t input[6000];

    fuzz_frames_start(by_dhcp);
    while (fuzz_reached.malformed < FRAMES) {
        size_t size = 1 + unit_random_below(sizeof input);

        for (size_t i = 0; i < size; i++)
            input[i] = (uint8_t)unit_random();
        LLVMFuzzerTestOneInput(input, size);
    }
    CHECK(fuzz_reached.answers > FRAMES / 50 &&
          (by_dhcp || (fuzz_reached.accepted > FRAMES / 200 &&
                       fuzz_reached.bytes > FRAMES)),
          "of %llu frames some are answered (%llu), and conversations come "
          "about (%llu, and %llu bytes)",
          (unsigned long long)fuzz_reached.frames,
          (unsigned long long)fuzz_reached.answers,
          (unsigned long long)fuzz_reached.accepted,
          (unsigned long long)fuzz_reached.bytes);
}

TEST(test_malformed_frames_do_no_harm)
{
    malformed_frames(false);
}

TEST(test_malformed_frames_do_no_harm_while_dhcp_is_asked)
{
    malformed_frames(true);
}

/* ---- One after the other ------------------------------------------------ */

/* Of each kind one that lwIP looks into to its end. */
static void make(struct made *f, unsigned kind)
{
    static const uint8_t mss[] = { 2, 4, 5, 0xb4 };
    uint8_t *at;

    memset(f->bytes, 0, sizeof f->bytes);
    switch (kind) {
    case 0:
        make_arp(f, 1, 0x0a000001);
        break;
    case 1:
        make_ip(f, 1, 64)[0] = 8;       /* an echo request */
        break;
    case 2:
        memcpy(make_tcp(f, 40000, 80, 1, 0, 2, 0xffff, 4, 0), mss, 4);
        break;
    case 3:
        at = make_udp(f, 67, 68, 300);
        at[0] = 2;
        break;
    default:
        make_udp(f, 5, 5, 20);          /* to nobody */
    }
    mend(f);
}

TEST(test_no_frame_is_read_beyond_its_end)
{
    static struct made f;

    fuzz_frames_start(false);
    for (unsigned kind = 0; kind < 5; kind++) {
        size_t whole;

        make(&f, kind);
        whole = f.len;
        for (size_t len = 0; len <= whole; len++) {
            make(&f, kind);
            f.len = len;
            if (len % 2 && len >= MAKER_ETH)
                mend(&f);
            fuzz_receive(&f);
            card_run();
        }
    }
    /* The sanitizer has had its say. */
    CHECK(card.lent == 0, "the card has its buffers back");
}

TEST(test_no_tcp_option_is_read_beyond_its_end)
{
    static struct made f;
    static const uint8_t kinds[] = { 2, 3, 4, 5, 8, 9, 255 };

    fuzz_frames_start(false);
    for (unsigned kind = 0; kind < sizeof kinds; kind++)
        for (unsigned left = 1; left <= 12; left++)
            for (unsigned len = 0; len < 14; len++) {
                uint8_t *options = make_tcp(&f, 40000, 80, 1, 0, 2, 0xffff,
                                            12, 0);

                memset(options, 1, 12);
                options[12 - left] = kinds[kind];
                if (left > 1)
                    options[13 - left] = (uint8_t)len;
                mend(&f);
                fuzz_receive(&f);
            }
    card_run();
    CHECK(card.lent == 0, "the card has its buffers back");
}
