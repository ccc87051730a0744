/* SPDX-License-Identifier: MIT */
/*
 * home.c - holds what the network has in hand against what it had.
 */
#include "apps/tcpecho/home.h"

#include <stddef.h>
#include <stdint.h>

#include "lib/string.h"
#include "net/up.h"

enum { FIGURES_MAX = 32 };

/* The network's figures, in the order in which it tells them. */
static uint64_t out[FIGURES_MAX];

struct count {
    size_t told;
    bool all_home;
};

/* A pcb of which we have closed our end first waits for a minute to be
 * forgotten, and has a timer until then. */
static bool may_linger(const char *name)
{
    return strcmp(name, "TCP_PCB") == 0 || strcmp(name, "SYS_TIMEOUT") == 0;
}

static void remember(void *ctx, const char *name, uint64_t used)
{
    struct count *count = ctx;

    (void)name;
    if (count->told < FIGURES_MAX)
        out[count->told++] = used;
}

void home_remember(void)
{
    struct count count = { .told = 0 };

    net_usage(remember, &count);
}

static void compare(void *ctx, const char *name, uint64_t used)
{
    struct count *count = ctx;

    if (count->told == FIGURES_MAX)
        return;
    if (used > out[count->told++] && !may_linger(name))
        count->all_home = false;
}

bool home_is_all(void)
{
    struct count count = { .all_home = true };

    net_usage(compare, &count);
    return count.all_home;
}
