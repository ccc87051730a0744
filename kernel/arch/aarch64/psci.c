/* SPDX-License-Identifier: MIT */
/*
 * psci.c - asks the firmware, or the hypervisor that plays it, to switch the
 * machine off. How it is called is in the device tree. [Arm DEN 0022, PSCI]
 */
#include "aarch64.h"

enum { PSCI_SYSTEM_OFF = 0x84000008u };

/* What a call may leave other than it was, should it come back.
 * [Arm DEN 0028, SMCCC 1.0] */
#define OTHERS "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", \
               "x11", "x12", "x13", "x14", "x15", "x16", "x17"

void psci_off(void)
{
    bool hvc = board()->psci == PSCI_HVC, smc = board()->psci == PSCI_SMC;
    register uint64_t function __asm__("x0") = PSCI_SYSTEM_OFF;

    if (hvc)
        __asm__ volatile("hvc #0" : "+r"(function)
                         : : "memory", OTHERS);
    if (smc)
        __asm__ volatile("smc #0" : "+r"(function)
                         : : "memory", OTHERS);
}
