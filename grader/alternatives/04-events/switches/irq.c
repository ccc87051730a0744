/* SPDX-License-Identifier: MIT */
/* irq.c - another right answer to lab 04, the handlers in a do-while. */
#include "core/irq.h"

void irq_dispatch(unsigned vector)
{
    struct irq_action *action = irq_actions[vector];

    if (arch_irq_spurious(vector))
        return;
    if (action) {
        do {
            irq_handler_t handler = action->handler;
            handler(action->ctx);
            action = action->next;
        } while (action);
    }
    arch_irq_end(vector);
}
