/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the machine's memory: LODGE_MEM mebibytes (64) of the host's.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "unix.h"

enum { MIB = 1 << 20, MEM_DEFAULT = 64 };

static struct mem_map map;

const struct mem_map *mem_map(void)
{
    return &map;
}

void memory_init(void)
{
    const char *asked = getenv("LODGE_MEM");
    unsigned long mib = asked ? strtoul(asked, NULL, 10) : MEM_DEFAULT;
    size_t size = (size_t)mib * MIB;

    if (mib == 0 || mib > SIZE_MAX / MIB)
        core_refuse("LODGE_MEM is no number of mebibytes.");
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        core_refuse("the host does not give as much memory as LODGE_MEM asks.");
    map_add(&map, (uintptr_t)memory, size);
}

/* There is no device that would need another address. */
bus_addr_t virt_to_bus(const void *p)
{
    return (uintptr_t)p;
}
