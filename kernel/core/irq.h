/* SPDX-License-Identifier: MIT */
/*
 * irq.h - interrupts, from a device's wire or message to a function of ours.
 *
 * Vectors 0 to 31 are the processor's exceptions and belong to arch/. The
 * others are handed out here. A handler runs with interrupts off and only
 * marks and wakes (event_post); all work is done in the event loop.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <stdint.h>

#include "arch/arch.h"      /* IRQ_FIRST_VECTOR and the like */
#include "arch/upcalls.h"   /* irq_dispatch: the body is lab 04's */

typedef void (*irq_handler_t)(void *ctx);

/* Where an interrupt comes from. */
struct irq_source {
    enum { IRQ_LINE, IRQ_MESSAGE } kind;
    unsigned line;          /* IRQ_LINE: of the machine's controller */
    uint64_t address;       /* IRQ_MESSAGE: filled in by irq_request, to be */
    uint32_t data;          /*     written into the device's MSI-X table */
};

/* Gives `source` a vector of its own and lets it call handler(ctx). For a
 * message it fills in address and data. Lines may be shared: every handler of
 * the line is called. Returns 0, -ENOSPC when the vectors are used up, or
 * -ENODEV when the machine has no such line. */
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
