/* SPDX-License-Identifier: MIT */
/*
 * loop.c - another right answer to lab 04: places in lists are found from the
 * front, a round's timers are told from those it sets by the number of them,
 * and what is due is asked for anew after each.
 */
#include "arch/arch.h"
#include "core/clock.h"
#include "event/event.h"

void event_post(struct event_work *work)
{
    bool on = arch_irq_disable();
    bool was = work->posted;

    work->posted = true;
    if (!was) {
        work->next = 0;
        *event_loop.end = work;
        event_loop.end = &work->next;
        event_loop.ready += 1;
    }
    arch_irq_restore(on);
}

struct event_work *event_take(void)
{
    struct event_work *work;
    bool on = arch_irq_disable();

    work = event_loop.first;
    if (work == 0)
        goto out;
    work->posted = false;
    event_loop.first = work->next;
    event_loop.ready -= 1;
    if (event_loop.ready == 0)
        event_loop.end = &event_loop.first;
out:
    arch_irq_restore(on);
    return work;
}

void event_timer_cancel(struct event_timer *timer)
{
    if (timer->armed) {
        timer->armed = false;
        list_remove(&timer->link);
    }
}

void event_timer_set(struct event_timer *timer, uint64_t deadline_ns)
{
    event_timer_cancel(timer);
    timer->deadline_ns = deadline_ns;

    struct list *at = event_loop.timers.next;
    while (at != &event_loop.timers &&
           event_timer_of(at)->deadline_ns <= deadline_ns)
        at = at->next;
    list_insert_before(at, &timer->link);
    timer->armed = true;
}

void event_wait(uint64_t deadline_ns)
{
    bool on = arch_irq_disable();

    if (event_loop.first == 0 && deadline_ns > clock_ns()) {
        arch_timer_set(deadline_ns);
        arch_irq_enable_and_wait();
    }
    arch_irq_restore(on);
}

/* Lets the timers expire that are due; whether there were any. Those stand in
 * a list of their own meanwhile, from which they may be cancelled. */
static bool run_timers(uint64_t now)
{
    struct list due = LIST_INIT(due);
    struct event_timer *timer;
    bool any = false;

    while ((timer = event_next_timer()) != 0 && timer->deadline_ns <= now) {
        list_remove(&timer->link);
        list_append(&due, &timer->link);
    }
    for (; !list_empty(&due); any = true) {
        timer = event_timer_of(due.next);
        timer->armed = false;
        list_remove(&timer->link);
        timer->expire(timer);
    }
    return any;
}

static bool run_works(void)
{
    unsigned count = event_loop.ready;

    for (unsigned i = 0; i < count; i++) {
        struct event_work *work = event_take();
        if (work)
            work->run(work);
    }
    return count > 0;
}

void event_run_once(uint64_t deadline_ns)
{
    bool worked = run_works();
    bool expired = run_timers(clock_ns());

    if (worked || expired)
        return;
    const struct event_timer *next = event_next_timer();
    if (next && next->deadline_ns < deadline_ns)
        deadline_ns = next->deadline_ns;
    event_wait(deadline_ns);
}
