/* SPDX-License-Identifier: MIT */
/*
 * sequence.c - the first sequence number of a connection. [RFC 6528 §3]
 *
 * Who can guess it can speak in another's name. So it is a clock that ticks
 * every 4 microseconds, as segments of an earlier connection between the same
 * ports must not look like new ones, plus a number that is secret and differs
 * for each pair of addresses and ports. A connection that had more to say than
 * a quarter of a megabyte in a second is ahead of that clock: one that takes
 * its place begins a window further on.
 */
#include "core/clock.h"
#include "net/lwip/hooks.h"
#include "net/lwip/random.h"

#include "lwip/priv/tcp_priv.h"

const uint32_t *sequence_used;

uint32_t random_tcp_isn(const ip_addr_t *local, uint16_t local_port,
                        const ip_addr_t *remote, uint16_t remote_port)
{
    uint32_t between[3] = {
        ip_addr_get_ip4_u32(local), ip_addr_get_ip4_u32(remote),
        (uint32_t)local_port << 16 | remote_port,
    };

    uint32_t isn = (uint32_t)(clock_ns() / 4000) +
                   (uint32_t)random_hash(between, sizeof between);

    if (sequence_used && !TCP_SEQ_GT(isn, *sequence_used))
        isn = *sequence_used + TCP_SND_BUF;
    return isn;
}
