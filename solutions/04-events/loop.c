/* SPDX-License-Identifier: MIT */
/*
 * loop.c - the event loop: runs what is ready, then what is due, and sleeps
 * when there is neither.
 *
 * Stands on interrupts off and on and the machine's one timer (arch/arch.h)
 * and on the clock; knows nothing of who posts and why. event/event.h has the
 * lists and their invariants.
 */
#include "arch/arch.h"
#include "core/clock.h"
#include "core/panic.h"
#include "event/event.h"

void event_post(struct event_work *work)
{
    /* TODO 4.10 event_post: unless `work` is posted already, append it to the
     * ready list, and count it in `ready`. A handler may come in the middle
     * of this and post as well, so interrupts are off meanwhile; afterwards
     * they are as they were, which in a handler is off. (What is posted stays
     * so until the loop takes it: no handler changes that.) */
    if (work->posted)
        return;
    bool were_on = arch_irq_disable();

    if (!work->posted) {
        work->posted = true;
        work->next = NULL;
        *event_loop.end = work;
        event_loop.end = &work->next;
        event_loop.ready++;
    }
    arch_irq_restore(were_on);
    /* END 4.10 */
}

struct event_work *event_take(void)
{
    /* TODO 4.11 event_take: the other end of the list, with the same care.
     * `ready` counts what is left.
     * When the last one goes, `end` must point at `first` again. */
    bool were_on = arch_irq_disable();
    struct event_work *work = event_loop.first;

    if (work) {
        event_loop.first = work->next;
        if (!event_loop.first)
            event_loop.end = &event_loop.first;
        event_loop.ready--;
        work->posted = false;
    }
    arch_irq_restore(were_on);
    return work;
    /* END 4.11 */
}

void event_timer_cancel(struct event_timer *timer)
{
    /* TODO 4.12 event_timer_cancel: off the list, if it is armed. */
    if (!timer->armed)
        return;
    list_remove(&timer->link);
    timer->armed = false;
    /* END 4.12 */
}

void event_timer_set(struct event_timer *timer, uint64_t deadline_ns)
{
    /* TODO 4.13 event_timer_set: take it off if it is armed, then put it at its
     * place: behind all whose deadline is not later. Most are set for later
     * than all others, so look from the end. */
    struct list *before;

    event_timer_cancel(timer);
    timer->deadline_ns = deadline_ns;
    timer->armed = true;
    before = event_loop.timers.prev;
    while (before != &event_loop.timers &&
           event_timer_of(before)->deadline_ns > deadline_ns)
        before = before->prev;
    list_insert_before(before->next, &timer->link);
    /* END 4.13 */
}

void event_wait(uint64_t deadline_ns)
{
    /* TODO 4.14 event_wait: with interrupts off, look whether there is a reason
     * not to sleep; if there is none, arch_timer_set() and
     * arch_irq_enable_and_wait(). Were interrupts on between the look and the
     * sleep, a handler could post in between, and the sleep would miss it. */
    bool were_on = arch_irq_disable();

    if (event_loop.ready == 0 && clock_ns() < deadline_ns) {
        arch_timer_set(deadline_ns);
        arch_irq_enable_and_wait();
    }
    arch_irq_restore(were_on);
    /* END 4.14 */
}

void event_run_once(uint64_t deadline_ns)
{
    /* TODO 4.15 event_run_once: run as many works as are ready when the round
     * begins, and no more: one that posts itself again waits for the next
     * round. Then move the timers that are due to a list of this round and
     * expire those, for the same reason: one may arm itself again at once, or
     * cancel one that is due with it. If nothing was run, event_wait(). */
    struct list due = LIST_INIT(due);
    struct event_timer *timer;
    struct event_work *work;
    bool idle = true;

    for (unsigned n = event_loop.ready; n > 0 && (work = event_take()); n--) {
        idle = false;
        work->run(work);
    }
    uint64_t now = clock_ns();

    while ((timer = event_next_timer()) && timer->deadline_ns <= now) {
        list_remove(&timer->link);
        list_append(&due, &timer->link);
    }
    while (!list_empty(&due)) {
        timer = event_timer_of(due.next);
        event_timer_cancel(timer);
        idle = false;
        timer->expire(timer);
    }
    if (idle) {
        timer = event_next_timer();
        event_wait(timer && timer->deadline_ns < deadline_ns
                       ? timer->deadline_ns
                       : deadline_ns);
    }
    /* END 4.15 */
}
