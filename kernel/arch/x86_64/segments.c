/* SPDX-License-Identifier: MIT */
/*
 * segments.c - the task-state segment, of which long mode uses one thing: the
 * stacks on which exceptions are taken.
 *
 * An exception on a stack of its own can be told even when what went wrong is
 * the stack. [SDM vol. 3 §6.14.5, §8.7]
 */
#include "x86.h"

struct task_state {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];            /* ist[0] is called IST1 */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;            /* offset of the I/O permission map: none */
} __attribute__((packed));
_Static_assert(sizeof(struct task_state) == 104, "[SDM vol. 3 §8.7]");

extern uint64_t gdt[5];         /* boot.S */

static struct task_state task_state = { .io_map = sizeof task_state };

void segments_init(void)
{
    task_state.ist[IST_EXCEPTION - 1] = (uintptr_t)exception_stack_top;
    task_state.ist[IST_DOUBLE_FAULT - 1] = (uintptr_t)double_fault_stack_top;
    task_state.ist[IST_NMI - 1] = (uintptr_t)nmi_stack_top;

    /* Its descriptor takes two slots: type 9 (available TSS), present, and
     * the address in pieces. [SDM vol. 3 §8.2.3] */
    uint64_t base = (uintptr_t)&task_state;
    gdt[SELECTOR_TSS / 8] = (sizeof task_state - 1) |
                            (base & 0xffffff) << 16 | 0x89ull << 40 |
                            (base >> 24 & 0xff) << 56;
    gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS) : "memory");
}
