/* SPDX-License-Identifier: MIT */
/*
 * instructions.c - a plugin of QEMU's that counts the instructions which a
 * guest executes, and the blocks in which it does: under emulation these are
 * what a request costs, and unlike its time they are the same on a busy host
 * as on an idle one.
 *
 *     qemu-system-x86_64 -plugin file=instructions.so,out=FILE ...
 *
 * The counts lie in FILE as two 64-bit numbers, and whoever maps it sees them
 * grow. They are right for a guest with one processor.
 *
 * Few distributions have qemu-plugin.h in a package, so the little that is
 * used of it is declared here; it has not changed since the first version of
 * the interface. API is the version that this QEMU wants.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
typedef void tb_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void tb_executed(unsigned vcpu, void *userdata);
enum { QEMU_PLUGIN_CB_NO_REGS };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           tb_translated *translated);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          tb_executed *executed, int flags,
                                          void *userdata);

__attribute__((visibility("default"))) int qemu_plugin_version = API;

struct counts {
    uint64_t instructions;
    uint64_t blocks;
};

static struct counts *counts;

static void executed(unsigned vcpu, void *userdata)
{
    (void)vcpu;
    counts->instructions += (uintptr_t)userdata;
    counts->blocks++;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)qemu_plugin_tb_n_insns(tb));
}

static struct counts *map(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

    if (file < 0 || ftruncate(file, sizeof *counts) < 0)
        return NULL;
    void *mapped = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE,
                        MAP_SHARED, file, 0);
    close(file);
    return mapped == MAP_FAILED ? NULL : mapped;
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
                    char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fprintf(stderr, "instructions: say out=FILE\n");
        return -1;
    }
    counts = map(argv[0] + 4);
    if (counts == NULL) {
        perror(argv[0] + 4);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
