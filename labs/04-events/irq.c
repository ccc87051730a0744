/* SPDX-License-Identifier: MIT */
/*
 * irq.c - what happens when an interrupt comes.
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
    /* TODO 4.1 irq_dispatch: call every handler that irq_actions[] has for
     * this vector, each with its ctx. Then tell the interrupt controller that
     * this vector is done, also when it had no handler: until then it holds
     * back this interrupt and every one of lower priority. One vector is not
     * to be ended: IRQ_SPURIOUS. The controller sends it when an interrupt
     * went away before it could be delivered, and holds nothing back for it;
     * an end would be taken for another interrupt's. [SDM vol. 3 §11.8.5,
     * §11.9] */
    lab_todo("4.1 irq_dispatch");
    /* END 4.1 */
}
