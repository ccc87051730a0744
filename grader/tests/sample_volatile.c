/* SPDX-License-Identifier: MIT */
/*
 * sample_volatile.c - a driver and, in a thread, its device: what does the
 * device find in memory when a volatile index tells it to look? Once with
 * nothing but volatile between the two stores, and once with a barrier; see
 * docs/porting.md. Prints both.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

struct desc { uint64_t addr; uint32_t len; };

struct desc desc;
volatile uint16_t avail_idx, used_idx;
static uint32_t found;

__attribute__((noinline)) void ask_with_volatile(uint32_t len);
__attribute__((noinline)) void ask_with_a_barrier(uint32_t len);

void ask_with_volatile(uint32_t len)
{
    desc.len = len;         /* plain */
    avail_idx = 1;          /* volatile: the device may look */
    while (used_idx == 0)
        ;
    desc.len = 0;           /* plain */
}

void ask_with_a_barrier(uint32_t len)
{
    desc.len = len;
    __sync_synchronize();
    avail_idx = 1;
    while (used_idx == 0)
        ;
    desc.len = 0;
}

static void *device(void *unused)
{
    while (avail_idx == 0)
        ;
    __sync_synchronize();
    found = *(volatile uint32_t *)&desc.len;
    used_idx = 1;
    return unused;
}

static uint32_t found_by(void (*ask)(uint32_t len))
{
    pthread_t thread;

    avail_idx = used_idx = 0;
    if (pthread_create(&thread, NULL, device, NULL) != 0)
        return UINT32_MAX;
    ask(64);
    pthread_join(thread, NULL);
    return found;
}

int main(void)
{
    printf("volatile: %u\n", found_by(ask_with_volatile));
    printf("barrier: %u\n", found_by(ask_with_a_barrier));
}
