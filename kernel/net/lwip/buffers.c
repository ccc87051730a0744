/* SPDX-License-Identifier: MIT */
/*
 * buffers.c - netbufs for sending, pbufs for receiving.
 *
 * The card lends its receive buffers, and it has few: if readers that are
 * slow, or segments that came too early, kept them all, no acknowledgement
 * could come in any more and everything would stand still. So only
 * RECEIVED_KEPT_MAX may be kept; from there on kept bytes are copied.
 */
#include "net/lwip/buffers.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "net/lwip/pools.h"

static struct pool received_pool;
struct pool transmit_pool;
struct transmits *transmit_current;
void (*transmit_drained)(void);

int buffers_make(void)
{
    int err = pool_make(&transmit_pool, "transmit", sizeof(struct transmit),
                        TRANSMIT_MAX);

    if (err)
        return err;
    return pool_make(&received_pool, "received", sizeof(struct received),
                     RECEIVED_MAX);
}

void transmits_init(struct transmits *transmits)
{
    list_init(&transmits->under_way);
    transmits->last = 0;
    transmits->awaited = false;
}

uint64_t transmit_done(const struct transmits *transmits)
{
    const struct list *under_way = &transmits->under_way;

    if (list_empty(under_way))
        return transmits->last;
    return container_of(under_way->next, struct transmit, link)->number - 1;
}

void transmit_on_drained(void (*drained)(void))
{
    transmit_drained = drained;
}

struct received *received_take(void)
{
    return pool_take(&received_pool);
}

void received_give(struct received *r)
{
    pool_give(&received_pool, r);
}

uint16_t buffers_out_of_order_limit(void)
{
    return received_pool.used > RECEIVED_KEPT_MAX ? 0 : RECEIVED_KEPT_MAX;
}

/* How many bytes can be added behind those of `p`? None, unless its memory is
 * ours. */
static size_t room_behind(const struct pbuf *p)
{
    const uint8_t *begin, *end;

    if (!p || (p->flags & PBUF_FLAG_IS_CUSTOM))
        return 0;
    begin = (const uint8_t *)p + LWIP_MEM_ALIGN_SIZE(sizeof *p);
    end = (const uint8_t *)p->payload + p->len;
    return (size_t)(begin + PBUF_POOL_BUFSIZE - end);
}

/* Frees `p`, a pbuf by itself over a buffer of the card, after its bytes have
 * moved: behind those of `before`, if they fit there, else into *own, a chain
 * of ours. False when there is no memory, and `p` still there. */
static bool move(struct pbuf *p, struct pbuf *before, struct pbuf **own)
{
    *own = NULL;
    if (before && p->len <= room_behind(before)) {
        memcpy((uint8_t *)before->payload + before->len, p->payload, p->len);
        before->len = (u16_t)(before->len + p->len);
    } else {
        *own = pbuf_alloc(PBUF_RAW, p->len, PBUF_POOL);
        if (!*own)
            return false;
        pbuf_take(*own, p->payload, p->len);
    }
    pbuf_free(p);
    return true;
}

struct pbuf *buffers_settle(struct pbuf *chain)
{
    struct pbuf **at = &chain, *before = NULL;

    if (received_pool.used <= RECEIVED_KEPT_MAX)
        return chain;
    while (*at) {
        struct pbuf *p = *at, *rest = p->next, *own = p;

        p->next = NULL;
        if ((p->flags & PBUF_FLAG_IS_CUSTOM) && !move(p, before, &own)) {
            p->next = rest;
            pbuf_free(chain);
            return NULL;
        }
        *at = own;
        for (; *at; at = &(*at)->next)
            before = *at;
        *at = rest;
    }
    return chain;
}
