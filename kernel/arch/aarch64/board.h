/* SPDX-License-Identifier: MIT */
/*
 * board.h - what the device tree says of this board, once it has been read and
 * checked (board.c). For the port, and for drivers of this port alone.
 */
#ifndef ARCH_AARCH64_BOARD_H
#define ARCH_AARCH64_BOARD_H

#include <stdbool.h>
#include <stdint.h>

enum { BOARD_WINDOWS = 32, NO_LINE = 1024 };

/* A device with registers in memory. */
struct board_device {
    uint64_t base;              /* 0: there is none */
    uint64_t size;
    unsigned line;              /* of the GIC's SPIs; NO_LINE */
    bool edge;                  /* that line tells by an edge, not a level */
};

struct board {
    struct board_device gic_distributor, gic_cpu;
    struct board_device uart;           /* PL011 */
    struct board_device rtc;            /* PL031 */
    struct board_device fw_cfg;
    unsigned windows;                   /* virtio-mmio */
    struct board_device window[BOARD_WINDOWS];
    unsigned timer;                     /* INTID of the virtual timer */
    enum { PSCI_NONE, PSCI_HVC, PSCI_SMC } psci;
};

const struct board *board(void);

#endif
