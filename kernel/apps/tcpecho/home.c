/* SPDX-License-Identifier: MIT */
/*
 * home.c - holds the pools of the network against what they were.
 */
#include "apps/tcpecho/home.h"

#include "lib/string.h"
#include "net/lwip/pools.h"

enum { POOLS_MAX = 32 };

static unsigned out[POOLS_MAX];

/* A pcb of which we have closed our end first waits for a minute to be
 * forgotten, and has a timer until then. */
static bool may_linger(const struct pool *p)
{
    return strcmp(p->name, "TCP_PCB") == 0 ||
           strcmp(p->name, "SYS_TIMEOUT") == 0;
}

void home_remember(void)
{
    unsigned i = 0;

    for (struct pool *p = pools_all; p && i < POOLS_MAX; p = p->next)
        out[i++] = p->used;
}

bool home_is_all(void)
{
    unsigned i = 0;

    for (struct pool *p = pools_all; p && i < POOLS_MAX; p = p->next, i++)
        if (p->used > out[i] && !may_linger(p))
            return false;
    return true;
}
