/* SPDX-License-Identifier: MIT */
#include "fake_pci.h"

#include <string.h>

enum { FUNCTIONS = 64 };

static struct fake_function functions[FUNCTIONS];
static unsigned count, reads, reads_max;

void fake_pci_begin(unsigned max)
{
    memset(functions, 0, sizeof functions);
    count = reads = 0;
    reads_max = max;
    pci_last_bus = 0;
}

unsigned fake_pci_reads(void)
{
    return reads;
}

/* ---- Making functions ------------------------------------------------- */

void fake_set16(struct fake_function *f, unsigned offset, uint16_t value)
{
    f->config[offset] = (uint8_t)value;
    f->config[offset + 1] = (uint8_t)(value >> 8);
}

void fake_set32(struct fake_function *f, unsigned offset, uint32_t value)
{
    fake_set16(f, offset, (uint16_t)value);
    fake_set16(f, offset + 2, (uint16_t)(value >> 16));
}

struct fake_function *fake_function(uint8_t bus, uint8_t device,
                                    uint8_t function, uint16_t vendor,
                                    uint16_t id)
{
    CHECK(count < FUNCTIONS, "there are at most %d functions", FUNCTIONS);
    struct fake_function *f = &functions[count++];
    f->at = (struct pci_address){ bus, device, function };
    fake_set16(f, PCI_VENDOR_ID, vendor);
    fake_set16(f, PCI_DEVICE_ID, id);
    return f;
}

void fake_bar(struct fake_function *f, unsigned index, uint32_t low_bits,
              uint64_t base, uint64_t size)
{
    f->bar_size[index] = size;
    fake_set32(f, PCI_BAR0 + 4 * index, (uint32_t)base | low_bits);
    if ((low_bits & 7) == 4 && index < 5)
        fake_set32(f, PCI_BAR0 + 4 * index + 4, (uint32_t)(base >> 32));
}

uint8_t *fake_capability(struct fake_function *f, unsigned offset, uint8_t id,
                         uint8_t next, unsigned len)
{
    if (f->config[PCI_CAPABILITIES] == 0)
        f->config[PCI_CAPABILITIES] = (uint8_t)offset;
    f->config[PCI_STATUS] |= PCI_STATUS_CAPABILITIES;
    f->config[offset] = id;
    f->config[(offset + 1) % PCI_CONFIG_SIZE] = next;
    if (len > 2 && offset + 2 < PCI_CONFIG_SIZE)
        f->config[offset + 2] = (uint8_t)len;
    return &f->config[offset];
}

/* ---- Configuration space ---------------------------------------------- */

static struct fake_function *find(struct pci_address at)
{
    for (unsigned i = 0; i < count; i++) {
        struct fake_function *f = &functions[i];
        if (f->at.bus == at.bus && f->at.device == at.device &&
            (f->at.function == at.function || f->answers_for_all))
            return f;
    }
    return NULL;
}

static uint32_t read(struct pci_address at, unsigned offset, unsigned width)
{
    CHECK(at.device < 32 && at.function < 8, "there is no function %u.%u",
          at.device, at.function);
    CHECK(offset % width == 0 && offset <= PCI_CONFIG_SIZE - width,
          "configuration space is read at 0x%x, %u bytes", offset, width);
    CHECK(++reads <= reads_max, "configuration space was read %u times: that "
          "goes on for ever", reads);
    const struct fake_function *f = find(at);
    uint32_t value = 0;
    for (unsigned i = width; i-- > 0;)
        value = value << 8 | (f ? f->config[offset + i] : 0xff);
    return value;
}

uint8_t pci_config_read8(struct pci_address at, unsigned offset)
{
    return (uint8_t)read(at, offset, 1);
}

uint16_t pci_config_read16(struct pci_address at, unsigned offset)
{
    return (uint16_t)read(at, offset, 2);
}

uint32_t pci_config_read32(struct pci_address at, unsigned offset)
{
    return read(at, offset, 4);
}

/* The bits of BAR `index` that can be written. */
static uint32_t writable(const struct fake_function *f, unsigned index)
{
    uint32_t value, before = 0;

    memcpy(&value, &f->config[PCI_BAR0 + 4 * index], 4);
    if (index > 0)
        memcpy(&before, &f->config[PCI_BAR0 + 4 * index - 4], 4);
    if (index > 0 && (before & 7) == 4 && f->bar_size[index - 1] != 0)
        return (uint32_t)(~(f->bar_size[index - 1] - 1) >> 32);
    if (f->bar_size[index] == 0)
        return 0;
    uint32_t bits = (value & 1) ? (f->short_ports ? 0xfffcu : ~3u) : ~15u;
    return (uint32_t)~(f->bar_size[index] - 1) & bits;
}

void pci_config_write32(struct pci_address at, unsigned offset, uint32_t v)
{
    struct fake_function *f = find(at);
    unsigned index = (offset - PCI_BAR0) / 4;

    CHECK(offset % 4 == 0 && offset < PCI_CONFIG_SIZE,
          "configuration space is written at 0x%x, 4 bytes", offset);
    CHECK(offset >= PCI_BAR0 && index < 6, "register 0x%x is written, which "
          "is no BAR", offset);
    if (f == NULL)
        return;
    uint16_t command = (uint16_t)(f->config[PCI_COMMAND]);
    CHECK((command & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY)) == 0,
          "BAR %u is written while the device answers where it stands: "
          "another device may be hidden by it", index);
    uint32_t old, bits = writable(f, index);
    memcpy(&old, &f->config[offset], 4);
    fake_set32(f, offset, (old & ~bits) | (v & bits));
}

void pci_config_write16(struct pci_address at, unsigned offset, uint16_t v)
{
    struct fake_function *f = find(at);

    CHECK(offset % 2 == 0 && offset < PCI_CONFIG_SIZE,
          "configuration space is written at 0x%x, 2 bytes", offset);
    CHECK(offset == PCI_COMMAND || offset >= PCI_HEADER_SIZE, "register 0x%x "
          "is written with 16 bits", offset);
    if (f == NULL)
        return;
    if (offset == PCI_COMMAND && (v & PCI_COMMAND_MEMORY) != 0 &&
        (f->config[PCI_COMMAND] & PCI_COMMAND_MEMORY) == 0)
        f->began++;
    fake_set16(f, offset, v);
}
