/* SPDX-License-Identifier: MIT */
/*
 * loader_x86_64.c - the loader's words, made up, on a host whose processor the
 * port is for: below 4 GiB, each in memory that ends where the words do. A
 * part of test_map.c's program.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/x86_64/x86.h"
#include "core/cmdline.h"
#include "unit.h"

__asm__(".data\n"
        ".globl image_start, image_end\n"
        ".balign 4096\n"
        "image_start: .skip 8192\n"
        "image_end:\n"
        ".text\n");

enum { MB2 = 0x36d76289, PVH = 0x336ec578, ROOM = 65536 };

/* ---- What the loader needs ---------------------------------------------- */

static jmp_buf refusal;
static const char *refused;
static struct mem_map map;

void core_refuse(const char *why)
{
    refused = why;
    longjmp(refusal, 1);
}

/* `size` bytes below 4 GiB, with nothing behind them. */
static uint8_t *low_memory(size_t size)
{
    uint8_t *room = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

    if (room == MAP_FAILED)
        FAIL("the host has no address space below 2 GiB for the test");
    mprotect(room + ROOM, 4096, PROT_NONE);
    return room + ROOM - ((size + 7) & ~7ul);
}

/* False when it was refused. */
static bool read(uint32_t magic, const void *info)
{
    map.count = 0;
    refused = NULL;
    if (setjmp(refusal))
        return false;
    loader_read(magic, (uint32_t)(uintptr_t)info, &map);
    return true;
}

/* ---- Multiboot2's words ------------------------------------------------- */

static uint32_t words[4096], used;

static void begin(void)
{
    used = 2;
    screen_set(&(struct framebuffer){ 0 });
}

static uint32_t *tag(uint32_t type, uint32_t size)
{
    uint32_t *head = words + used;

    head[0] = type;
    head[1] = 8 + size;
    used += ((8 + size + 7) & ~7u) / 4;
    return head + 2;
}

static bool read_tags(void)
{
    uint8_t *low = low_memory(used * 4);

    words[0] = used * 4;
    memcpy(low, words, used * 4);
    return read(MB2, low);
}

static void tell_memory(unsigned entries, uint32_t stride)
{
    uint32_t *memory = tag(6, 8 + entries * stride);

    memset(memory, 0, 8 + entries * stride);
    memory[0] = stride;
    for (unsigned i = 0; i < entries; i++) {
        uint64_t range[2] = { (i + 1) * 0x1000000ull, 0x800000 };
        uint8_t *entry = (uint8_t *)(memory + 2) + i * stride;

        memcpy(entry, range, 16);
        entry[16] = i == 1 ? 2 : 1;     /* the second is reserved */
    }
}

static void tell_screen(uint32_t pitch, uint32_t width, uint8_t bits)
{
    uint32_t *screen = tag(8, 30);

    memset(screen, 0, 30);
    screen[0] = 0xfd000000;
    screen[2] = pitch;
    screen[3] = width;
    screen[4] = 600;
    screen[5] = bits | 1 << 8;
    memcpy(screen + 6, (uint8_t[]){ 16, 8, 8, 8, 0, 8 }, 6);
}

TEST(test_the_loader_s_words_are_understood)
{
    struct framebuffer screen;
    char value[20];

    for (uint32_t stride = 24; stride <= 40; stride += 16) {
        begin();
        memcpy(tag(1, 12), "mode=fast x\0", 12);
        tell_memory(3, stride);
        tell_screen(3200, 800, 32);
        tag(0, 0);
        CHECK(read_tags(), "they make sense; here: %s", refused);
        CHECK(map.count == 2 && map.region[0].base == 0x1000000 &&
                  map.region[1].base == 0x3000000,
              "two of three ranges are memory; here %u", map.count);
        CHECK(cmdline_value("mode", value, sizeof value) == 4 &&
                  strcmp(value, "fast") == 0, "the line is kept");
        CHECK(arch_framebuffer(&screen) && screen.base == 0xfd000000 &&
                  screen.pitch == 3200 && screen.width == 800 &&
                  screen.height == 600 && screen.bits == 32 &&
                  screen.red.shift == 16 && screen.blue.size == 8,
              "and so is the screen");
    }
}

TEST(test_a_screen_that_can_not_be_is_none)
{
    static const struct { uint32_t pitch, width; uint8_t bits; } table[] = {
        { 3199, 800, 32 }, { 2399, 800, 24 }, { 0, 800, 32 }, { 3200, 0, 32 },
        { 3200, 800, 16 }, { 3200, 800, 0 }, { 3200, 800, 255 },
        { UINT32_MAX, UINT32_MAX, 32 }, { 3200, 1u << 30, 32 },
        { UINT32_MAX, 800, 32 }, { 1u << 20, 800, 24 },
    };
    struct framebuffer screen;

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        begin();
        tell_memory(1, 24);
        tell_screen(table[i].pitch, table[i].width, table[i].bits);
        tag(0, 0);
        CHECK(read_tags(), "the machine can start; here: %s", refused);
        CHECK(!arch_framebuffer(&screen), "%u pixels of %u bits in %u bytes "
              "are no screen", table[i].width, table[i].bits, table[i].pitch);
    }
}

TEST(test_words_that_make_no_sense_are_refused_in_a_sentence)
{
    begin();
    tag(0, 0);
    CHECK(!read_tags(), "a machine without memory is refused");
    begin();
    tell_memory(1, 24);
    CHECK(!read_tags(), "tags without an end are refused");
    begin();
    tell_memory(1, 24);
    words[3] = 7;
    CHECK(!read_tags(), "a tag smaller than its head is refused");
    begin();
    tell_memory(1, 24);
    words[3] = UINT32_MAX;
    tag(0, 0);
    CHECK(!read_tags(), "a tag beyond the end is refused");
    CHECK(!read(12345, low_memory(64)), "other loaders are refused");
}

TEST(test_whatever_multiboot2_says_the_guest_starts_or_refuses)
{
    for (unsigned round = 0; round < 5000; round++) {
        begin();
        memcpy(tag(1, 12), "mode=fast x\0", 12);
        tell_memory(unit_random_below(40), 24 + 8 * unit_random_below(3));
        tell_screen(3200, 800, 32);
        tag(0, 0);
        for (unsigned n = unit_random_below(6); n > 0; n--)
            words[2 + unit_random_below(used - 2)] =
                unit_random_below(2) ? (uint32_t)unit_random()
                                     : unit_random_below(64);
        uint8_t *low = low_memory(used * 4);

        words[0] = used * 4;
        memcpy(low, words, used * 4);
        read(MB2, low);
        munmap((void *)((uintptr_t)low & ~4095ul), 4096);
    }
}

/* ---- PVH's words -------------------------------------------------------- */

struct start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modlist, cmdline, rsdp, memmap;
    uint32_t entries, reserved;
};
struct entry { uint64_t addr, size; uint32_t type, reserved; };

static struct start_info *pvh(unsigned entries)
{
    size_t size = sizeof(struct start_info) + entries * sizeof(struct entry);
    uint8_t *low = low_memory(size);
    struct start_info *info = (void *)low;
    struct entry *entry = (void *)(info + 1);

    *info = (struct start_info){
        .magic = PVH, .version = 1, .memmap = (uintptr_t)entry,
        .entries = entries,
    };
    for (unsigned i = 0; i < entries; i++)
        entry[i] = (struct entry){ (i + 1) * 0x1000000ull, 0x800000, 1, 0 };
    return info;
}

TEST(test_pvh_s_words_are_understood)
{
    CHECK(read(0, pvh(3)), "they make sense; here: %s", refused);
    CHECK(map.count == 3, "three ranges are memory; here %u", map.count);
}

TEST(test_pvh_s_words_that_make_no_sense_are_refused)
{
    struct start_info *info = pvh(2);

    info->version = 0;
    CHECK(!read(0, info), "version 0 has no memory map");
    info = pvh(2);
    info->entries = UINT32_MAX;
    CHECK(!read(0, info), "nobody has so many ranges");
    info = pvh(2);
    info->memmap = 1ull << 40;
    CHECK(!read(0, info), "nothing is read beyond what is mapped");
    info = pvh(2);
    info->memmap = 0;
    CHECK(!read(0, info), "nor at address 0");
    info = pvh(0);
    CHECK(!read(0, info), "a machine without memory is refused");
    info = pvh(2);
    info->cmdline = 1ull << 63;
    CHECK(read(0, info), "without a line it starts all the same");
}

TEST(test_page_0_the_hole_of_a_pc_and_the_image_are_never_ours)
{
    struct start_info *info = pvh(1);
    struct entry *entry = (void *)(info + 1);

    *entry = (struct entry){ 0, 1ull << 47, 1, 0 };
    CHECK(read(0, info), "all is said to be memory");
    for (unsigned i = 0; i < map.count; i++) {
        uintptr_t base = map.region[i].base, end = base + map.region[i].size;

        CHECK(base >= 4096 && (end <= 0xa0000 || base >= 0x100000) &&
                  (end <= (uintptr_t)image_start ||
                   base >= (uintptr_t)image_end),
              "%#lx to %#lx has what is not ours", base, end);
    }
}
