/* SPDX-License-Identifier: MIT */
#include "fake_card.h"
#include "fake_cut.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "core/clock.h"
#include "core/cmdline.h"
#include "event/event.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "net/lwip/pools.h"
#include "net/up.h"
#include "unit.h"

struct fake_card card;

/* ---- Time --------------------------------------------------------------- */

static uint64_t now = 5 * NS_PER_S;

uint64_t clock_ns(void)
{
    return now;
}

void card_clock(uint64_t ns)
{
    now = ns;
}

void card_run(void)
{
    for (unsigned round = 0; event_loop.ready > 0; round++) {
        CHECK(round < 10000, "the event loop comes to rest, but work has "
              "been posting itself for 10000 rounds");
        event_run_once(now);
    }
}

void card_sleep(unsigned ms)
{
    uint64_t end = now + ms * NS_PER_MS;
    struct event_timer *timer;

    card_run();
    while ((timer = event_next_timer()) && timer->deadline_ns <= end) {
        if (timer->deadline_ns > now)
            now = timer->deadline_ns;
        event_run_once(now);
        card_run();
    }
    now = end;
}

/* ---- Text --------------------------------------------------------------- */

/* Lab 02's, where that is linked. */
__attribute__((weak)) int format(char *buf, size_t cap, const char *text, ...)
{
    va_list args;
    int len;

    va_start(args, text);
    len = vsnprintf(buf, cap, text, args);
    va_end(args);
    return len;
}

/* ---- Memory ------------------------------------------------------------- */

/* A piece as the sanitizer sees it, with a note of its pool in front. */
struct piece {
    struct pool *pool;
    uint64_t unused;
};

static struct pool *pools[32];
static unsigned at_start[32];   /* pieces out when the network was up: DHCP's */
static unsigned pool_count, fail_share;
static size_t memory;

void *heap_alloc(size_t size)
{
    return malloc(size);
}

void *heap_alloc_array(size_t n, size_t size)
{
    return calloc(n, size);
}

void *pages_alloc(size_t count)
{
    return malloc(count * PAGE_SIZE);
}

void pages_free(void *first, size_t count)
{
    (void)count;
    free(first);
}

struct pages_usage pages_usage(void)
{
    return (struct pages_usage){ memory / PAGE_SIZE, 0 };
}

int pool_make(struct pool *pool, const char *name, size_t size, unsigned limit)
{
    CHECK(pool_count < 32, "there are at most 32 pools");
    *pool = (struct pool){ .name = name, .size = size, .limit = limit };
    pools[pool_count++] = pool;
    return 0;
}

struct pool_limits pool_limits(void)
{
    size_t mib = memory >> 20;

    return (struct pool_limits){
        .connections = 16 * (unsigned)mib, .half_open = 8 * (unsigned)mib,
        .segments = 128 * (unsigned)mib, .others = 16 * (unsigned)mib,
        .frames = 8 * (unsigned)mib,
    };
}

/* Of some pools it is known beforehand whether they have a piece. */
static bool fails(const struct pool *pool)
{
    return fail_share && strcmp(pool->name, "SYS_TIMEOUT") != 0 &&
           strcmp(pool->name, "borrowed") != 0 &&
           unit_random_below(256) < fail_share;
}

void *pool_take(struct pool *pool)
{
    struct piece *piece;

    if (pool->used >= pool->limit || fails(pool))
        return NULL;
    piece = malloc(sizeof *piece + pool->size);
    memset(piece, 0xa5, sizeof *piece + pool->size);
    piece->pool = pool;
    pool->used++;
    return piece + 1;
}

void pool_give(struct pool *pool, void *memory_)
{
    struct piece *piece = (struct piece *)memory_ - 1;

    CHECK(piece->pool == pool, "a piece goes back to the pool that it came "
          "from, \"%s\", not to \"%s\"", piece->pool->name, pool->name);
    pool->used--;
    free(piece);
}

bool pool_has(const struct pool *pool, const void *memory_)
{
    return ((const struct piece *)memory_ - 1)->pool == pool;
}

static struct pool *find(const char *name)
{
    for (unsigned i = 0; i < pool_count; i++)
        if (strcmp(pools[i]->name, name) == 0)
            return pools[i];
    FAIL("there is no pool \"%s\"", name);
}

unsigned pool_out(const char *name)
{
    return find(name)->used;
}

void pools_fail(unsigned share)
{
    fail_share = share;
}

void pool_set_limit(const char *name, unsigned limit)
{
    find(name)->limit = limit;
}

/* Listeners stay, and so do timers, of which lwIP has as many as it needs. */
static bool keeps(const char *name)
{
    return strcmp(name, "TCP_PCB_LISTEN") == 0 ||
           strcmp(name, "SYS_TIMEOUT") == 0;
}

void card_check_nothing_is_out(void)
{
    card_reclaim();
    card_run();
    CHECK(card.out == 0, "%u netbufs that were sent never came back to "
          "netbuf->release()", card.out);
    CHECK(card.lent == 0, "%u of the card's receive buffers have not been "
          "given back", card.lent);
    for (unsigned i = 0; i < pool_count; i++)
        CHECK(pools[i]->used <= at_start[i] || keeps(pools[i]->name),
              "nothing is left over, but %u of pool \"%s\"",
              pools[i]->used - at_start[i], pools[i]->name);
}

/* ---- The card ----------------------------------------------------------- */

static struct netbuf *held[4096];
static unsigned held_count;

void card_reclaim(void)
{
    while (held_count > 0) {
        struct netbuf *nb = held[--held_count];

        card.out--;
        nb->release(nb);
    }
}

static void keep(struct netbuf *frame)
{
    while (frame) {
        struct netbuf *next = frame->next;

        CHECK(held_count < 4096, "the card holds at most 4096 netbufs");
        card.out++;
        held[held_count++] = frame;
        frame = next;
    }
}

static size_t length_of(const struct netbuf *frame)
{
    size_t len = 0;

    for (; frame; frame = frame->next)
        len += frame->len;
    return len;
}

static int card_send(struct netdev *dev, struct netbuf *frame)
{
    static uint8_t bytes[CUT_FRAME_MAX];
    const struct netbuf asked = *frame;
    size_t most = frame->gso_size ? sizeof bytes : ETHERNET_FRAME_MAX, len = 0;

    if (card.refuses)
        return card.refuses;
    if (card.refuses_long && length_of(frame) > most)
        return -EINVAL;
    if (card.narrow && card.room == 0)
        return -ENOSPC;
    card.room -= card.narrow;
    card.pieces = 0;
    card.first = frame->data;
    card.csum_start = frame->csum_start;
    card.csum_offset = frame->csum_offset;
    for (struct netbuf *nb = frame; nb; nb = nb->next) {
        CHECK(nb->len > 0 && nb->len <= most - len, "a frame has no empty "
              "piece and %zu bytes at most", most);
        memcpy(bytes + len, nb->data, nb->len);
        len += nb->len;
        card.pieces++;
        card.last = nb->data;
    }
    CHECK(card.pieces <= NETDEV_PIECES_MAX, "a frame is in at most %d "
          "pieces, here in %u", NETDEV_PIECES_MAX, card.pieces);
    card.sent++;
    card.large += frame->gso_size != 0;
    card.longest = len > card.longest ? len : card.longest;
    card.whole = bytes;
    keep(frame);
    if (!card.holds)
        card_reclaim();
    if (card.frame)
        fake_cut(dev->features, &asked, bytes, len, card.frame);
    return 0;
}

/* A receive buffer: full-sized, as a card's are. */
struct lent {
    struct netbuf nb;
    uint8_t sum;                /* an enum netdev_sum */
    uint8_t bytes[CARD_BUFFER];
};

static void lent_back(struct netbuf *nb)
{
    card.lent--;
    free(nb->owner);
}

void card_receive(const uint8_t *data, size_t len)
{
    struct lent *lent = malloc(sizeof *lent);

    CHECK(len <= sizeof lent->bytes, "a frame fits a receive buffer");
    memset(lent, 0xee, sizeof *lent);
    lent->sum = card.sum;
    memcpy(lent->bytes, data, len);
    lent->nb = (struct netbuf){ .data = lent->bytes, .len = (uint32_t)len,
                                .release = lent_back, .owner = lent };
    if (++card.lent > card.lent_most)
        card.lent_most = card.lent;
    card.netdev.receive(&card.netdev, &lent->nb);
}

/* ---- Up ----------------------------------------------------------------- */

static const char *ip_word, *gw_word;

long cmdline_value(const char *key, char *value, size_t cap)
{
    const char *word = strcmp(key, "ip") == 0        ? ip_word
                       : strcmp(key, "gw") == 0      ? gw_word
                       : strcmp(key, "net1.ip") == 0 ? card.net1_ip
                                                     : card.net1_gw;

    if (!word)
        return -ENOENT;
    if (strlen(word) >= cap)
        return -ENOSPC;
    strcpy(value, word);
    return (long)strlen(word);
}

void card_up(const char *ip, const char *gw, unsigned mib)
{
    static const uint8_t address[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

    memory = (size_t)mib << 20;
    ip_word = ip;
    gw_word = gw;
    memcpy(card.netdev.address, address, sizeof address);
    card.netdev.mtu = 1500;
    card.netdev.link_up = !card.unplugged;
    card.netdev.send = card_send;
    netdev_add(&card.netdev);
    CHECK(net_up("net0") == 0, "net_up() brings up net0");
    card_run();
    for (unsigned i = 0; i < pool_count; i++)
        at_start[i] = pools[i]->used;
}
