/* SPDX-License-Identifier: MIT */
/*
 * test_gic.c - the aarch64 port's interrupt controller, before a GICv2 that
 * keeps its own book of what it was told.
 */
#include <setjmp.h>
#include <string.h>

#include "arch/aarch64/aarch64.h"
#include "lib/errno.h"
#include "unit.h"

enum {
    DISTRIBUTOR = 0x8000000, CPU = 0x8010000, SIZE = 0x10000,
    INTIDS = 96, LINE = 17, TIMER = 27, OTHER = 40, NOBODY = 1023,
};

/* ---- A GICv2 ------------------------------------------------------------ */

static struct board there = {
    .gic_distributor = { .base = DISTRIBUTOR, .size = SIZE },
    .gic_cpu = { .base = CPU, .size = SIZE },
    .windows = 1,
    .window = { { .base = 0xa000000, .line = LINE, .edge = true } },
    .timer = TIMER,
};
static bool enabled[INTIDS], pends[INTIDS], active[INTIDS], edge[INTIDS];
static uint8_t target[INTIDS], priority[INTIDS];
static bool forwards, listens;
static uint32_t priority_mask;
static uint32_t pending = NOBODY;       /* what IAR gives */
static unsigned ended, ended_intid;

const struct board *board(void)
{
    return &there;
}

static void set_32(bool *of, uint32_t reg, uint32_t bits, bool to)
{
    for (unsigned i = 0; i < 32; i++)
        if (bits & 1u << i && reg / 4 * 32 + i < INTIDS)
            of[reg / 4 * 32 + i] = to;
}

void mmio_write32(uintptr_t addr, uint32_t value)
{
    uint32_t reg = (uint32_t)(addr - DISTRIBUTOR);

    if (addr == CPU) {
        listens = value & 1;
    } else if (addr == CPU + 4) {
        priority_mask = value;
    } else if (addr == CPU + 0x10) {
        ended++;
        ended_intid = value;
    } else if (reg == 0) {
        forwards = value & 1;
    } else if (reg >= 0x100 && reg < 0x180) {
        set_32(enabled, reg - 0x100, value, true);
    } else if (reg >= 0x180 && reg < 0x200) {
        set_32(enabled, reg - 0x180, value, false);
    } else if (reg >= 0x280 && reg < 0x300) {
        set_32(pends, reg - 0x280, value, false);
    } else if (reg >= 0x380 && reg < 0x400) {
        set_32(active, reg - 0x380, value, false);
    } else if (reg >= 0xc00 && reg < 0xd00) {
        for (unsigned i = 0; i < 16; i++)
            edge[(reg - 0xc00) / 4 * 16 + i] = value >> 2 * i & 2;
    } else {
        FAIL("register %#x is none", reg);
    }
}

uint32_t mmio_read32(uintptr_t addr)
{
    uint32_t reg = (uint32_t)(addr - DISTRIBUTOR), value = 0;

    if (addr == CPU + 0xc)
        return pending;
    if (reg == 4)
        return INTIDS / 32 - 1;
    CHECK(reg >= 0xc00 && reg < 0xd00, "register %#x is not read", reg);
    for (unsigned i = 0; i < 16; i++)
        value |= (edge[(reg - 0xc00) / 4 * 16 + i] ? 2u : 0u) << 2 * i;
    return value;
}

void mmio_write8(uintptr_t addr, uint8_t value)
{
    uint32_t reg = (uint32_t)(addr - DISTRIBUTOR);

    if (reg >= 0x400 && reg < 0x400 + INTIDS)
        priority[reg - 0x400] = value;
    else if (reg >= 0x800 && reg < 0x800 + INTIDS)
        target[reg - 0x800] = value;
    else
        FAIL("register %#x is none", reg);
}

uint8_t mmio_read8(uintptr_t addr)
{
    CHECK(addr == DISTRIBUTOR + 0x800, "the first tells who we are");
    return 1 << 2;
}

/* ---- Those above and beside it ------------------------------------------ */

static unsigned dispatched, silenced;
static jmp_buf refusal;
static const char *refused;

void irq_dispatch(unsigned vector)
{
    dispatched = vector;
    if (!arch_irq_spurious(vector))
        arch_irq_end(vector);
}

void clock_silence(void)
{
    silenced++;
}

void core_refuse(const char *why)
{
    refused = why;
    longjmp(refusal, 1);
}

static void interrupt(unsigned intid)
{
    pending = intid;
    dispatched = ended = 0;
    gic_interrupt();
}

/* ---- The tests ---------------------------------------------------------- */

TEST(test_at_first_nothing_is_heard_but_the_timer)
{
    memset(enabled, true, sizeof enabled);
    memset(pends, true, sizeof pends);
    memset(active, true, sizeof active);
    gic_init();
    for (unsigned i = 0; i < INTIDS; i++) {
        CHECK(enabled[i] == (i == TIMER), "INTID %u", i);
        CHECK(!pends[i], "INTID %u has come for somebody before us", i);
        CHECK(!active[i], "INTID %u was never ended, and can't come", i);
    }
    CHECK(forwards && listens, "the controller is on");
    CHECK(priority[TIMER] < priority_mask, "and lets our priority through");
}

TEST(test_a_line_is_routed_as_the_board_says)
{
    gic_init();
    CHECK(arch_irq_route(LINE, 48) == 0 && enabled[32 + LINE], "a window's");
    CHECK(edge[32 + LINE] && target[32 + LINE] == 1 << 2, "by edges, to us");
    CHECK(arch_irq_route(1, 49) == 0 && !edge[33], "another's, by its level");
    CHECK(edge[32 + LINE], "which has left the first as it was");
    CHECK(arch_irq_route(INTIDS - 32, 50) == -ENODEV, "no such line");
    CHECK(arch_irq_route(UINT32_MAX, 50) == -ENODEV, "nor this one");
    CHECK(arch_irq_route(2, IRQ_TIMER) == -ENODEV, "the timer keeps its own");
}

TEST(test_an_interrupt_is_handed_on_by_its_vector_and_ended_by_its_number)
{
    gic_init();
    arch_irq_route(LINE, 48);
    interrupt(32 + LINE);
    CHECK(dispatched == 48, "vector 48; here %u", dispatched);
    CHECK(ended == 1 && ended_intid == 32 + LINE, "INTID %u is ended, once",
          32 + LINE);
}

TEST(test_the_timer_lets_go_of_its_line_before_it_is_ended)
{
    gic_init();
    interrupt(TIMER);
    CHECK(silenced == 1 && dispatched == IRQ_TIMER, "it is silenced");
    CHECK(ended == 1 && ended_intid == TIMER, "and ended");
}

TEST(test_what_nobody_meant_is_not_ended_and_what_nobody_wants_is)
{
    gic_init();
    interrupt(NOBODY);
    CHECK(dispatched == IRQ_SPURIOUS && ended == 0, "a spurious interrupt");
    interrupt(OTHER);
    CHECK(dispatched == 0 && ended == 1 && ended_intid == OTHER,
          "one that nobody asked for would block the others");
}

TEST(test_a_line_is_masked_for_good)
{
    gic_init();
    arch_irq_route(LINE, 48);
    arch_irq_route(1, 49);
    arch_irq_mask(LINE);
    CHECK(!enabled[32 + LINE] && enabled[33] && enabled[TIMER],
          "that line alone");
    arch_irq_mask(UINT32_MAX);
}

TEST(test_a_board_without_one_is_refused)
{
    there.gic_cpu.base = 0;
    if (!setjmp(refusal))
        gic_init();
    CHECK(refused && strstr(refused, "GICv2"), "here: %s", refused);
    there.gic_cpu.base = CPU;
    there.gic_cpu.size = 16;
    refused = NULL;
    if (!setjmp(refusal))
        gic_init();
    CHECK(refused, "nor with a part of its registers");
}
