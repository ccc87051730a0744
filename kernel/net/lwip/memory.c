/* SPDX-License-Identifier: MIT */
/*
 * memory.c - lwIP's memory, in the place of its own mem.c and memp.c.
 *
 * lwIP asks for memory in two ways: for one of a kind (memp_malloc: a TCP_PCB,
 * a TCP_SEG), and for so many bytes (mem_malloc: pbufs that hold their data).
 * Its own pools are arrays whose size is fixed by the compiler. Ours are made
 * at start-up, by the memory of the machine: a pool for each kind, and two
 * for bytes, as the only things that lwIP makes in that way are headers of a
 * few dozen bytes and frames.
 */
#include "net/lwip/memory.h"

#include "lib/string.h"
#include "net/lwip/pools.h"

#include "lwip/etharp.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"

enum {
    HEADER_SIZE = 128,          /* pbuf, and Ethernet, IP, TCP with options */
    FRAME_SIZE = 1664,          /* pbuf, and the largest frame */
    OTHER_HEADERS = 256,        /* acknowledgements, resets, ARP */
};

static struct pool kinds[MEMP_MAX];
static struct pool headers, frames;

/* What lwIP has by default, unless the kind is one that grows with what the
 * machine serves. */
static unsigned kind_limit(unsigned kind, unsigned otherwise)
{
    struct pool_limits limits = pool_limits();

    switch (kind) {
    case MEMP_TCP_PCB:
        return limits.connections + limits.half_open;
    case MEMP_TCP_SEG:
        return limits.segments + limits.others;
    case MEMP_PBUF:
        return limits.segments;
    case MEMP_PBUF_POOL:
        return limits.frames;
    default:
        return otherwise;
    }
}

int memory_make(void)
{
    static const struct { const char *name; size_t size; unsigned number; }
    kind[MEMP_MAX] = {
/* lwIP's list of kinds: the header expands the macro once for each. */
#define LWIP_MEMPOOL(name, number, size, text) { text, size, number },
#include "lwip/priv/memp_std.h"
    };
    struct pool_limits limits = pool_limits();
    int err = pool_make(&headers, "headers", HEADER_SIZE,
                        limits.segments + limits.others + OTHER_HEADERS);

    if (!err)
        err = pool_make(&frames, "frames", FRAME_SIZE, limits.frames);
    for (unsigned i = 0; i < MEMP_MAX && !err; i++)
        err = pool_make(&kinds[i], kind[i].name, kind[i].size,
                        kind_limit(i, kind[i].number));
    return err;
}

unsigned memory_segments_left(void)
{
    return kinds[MEMP_TCP_SEG].limit - kinds[MEMP_TCP_SEG].used;
}

void memp_init(void)
{
}

void *memp_malloc(memp_t kind)
{
    return pool_take(&kinds[kind]);
}

void memp_free(memp_t kind, void *memory)
{
    if (memory)
        pool_give(&kinds[kind], memory);
}

void mem_init(void)
{
}

void *mem_malloc(mem_size_t size)
{
    if (size <= HEADER_SIZE)
        return pool_take(&headers);
    return size <= FRAME_SIZE ? pool_take(&frames) : NULL;
}

void *mem_calloc(mem_size_t count, mem_size_t size)
{
    void *memory = count && size > FRAME_SIZE / count
                       ? NULL : mem_malloc(count * size);

    return memory ? memset(memory, 0, count * size) : NULL;
}

/* A piece can't shrink. */
void *mem_trim(void *memory, mem_size_t size)
{
    (void)size;
    return memory;
}

void mem_free(void *memory)
{
    if (memory)
        pool_give(pool_has(&headers, memory) ? &headers : &frames, memory);
}
