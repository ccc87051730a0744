/* SPDX-License-Identifier: MIT */
/*
 * debug.c - words that get out whatever else is broken, and the end.
 *
 * The debug console is semihosting: an instruction that QEMU takes as a call.
 * Where nobody does (KVM, a real board) it is an undefined instruction; traps.S
 * then notes that there is nobody, and goes on behind it.
 */
#include "aarch64.h"

enum {                          /* [Arm, semihosting for AArch64] */
    SYS_WRITEC = 0x03,
    SYS_EXIT_EXTENDED = 0x20,
    STOPPED_APPLICATION_EXIT = 0x20026,
};
long semihosting(unsigned operation, const void *parameter);    /* traps.S */

extern uint8_t semihosting_absent;
uint8_t semihosting_absent;

/* The PL011's registers and bits of FR. [PL011 §3.3] */
enum {
    UARTDR = 0x000,
    UARTFR = 0x018,
    UARTCR = 0x030,
    REGISTERS = 0x1000,
    FR_BUSY = 1 << 3,           /* has not yet sent the last */
    FR_TXFF = 1 << 5,           /* takes no character */
    CR_UARTEN = 1 << 0,
    CR_TXE = 1 << 8,
    CR_RXE = 1 << 9,
    LOOKS = 100000,
    BOOT_DEVICES = 1 << 30,     /* so much is mapped by boot.S for devices */
};

static uintptr_t uart;          /* 0: we don't know of one, or it is stuck */

/* The serial line, for words: boot.S has mapped it, or paging.c. */
void debug_init(void)
{
    const struct board_device *device = &board()->uart;

    if (device->base == 0 || device->size < REGISTERS ||
        device->base > BOOT_DEVICES - REGISTERS)
        return;
    uart = device->base;
    mmio_write32(uart + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}

/* Waits until FR has not `bit`. A line that is stuck is not tried again: the
 * debug console has the words too, and they must come to an end. */
static bool wait_for_no(uint32_t bit)
{
    for (int i = 0; uart && i < LOOKS; i++)
        if (!(mmio_read32(uart + UARTFR) & bit))
            return true;
    uart = 0;
    return false;
}

static void serial_putc(char c)
{
    if (wait_for_no(FR_TXFF))
        mmio_write32(uart + UARTDR, (uint8_t)c);
}

void arch_debug_putc(char c)
{
    if (!semihosting_absent)
        semihosting(SYS_WRITEC, &c);
    if (c == '\n')
        serial_putc('\r');
    serial_putc(c);
}

/* The status is QEMU's own, made as isa-debug-exit makes it on a PC. */
_Noreturn void arch_exit(int status)
{
    const uint64_t block[2] = { STOPPED_APPLICATION_EXIT,
                                (uint64_t)status << 1 | 1 };

    wait_for_no(FR_BUSY);       /* what is said is said */
    semihosting(SYS_EXIT_EXTENDED, block);
    psci_off();
    for (;;)
        __asm__ volatile("msr daifset, #15; wfi");
}
