/* SPDX-License-Identifier: MIT */
/*
 * ping.h - echo requests: sending them, and hearing who does. [RFC 792]
 *
 * Who asks us is answered by the stack, with or without this.
 */
#ifndef NET_PING_H
#define NET_PING_H

#include <stddef.h>
#include <stdint.h>

/* Addresses as numbers (net/address.h). From the event loop; either may be
 * NULL. */
struct ping_events {
    /* `from` has answered our request `sequence` with the `len` bytes that
     * were sent, `ns` nanoseconds after it was. */
    void (*answered)(uint32_t from, uint16_t sequence, size_t len,
                     uint64_t ns);

    /* `from` asks, with `len` bytes, and is being answered. */
    void (*asked)(uint32_t from, uint16_t sequence, size_t len);
};

/* Who hears of them; `events` must stay. */
void ping_watch(const struct ping_events *events);

enum { PING_MAX = 1400 };       /* bytes in a request */

/* Asks `to` with `len` bytes, at most PING_MAX. Answers are known to the last
 * 64 requests. Returns 0; -EAGAIN when there is no address to ask from yet, or
 * no memory now; -EINVAL. After net_up(). */
int ping_send(uint32_t to, uint16_t sequence, size_t len);

/* The address of the gateway; 0 when there is none (yet). */
uint32_t ping_gateway(void);

#endif
