/* SPDX-License-Identifier: MIT */
/*
 * irq.c - what happens when an interrupt comes, on every machine.
 *
 * The port has saved the registers and calls irq_dispatch() with the vector's
 * number. Who is to be called was noted by irq_request() in core/irq.c. The
 * handlers only mark and wake; the work is the event loop's.
 */
#include "core/irq.h"

#include <stddef.h>

#include "core/panic.h"

void irq_dispatch(unsigned vector)
{
    /* TODO 4.3 irq_dispatch: a spurious interrupt (arch_irq_spurious) ends
     * here. Call every handler that irq_actions[] has for this vector, each
     * with its ctx. Then tell the controller that it is done (arch_irq_end),
     * also when there was no handler: until then it holds back this interrupt
     * and every one of lower priority. [SDM vol. 3 §11.8.5, §11.9] */
    if (arch_irq_spurious(vector))
        return;
    for (struct irq_action *a = irq_actions[vector]; a; a = a->next)
        a->handler(a->ctx);
    arch_irq_end(vector);
    /* END 4.3 */
}
