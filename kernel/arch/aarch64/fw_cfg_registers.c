/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg_registers.c - fw_cfg's, in memory, where the device tree says.
 *
 *     0  data        up to 8 bytes at once, in the order in which they come
 *     8  selector    16 bits, big-endian
 */
#include "aarch64.h"

#include "lib/endian.h"
#include "lib/string.h"

enum { FW_CFG_DATA = 0, FW_CFG_SELECTOR = 8, REGISTERS = 16 };

static uintptr_t registers;

bool fw_cfg_possible(void)
{
    const struct board_device *device = &board()->fw_cfg;

    if (device->base == 0 || device->size < REGISTERS)
        return false;
    registers = arch_map_device(device->base, device->size);
    return registers != 0;
}

void fw_cfg_choose(uint16_t item)
{
    mmio_write16(registers + FW_CFG_SELECTOR, cpu_to_be16(item));
}

void fw_cfg_read(void *to, size_t len)
{
    uint8_t *byte = to;
    for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t)) {
        uint64_t eight = mmio_read64(registers + FW_CFG_DATA);
        memcpy(byte, &eight, sizeof eight);
        byte += sizeof eight;
    }
    while (len--)
        *byte++ = mmio_read8(registers + FW_CFG_DATA);
}
