/* SPDX-License-Identifier: MIT */
/*
 * absent.c - what a PC has and this board has not: the two 8259s, and pixels
 * that firmware has set up.
 */
#include "aarch64.h"

#include "lib/errno.h"

int arch_irq_route_legacy(unsigned line)
{
    (void)line;
    return -ENODEV;
}

bool arch_framebuffer(struct framebuffer *out)
{
    (void)out;
    return false;
}
