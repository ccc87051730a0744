/* SPDX-License-Identifier: MIT */
/*
 * event.h - the event loop: ready work, timers, and the one place that waits.
 *
 * There are no threads. Interrupt handlers post work; the loop runs it, then
 * what timers are due, and when there is nothing to do it sleeps until an
 * interrupt or the next deadline. The bodies are lab 04's.
 *
 *     handler --event_post--> ready: w1 -> w2      timers: t1 <= t2 <= t3
 *                                  \                  /
 *                                   event_run_once()
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"

/* Something to run. Zero but for `run` before its first use; the struct stays
 * the caller's and must outlive its being posted. From inside run() on it is
 * the caller's alone again. */
struct event_work {
    void (*run)(struct event_work *work);
    struct event_work *next;    /* the loop's, while posted */
    bool posted;                /* the loop's: on the ready list */
};

/* A function to call at a time. Same rules. */
struct event_timer {
    void (*expire)(struct event_timer *timer);
    uint64_t deadline_ns;       /* on clock_ns() */
    struct list link;           /* the loop's */
    bool armed;                 /* the loop's: on the list of timers */
};

/* Makes `work` ready; it will run once, however often it was posted before it
 * does. It may post itself again; then everything else that is ready, and the
 * timers, have their turn first. The one call here that a handler may make. */
void event_post(struct event_work *work);

/* Arms `timer` (moves it, if it is armed). A deadline that is past expires in
 * the next round. A timer is disarmed before expire() is called, which may
 * arm it again. */
void event_timer_set(struct event_timer *timer, uint64_t deadline_ns);

/* Disarms; harmless when it is not armed, and inside its own expire(). */
void event_timer_cancel(struct event_timer *timer);

/* One round: runs the work that is ready now and the timers that are due now.
 * When there was neither, event_wait() until the next timer's deadline or
 * `deadline_ns`, whichever is first. */
void event_run_once(uint64_t deadline_ns);

/* Rounds for ever. */
_Noreturn void event_run(void);

/* Sleeps until there may be something to do: an interrupt, or `deadline_ns`.
 * Returns at once when work is ready or the deadline is past; and nothing that
 * is posted between that check and the sleep is missed. */
void event_wait(uint64_t deadline_ns);

/*
 * Given, for the bodies: what the loop keeps. A handler may come at any moment
 * and call event_post(), so the ready list is touched with interrupts off;
 * the timers are the loop's alone.
 *
 * Invariants, with interrupts on:
 *   - `ready` works are in the list that begins with `first`; they are posted,
 *     and no others;
 *   - `end` is the link behind the last of them: where the next one goes;
 *   - timers are in the order of their deadlines; of two with the same, the
 *     one that was armed first comes first.
 */
struct event_loop {
    struct event_work *first, **end;
    unsigned ready;
    struct list timers;         /* struct event_timer, by their links */
};
extern struct event_loop event_loop;

/* Takes the first work off the ready list, no longer posted; NULL when there
 * is none. */
struct event_work *event_take(void);

/* The timer that expires next, or NULL; and whose link in a list this is. */
struct event_timer *event_next_timer(void);
static inline struct event_timer *event_timer_of(struct list *link)
{
    return container_of(link, struct event_timer, link);
}

#endif
