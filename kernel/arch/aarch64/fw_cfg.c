/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg.c - files that QEMU hands to the guest: -fw_cfg name=opt/...,string=
 * [QEMU docs/specs/fw_cfg]
 *
 *     0  data        8 bytes wide; a byte at a time here
 *     8  selector    16 bits, big-endian
 *
 * An item is chosen by writing its number to the selector, and comes out of
 * the data register. Item 0x19 lists the files; its numbers are big-endian.
 */
#include "aarch64.h"

#include "lib/endian.h"
#include "lib/errno.h"
#include "lib/string.h"

enum { FW_CFG_DATA = 0, FW_CFG_SELECTOR = 8, REGISTERS = 16 };
enum { FW_CFG_SIGNATURE = 0x00, FW_CFG_FILE_DIR = 0x19 };
enum { FILES_MAX = 1024 };

struct fw_cfg_file {
    be32 size;
    be16 select;
    be16 reserved;
    char name[56];              /* NUL-terminated */
};
_Static_assert(sizeof(struct fw_cfg_file) == 64, "[QEMU docs/specs/fw_cfg]");

static uintptr_t registers;

static void choose(uint16_t item)
{
    mmio_write16(registers + FW_CFG_SELECTOR, cpu_to_be16(item));
}

static void read(void *to, size_t len)
{
    uint8_t *byte = to;
    while (len--)
        *byte++ = mmio_read8(registers + FW_CFG_DATA);
}

static bool present(void)
{
    const struct board_device *device = &board()->fw_cfg;
    char signature[4];

    if (device->base == 0 || device->size < REGISTERS)
        return false;
    registers = arch_map_device(device->base, device->size);
    if (!registers)
        return false;
    choose(FW_CFG_SIGNATURE);
    read(signature, sizeof signature);
    return memcmp(signature, "QEMU", 4) == 0;
}

long arch_config_file(const char *name, void *buf, size_t cap)
{
    if (!present())
        return -ENOENT;
    be32 count;
    choose(FW_CFG_FILE_DIR);
    read(&count, sizeof count);
    uint32_t files = be32_to_cpu(count);
    for (uint32_t i = 0; i < files && i < FILES_MAX; i++) {
        struct fw_cfg_file file;
        read(&file, sizeof file);
        if (strncmp(file.name, name, sizeof file.name) != 0)
            continue;
        uint32_t size = be32_to_cpu(file.size);
        choose(be16_to_cpu(file.select));
        read(buf, size < cap ? size : cap);
        return size;
    }
    return -ENOENT;
}
