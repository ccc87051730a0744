/* SPDX-License-Identifier: MIT */
/*
 * sample.c - on a PC: the PIT's channel 0, which clock.c needs at start-up and
 * no longer, wired through the I/O APIC as an NMI. The local APIC's timer stays
 * the event loop's, and no part of the kernel is out of sight.
 *
 * QEMU without KVM looks for interrupts before each block of instructions, so
 * there a sample is always at the beginning of one: often of a function, before
 * it has a frame.
 */
#include "arch/sample/sample.h"

#include "arch/x86_64/x86.h"

enum {
    PIT_HZ = 1193182,
    PIT_CHANNEL0 = 0x40,
    PIT_COMMAND = 0x43,         /* [8254, control word] */
    CHANNEL0_MODE2 = 0x34,      /* both bytes; a pulse each time it is down */
    PIT_LINE = 2,               /* of the I/O APIC */

    VECTOR_NMI = 2,
    DELIVERY_NMI = 4 << 8,      /* above the vector, in an entry of the I/O
                                   APIC [82093AA §3.2.4] */
    HLT = 0xf4,
};

/* What the processor pushes. */
struct interrupted {
    uint64_t rip, cs, rflags, rsp, ss;
};

struct gate {                   /* [SDM vol. 3 §6.14.1]; traps.c fills them */
    uint16_t offset_low, selector, flags, offset_middle;
    uint32_t offset_high, reserved;
};

void sample_nmi(void);
void sample_take(struct interrupted *was, uint64_t rbp);

static void (*taker)(const struct sample *sample);

static bool is_code(uint64_t address)
{
    return address > (uintptr_t)image_start && address < (uintptr_t)text_end;
}

static uint8_t byte_at(uint64_t address)
{
    return is_code(address) ? *(const uint8_t *)address : 0;
}

/* The first word on the stack is the return address before `push %rbp`, and
 * the second behind it. */
static uint64_t find_link(uint64_t rsp)
{
    const uint64_t *top = (const uint64_t *)rsp;

    return is_code(top[0]) ? top[0] : is_code(top[1]) ? top[1] : 0;
}

void sample_take(struct interrupted *was, uint64_t rbp)
{
    struct sample sample = {
        .at = was->rip,
        .link = find_link(was->rsp),
        .frame = rbp,
        .idle = byte_at(was->rip) == HLT || byte_at(was->rip - 1) == HLT,
    };

    /* Between sti and hlt no interrupt may come; after us one may, and hlt
     * would sleep over what it has posted. So hlt is left out. */
    if (byte_at(was->rip) == HLT)
        was->rip++;
    taker(&sample);
}

static void take_nmi_gate(void)
{
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) table;
    uint64_t entry = (uintptr_t)sample_nmi;

    __asm__ volatile("sidt %0" : "=m"(table));
    struct gate *gate = (struct gate *)table.base + VECTOR_NMI;
    gate->offset_low = (uint16_t)entry;
    gate->offset_middle = (uint16_t)(entry >> 16);
    gate->offset_high = (uint32_t)(entry >> 32);
}

int sample_start(unsigned hz, void (*take)(const struct sample *sample))
{
    unsigned count = PIT_HZ / hz;

    taker = take;
    take_nmi_gate();
    port_write8(PIT_COMMAND, CHANNEL0_MODE2);
    port_write8(PIT_CHANNEL0, (uint8_t)count);
    port_write8(PIT_CHANNEL0, (uint8_t)(count >> 8));
    return arch_irq_route(PIT_LINE, DELIVERY_NMI | VECTOR_NMI);
}
