/* SPDX-License-Identifier: MIT */
/*
 * irq.h - interrupts, from a device's wire or message to a function of ours.
 *
 * Three kinds of sources, and one way in:
 *
 *     IRQ_LEGACY    a line of the two 8259s: the timer and the keyboard of a
 *                   PC, as they were before there was anything else
 *     IRQ_LINE      a line of the I/O APIC or the GIC
 *     IRQ_MESSAGE   a PCI device's MSI-X message, without a wire
 *
 * A device of old is wired to an 8259 and to the I/O APIC, and on some
 * machines the two number their lines differently: whoever asks says whose
 * number it is.
 *
 *     vector    0 to 31    the processor's exceptions: arch/
 *              32 to 47    the 8259s' lines, in their order
 *              48 to 253   handed out here, to lines and messages
 *             254, 255     the local APIC's own: timer, spurious
 *
 * A handler runs with interrupts off and only marks and wakes (event_post);
 * all work is done in the event loop.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <stdint.h>

#include "arch/arch.h"      /* IRQ_FIRST_VECTOR and the like */
#include "arch/upcalls.h"   /* irq_dispatch: the body is lab 04's */

typedef void (*irq_handler_t)(void *ctx);

/* Where an interrupt comes from. */
struct irq_source {
    enum { IRQ_LINE, IRQ_MESSAGE, IRQ_LEGACY } kind;
    unsigned line;          /* IRQ_LINE, IRQ_LEGACY: of that controller */
    uint64_t address;       /* IRQ_MESSAGE: filled in by irq_request, to be */
    uint32_t data;          /*     written into the device's MSI-X table */
};

/* Gives `source` a vector of its own and lets it call handler(ctx). For a
 * message it fills in address and data. Lines may be shared: every handler of
 * the line is called. Returns 0, -ENOSPC when the vectors are used up, or
 * -ENODEV when the machine has no such line, or no such controller. */
int irq_request(struct irq_source *source, irq_handler_t handler, void *ctx);

/* What irq_request registered, for irq_dispatch: the handlers of each vector,
 * first come first; NULL ends the list. */
struct irq_action {
    irq_handler_t handler;
    void *ctx;
    struct irq_action *next;
};
extern struct irq_action *irq_actions[256];

#endif
