/* SPDX-License-Identifier: MIT */
/*
 * absent.c - how long each of this machine's processors was not there for who
 * was due on it. A virtual machine's processors are lent: when they are given
 * to others, everything stands still meanwhile, and only a part of that is
 * counted as "steal" in /proc/stat (the kernel knows what it is told).
 *
 * A thread on each processor, ahead of everything else (SCHED_FIFO), sleeps
 * for two milliseconds at a time. What it wakes up late by is somebody else's
 * doing: no program on this machine can keep it waiting, and what the kernel
 * does with interrupts off takes less than LATE.
 *
 * For each line that comes on standard input it writes one: the nanoseconds
 * since it was started, and of these each processor's absence. It ends with
 * its input.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { PERIOD = 2000000, LATE = 200000 }; /* ns */

struct watch {
    int cpu;
    _Atomic uint64_t absent; /* ns */
};

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *look(void *argument)
{
    struct watch *w = argument;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(w->cpu, &only);
    sched_setaffinity(0, sizeof(only), &only);
    for (uint64_t due = now();;) {
        due += PERIOD;
        struct timespec t = {.tv_sec = (time_t)(due / 1000000000),
                             .tv_nsec = (long)(due % 1000000000)};
        if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
            continue;
        uint64_t woken = now();
        if (woken - due > LATE) {
            w->absent += woken - due;
            due = woken;
        }
    }
    return NULL;
}

int main(void)
{
    static struct watch watches[CPU_SETSIZE];
    struct sched_param first = {.sched_priority =
                                    sched_get_priority_max(SCHED_FIFO)};
    if (sched_setscheduler(0, SCHED_FIFO, &first) != 0) {
        perror("no real-time priority could be had");
        return 1;
    }
    cpu_set_t ours;
    sched_getaffinity(0, sizeof(ours), &ours);
    int count = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        pthread_t thread; /* of its creator's priority */
        if (!CPU_ISSET(cpu, &ours))
            continue;
        watches[count].cpu = cpu;
        if (pthread_create(&thread, NULL, look, &watches[count]) != 0) {
            fprintf(stderr, "no thread for processor %d\n", cpu);
            return 1;
        }
        count++;
    }
    uint64_t started = now();
    for (int c; (c = getchar()) != EOF;) {
        if (c != '\n')
            continue;
        printf("%llu", (unsigned long long)(now() - started));
        for (int i = 0; i < count; i++)
            printf(" %llu", (unsigned long long)watches[i].absent);
        putchar('\n');
        fflush(stdout);
    }
    return 0;
}
