/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg.c - files that QEMU hands to the guest: -fw_cfg name=opt/...,string=
 * [QEMU docs/specs/fw_cfg]
 *
 * The device is two registers, which the port reaches in its own way: an item
 * is chosen by writing its number to one, and comes out of the other. Item
 * 0x19 lists the files; its numbers are big-endian.
 */
#include "arch/port.h"

#include "lib/endian.h"
#include "lib/errno.h"
#include "lib/string.h"

enum { FW_CFG_SIGNATURE = 0x00, FW_CFG_FILE_DIR = 0x19 };
enum { FILES_MAX = 1024 };

struct fw_cfg_file {
    be32 size;
    be16 select;
    be16 reserved;
    char name[56];              /* NUL-terminated */
};
_Static_assert(sizeof(struct fw_cfg_file) == 64, "[QEMU docs/specs/fw_cfg]");

static bool present(void)
{
    char signature[4];
    if (!fw_cfg_possible())
        return false;
    fw_cfg_choose(FW_CFG_SIGNATURE);
    fw_cfg_read(signature, sizeof signature);
    return memcmp(signature, "QEMU", 4) == 0;
}

long arch_config_file(const char *name, void *buf, size_t cap)
{
    if (!present())
        return -ENOENT;
    be32 count;
    fw_cfg_choose(FW_CFG_FILE_DIR);
    fw_cfg_read(&count, sizeof count);
    uint32_t files = be32_to_cpu(count);
    for (uint32_t i = 0; i < files && i < FILES_MAX; i++) {
        struct fw_cfg_file file;
        fw_cfg_read(&file, sizeof file);
        if (strncmp(file.name, name, sizeof file.name) != 0)
            continue;
        uint32_t size = be32_to_cpu(file.size);
        fw_cfg_choose(be16_to_cpu(file.select));
        fw_cfg_read(buf, size < cap ? size : cap);
        return size;
    }
    return -ENOENT;
}
