/* SPDX-License-Identifier: MIT */
/*
 * wait.c - interrupts of a process: descriptors that become ready, and the one
 * place that sleeps.
 *
 * Interrupts come when they are let in: in arch_irq_enable_and_wait(), and,
 * so that a loop that never sleeps hears of the world as well, at every so
 * manieth arch_irq_restore(). Nowhere else, so nothing can be posted between
 * the loop's last look at its list and its sleep.
 *
 * The timer is a wire like the others: a timerfd, which is as exact as the
 * host's clock, where epoll_wait() counts in milliseconds.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "descriptor.h"
#include "output.h"
#include "unix.h"

enum { BATCH = 64, LOOK_EVERY = 16 };

static int epoll = -1;
static bool irq_on;

/* What epoll has told of and is not yet handed on; one of these may be
 * forgotten by the handler of another. */
static struct epoll_event told[BATCH];
static int told_count;

/* ---- Descriptors --------------------------------------------------------- */

static uint32_t to_epoll(unsigned events)
{
    return (events & DESCRIPTOR_IN ? EPOLLIN | EPOLLRDHUP : 0u) |
           (events & DESCRIPTOR_OUT ? EPOLLOUT : 0u);
}

static unsigned from_epoll(uint32_t events)
{
    return (events & (EPOLLIN | EPOLLRDHUP) ? DESCRIPTOR_IN : 0u) |
           (events & EPOLLOUT ? DESCRIPTOR_OUT : 0u) |
           (events & (EPOLLERR | EPOLLHUP) ? DESCRIPTOR_ERROR : 0u);
}

int descriptor_watch(struct descriptor *d, unsigned events)
{
    struct epoll_event event = { .events = to_epoll(events), .data.ptr = d };
    int how = d->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (d->watched && d->events == events)
        return 0;
    if (epoll_ctl(epoll, how, d->fd, &event) != 0)
        return -errno;
    d->watched = 1;
    d->events = events;
    return 0;
}

void descriptor_forget(struct descriptor *d)
{
    if (!d->watched)
        return;
    epoll_ctl(epoll, EPOLL_CTL_DEL, d->fd, NULL);
    d->watched = 0;
    for (int i = 0; i < told_count; i++)
        if (told[i].data.ptr == d)
            told[i].data.ptr = NULL;
}

/* Looks what is ready, sleeping until something is (-1) or not at all (0), and
 * tells. */
static void look(int timeout)
{
    irq_on = false;
    told_count = epoll_wait(epoll, told, BATCH, timeout);
    for (int i = 0; i < told_count; i++) {
        struct descriptor *d = told[i].data.ptr;

        if (d)
            d->ready(d, from_epoll(told[i].events));
    }
    told_count = 0;
}

/* ---- Interrupts on and off ----------------------------------------------- */

bool arch_irq_disable(void)
{
    bool were_on = irq_on;

    irq_on = false;
    return were_on;
}

void arch_irq_restore(bool were_on)
{
    static unsigned times;

    if (were_on && !irq_on && ++times % LOOK_EVERY == 0)
        look(0);
    irq_on = were_on;
}

/* Whoever reads what we print has all of it before we sleep. */
void arch_irq_enable_and_wait(void)
{
    output_flush();
    look(-1);
}

/* ---- The timer ----------------------------------------------------------- */

/* It only wakes, and stays ready until it is set anew. */
static void timer_ready(struct descriptor *timer, unsigned events)
{
    (void)timer, (void)events;
}

static struct descriptor timer = { .ready = timer_ready };

/* All zeros would mean never. */
void arch_timer_set(uint64_t deadline_ns)
{
    static uint64_t set = UINT64_MAX;
    uint64_t at = clock_host_ns(deadline_ns);
    struct itimerspec when = { 0 };

    if (deadline_ns == set)
        return;
    set = deadline_ns;
    if (deadline_ns != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(at / 1000000000u);
        when.it_value.tv_nsec = (long)(at % 1000000000u);
    }
    timerfd_settime(timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* ---- Start --------------------------------------------------------------- */

void wait_init(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (epoll < 0 || timer.fd < 0 ||
        descriptor_watch(&timer, DESCRIPTOR_IN) != 0)
        core_refuse("the host gives no epoll or timer descriptor.");
    irq_on = true;
}

void arch_write_barrier(void) { __sync_synchronize(); }
void arch_read_barrier(void) { __sync_synchronize(); }
void arch_full_barrier(void) { __sync_synchronize(); }
