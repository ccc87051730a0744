/* SPDX-License-Identifier: MIT */
/*
 * i8259.c - the two 8259s that a PC starts up with: eight lines each, the
 * second one behind line 2 of the first. [8259A, programming]
 *
 *     timer     line 0 --.                 line  8 --.
 *     keyboard  line 1 --|                 line  9 --|
 *                    2 --+-----------------  ...   --+  slave, 0xa0
 *               ...    --+--> LINT0 of the           |
 *               line 7 --'    local APIC   line 15 --'
 *               master, 0x20
 *
 * Until somebody asks for a line all are masked. What is said to them when an
 * interrupt has come is lab 04's (pic.h).
 */
#include "pic.h"
#include "x86.h"

#include "lib/errno.h"

enum {
    ICW1_INIT = 0x11,           /* all four words follow; edges count */
    ICW3_SLAVE_AT_2 = 1 << 2,   /* to the master: a bit for each line */
    ICW3_I_AM_AT_2 = 2,         /* to the slave: the line's number */
    ICW4_8086 = 0x01,           /* interrupts are ended by command */
};

static bool present;
static uint16_t mask = 0xffff;  /* a set bit: this line is not heard */

static void write_mask(void)
{
    port_write8(PIC_SLAVE + 1, (uint8_t)(mask >> 8));
    port_write8(PIC_MASTER + 1, (uint8_t)mask);
}

/* The vectors that it gives out before are those of exceptions: so it is set
 * up even where nobody will use it. */
void i8259_init(void)
{
    port_write8(PIC_MASTER, ICW1_INIT);
    port_write8(PIC_SLAVE, ICW1_INIT);
    port_write8(PIC_MASTER + 1, IRQ_LEGACY_VECTOR);
    port_write8(PIC_SLAVE + 1, IRQ_LEGACY_VECTOR + 8);
    port_write8(PIC_MASTER + 1, ICW3_SLAVE_AT_2);
    port_write8(PIC_SLAVE + 1, ICW3_I_AM_AT_2);
    port_write8(PIC_MASTER + 1, ICW4_8086);
    port_write8(PIC_SLAVE + 1, ICW4_8086);

    /* A mask that is written can be read back; an empty port reads 0xff. */
    port_write8(PIC_MASTER + 1, 0xfb);
    present = port_read8(PIC_MASTER + 1) == 0xfb;
    write_mask();
}

int arch_irq_route_legacy(unsigned line)
{
    if (!present || line >= PIC_LINES || line == PIC_CASCADE)
        return -ENODEV;
    mask &= (uint16_t)~(1u << line | 1u << PIC_CASCADE);
    write_mask();
    local_apic_let_8259_through();
    return 0;
}
