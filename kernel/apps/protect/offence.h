/* SPDX-License-Identifier: MIT */
/*
 * offence.h - something that a program must not do, under a name.
 */
#ifndef APPS_PROTECT_OFFENCE_H
#define APPS_PROTECT_OFFENCE_H

struct offence {
    const char *name;
    void (*commit)(void);
};

/* Those that only this processor knows; the last has no name. */
extern const struct offence processor_offences[];

#endif
