/* SPDX-License-Identifier: MIT */
/*
 * fake_card.h - lwIP and its port over a card made of the test's own hands:
 * frames go where the test wants them, netbufs come back when it wants, the
 * clock stands still until it moves it, and each piece of memory is one of
 * the sanitizer's.
 */
#ifndef UNIT_FAKE_CARD_H
#define UNIT_FAKE_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/netdev.h"

enum { CARD_BUFFER = 2048 };    /* of a receive buffer, in bytes */

/* The knobs and the counters. */
struct fake_card {
    struct netdev netdev;
    /* Who gets the frames, with what the card does to them by its features;
     * the memory is the callee's while it runs. */
    void (*frame)(const uint8_t *data, size_t len);
    bool holds;                 /* gives no netbuf back until card_reclaim() */
    int refuses;                /* what send() returns, if not 0 */
    bool narrow;                /* it takes no more than `room` frames more */
    unsigned room;
    bool refuses_long;          /* a frame that is too long, as a card does;
                                   otherwise it fails the test */
    uint8_t sum;                /* what it says of the frames that come in, if
                                   its sum_before is 1 */
    bool unplugged;             /* the link is down when the card is found */
    const char *net1_ip, *net1_gw;      /* of another card, as card_up()'s */
    unsigned sent;              /* frames taken */
    unsigned large;             /* of these, cut before they left */
    size_t longest;             /* bytes in a frame taken */
    unsigned out;               /* netbufs taken and not given back */
    unsigned pieces;            /* netbufs of the last frame */
    const uint8_t *first, *last;        /* their data, of the ends */
    const uint8_t *whole;       /* that frame, as it was given */
    uint16_t csum_start, csum_offset;   /* asked for, with the last frame */
    unsigned lent;              /* receive buffers not given back */
    unsigned lent_most;
};
extern struct fake_card card;

/* Where the clock stands; before card_up(). Otherwise it is at 5 s. */
void card_clock(uint64_t ns);

/* Brings up lwIP over the card. `ip` and `gw` are as on the command line;
 * NULL for DHCP. Memory as that of a machine with so many MiB. */
void card_up(const char *ip, const char *gw, unsigned mib);

/* A frame comes in. */
void card_receive(const uint8_t *data, size_t len);

/* Gives back the netbufs that it holds, the last first. */
void card_reclaim(void);

/* Runs the event loop until nothing is ready, without moving the clock. */
void card_run(void);

/* Moves the clock, millisecond by millisecond as far as timers are set. */
void card_sleep(unsigned ms);

/* The pool of this name: how many pieces are out. And which share of all
 * requests to pools fails from now on, in 256ths. */
unsigned pool_out(const char *name);
void pools_fail(unsigned share);
void pool_set_limit(const char *name, unsigned limit);

/* Every netbuf, pbuf, segment and stream has gone back to where it came from;
 * fails the test with the name of one that has not. */
void card_check_nothing_is_out(void);

#endif
