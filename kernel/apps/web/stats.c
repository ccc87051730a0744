/* SPDX-License-Identifier: MIT */
/*
 * stats.c - figures about the running guest, for its page /stats: what it has
 * done, and what of everything that has a limit is in use.
 */
#include "apps/web/stats.h"

#include "console/format.h"
#include "core/clock.h"
#include "http/http.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "net/netdev.h"
#include "net/stream.h"
#include "net/up.h"

static const struct cache *cache;
static uint64_t began_ns;

/* What is being written, and how long all of it is so far. */
struct page {
    char *buf;
    size_t cap, len;
};

void stats_begin(const struct cache *disk_cache)
{
    cache = disk_cache;
    began_ns = clock_ns();
}

static void add(struct page *page, const char *prefix, const char *name,
                unsigned long long number)
{
    size_t at = page->len < page->cap ? page->len : page->cap;

    page->len += (size_t)format(page->buf + at, page->cap - at, "%s%s %llu\n",
                                prefix, name, number);
}

static void add_server(struct page *page)
{
    struct stream_usage streams = stream_usage();
    struct http_usage http = http_usage();

    add(page, "uptime", "_ms", clock_ns() / NS_PER_MS);
    add(page, "boot", "_ms", began_ns / NS_PER_MS);
    add(page, "", "requests", http.requests);
    add(page, "", "connections", http.connections);
    add(page, "streams", "_open", streams.open);
    add(page, "streams", "_limit", streams.limit);
    add(page, "streams", "_resting", streams.resting);
}

static void add_memory(struct page *page)
{
    struct heap_usage heap = heap_usage();
    struct pages_usage whole = pages_usage();

    add(page, "heap", "_bytes", heap.bytes);
    add(page, "heap", "_blocks", heap.blocks);
    add(page, "pages", "_used", whole.used);
    add(page, "pages", "_total", whole.total);
}

static void add_disk(struct page *page)
{
    struct cache_usage usage = cache_usage(cache);

    add(page, "cache", "_blocks", usage.blocks);
    add(page, "cache", "_pinned", usage.pinned);
    add(page, "cache", "_reading", usage.reading);
    add(page, "cache", "_hits", usage.hits);
    add(page, "cache", "_misses", usage.misses);
    add(page, "cache", "_errors", usage.errors);
}

static void add_card(struct page *page, struct netdev *card, const char *name)
{
    struct netdev_usage usage;

    card->usage(card, &usage);
    add(page, name, "_received", usage.received);
    add(page, name, "_sent", usage.sent);
    add(page, name, "_receive_buffers", usage.receive_buffers);
    add(page, name, "_receive_ready", usage.receive_ready);
    add(page, name, "_transmit_busy", usage.transmit_busy);
}

/* None, if the host's sockets are under us. */
static void add_cards(struct page *page)
{
    struct netdev *first = netdev_find("net0");

    for (struct netdev *card = first; card != NULL; card = card->next)
        add_card(page, card, card == first ? "net" : card->name);
}

static void add_pool(void *page, const char *name, uint64_t used)
{
    add(page, "pool_", name, used);
}

int stats_make(char *buf, size_t cap)
{
    struct page page = { .buf = buf, .cap = cap };

    add_server(&page);
    add_memory(&page);
    add_disk(&page);
    add_cards(&page);
    net_usage(add_pool, &page);
    return (int)page.len;
}
