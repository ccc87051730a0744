/* SPDX-License-Identifier: MIT */
/*
 * loop.c - another right answer to lab 04: a round marks where it ends, with a
 * work and a timer of its own, and runs up to the marks.
 */
#include "arch/arch.h"
#include "core/clock.h"
#include "event/event.h"

void event_post(struct event_work *work)
{
    bool were_on = arch_irq_disable();

    if (!work->posted) {
        struct event_work **last = &event_loop.first;
        while (*last)
            last = &(*last)->next;
        *last = work;
        work->next = NULL;
        work->posted = true;
        event_loop.end = &work->next;
        event_loop.ready++;
    }
    arch_irq_restore(were_on);
}

struct event_work *event_take(void)
{
    bool were_on = arch_irq_disable();
    struct event_work *work = event_loop.first;

    if (work != NULL) {
        work->posted = false;
        event_loop.ready--;
        event_loop.first = work->next;
    }
    if (event_loop.first == NULL)
        event_loop.end = &event_loop.first;
    arch_irq_restore(were_on);
    return work;
}

void event_timer_cancel(struct event_timer *timer)
{
    bool armed = timer->armed;

    timer->armed = false;
    if (armed)
        list_remove(&timer->link);
}

void event_timer_set(struct event_timer *timer, uint64_t deadline_ns)
{
    struct list *head = &event_loop.timers, *at = head;

    if (timer->armed)
        list_remove(&timer->link);
    timer->armed = true;
    timer->deadline_ns = deadline_ns;
    while (at->prev != head &&
           event_timer_of(at->prev)->deadline_ns > deadline_ns)
        at = at->prev;
    list_insert_before(at, &timer->link);
}

void event_wait(uint64_t deadline_ns)
{
    bool were_on = arch_irq_disable();
    bool reason = event_loop.ready > 0 || clock_ns() >= deadline_ns;

    if (!reason)
        arch_timer_set(deadline_ns);
    if (!reason)
        arch_irq_enable_and_wait();
    arch_irq_restore(were_on);
}

static void nothing(struct event_work *work)
{
    (void)work;
}

/* Up to a work of ours, which is posted behind those that are ready. */
static bool run_works(void)
{
    struct event_work mark = { .run = nothing }, *work;
    bool any = false;

    if (event_loop.ready == 0)
        return false;
    event_post(&mark);
    while ((work = event_take()) != &mark) {
        work->run(work);
        any = true;
    }
    return any;
}

/* Up to a timer of ours that stands behind those that are due now. What is
 * set meanwhile to a time that is past would come before it: so the mark is
 * put in front of all, and the due are those that were moved before it. */
static bool run_timers(uint64_t now)
{
    struct event_timer mark = { .deadline_ns = 0 };
    struct list due;
    bool any = false;

    event_timer_set(&mark, now);        /* behind all that are due */
    due.next = event_loop.timers.next;
    due.prev = &mark.link;
    event_loop.timers.next = mark.link.next;
    mark.link.next->prev = &event_loop.timers;
    due.next->prev = &due;
    mark.link.next = &due;
    while (due.next != &mark.link) {
        struct event_timer *timer = event_timer_of(due.next);
        event_timer_cancel(timer);
        timer->expire(timer);
        any = true;
    }
    return any;
}

void event_run_once(uint64_t deadline_ns)
{
    bool any = run_works();

    any |= run_timers(clock_ns());
    struct event_timer *next = event_next_timer();
    if (!any)
        event_wait(next != NULL && next->deadline_ns < deadline_ns
                       ? next->deadline_ns : deadline_ns);
}
