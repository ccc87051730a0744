/* SPDX-License-Identifier: MIT */
/*
 * port.h - what the files beside it, which are the same for several ports, and
 * the files of a port say to each other.
 */
#ifndef ARCH_PORT_H
#define ARCH_PORT_H

#include "arch/arch.h"
#include "arch/map.h"
#include "arch/upcalls.h"

/* ---- The image's parts, from a machine's kernel.ld ----------------------- */

extern char image_start[], text_end[], rodata_end[], data_end[], image_end[];

/* Grows down from the top; below and above each stack is a page that nothing
 * may touch. */
extern char main_stack[], main_stack_top[];

/* ---- canary.c ------------------------------------------------------------ */

/* Neither the caller nor one of its callers may ever return: the number that
 * is looked at then is no longer the one that was written. */
void canary_init(void);

/* ---- backtrace.c --------------------------------------------------------- */

/* All stacks that a frame may lie in; the last has no bottom. The port's. */
struct stack {
    const char *bottom, *top;
};
extern const struct stack port_stacks[];

/* As arch_backtrace(), from the frame at `fp` on; ends at what is none. */
unsigned backtrace_frames(uint64_t fp, uintptr_t *addresses, unsigned cap);

/* ---- random.c ------------------------------------------------------------ */

/* The processor's own source of what nobody can foretell; 0 when it has none,
 * or nothing to give. The port's. */
uint64_t hardware_random(void);

/* More of that for arch_random(), from a boot loader. */
void random_seed(const uint8_t *bytes, uint32_t count);

/* ---- fw_cfg.c ------------------------------------------------------------ */

/* The port's: whether there may be such a device (fw_cfg.c looks whether there
 * is); choose one of its items; and read on in it. */
bool fw_cfg_possible(void);
void fw_cfg_choose(uint16_t item);
void fw_cfg_read(void *to, size_t len);

#endif
