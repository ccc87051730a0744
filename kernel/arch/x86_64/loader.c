/* SPDX-License-Identifier: MIT */
/*
 * loader.c - what the boot loader tells: the memory there is, the command line
 * and the screen, in PVH's words or in multiboot2's.
 *
 * All of it is copied, as its place may be given away as free memory. It
 * comes from outside: lengths and addresses are looked at before they are
 * followed. What comes from either loader lies below 4 GiB, which is what the
 * tables of boot.S map.
 */
#include "x86.h"

#include "lib/errno.h"

enum { TYPE_RAM = 1 };              /* in both memory maps, as in e820's */

/* [Xen public/arch-x86/hvm/start_info.h] */
enum { PVH_MAGIC = 0x336ec578 };
struct pvh_start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t nr_modules;
    uint64_t modlist_paddr;
    uint64_t cmdline_paddr;
    uint64_t rsdp_paddr;
    uint64_t memmap_paddr;          /* from version 1 on */
    uint32_t memmap_entries;
    uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_start_info) == 56, "start_info.h");
struct pvh_memmap_entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_memmap_entry) == 24, "start_info.h");

/* [multiboot2 §3.6] */
enum { MB2_MAGIC = 0x36d76289 };
enum {
    MB2_TAG_END = 0,
    MB2_TAG_CMDLINE = 1,
    MB2_TAG_MMAP = 6,
    MB2_TAG_FRAMEBUFFER = 8,
};
struct mb2_info {
    uint32_t total_size;            /* this header and all tags */
    uint32_t reserved;
};
struct mb2_tag {                    /* each begins at a multiple of 8 */
    uint32_t type;
    uint32_t size;                  /* this header and what follows */
};
struct mb2_mmap {
    struct mb2_tag tag;
    uint32_t entry_size;
    uint32_t entry_version;
};
struct mb2_mmap_entry {
    uint64_t base_addr;
    uint64_t length;
    uint32_t type;
    uint32_t reserved;
};
_Static_assert(sizeof(struct mb2_mmap_entry) == 24, "[multiboot2 §3.6.8]");

enum { MB2_FRAMEBUFFER_RGB = 1 };   /* 0: by a palette; 2: text (vga.h) */
struct mb2_framebuffer {            /* [multiboot2 §3.6.12] */
    struct mb2_tag tag;
    uint64_t framebuffer_addr;
    uint32_t framebuffer_pitch;     /* in bytes */
    uint32_t framebuffer_width;
    uint32_t framebuffer_height;
    uint8_t framebuffer_bpp;
    uint8_t framebuffer_type;
    uint16_t reserved;
    struct framebuffer_color red, green, blue;
};
_Static_assert(__builtin_offsetof(struct mb2_framebuffer, red) == 32,
               "[multiboot2 §3.6.12]");

/* Far more than any loader has to say. */
enum { ENTRIES_MAX = 512, INFO_SIZE_MAX = 1 << 20, TEXT_MAX = 4096 };

/* May we read `size` bytes at physical address `at`? */
static bool readable(uint64_t at, uint64_t size)
{
    const uint64_t mapped = 4ull << 30;
    return at != 0 && size <= mapped && at <= mapped - size;
}

/* A memory map is read twice: what is RAM by one entry and something else by
 * another is not ours. */
static void map_entry(struct mem_map *map, uint64_t base, uint64_t size,
                      uint32_t type, bool second_time)
{
    if (!second_time && type == TYPE_RAM)
        map_add(map, base, size);
    if (second_time && type != TYPE_RAM)
        map_cut(map, base, size);
}

static void read_text(uint64_t at)
{
    size_t len = 0;
    while (len < TEXT_MAX && readable(at, len + 1) &&
           ((const char *)at)[len] != '\0')
        len++;
    cmdline_set((const char *)at, len);
}

static int read_pvh(uint32_t at, struct mem_map *map)
{
    const struct pvh_start_info *info = (const void *)(uintptr_t)at;
    uint64_t entries = info->memmap_entries;
    if (info->version < 1 || entries > ENTRIES_MAX ||
        !readable(info->memmap_paddr,
                  entries * sizeof(struct pvh_memmap_entry)))
        return -EINVAL;
    const struct pvh_memmap_entry *entry =
        (const void *)(uintptr_t)info->memmap_paddr;
    for (int again = 0; again < 2; again++)
        for (uint64_t i = 0; i < entries; i++)
            map_entry(map, entry[i].addr, entry[i].size, entry[i].type,
                      again);
    if (info->cmdline_paddr)
        read_text(info->cmdline_paddr);
    return 0;
}

static void read_mb2_mmap(const struct mb2_mmap *mmap, struct mem_map *map)
{
    if (mmap->tag.size < sizeof *mmap ||
        mmap->entry_size < sizeof(struct mb2_mmap_entry) ||
        mmap->entry_size % 8 != 0)
        return;
    uint32_t count = (mmap->tag.size - (uint32_t)sizeof *mmap) /
                     mmap->entry_size;
    for (int again = 0; again < 2; again++)
        for (uint32_t i = 0; i < count; i++) {
            const struct mb2_mmap_entry *e =
                (const void *)((uintptr_t)(mmap + 1) +
                               (uintptr_t)i * mmap->entry_size);
            map_entry(map, e->base_addr, e->length, e->type, again);
        }
}

static void read_mb2_framebuffer(const struct mb2_framebuffer *said)
{
    if (said->tag.size < __builtin_offsetof(struct mb2_framebuffer, blue) +
                             sizeof said->blue ||
        said->framebuffer_type != MB2_FRAMEBUFFER_RGB)
        return;
    screen_set(&(struct framebuffer){
        .base = said->framebuffer_addr,
        .pitch = said->framebuffer_pitch,
        .width = said->framebuffer_width,
        .height = said->framebuffer_height,
        .bits = said->framebuffer_bpp,
        .red = said->red,
        .green = said->green,
        .blue = said->blue,
    });
}

static int read_mb2(uint32_t at, struct mem_map *map)
{
    const struct mb2_info *info = (const void *)(uintptr_t)at;
    if (info->total_size > INFO_SIZE_MAX || !readable(at, info->total_size))
        return -EINVAL;
    uint32_t offset = sizeof *info;
    while (offset <= info->total_size &&
           info->total_size - offset >= sizeof(struct mb2_tag)) {
        const struct mb2_tag *tag = (const void *)((uintptr_t)at + offset);
        if (tag->type == MB2_TAG_END)
            return 0;
        if (tag->size < sizeof *tag || tag->size > info->total_size - offset)
            return -EINVAL;
        if (tag->type == MB2_TAG_CMDLINE)
            cmdline_set((const char *)(tag + 1), tag->size - sizeof *tag);
        if (tag->type == MB2_TAG_MMAP)
            read_mb2_mmap((const struct mb2_mmap *)tag, map);
        if (tag->type == MB2_TAG_FRAMEBUFFER)
            read_mb2_framebuffer((const void *)tag);
        offset += (tag->size + 7) & ~7u;
    }
    return -EINVAL;
}

void loader_read(uint32_t magic, uint32_t info, struct mem_map *map)
{
    int err;
    if (info % 8 == 0 && magic == MB2_MAGIC &&
        readable(info, sizeof(struct mb2_info)))
        err = read_mb2(info, map);
    else if (info % 4 == 0 &&
             readable(info, sizeof(struct pvh_start_info)) &&
             *(const uint32_t *)(uintptr_t)info == PVH_MAGIC)
        err = read_pvh(info, map);
    else
        core_refuse("the boot loader speaks neither PVH nor multiboot2.");
    if (err)
        core_refuse("what the boot loader says of the machine makes no "
                    "sense.");

    /* Ours already, or nobody's: the page at 0, so that a null pointer
     * faults; a PC's hole for video memory and ROMs; the image. */
    map_cut(map, 0, MEM_MAP_PAGE);
    map_cut(map, 0xa0000, 0x60000);
    map_cut(map, (uintptr_t)image_start,
            (uintptr_t)image_end - (uintptr_t)image_start);
    if (map->count == 0)
        core_refuse("the boot loader knows of no memory.");
}
