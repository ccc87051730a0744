/* SPDX-License-Identifier: MIT */
/*
 * test_irq.c - lab 04's steps 4.1 to 4.3, what happens when an interrupt comes,
 * beside two 8259s and a local APIC that know what is in service, and complain.
 */
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/x86_64/pic.h"
#include "core/irq.h"
#include "lib/errno.h"
#include "unit.h"

/* ---- The controllers ---------------------------------------------------- */

/* Two 8259s, as far as the end of an interrupt needs them. */
struct pic {
    uint8_t isr;                /* lines in service */
    bool reads_isr;             /* OCW3 has asked for it, else for the IRR */
    unsigned ends;
};
static struct pic master, slave;
static unsigned apic_ends, timer_came;

static struct pic *pic_at(uint16_t port)
{
    CHECK(port == PIC_MASTER || port == PIC_SLAVE,
          "only the 8259s' command ports are touched; here %#x", port);
    return port == PIC_MASTER ? &master : &slave;
}

/* OCW2: the highest that is in service (bits 7-5: 001), or the one that is
 * named (011). OCW3: bits 4 and 3 are 01. */
void port_write8(uint16_t port, uint8_t value)
{
    struct pic *pic = pic_at(port);

    if ((value & 0x18) == 0x08) {
        if (value & 2)
            pic->reads_isr = value & 1;
        return;
    }
    CHECK((value & 0xf8) == 0x20 || (value & 0xf8) == 0x60,
          "%#x at port %#x is an end of interrupt or asks for the ISR", value,
          port);
    CHECK(pic->isr != 0, "an end of interrupt is sent only to an 8259 that "
          "waits for one; here to the %s, which does not",
          pic == &master ? "master" : "slave");
    uint8_t bit = value & 0x40 ? (uint8_t)(1u << (value & 7))
                               : pic->isr & -pic->isr;

    CHECK(pic->isr & bit, "the line that is ended is in service");
    pic->isr &= (uint8_t)~bit;
    pic->ends++;
}

uint8_t port_read8(uint16_t port)
{
    struct pic *pic = pic_at(port);

    return pic->reads_isr ? pic->isr : 0xff;
}

void local_apic_end(void)
{
    apic_ends++;
}

void clock_timer_came(void)
{
    timer_came++;
}

/* The processor takes an interrupt of `line`. */
static void raise(unsigned line)
{
    if (line >= 8) {
        slave.isr |= (uint8_t)(1u << (line - 8));
        master.isr |= 1u << PIC_CASCADE;
    } else {
        master.isr |= (uint8_t)(1u << line);
    }
    irq_dispatch(IRQ_LEGACY_VECTOR + line);
}

/* The same, but the line has fallen silent in between. */
static void raise_spurious(unsigned line)
{
    if (line == 15)
        master.isr |= 1u << PIC_CASCADE;
    irq_dispatch(IRQ_LEGACY_VECTOR + line);
}

#define CHECK_ALL_ENDED()                                                      \
    CHECK(master.isr == 0 && slave.isr == 0,                                   \
          "nothing is in service any more; here the ISRs are %#x (master) "    \
          "and %#x (slave)",                                                   \
          master.isr, slave.isr)

/* ---- Handlers ----------------------------------------------------------- */

static char trace[64];

static void handler(void *ctx)
{
    strncat(trace, ctx, sizeof(trace) - strlen(trace) - 1);
}

static void wants_pending(void *ctx)
{
    CHECK(master.isr, "the line is ended after its handlers, or the next "
                      "interrupt comes while they run");
    handler(ctx);
}

static void wants_meant(void *ctx)
{
    CHECK((master.isr | slave.isr) >> 7 & 1, "a handler is called for a "
          "spurious interrupt");
    handler(ctx);
}

static void request(unsigned kind, unsigned line, irq_handler_t function,
                    const char *name)
{
    struct irq_source source = { .kind = kind, .line = line };
    int error = irq_request(&source, function, (void *)name);

    CHECK(error == 0, "line %u is to be had; here %d", line, error);
}

#define CHECK_TRACE(wanted)                                                    \
    CHECK(strcmp(trace, wanted) == 0, "handlers \"%s\" were to be called; "    \
          "here \"%s\"", wanted, trace)

/* ---- Spurious or not: 4.1 ----------------------------------------------- */

#define CHECK_SPURIOUS(line, wanted)                                           \
    CHECK(pic_spurious(line) == (wanted), "an interrupt of line %u whose bit " \
          "in the ISR is %s %s spurious", line, wanted ? "clear" : "set",      \
          wanted ? "is" : "is not")

TEST(test_spurious_is_a_last_line_whose_bit_in_the_isr_is_clear)
{
    CHECK_SPURIOUS(7u, true);
    CHECK(master.ends == 0, "for a spurious interrupt of its own the master "
          "waits for no end");
    master.isr = 1 << 7;
    CHECK_SPURIOUS(7u, false);
    master.isr = 1 << PIC_CASCADE;
    slave.isr = 1 << 7;
    CHECK_SPURIOUS(15u, false);
    CHECK(master.isr == 1 << PIC_CASCADE && slave.isr == 1 << 7,
          "to ask ends nothing; here the ISRs are %#x (master) and %#x (slave)",
          master.isr, slave.isr);
}

TEST(test_spurious_of_the_slave_is_ended_at_the_master_alone)
{
    master.isr = 1 << PIC_CASCADE;
    CHECK_SPURIOUS(15u, true);
    CHECK(slave.ends == 0, "for a spurious interrupt of its own the slave "
          "waits for no end");
    CHECK(master.ends == 1, "for a spurious interrupt of the slave the master "
          "waits for one end; here it got %u", master.ends);
}

TEST(test_spurious_are_no_other_lines)
{
    for (unsigned line = 0; line < PIC_LINES; line++) {
        if (line == 7 || line == 15)
            continue;
        master.isr = slave.isr = 0;
        CHECK(!pic_spurious(line), "line %u can't be spurious: the 8259 has "
              "only its last to name when it means none", line);
    }
}

TEST(test_spurious_leaves_what_is_in_service_alone)
{
    master.isr = 1 << 3;
    slave.isr = 1 << 5;
    CHECK_SPURIOUS(7u, true);
    CHECK(master.isr == 1 << 3 && slave.isr == 1 << 5, "line 3 is still in "
          "service at the master, line 13 at the slave; here the ISRs are %#x "
          "and %#x", master.isr, slave.isr);
}

/* ---- The end of an interrupt: 4.2 ---------------------------------------- */

TEST(test_end_of_a_line_of_the_master_is_told_to_the_master_alone)
{
    for (unsigned line = 0; line < 8; line++) {
        master.isr = (uint8_t)(1u << line);
        pic_end(line);
        CHECK(master.isr == 0, "line %u is in service at the master no more; "
              "here its ISR is %#x", line, master.isr);
    }
    CHECK(master.ends == 8 && slave.ends == 0, "8 ends at the master and none "
          "at the slave; here %u and %u", master.ends, slave.ends);
}

TEST(test_end_of_a_line_of_the_slave_is_told_to_both)
{
    for (unsigned line = 8; line < 16; line++) {
        slave.isr = (uint8_t)(1u << (line - 8));
        master.isr = 1 << PIC_CASCADE;
        pic_end(line);
        CHECK(slave.isr == 0, "line %u is in service at the slave no more; "
              "here its ISR is %#x", line, slave.isr);
        CHECK(master.isr == 0, "the slave's line is in service at the master "
              "no more; here its ISR is %#x", master.isr);
    }
    CHECK(master.ends == 8 && slave.ends == 8, "8 ends at each; here %u at the "
          "master and %u at the slave", master.ends, slave.ends);
}

/* ---- Whoever it concerns: 4.3 -------------------------------------------- */

TEST(test_dispatch_calls_the_handler_and_then_ends_the_interrupt)
{
    request(IRQ_LEGACY, 1, wants_pending, "k");
    raise(1);
    CHECK_TRACE("k");
    CHECK_ALL_ENDED();
    raise(1);
    CHECK_TRACE("kk");
    CHECK_ALL_ENDED();
    CHECK(apic_ends == 0, "the local APIC has nothing to do with it");
}

TEST(test_dispatch_ends_every_line_once_also_without_a_handler)
{
    for (unsigned line = 0; line < PIC_LINES; line++)
        if (line != PIC_CASCADE)
            raise(line);
    CHECK_ALL_ENDED();
    CHECK(master.ends == 15 && slave.ends == 8, "15 ends at the master and 8 "
          "at the slave; here %u and %u", master.ends, slave.ends);
}

TEST(test_dispatch_calls_nobody_for_a_spurious_interrupt)
{
    request(IRQ_LEGACY, 7, wants_meant, "7");
    request(IRQ_LEGACY, 15, wants_meant, "f");
    raise_spurious(7);
    raise_spurious(15);
    CHECK_TRACE("");
    CHECK(slave.ends == 0 && master.ends == 1, "the slave waits for no end, "
          "the master for one; here %u and %u", slave.ends, master.ends);
    raise(7);
    raise(15);
    CHECK_TRACE("7f");
    CHECK_ALL_ENDED();
}

TEST(test_dispatch_of_a_spurious_interrupt_does_not_end_another_one)
{
    master.isr = 1u << 3;       /* being served when it comes */
    raise_spurious(7);
    CHECK(master.isr == 1u << 3, "line 3 is still in service; here the ISR is "
          "%#x", master.isr);
    irq_dispatch(IRQ_LEGACY_VECTOR + 3);
    CHECK_ALL_ENDED();
}

/* ---- The local APIC ----------------------------------------------------- */

TEST(test_dispatch_ends_other_vectors_at_the_local_apic)
{
    for (unsigned vector = 48; vector <= IRQ_TIMER; vector++) {
        apic_ends = 0;
        irq_dispatch(vector);
        CHECK(apic_ends == 1, "vector %u is ended once; here %u times", vector,
              apic_ends);
    }
    CHECK(master.ends + slave.ends == 0, "the 8259s have no part in it");
    CHECK(timer_came == 1, "the clock is told when it was the timer's");
}

TEST(test_dispatch_does_not_end_the_local_apic_s_spurious_interrupt)
{
    irq_dispatch(IRQ_SPURIOUS);
    CHECK(apic_ends == 0, "nobody waits for an end; here %u", apic_ends);
}

/* ---- Who is called ------------------------------------------------------ */

TEST(test_dispatch_calls_every_handler_of_a_shared_line_in_order)
{
    request(IRQ_LINE, 20, handler, "a");
    request(IRQ_LINE, 21, handler, "x");
    request(IRQ_LINE, 20, handler, "b");
    request(IRQ_LINE, 20, handler, "c");
    irq_dispatch(48);
    CHECK_TRACE("abc");
    irq_dispatch(49);
    CHECK_TRACE("abcx");
    CHECK(apic_ends == 2, "two interrupts, two ends; here %u", apic_ends);
}

TEST(test_dispatch_knows_each_message_by_its_vector)
{
    struct irq_source first = { .kind = IRQ_MESSAGE };
    struct irq_source second = { .kind = IRQ_MESSAGE };

    CHECK(irq_request(&first, handler, "1") == 0, "there is a vector");
    CHECK(irq_request(&second, handler, "2") == 0, "and another");
    CHECK(first.data != second.data, "each has its own");
    CHECK(first.data >= 48, "which is no line's of the 8259s; here %u",
          first.data);
    irq_dispatch(second.data);
    irq_dispatch(first.data);
    CHECK_TRACE("21");
}

TEST(test_dispatch_knows_a_line_of_the_8259s_from_the_i_o_apic_s)
{
    request(IRQ_LINE, 4, handler, "l");
    request(IRQ_LEGACY, 4, handler, "p");
    raise(4);
    CHECK_TRACE("p");
    irq_dispatch(48);
    CHECK_TRACE("pl");
}

TEST(test_what_is_not_there_is_refused)
{
    struct irq_source legacy = { .kind = IRQ_LEGACY, .line = 16 };
    struct irq_source line = { .kind = IRQ_LINE, .line = 64 };

    CHECK(irq_request(&legacy, handler, "") == -ENODEV, "16 lines, 0 to 15");
    CHECK(irq_request(&line, handler, "") == -ENODEV, "64 lines, 0 to 63");
}

TEST(test_more_handlers_than_there_is_room_for_are_refused)
{
    struct irq_source source = { .kind = IRQ_MESSAGE };
    unsigned had = 0;

    while (irq_request(&source, handler, "") == 0)
        CHECK(++had < 256, "there is an end to it");
    CHECK(irq_request(&source, handler, "") == -ENOSPC, "and it is told");
    CHECK(had >= 64, "64 are to be had; here %u", had);
}
