/* SPDX-License-Identifier: MIT */
/*
 * wait.c - interrupts of a process: descriptors that become ready, and the one
 * place that sleeps.
 *
 * Interrupts come when they are let in: in arch_irq_enable_and_wait(), and,
 * so that a loop that never sleeps hears of the world as well, at every so
 * manieth arch_irq_restore().
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "descriptor.h"
#include "unix.h"

enum { BATCH = 64, LOOK_EVERY = 64 };

static int epoll = -1;
static bool irq_on;
static uint64_t deadline = UINT64_MAX;

/* What epoll has told of and is not yet handed on; one of these may be
 * forgotten by the handler of another. */
static struct epoll_event told[BATCH];
static int told_count;

void wait_init(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        core_refuse("the host gives no epoll descriptor.");
    irq_on = true;
}

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

/* Looks what is ready, waiting for it for at most `ms` (-1: for ever), and
 * tells. Interrupts are off meanwhile. */
static void look(int ms)
{
    told_count = epoll_wait(epoll, told, BATCH, ms);
    for (int i = 0; i < told_count; i++) {
        struct descriptor *d = told[i].data.ptr;

        if (d)
            d->ready(d, from_epoll(told[i].events));
    }
    told_count = 0;
}

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

void arch_timer_set(uint64_t deadline_ns)
{
    deadline = deadline_ns;
}

/* Rounded up, or the loop would turn in vain for a part of a millisecond. */
static int until_deadline_ms(void)
{
    uint64_t now = arch_clock_ns(), left;

    if (deadline == UINT64_MAX)
        return -1;
    left = deadline > now ? (deadline - now + 999999) / 1000000 : 0;
    return left < INT_MAX ? (int)left : INT_MAX;
}

void arch_irq_enable_and_wait(void)
{
    look(until_deadline_ms());
    irq_on = false;
}

void arch_write_barrier(void) { __sync_synchronize(); }
void arch_read_barrier(void) { __sync_synchronize(); }
void arch_full_barrier(void) { __sync_synchronize(); }
