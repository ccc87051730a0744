/* SPDX-License-Identifier: MIT */
/*
 * offence.h - something that a program must not do, under a name. Those that C
 * has words for are application protect's; those that only one processor knows
 * are in a folder of its name.
 */
#ifndef ARCH_OFFENCES_OFFENCE_H
#define ARCH_OFFENCES_OFFENCE_H

struct offence {
    const char *name;
    void (*commit)(void);
};

/* Those that only this processor knows; the last has no name. */
extern const struct offence processor_offences[];

#endif
