/* SPDX-License-Identifier: MIT */
/* fw_cfg_registers.c - fw_cfg's, at two ports: a byte at a time. */
#include "x86.h"

enum { FW_CFG_SELECTOR = 0x510, FW_CFG_DATA = 0x511 };

bool fw_cfg_possible(void)
{
    return true;            /* a port at which nobody listens does no harm */
}

void fw_cfg_choose(uint16_t item)
{
    port_write16(FW_CFG_SELECTOR, item);
}

void fw_cfg_read(void *to, size_t len)
{
    uint8_t *byte = to;
    while (len--)
        *byte++ = port_read8(FW_CFG_DATA);
}
