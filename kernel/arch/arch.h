/* SPDX-License-Identifier: MIT */
/*
 * arch.h - the whole port contract.
 *
 * Everything that differs between a PC, another processor and a Unix process
 * is named here and nowhere else. A port is a folder arch/<name>/ that defines
 * these functions, inline in its arch_inline.h where the machine is real, out
 * of line where a test wants to stand in for the machine.
 *
 * What a port calls in turn is in upcalls.h, and the memory that it found in
 * map.h.
 *
 * Drivers never dereference device memory: ports, MMIO registers, PCI
 * configuration space and VGA cells go through the accessors below.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t bus_addr_t;    /* an address as a device sees it */

#include "arch_inline.h"        /* from arch/<ARCH>/ */

/*
 * The inline part (or, on unix, its prototypes) supplies:
 *
 *   uint8_t  mmio_read8(uintptr_t addr);       also 16, 32 and 64
 *   void     mmio_write8(uintptr_t addr, uint8_t value);
 *
 *   uint8_t  port_read8(uint16_t port);        also 16 and 32. A machine with
 *   void     port_write8(uint16_t port, uint8_t value);     no ports has none
 *                                              of these: who uses them is for
 *                                              a PC alone (ARCHS)
 *   uint16_t vga_read_cell(unsigned index);    80 x 25 cells, low byte the
 *   void     vga_write_cell(unsigned index, uint16_t cell);     character;
 *                                              with no such screen, lost
 *
 *   bus_addr_t virt_to_bus(const void *p);     the one conversion there is
 *
 * Barriers, for memory that a device reads or writes while we do:
 *
 *   arch_write_barrier()   stores before it are seen, and loads before it are
 *                          done, before stores after it
 *   arch_read_barrier()    loads before it are done before loads after it
 *   arch_full_barrier()    all of that, and a store is seen before a load after
 *                          it is done
 *
 * Interrupts, on the one processor that we use:
 *
 *   bool arch_irq_disable(void);               returns whether they were on
 *   void arch_irq_restore(bool were_on);
 *   void arch_irq_enable_and_wait(void);       interrupts on and sleep until
 *                                              one comes, without a gap in
 *                                              between; returns with them off
 *
 *   uint64_t arch_cycles(void);                a counter that only grows
 */

/* Nanoseconds since start-up; never goes back. */
uint64_t arch_clock_ns(void);

/* Seconds since 1970 by the machine's own clock, in UTC; 0 when it has none.
 * Slow. */
uint64_t arch_clock_unix(void);

/* One interrupt at or soon after `deadline_ns` of arch_clock_ns(); UINT64_MAX:
 * none is needed. A second call replaces the first, but one that is for earlier
 * and has not come yet may still come, and then in the place of both: so after
 * any interrupt whoever goes on sleeping calls this again. With interrupts
 * off. */
void arch_timer_set(uint64_t deadline_ns);

/* 64 bits that nobody can foretell, as far as this machine can give such: from
 * the processor's own source where it has one, else from how its counter
 * stands. For keys and seeds; not a stream of random numbers. */
uint64_t arch_random(void);

/* PCI configuration space. `offset` is a multiple of the width; a machine or
 * a function that is not there reads as all ones. [PCI 3.0 §6.1] */
struct pci_address { uint8_t bus, device, function; };
uint8_t  pci_config_read8(struct pci_address at, unsigned offset);
uint16_t pci_config_read16(struct pci_address at, unsigned offset);
uint32_t pci_config_read32(struct pci_address at, unsigned offset);
void pci_config_write16(struct pci_address at, unsigned offset, uint16_t v);
void pci_config_write32(struct pci_address at, unsigned offset, uint32_t v);

/* Make `size` bytes of device registers at bus address `base` reachable and
 * uncached; returns the address to give to mmio_*(), 0 when they can't be
 * mapped or are memory. What is mapped so already, all or in part, stays: the
 * same range again, or one inside it, is harmless. */
uintptr_t arch_map_device(bus_addr_t base, uint64_t size);

/* One character for whoever debugs: leaves by the debug console and by the
 * raw serial line, needs no initialisation, uses nothing that a student
 * writes. */
void arch_debug_putc(char c);

/* End the machine with `status` (core/exit.h). Does not return. */
_Noreturn void arch_exit(int status);

/*
 * Interrupt vectors. Those below are the processor's exceptions, and stay
 * with the port.
 */
enum {
    IRQ_FIRST_VECTOR = 32,      /* first and last that devices may have */
    IRQ_LEGACY_VECTOR = 32,     /* to 47: lines 0 to 15 of the two 8259s */
    IRQ_LAST_VECTOR = 253,
    IRQ_TIMER = 254,            /* arch_timer_set()'s: it only wakes */
    IRQ_SPURIOUS = 255,         /* nobody's, and not to be ended */
};

/* A message that raises an interrupt: data to be written to address. */
struct irq_message { uint64_t address; uint32_t data; };    /* [PCI 3.0 §6.8] */

/* The message with which a PCI device raises `vector`. */
struct irq_message arch_irq_message(unsigned vector);

/* Let line `line` of the machine's interrupt controller raise `vector`.
 * Returns 0, or -ENODEV when there is no such line. */
int arch_irq_route(unsigned line, unsigned vector);

/* Silence line `line`, for good: for a device that holds a shared line and
 * can't be made content. There may be no such line. A handler may call it. */
void arch_irq_mask(unsigned line);

/* Let line `line` of the two 8259s, 0 to 15, raise IRQ_LEGACY_VECTOR + line.
 * Returns 0, or -ENODEV when the machine has no 8259. */
int arch_irq_route_legacy(unsigned line);

/* Whether the interrupt that has come as `vector` is nobody's: the controller
 * had to name one, and means none. Then no handler is called, and nothing is
 * to be ended: what there was to tell the controller has been told. */
bool arch_irq_spurious(unsigned vector);

/* Tell the interrupt controller that the handlers of `vector` are done. */
void arch_irq_end(unsigned vector);

/* The virtio-mmio windows of this machine: window `i`, its registers and
 * line. False when there are no more. */
struct mmio_window { bus_addr_t base; uint64_t size; unsigned line; };
bool arch_mmio_window(unsigned i, struct mmio_window *out);

/* Reads the named file that the run hands in (QEMU's fw_cfg on machines, the
 * environment on unix). Returns its whole length, of which at most `cap`
 * bytes were stored, or -ENOENT. */
long arch_config_file(const char *name, void *buf, size_t cap);

/* The pixels that firmware has set up, when it has: rows of `width` pixels of
 * `bits` bits (24 or 32) each, `pitch` bytes apart. A color fills `size` bits
 * from bit `shift` of a pixel on. Nothing of it is mapped yet. */
struct framebuffer_color { uint8_t shift, size; };
struct framebuffer {
    bus_addr_t base;
    uint32_t pitch, width, height;
    uint8_t bits;
    struct framebuffer_color red, green, blue;
};

/* Fills in `out`; false when there are no pixels, or none that we can set:
 * then there may be a text screen. */
bool arch_framebuffer(struct framebuffer *out);

/* The calls that led here, innermost first: of each an address inside the
 * call instruction, which is its return address less one. Returns how many of
 * `cap` were stored. */
unsigned arch_backtrace(uintptr_t *addresses, unsigned cap);

#endif
