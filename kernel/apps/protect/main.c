/* SPDX-License-Identifier: MIT */
/*
 * protect - commits one offence, which the machine must notice.
 *
 * The challenge says which, by its name in the list at the end or in the
 * processor's own (arch/offences). Whoever runs this expects the machine
 * to end with EXIT_PANIC and a sentence that fits; an offence that goes
 * unnoticed ends with EXIT_DONE, and is a fault in the kernel. "none" commits
 * none; neither do map-devices and mask-line, which try what a driver may ask
 * of the machine, and say how it went.
 */
#include "arch/offences/offence.h"
#include "arch/arch.h"
#include "arch/map.h"
#include "console/format.h"
#include "core/challenge.h"
#include "core/panic.h"
#include "core/start.h"
#include "lib/errno.h"
#include "lib/string.h"

static const uint32_t constant = 42;
static uint32_t variable;
/* At multiples of 4, where every processor takes code from. */
static _Alignas(4) uint8_t code_in_data[] = { 0xc3 };   /* an x86's ret */

/* Addresses that the compiler can't see through. */
static volatile uint32_t *hide(uintptr_t address)
{
    __asm__("" : "+r"(address));
    return (volatile uint32_t *)address;
}

static void none(void)
{
    variable = constant;
}

static void read_null(void)
{
    variable = *hide(0);
}

static void write_null(void)
{
    *hide(0) = 1;
}

static void call_null(void)
{
    ((void (*)(void))hide(0))();
}

static void write_text(void)
{
    *hide((uintptr_t)main) = 1;
}

static void write_rodata(void)
{
    *hide((uintptr_t)&constant) = 1;
}

static void execute_data(void)
{
    ((void (*)(void))hide((uintptr_t)code_in_data))();
}

static void execute_stack(void)
{
    _Alignas(4) uint8_t code[16] = { 0xc3 };
    ((void (*)(void))hide((uintptr_t)code))();
}

/* In memory that the page allocator would hand out. */
static void execute_heap(void)
{
    volatile uint32_t *free = hide(mem_map()->region[0].base);
    *free = 0xc3;
    ((void (*)(void))free)();
}

/* Nobody has RAM or a device so far up. */
static void write_nowhere(void)
{
    *hide(0x7ffff0000000) = 1;
}

__attribute__((noinline)) static void fill(char *text, size_t len)
{
    memset(text, 'x', len);
    __asm__ volatile("" : : "r"(text) : "memory");
}

static void smash_stack(void)
{
    char text[16];
    fill(text, 64);
}

/* Prints the canary, as an overrun would find it, and returns in peace. */
static void show_canary(void)
{
    extern uintptr_t __stack_chk_guard;
    print("canary %016lx\n", (unsigned long)__stack_chk_guard);
}

__attribute__((noinline)) static unsigned recurse(unsigned more)
{
    volatile uint8_t room[256];
    room[0] = (uint8_t)more;
    return more == 0 ? 0 : recurse(more - 1) + room[0];
}

static void overflow_stack(void)
{
    variable = recurse(UINT32_MAX);
}

/* A frame that is larger than what is left, guard and all. */
__attribute__((noinline)) static unsigned take_room(void)
{
    volatile uint8_t room[200000];
    room[0] = 1;
    return room[0];
}

static void step_over_guard(void)
{
    variable = take_room();
}

/* Is a device mapped where it may be, and nowhere else? All of these addresses
 * are beyond memory, and nobody is there: to map is not to touch. */
static void map_devices(void)
{
    const uintptr_t base = 0xf0000000, page = MEM_MAP_PAGE, large = 2 << 20;
    bool good = arch_map_device(base, 4 * large) == base &&
                /* inside of large pages, and all of it again */
                arch_map_device(base + page, 16) == base + page &&
                arch_map_device(base + large - 8, 16) == base + large - 8 &&
                arch_map_device(base, 4 * large) == base &&
                /* round small pages that are there already */
                arch_map_device(base + 5 * large + page, page) &&
                arch_map_device(base + 3 * large, 4 * large);
    uintptr_t memory = mem_map()->region[mem_map()->count - 1].base;

    if (good && !arch_map_device(memory, page) &&
        !arch_map_device(memory - page, 8 * large) &&
        !arch_map_device((uintptr_t)main, 1) && !arch_map_device(0, page) &&
        !arch_map_device(base, 0) && !arch_map_device(base, UINT64_MAX))
        print("devices: mapped, and memory refused\n");
}

static void fail_assertion(void)
{
    assert(variable == constant);
}

static void return_error(void)
{
    /* main() sees to it. */
}

static const struct offence offences[] = {
    { "none", none },
    { "read-null", read_null },
    { "write-null", write_null },
    { "call-null", call_null },
    { "write-text", write_text },
    { "write-rodata", write_rodata },
    { "execute-data", execute_data },
    { "execute-stack", execute_stack },
    { "execute-heap", execute_heap },
    { "write-nowhere", write_nowhere },
    { "smash-stack", smash_stack },
    { "show-canary", show_canary },
    { "overflow-stack", overflow_stack },
    { "step-over-guard", step_over_guard },
    { "map-devices", map_devices },
    { "fail-assertion", fail_assertion },
    { "return-error", return_error },
    { NULL, NULL },
};

/* The offence called `name`, or NULL. */
static const struct offence *find(const struct offence *list,
                                  const char *name)
{
    for (; list->name; list++)
        if (strcmp(list->name, name) == 0)
            return list;
    return NULL;
}

int main(void)
{
    const char *name = challenge_text();
    const struct offence *offence = find(offences, name);
    if (!offence)
        offence = find(processor_offences, name);
    if (!offence) {
        print("no such offence: \"%s\"\n", name);
        return -EINVAL;
    }
    offence->commit();
    print("%s: nobody noticed\n", name);
    return offence->commit == return_error ? -EIO : 0;
}
