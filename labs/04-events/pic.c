/* SPDX-License-Identifier: MIT */
/*
 * pic.c - what the two 8259s of a PC are asked and told when an interrupt of
 * theirs has come. Of all that lab 04 writes this is the one part that another
 * processor has no use for: it belongs to the port.
 */
#include "arch/x86_64/pic.h"

#include "arch/arch.h"
#include "arch/upcalls.h"

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
