/* SPDX-License-Identifier: MIT */
/*
 * traps.c - the interrupt descriptor table, and what is said of an exception.
 *
 * Exceptions 0 to 31 are faults of ours, and end the machine with a report.
 * Vectors 32 to 255 are interrupts; traps.S takes them to irq_dispatch().
 */
#include "x86.h"

struct gate {                       /* [SDM vol. 3 §6.14.1] */
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "[SDM vol. 3 §6.14.1]");

enum { GATE_INTERRUPT = 0x8e };     /* present; enters with interrupts off */
enum { VECTOR_NMI = 2, VECTOR_DOUBLE_FAULT = 8, VECTOR_PAGE_FAULT = 14 };

enum { BACKTRACE_MAX = 24 };

const struct stack port_stacks[] = {
    { main_stack, main_stack_top },
    { exception_stack, exception_stack_top },
    { double_fault_stack, double_fault_stack_top },
    { nmi_stack, nmi_stack_top },
    { NULL, NULL },
};

static struct gate idt[256] __attribute__((aligned(16)));

static const char *const names[32] = {      /* [SDM vol. 3 §6.3.1] */
    "divide error (#DE)", "debug exception (#DB)", "NMI interrupt",
    "breakpoint (#BP)", "overflow (#OF)", "BOUND range exceeded (#BR)",
    "invalid opcode (#UD)", "device not available (#NM)",
    "double fault (#DF)", "coprocessor segment overrun", "invalid TSS (#TS)",
    "segment not present (#NP)", "stack-segment fault (#SS)",
    "general protection (#GP)", "page fault (#PF)", "reserved exception 15",
    "x87 floating-point error (#MF)", "alignment check (#AC)",
    "machine check (#MC)", "SIMD floating-point exception (#XM)",
    "virtualization exception (#VE)", "control protection exception (#CP)",
    "reserved exception 22", "reserved exception 23", "reserved exception 24",
    "reserved exception 25", "reserved exception 26", "reserved exception 27",
    "reserved exception 28", "reserved exception 29", "reserved exception 30",
    "reserved exception 31",
};

static uint8_t exception_stack_of(unsigned vector)
{
    if (vector >= IRQ_FIRST_VECTOR)
        return 0;                   /* interrupts: the stack as it is */
    if (vector == VECTOR_NMI)
        return IST_NMI;
    if (vector == VECTOR_DOUBLE_FAULT)
        return IST_DOUBLE_FAULT;
    return IST_EXCEPTION;
}

void traps_init(void)
{
    for (unsigned v = 0; v < 256; v++) {
        uint64_t entry = (uintptr_t)trap_entries[v];
        idt[v] = (struct gate){
            .offset_low = (uint16_t)entry,
            .selector = SELECTOR_CODE,
            .ist = exception_stack_of(v),
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(entry >> 16),
            .offset_high = (uint32_t)(entry >> 32),
        };
    }
    struct { uint16_t limit; uint64_t base; } __attribute__((packed))
        pointer = { sizeof idt - 1, (uintptr_t)idt };
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

/* ---- The report --------------------------------------------------------- */

static bool between(uint64_t address, const char *from, const char *to)
{
    return address >= (uintptr_t)from && address < (uintptr_t)to;
}

/* What a person would think of first. */
static const char *guess(uint64_t address)
{
    if (address < MEM_MAP_PAGE)
        return " (a null pointer?)";
    if (between(address, data_end, main_stack))
        return " (the stack has overflowed)";
    if (between(address, main_stack_top, image_end))
        return " (beyond the stack)";
    if (between(address, image_start, text_end))
        return " (the kernel's code)";
    if (between(address, text_end, rodata_end))
        return " (the kernel's constants)";
    return "";
}

/* "write to 0x00000000, not present (a null pointer?)" */
static void explain_page_fault(uint64_t error_code, uint64_t address)
{
    enum {                          /* [SDM vol. 3 §4.7] */
        PRESENT = 1 << 0, WRITE = 1 << 1, RESERVED = 1 << 3, FETCH = 1 << 4,
    };
    panic_text(error_code & FETCH   ? "execution of "
               : error_code & WRITE ? "write to "
                                    : "read of ");
    panic_hex(address);
    panic_text(!(error_code & PRESENT)   ? ", not present"
               : error_code & RESERVED   ? ", a broken page-table entry"
               : error_code & FETCH      ? ", not executable"
               : error_code & WRITE      ? ", read-only"
                                         : ", forbidden");
    panic_text(guess(address));
}

static void print_registers(const struct trap_frame *f, uint64_t cr2)
{
    const struct { const char *name; uint64_t value; } registers[] = {
        { "RAX", f->rax }, { "RBX", f->rbx }, { "RCX", f->rcx },
        { "RDX", f->rdx }, { "RSI", f->rsi }, { "RDI", f->rdi },
        { "RBP", f->rbp }, { "RSP", f->rsp }, { "R8 ", f->r8 },
        { "R9 ", f->r9 },  { "R10", f->r10 }, { "R11", f->r11 },
        { "R12", f->r12 }, { "R13", f->r13 }, { "R14", f->r14 },
        { "R15", f->r15 }, { "RIP", f->rip }, { "RFLAGS", f->rflags },
        { "CR2", cr2 },    { "error code", f->error_code },
    };
    unsigned count = sizeof registers / sizeof registers[0];
    for (unsigned i = 0; i < count; i++) {
        panic_text("  ");
        panic_text(registers[i].name);
        panic_text(" ");
        panic_hex(registers[i].value);
        if (i % 4 == 3)
            panic_text("\n");
    }
}

static void print_callers(const struct trap_frame *frame)
{
    uintptr_t addresses[BACKTRACE_MAX] = { frame->rip };
    unsigned count = 1;

    /* A call to where there is no code has pushed its return address, and
     * nobody has yet made a frame of it. */
    const uint64_t *top = (const uint64_t *)frame->rsp;
    if (!between(frame->rip, image_start, text_end) &&
        frame->rsp % 8 == 0 &&
        between(frame->rsp, main_stack, main_stack_top) &&
        between(*top, image_start, text_end))
        addresses[count++] = *top - 1;

    count += backtrace_frames(frame->rbp, addresses + count,
                              BACKTRACE_MAX - count);
    panic_backtrace(addresses, count);
}

_Noreturn void trap_exception(const struct trap_frame *frame)
{
    static bool reporting;
    if (reporting) {
        panic_text("\nexception: another one, while that was told.\n");
        panic_end();
    }
    reporting = true;

    uint64_t cr2 = cr2_read();
    panic_text("\nexception: ");
    panic_text(names[frame->vector]);
    panic_text(" at ");
    panic_hex(frame->rip);
    if (frame->vector == VECTOR_PAGE_FAULT) {
        panic_text(": ");
        explain_page_fault(frame->error_code, cr2);
    }
    panic_text(".\n");
    print_registers(frame, cr2);
    print_callers(frame);
    panic_end();
}
