/* SPDX-License-Identifier: MIT */
/*
 * every_instruction.h - an interrupt at the worst moment, by trying them all.
 *
 * Runs scenario() in a process of its own, over and over: in the first run
 * interrupt() is called before its first instruction, in the next before its
 * second, and so on, until a run ends before its interrupt comes or calls
 * every_instruction_over(). After each scenario, in the same process,
 * outcome() looks with CHECK at what has become of it. interrupt() is a signal
 * handler: whether interrupts are on is its own business.
 */
#ifndef EVERY_INSTRUCTION_H
#define EVERY_INSTRUCTION_H

void every_instruction(void (*scenario)(void), void (*interrupt)(void),
                       void (*outcome)(void));

/* No later moment in this scenario is of interest: if the interrupt has not
 * come, it comes now, and this run is the last. */
void every_instruction_over(void);

#endif
