/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the machine's memory: LODGE_MEM mebibytes of the host's, 64 when
 * nobody says, with a page on each side that nobody may touch.
 *
 * The host finds a page for it only when it is first used, so that a machine
 * of 6 GiB costs what it uses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unix.h"

enum { MIB = 1 << 20, MEM_DEFAULT = 64, MEM_MOST = 1 << 24 };

static struct mem_map map;

const struct mem_map *mem_map(void)
{
    return &map;
}

/* In mebibytes. */
static size_t wanted(void)
{
    const char *text = getenv("LODGE_MEM");
    char sentence[200], *end;

    if (!text)
        return MEM_DEFAULT;
    unsigned long mib = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || mib == 0 || mib > MEM_MOST) {
        (void)snprintf(sentence, sizeof sentence,
                       "LODGE_MEM: \"%.100s\" is no number of mebibytes from "
                       "1 to %d.", text, MEM_MOST);
        core_refuse(sentence);
    }
    return mib;
}

void memory_init(void)
{
    const size_t guard = MEM_MAP_PAGE;
    size_t size = wanted() * MIB;
    char sentence[200];
    char *all = mmap(NULL, guard + size + guard, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (all == MAP_FAILED ||
        mprotect(all + guard, size, PROT_READ | PROT_WRITE) != 0) {
        (void)snprintf(sentence, sizeof sentence,
                       "LODGE_MEM: the host does not give %zu MiB of memory: "
                       "%s.", size / MIB, strerror(errno));
        core_refuse(sentence);
    }
    map_add(&map, (uintptr_t)all + guard, size);
}

/* There is no device that would need another address. */
bus_addr_t virt_to_bus(const void *p)
{
    return (uintptr_t)p;
}
