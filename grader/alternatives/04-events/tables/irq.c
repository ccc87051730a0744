/* SPDX-License-Identifier: MIT */
/* irq.c - another right answer to lab 04: the handlers call each other. */
#include "core/irq.h"

static void call(const struct irq_action *action)
{
    if (!action)
        return;
    action->handler(action->ctx);
    call(action->next);
}

void irq_dispatch(unsigned vector)
{
    bool meant = !arch_irq_spurious(vector);

    if (meant)
        call(irq_actions[vector]);
    if (meant)
        arch_irq_end(vector);
}
