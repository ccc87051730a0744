/* SPDX-License-Identifier: MIT */
/*
 * stats.c - figures about the running guest, for its page /stats.
 */
#include "apps/web/stats.h"

#include "console/format.h"
#include "core/clock.h"
#include "http/http.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "net/stream.h"

int stats_make(char *buf, size_t cap)
{
    struct heap_usage heap = heap_usage();
    struct pages_usage page = pages_usage();
    struct stream_usage streams = stream_usage();
    struct http_usage http = http_usage();

    return format(buf, cap,
                  "uptime_ms     %llu\n"
                  "requests      %llu\n"
                  "connections   %u\n"
                  "streams_open  %u\n"
                  "streams_limit %u\n"
                  "heap_bytes    %zu\n"
                  "heap_blocks   %zu\n"
                  "pages_used    %zu\n"
                  "pages_total   %zu\n",
                  (unsigned long long)(clock_ns() / NS_PER_MS),
                  (unsigned long long)http.requests, http.connections,
                  streams.open, streams.limit, heap.bytes, heap.blocks,
                  page.used, page.total);
}
