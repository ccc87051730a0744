/* SPDX-License-Identifier: MIT */
/*
 * paging.c - the page tables: every address onto itself, each page with no
 * more rights than it needs.
 *
 *     code             read, execute
 *     constants        read
 *     everything else  read, write
 *     not mapped       page 0, the pages round the stacks, and whatever is
 *                      neither memory nor a device that a driver has asked for
 *
 * Four levels of tables of 512 entries; an entry of the third may be a page
 * of 2 MiB itself. [SDM vol. 3 §4.5]
 *
 *      47    39 38    30 29    21 20    12 11       0
 *     | level 4| level 3| level 2| level 1|  offset  |
 */
#include "x86.h"

#include "lib/errno.h"
#include "lib/string.h"

enum {
    PRESENT = 1 << 0,
    WRITE = 1 << 1,
    WRITE_THROUGH = 1 << 3,
    UNCACHED = 1 << 4,
    LARGE = 1 << 7,
};
#define ACCESSED_DIRTY 0x60ull          /* bits that the processor sets */
#define NO_EXECUTE (1ull << 63)
#define ADDRESS 0x000ffffffffff000ull

#define CODE PRESENT
#define CONSTANTS (PRESENT | NO_EXECUTE)
#define MEMORY (PRESENT | WRITE | NO_EXECUTE)
#define DEVICE (MEMORY | WRITE_THROUGH | UNCACHED)

enum { PAGE = 4096, LARGE_PAGE = 2 << 20, ENTRIES = 512 };

/* Kept back for what arch_map_device() will need. */
enum { TABLES_FOR_DEVICES = 16 };

static uint64_t *level4;
static uint64_t next_table, end_of_tables;  /* a stock of pages */
static uint64_t end_of_addresses;           /* physical ones */

static uint64_t *new_table(void)
{
    if (next_table == end_of_tables)
        return NULL;
    uint64_t *table = (uint64_t *)next_table;
    next_table += PAGE;
    return memset(table, 0, PAGE);
}

/* The entry for `address`: of a large page (level 2) where there is one
 * already, or where one is `wanted` and nothing smaller stands in its place;
 * else of a small page (level 1). `*large` says which. Tables on the way are
 * made as needed; NULL when there is no memory for them. */
static uint64_t *entry_of(uint64_t address, bool wanted, bool *large)
{
    uint64_t *table = level4;
    for (int level = 4; ; level--) {
        uint64_t *entry = &table[address >> (12 + 9 * (level - 1)) & 511];
        bool present = *entry & PRESENT;
        *large = level == 2 && (present ? !!(*entry & LARGE) : wanted);
        if (level == 1 || *large)
            return entry;
        if (!present) {
            uint64_t *below = new_table();
            if (!below)
                return NULL;
            *entry = (uintptr_t)below | PRESENT | WRITE;
        }
        table = (uint64_t *)(*entry & ADDRESS);
    }
}

/* Maps [from, to), both page-aligned. What is mapped so already stays, in
 * pages of whatever size; -EBUSY when it is mapped in another way, -ENOMEM
 * when there is no table left. */
static int map_pages(uint64_t from, uint64_t to, uint64_t rights)
{
    while (from < to) {
        bool whole = from % LARGE_PAGE == 0 && to - from >= LARGE_PAGE;
        bool large;
        uint64_t *entry = entry_of(from, whole, &large);
        if (!entry)
            return -ENOMEM;
        uint64_t size = large ? LARGE_PAGE : PAGE;
        uint64_t page = from & ~(size - 1);
        uint64_t wanted = page | rights | (large ? LARGE : 0);
        if (!(*entry & PRESENT))
            *entry = wanted;
        else if (((*entry ^ wanted) & ~ACCESSED_DIRTY) != 0)
            return -EBUSY;
        from = page + size;
    }
    return 0;
}

static void map_or_refuse(const void *from, const void *to, uint64_t rights)
{
    if (map_pages((uintptr_t)from, (uintptr_t)to, rights) != 0)
        core_refuse("there is no memory for the page tables.");
}

/* The tables come from the largest region that boot.S has mapped, so that
 * they can be written before they are used. */
static const struct mem_region *region_for_tables(const struct mem_map *map)
{
    const struct mem_region *best = NULL;
    for (unsigned i = 0; i < map->count; i++) {
        const struct mem_region *r = &map->region[i];
        if (r->base + r->size <= 4ull << 30 && (!best || r->size > best->size))
            best = r;
    }
    if (!best)
        core_refuse("there is no memory below 4 GiB.");
    return best;
}

/* Features that only forbid: user pages, of which we have none, to be run or
 * touched by us; and system registers to be read by user programs. */
static void forbid_what_we_never_do(void)
{
    if (cpuid(0, 0).eax < 7)
        return;
    struct cpuid seven = cpuid(7, 0);
    uint64_t cr4 = cr4_read();
    if (seven.ebx & 1 << 7)
        cr4 |= CR4_SMEP;
    if (seven.ebx & 1 << 20)
        cr4 |= CR4_SMAP;
    if (seven.ecx & 1 << 2)
        cr4 |= CR4_UMIP;
    cr4_write(cr4);
}

static uint64_t physical_addresses(void)
{
    unsigned bits = 36;
    if (cpuid(0x80000000, 0).eax >= 0x80000008)
        bits = cpuid(0x80000008, 0).eax & 0xff;
    return 1ull << (bits < 47 ? bits : 47);     /* the lower half of 48 */
}

void paging_init(struct mem_map *map)
{
    end_of_addresses = physical_addresses();
    map_cut(map, end_of_addresses, -end_of_addresses);

    const struct mem_region stock = *region_for_tables(map);
    next_table = stock.base;
    end_of_tables = stock.base + stock.size;
    level4 = new_table();

    for (unsigned i = 0; i < map->count; i++) {
        const struct mem_region *r = &map->region[i];
        map_or_refuse((void *)r->base, (void *)(r->base + r->size), MEMORY);
    }
    map_or_refuse(image_start, text_end, CODE);
    map_or_refuse(text_end, rodata_end, CONSTANTS);
    map_or_refuse(rodata_end, data_end, MEMORY);
    map_or_refuse(main_stack, main_stack_top, MEMORY);
    map_or_refuse(exception_stack, exception_stack_top, MEMORY);
    map_or_refuse(double_fault_stack, double_fault_stack_top, MEMORY);
    map_or_refuse(nmi_stack, nmi_stack_top, MEMORY);
    map_or_refuse((void *)VGA_TEXT, (void *)(VGA_TEXT + PAGE), DEVICE);

    if (end_of_tables - next_table < TABLES_FOR_DEVICES * PAGE)
        core_refuse("there is no memory for the page tables.");
    end_of_tables = next_table + TABLES_FOR_DEVICES * PAGE;
    map_cut(map, stock.base, end_of_tables - stock.base);

    cr3_write((uintptr_t)level4);
    forbid_what_we_never_do();
}

uintptr_t arch_map_device(bus_addr_t base, uint64_t size)
{
    if (base < PAGE || size == 0 || base >= end_of_addresses ||
        size > end_of_addresses - base)
        return 0;
    uint64_t from = base & ~(uint64_t)(PAGE - 1);
    uint64_t to = (base + size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    if (from < (uintptr_t)image_end && to > (uintptr_t)image_start)
        return 0;
    return map_pages(from, to, DEVICE) == 0 ? base : 0;
}
