/* SPDX-License-Identifier: MIT */
/*
 * every_instruction.h - an interrupt at the worst moment, by trying them all.
 *
 * Runs scenario() in a process of its own, and before each of its instructions
 * a copy of that process, in which interrupt() is called there; the copy then
 * runs what is left. At the end of each, in the same process, outcome() looks
 * with CHECK at what has become of it; also of the one that was never
 * interrupted. interrupt() is a signal handler: whether interrupts are on is
 * its own business. scenario() allocates nothing: in the middle of malloc() a
 * process can't be copied.
 */
#ifndef EVERY_INSTRUCTION_H
#define EVERY_INSTRUCTION_H

void every_instruction(void (*scenario)(void), void (*interrupt)(void),
                       void (*outcome)(void));

/* No later moment in this scenario is of interest: where the interrupt has not
 * come, it comes now, and that is the last time. */
void every_instruction_over(void);

#endif
