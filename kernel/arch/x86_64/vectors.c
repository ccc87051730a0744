/* SPDX-License-Identifier: MIT */
/*
 * vectors.c - which controller a vector came from, to be asked whether it was
 * meant, and to be told when it has been served: the two 8259s for the sixteen
 * from IRQ_LEGACY_VECTOR on, the local APIC for all others. What is said to the
 * 8259s is lab 04's (pic.h).
 */
#include "pic.h"
#include "x86.h"

bool arch_irq_spurious(unsigned vector)
{
    unsigned line = vector - IRQ_LEGACY_VECTOR;

    if (line < PIC_LINES)
        return pic_spurious(line);
    return vector == IRQ_SPURIOUS;      /* an end would be taken for another's:
                                           [SDM vol. 3 §11.9] */
}

void arch_irq_end(unsigned vector)
{
    unsigned line = vector - IRQ_LEGACY_VECTOR;

    if (line < PIC_LINES) {
        pic_end(line);
        return;
    }
    if (vector == IRQ_TIMER)
        clock_timer_came();
    local_apic_end();
}
