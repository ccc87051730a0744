/* SPDX-License-Identifier: MIT */
/*
 * pic.h - the two 8259s: what they must be told when an interrupt of theirs
 * has come. The bodies are lab 04's; i8259.c has set them up, so that line n
 * raises vector IRQ_LEGACY_VECTOR + n, and vectors.c calls what is here.
 *
 *     lines 0 to 7     the master
 *     lines 8 to 15    the slave, whose own output is the master's line 2
 *
 * Each has an in-service register (ISR), a bit for each of its lines: set when
 * the processor takes the interrupt, cleared by an end-of-interrupt command.
 * While a bit is set, that line and those of lower priority are held back. An
 * interrupt of the slave sets two: its own there, and bit 2 in the master.
 *
 * When a line falls silent just before the processor asks which one it was,
 * the 8259 has to answer something, says 7, and sets no bit: that is a
 * spurious interrupt. [8259A, interrupt sequence]
 */
#ifndef ARCH_X86_64_PIC_H
#define ARCH_X86_64_PIC_H

#include <stdbool.h>

enum {
    PIC_LINES = 16,
    PIC_CASCADE = 2,            /* the master's line that is the slave */

    PIC_MASTER = 0x20,          /* command ports: commands are written, what */
    PIC_SLAVE = 0xa0,           /* OCW3 has asked for is read; the mask is at
                                   the next port */

    PIC_OCW2_EOI = 0x20,        /* ends what is in service with the highest
                                   priority */
    PIC_OCW3_READ_ISR = 0x0b,   /* the next read gives the ISR */
};

/* Whether the interrupt that has come on `line` is a spurious one: only those
 * on 7 and 15 can be, and are when the bit in the ISR is not set. For a
 * spurious 15 the slave has done nothing, but the master believes that its
 * line 2 is being served: that is ended here, as nobody else will. */
bool pic_spurious(unsigned line);

/* Ends the interrupt of `line` at whoever has a bit set for it. */
void pic_end(unsigned line);

#endif
