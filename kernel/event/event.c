/* SPDX-License-Identifier: MIT */
/*
 * event.c - what the event loop keeps, and the loop around its rounds. What a
 * round is, lab 04 says.
 */
#include "event/event.h"

struct event_loop event_loop = {
    .end = &event_loop.first,
    .timers = LIST_INIT(event_loop.timers),
};

struct event_timer *event_next_timer(void)
{
    if (list_empty(&event_loop.timers))
        return NULL;
    return event_timer_of(event_loop.timers.next);
}

void event_run(void)
{
    for (;;)
        event_run_once(UINT64_MAX);
}
