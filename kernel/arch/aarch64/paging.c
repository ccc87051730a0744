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
 * Four levels of tables of 512 entries, numbered from 0 here; an entry of the
 * third may be a block of 2 MiB itself. [Arm ARM, VMSAv8-64]
 *
 *      47    39 38    30 29    21 20    12 11       0
 *     | level 0| level 1| level 2| level 3|  offset  |
 */
#include "aarch64.h"

#include "lib/errno.h"
#include "lib/string.h"

#define VALID 1ull
#define NO_BLOCK (1ull << 1)            /* a table, or a page at level 3 */
#define ATTRIBUTE_DEVICE (1ull << 2)    /* boot.S, MAIR: 1, Device-nGnRE */
#define READ_ONLY (1ull << 7)
#define INNER_SHAREABLE (3ull << 8)
#define ACCESSED (1ull << 10)
#define NO_EXECUTE (3ull << 53)         /* neither at EL1 nor at EL0 */
#define NO_EXECUTE_BELOW (1ull << 54)   /* at EL0 */
#define ADDRESS 0x0000fffffffff000ull

#define CODE (READ_ONLY | INNER_SHAREABLE | ACCESSED | NO_EXECUTE_BELOW)
#define CONSTANTS (READ_ONLY | INNER_SHAREABLE | ACCESSED | NO_EXECUTE)
#define MEMORY (INNER_SHAREABLE | ACCESSED | NO_EXECUTE)
#define DEVICE (ATTRIBUTE_DEVICE | ACCESSED | NO_EXECUTE)

enum { PAGE = 4096, LARGE_PAGE = 2 << 20, ENTRIES = 512 };
enum { SCTLR_WXN = 1 << 19 };

/* Kept back for what arch_map_device() will need. */
enum { TABLES_FOR_DEVICES = 16 };

static uint64_t *level0;
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
 * else of a small page (level 3). `*large` says which. Tables on the way are
 * made as needed; NULL when there is no memory for them. */
static uint64_t *entry_of(uint64_t address, bool wanted, bool *large)
{
    uint64_t *table = level0;
    for (int level = 0; ; level++) {
        uint64_t *entry = &table[address >> (12 + 9 * (3 - level)) & 511];
        bool present = *entry & VALID;
        *large = level == 2 && (present ? !(*entry & NO_BLOCK) : wanted);
        if (level == 3 || *large)
            return entry;
        if (!present) {
            uint64_t *below = new_table();
            if (!below)
                return NULL;
            arch_write_barrier();       /* it is zero before it is found */
            *entry = (uintptr_t)below | VALID | NO_BLOCK;
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
        uint64_t wanted = page | rights | VALID | (large ? 0 : NO_BLOCK);
        if (!(*entry & VALID))
            *entry = wanted;
        else if (*entry != wanted)
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

/* The tables come from the largest part of a region that boot.S has mapped, so
 * that they can be written before they are used. */
static struct mem_region region_for_tables(const struct mem_map *map)
{
    const uintptr_t from = 1ul << 30, to = 2ul << 30;
    struct mem_region best = { 0, 0 };
    for (unsigned i = 0; i < map->count; i++) {
        struct mem_region r = map->region[i];
        if (r.base < from || r.base >= to)
            continue;
        if (r.size > to - r.base)
            r.size = to - r.base;
        if (r.size > best.size)
            best = r;
    }
    if (best.size == 0)
        core_refuse("there is no memory in the second GiB.");
    return best;
}

static uint64_t physical_addresses(void)
{
    static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };
    unsigned range = SYSTEM_READ("id_aa64mmfr0_el1") & 15;
    return 1ull << (range < sizeof bits ? bits[range] : 48);
}

/* From boot.S's tables to these. Those were for ASID 0 and these are for all:
 * with a new ASID in the same register, no entry of the old ones that is still
 * kept can be found beside a new one. */
static void use_tables(void)
{
    __asm__ volatile("dsb ish" ::: "memory");
    SYSTEM_WRITE("ttbr0_el1", 1ull << 48 | (uintptr_t)level0);
    __asm__ volatile("isb; tlbi vmalle1; dsb nsh; isb" ::: "memory");
    SYSTEM_WRITE("sctlr_el1", SYSTEM_READ("sctlr_el1") | SCTLR_WXN);
    SYSTEM_SYNC();
}

static void map_device_or_refuse(const struct board_device *device)
{
    if (device->base != 0 && !arch_map_device(device->base, device->size))
        core_refuse("the serial line's registers can't be mapped.");
}

void paging_init(struct mem_map *map)
{
    end_of_addresses = physical_addresses();
    map_cut(map, end_of_addresses, -end_of_addresses);

    const struct mem_region stock = region_for_tables(map);
    next_table = stock.base;
    end_of_tables = stock.base + stock.size;
    level0 = new_table();

    for (unsigned i = 0; i < map->count; i++) {
        const struct mem_region *r = &map->region[i];
        map_or_refuse((void *)r->base, (void *)(r->base + r->size), MEMORY);
    }
    map_or_refuse(image_start, text_end, CODE);
    map_or_refuse(text_end, rodata_end, CONSTANTS);
    map_or_refuse(rodata_end, data_end, MEMORY);
    map_or_refuse(main_stack, main_stack_top, MEMORY);
    map_or_refuse(exception_stack, exception_stack_top, MEMORY);
    map_or_refuse(last_stack, last_stack_top, MEMORY);
    map_device_or_refuse(&board()->uart);   /* words leave by it all along */

    if (end_of_tables - next_table < TABLES_FOR_DEVICES * PAGE)
        core_refuse("there is no memory for the page tables.");
    end_of_tables = next_table + TABLES_FOR_DEVICES * PAGE;
    map_cut(map, stock.base, end_of_tables - stock.base);
    use_tables();
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
    int err = map_pages(from, to, DEVICE);
    __asm__ volatile("dsb ishst; isb" ::: "memory");    /* they are found now */
    return err == 0 ? base : 0;
}
