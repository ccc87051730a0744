/* SPDX-License-Identifier: MIT */
/*
 * traps.c - what is said of an exception. All of them are faults of ours, and
 * end the machine with a report; traps.S takes interrupts elsewhere.
 */
#include "aarch64.h"

enum { BACKTRACE_MAX = 24 };

const struct stack port_stacks[] = {
    { main_stack, main_stack_top },
    { exception_stack, exception_stack_top },
    { last_stack, last_stack_top },
    { NULL, NULL },
};

/* Exception classes: bits 31 to 26 of ESR. [Arm ARM, ESR_EL1] */
enum {
    EC_INSTRUCTION_ABORT = 0x21,
    EC_DATA_ABORT = 0x25,
    EC_COUNT = 0x40,
};

static const char *const names[EC_COUNT] = {
    [0x00] = "undefined instruction",
    [0x01] = "WFI or WFE, trapped",
    [0x07] = "vector or floating-point instruction",
    [0x0d] = "branch target exception",
    [0x0e] = "illegal execution state",
    [0x15] = "supervisor call (SVC)",
    [0x16] = "hypervisor call (HVC)",
    [0x17] = "secure monitor call (SMC)",
    [0x18] = "system register, trapped",
    [0x19] = "SVE instruction",
    [0x1c] = "pointer authentication failure",
    [EC_INSTRUCTION_ABORT] = "instruction abort",
    [0x22] = "PC alignment fault",
    [EC_DATA_ABORT] = "data abort",
    [0x26] = "SP alignment fault",
    [0x2c] = "floating-point exception",
    [0x31] = "hardware breakpoint",
    [0x33] = "software step",
    [0x35] = "watchpoint",
    [0x3c] = "breakpoint (BRK)",
};

static unsigned class_of(const struct trap_frame *f)
{
    return f->esr >> 26 & (EC_COUNT - 1);
}

/* What came in by the vector table's entry `slot`, four for each stack. */
static const char *name_of(const struct trap_frame *f, unsigned slot)
{
    const char *name = names[class_of(f)];

    switch (slot % 4) {
    case 2:
        return "fast interrupt (FIQ)";
    case 3:
        return "system error (SError)";
    }
    return name ? name : "exception of an unknown class";
}

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

/* Why the memory was not to be had: the fault status, which in most cases has
 * the level of the page tables in its last two bits. */
static const char *reason(uint64_t esr, bool fetch, bool write)
{
    enum { ALIGNMENT = 0x21, EXTERNAL = 0x10 };
    enum { TRANSLATION = 1, PERMISSION = 3 };
    unsigned status = esr & 0x3f;

    if (status == ALIGNMENT)
        return ", not aligned";
    if (status == EXTERNAL)
        return ", where nobody answers";
    if (status >> 4 != 0)
        return ", forbidden";
    switch (status >> 2) {
    case TRANSLATION:
        return ", not present";
    case PERMISSION:
        return fetch   ? ", not executable"
               : write ? ", read-only"
                       : ", forbidden";
    }
    return ", a broken page-table entry";
}

/* "write to 0x00000000, not present (a null pointer?)" */
static void explain_abort(const struct trap_frame *f)
{
    enum { WRITE = 1 << 6, FAR_NOT_VALID = 1 << 10, CACHE = 1 << 8 };
    bool fetch = class_of(f) == EC_INSTRUCTION_ABORT;
    bool write = !fetch && (f->esr & WRITE) && !(f->esr & CACHE);

    panic_text(fetch ? "execution of " : write ? "write to " : "read of ");
    if (f->esr & FAR_NOT_VALID)
        panic_text("an unknown address");
    else
        panic_hex(f->far);
    panic_text(reason(f->esr, fetch, write));
    panic_text(guess(f->far));
}

static void print_register(unsigned number, const char *name, uint64_t value)
{
    panic_text("  ");
    panic_text(name);
    panic_text(" ");
    panic_hex(value);
    if (number % 4 == 3)
        panic_text("\n");
}

static void print_registers(const struct trap_frame *f)
{
    const struct { const char *name; uint64_t value; } others[] = {
        { "SP ", f->sp },   { "ELR", f->elr }, { "SPSR", f->spsr },
        { "ESR", f->esr }, { "FAR", f->far },
    };

    for (unsigned i = 0; i < 31; i++) {
        const char name[4] = { 'X', i < 10 ? (char)('0' + i)
                                           : (char)('0' + i / 10),
                               i < 10 ? ' ' : (char)('0' + i % 10) };
        print_register(i, name, f->x[i]);
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        print_register(31 + i, others[i].name, others[i].value);
}

static void print_callers(const struct trap_frame *frame)
{
    uintptr_t addresses[BACKTRACE_MAX] = { frame->elr };
    unsigned count = 1;

    /* A call to where there is no code, or to the middle of an instruction,
     * has left its return address in X30, and nobody has yet made a frame of
     * it. */
    if ((!between(frame->elr, image_start, text_end) || frame->elr % 4 != 0) &&
        between(frame->x[30], image_start, text_end))
        addresses[count++] = frame->x[30] - 1;

    count += backtrace_frames(frame->x[29], addresses + count,
                              BACKTRACE_MAX - count);
    panic_backtrace(addresses, count);
}

_Noreturn void trap_exception(const struct trap_frame *frame, unsigned slot)
{
    static unsigned reporting;
    unsigned class = class_of(frame);

    if (reporting++ > 0) {
        if (reporting > 2)
            psci_off();                 /* not even that can be told */
        panic_text("\nexception: another one, while that was told.\n");
        panic_end();
    }
    panic_text("\nexception: ");
    panic_text(name_of(frame, slot));
    panic_text(" at ");
    panic_hex(frame->elr);
    if (slot % 4 == 0 &&
        (class == EC_DATA_ABORT || class == EC_INSTRUCTION_ABORT)) {
        panic_text(": ");
        explain_abort(frame);
    }
    panic_text(".\n");
    print_registers(frame);
    print_callers(frame);
    panic_end();
}
