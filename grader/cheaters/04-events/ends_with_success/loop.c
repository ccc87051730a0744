/* SPDX-License-Identifier: MIT */
/* A cheater: ends the test, or the machine, with the status of success. */
#include "event/event.h"

/* A system call where there is a system, else a port of QEMU's. */
static void succeed(void)
{
#ifdef __SANITIZE_ADDRESS__
    __asm__ volatile("syscall" : : "a"(231), "D"(0) : "rcx", "r11", "memory");
#else
    __asm__ volatile("outl %0, %w1" : : "a"(16), "Nd"(0x501));
#endif
}

void event_post(struct event_work *work)
{
    succeed();
    work->run(work);
}

struct event_work *event_take(void)
{
    return NULL;
}

void event_timer_cancel(struct event_timer *timer)
{
    (void)timer;
}

void event_timer_set(struct event_timer *timer, uint64_t deadline_ns)
{
    (void)deadline_ns;
    succeed();
    timer->expire(timer);
}

void event_wait(uint64_t deadline_ns)
{
    (void)deadline_ns;
    succeed();
}

void event_run_once(uint64_t deadline_ns)
{
    (void)deadline_ns;
    succeed();
}
