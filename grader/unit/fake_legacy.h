/* SPDX-License-Identifier: MIT */
/*
 * fake_legacy.h - a virtio device on the PCI bus that has only the legacy
 * interface, in this process: the ports of BAR 0, a ring given by the number
 * of its page, MSI-X. [virtio 1.2 §4.1.4.10]
 *
 * It minds what a real one may not survive: a register read or written in
 * another width than its own, a bit of status from after its time, features
 * chosen late or twice, a queue set up before them, ports that answer before
 * they were enabled. It finds the ring where it must be by its own arithmetic.
 * It is honest until a knob says otherwise.
 */
#ifndef FAKE_LEGACY_H
#define FAKE_LEGACY_H

#include "fake_pci.h"

enum {
    LEGACY_QUEUES = 2,
    LEGACY_CONFIG = 16,         /* bytes of configuration */
    LEGACY_PORT = 0xc040,       /* BAR 0 */
    LEGACY_PORTS = 64,
    LEGACY_MSIX = 0x40,         /* the capability */
    LEGACY_VECTORS = 3,
};

struct fake_legacy {
    struct fake_function *function;

    /* Knobs. */
    uint32_t offered;
    uint16_t queue_size[LEGACY_QUEUES];     /* 16 each, to begin with */
    uint32_t queue_in_use;      /* the page that a reset does not forget */
    uint8_t config[LEGACY_CONFIG];
    unsigned config_reads;      /* so many from now on, and then: */
    uint8_t config_next[LEGACY_CONFIG];
    bool restless;              /* each byte of it is new at each look */
    bool never_resets;
    bool takes_no_vector;
    bool raves;                 /* every answer is a random number, and it
                                   minds nothing */

    /* What the driver has done. */
    uint8_t status;
    uint32_t accepted;
    uint16_t queue_select;
    uint32_t page[LEGACY_QUEUES];
    uint16_t queue_vector[LEGACY_QUEUES], config_vector;
    unsigned notified[LEGACY_QUEUES];
    uint16_t avail_idx[LEGACY_QUEUES];
};
extern struct fake_legacy legacy;

/* A bus with nothing on it but a new, honest device. */
struct fake_function *legacy_begin(void);

/* What virt_to_bus() takes off an address, so that the rings of a host whose
 * memory lies high have page numbers of 32 bits. Chosen by the first ring;
 * fixed, when it is set. */
extern uintptr_t legacy_bias;
extern bool legacy_bias_fixed;

/* Takes the next chain of queue `q`, whose only buffer it fills with `byte`,
 * uses it and interrupts. False when there is none. */
bool legacy_use(unsigned q, uint8_t byte);

/* The configuration has changed: interrupts. */
void legacy_config_interrupt(void);

#endif
