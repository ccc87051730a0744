/* SPDX-License-Identifier: MIT */
/*
 * irq.c - hands out vectors, and remembers whom to call for each.
 *
 * A message has a vector of its own; the devices on one line share theirs;
 * the 8259s' lines have the vectors that arch/ has set them to.
 * What happens when an interrupt comes is lab 04's irq_dispatch().
 */
#include "core/irq.h"

#include <stddef.h>

#include "lib/errno.h"

/* As many actions as there are vectors, and more: only shared lines have
 * several on one. */
enum { ACTIONS_MAX = 256, LINES_MAX = 64, LEGACY_LINES = 16 };

struct irq_action *irq_actions[256];

static struct irq_action actions[ACTIONS_MAX];
static unsigned actions_used;
static unsigned next_vector = IRQ_LEGACY_VECTOR + LEGACY_LINES;
static uint8_t vector_of_line[LINES_MAX];       /* 0: none yet */

/* The vector for `source`: an 8259's line has a fixed one, a shared line has
 * one already; else the next. Negative errno. */
static int choose_vector(const struct irq_source *source)
{
    if (source->kind == IRQ_LEGACY)
        return source->line < LEGACY_LINES
                   ? (int)(IRQ_LEGACY_VECTOR + source->line) : -ENODEV;
    if (source->kind == IRQ_LINE) {
        if (source->line >= LINES_MAX)
            return -ENODEV;
        if (vector_of_line[source->line])
            return vector_of_line[source->line];
    }
    return next_vector <= IRQ_LAST_VECTOR ? (int)next_vector : -ENOSPC;
}

static void append(unsigned vector, struct irq_action *action)
{
    struct irq_action **at = &irq_actions[vector];
    while (*at)
        at = &(*at)->next;
    *at = action;
}

/* Lets `source` raise `vector`, if it doesn't already. */
static int connect(struct irq_source *source, unsigned vector)
{
    if (source->kind == IRQ_MESSAGE) {
        struct irq_message message = arch_irq_message(vector);
        source->address = message.address;
        source->data = message.data;
        return 0;
    }
    if (source->kind == IRQ_LEGACY)
        return arch_irq_route_legacy(source->line);
    if (vector_of_line[source->line])
        return 0;
    int err = arch_irq_route(source->line, vector);
    if (err == 0)
        vector_of_line[source->line] = (uint8_t)vector;
    return err;
}

int irq_request(struct irq_source *source, irq_handler_t handler, void *ctx)
{
    int vector = choose_vector(source);
    if (vector < 0)
        return vector;
    if (actions_used == ACTIONS_MAX)
        return -ENOSPC;

    /* Off, as a line may have something to tell as soon as it is routed, and
     * the handler must be in its place by then. */
    bool were_on = arch_irq_disable();
    int err = connect(source, (unsigned)vector);
    if (err == 0) {
        struct irq_action *action = &actions[actions_used++];
        *action = (struct irq_action){ .handler = handler, .ctx = ctx };
        append((unsigned)vector, action);
        if ((unsigned)vector == next_vector)
            next_vector++;
    }
    arch_irq_restore(were_on);
    return err;
}
