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
#include "core/pic.h"

bool pic_spurious(unsigned line)
{
    /* TODO 4.1 pic_spurious: of the lines of each 8259 only the last can be
     * spurious. Write OCW3 to that 8259's command port, read the ISR from
     * there, and look at the bit of the line. When it is the slave's, the
     * master is to be sent an end of interrupt. [8259A, OCW3; cascade] */
    lab_todo("4.1 pic_spurious");
    /* END 4.1 */
}

void pic_end(unsigned line)
{
    /* TODO 4.2 pic_end: an end of interrupt to the slave, if the line is one
     * of its own, and to the master in any case. [8259A, OCW2] */
    lab_todo("4.2 pic_end");
    /* END 4.2 */
}

void irq_dispatch(unsigned vector)
{
    /* TODO 4.3 irq_dispatch: find out whether the vector is a line's of the
     * 8259s; then a spurious interrupt ends here. Call every handler that
     * irq_actions[] has for this vector, each with its ctx. Then tell the
     * controller that it is done, also when there was no handler: until then
     * it holds back this interrupt and every one of lower priority. That is
     * pic_end() for a line of the 8259s, arch_irq_end() for all other vectors
     * but one: IRQ_SPURIOUS is the local APIC's own spurious interrupt, and an
     * end would be taken for another's. [SDM vol. 3 §11.8.5, §11.9] */
    lab_todo("4.3 irq_dispatch");
    /* END 4.3 */
}
