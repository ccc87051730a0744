/* SPDX-License-Identifier: MIT */
/*
 * borrowed.c - gives borrowed memory back, from the event loop and once. The
 * host has a copy of it by then.
 */
#include <errno.h>

#include "mem/heap.h"
#include "net/sockets/sockets.h"

/* Invariant: `count` pieces are owed, from `first` on, round the ring. */
static struct {
    struct piece {
        stream_release_t release;
        void *ctx;
    } *ring;
    unsigned limit, first, count;
    struct event_work work;
} owed;

/* Those that come to be owed meanwhile have their turn in another round. */
static void run(struct event_work *work)
{
    (void)work;
    for (unsigned n = owed.count; n > 0; n--) {
        struct piece piece = owed.ring[owed.first];

        owed.first = (owed.first + 1) % owed.limit;
        owed.count--;
        piece.release(piece.ctx);
    }
}

int borrowed_make(unsigned limit)
{
    owed.limit = limit;
    owed.work.run = run;
    owed.ring = heap_alloc(limit * sizeof *owed.ring);
    return owed.ring ? 0 : -ENOMEM;
}

bool borrow_possible(stream_release_t release)
{
    return !release || owed.count < owed.limit;
}

void borrow(stream_release_t release, void *ctx)
{
    unsigned last;

    if (!release)
        return;
    last = (owed.first + owed.count++) % owed.limit;
    owed.ring[last] = (struct piece){ release, ctx };
    event_post(&owed.work);
}

unsigned borrowed_count(void)
{
    return owed.count;
}
