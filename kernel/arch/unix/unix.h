/* SPDX-License-Identifier: MIT */
/*
 * unix.h - what the files of this port know of each other.
 *
 * A process is a machine whose wires are descriptors: one that is ready is an
 * interrupt, and the place where the machine sleeps is epoll_wait(). See
 * arch/unix/descriptor.h for what drivers see of it.
 */
#ifndef ARCH_UNIX_UNIX_H
#define ARCH_UNIX_UNIX_H

#include "arch/arch.h"
#include "arch/map.h"
#include "arch/upcalls.h"

void memory_init(void);         /* takes the machine's memory from the host */
void clock_init(void);          /* start-up is now */
void wait_init(void);

#endif
