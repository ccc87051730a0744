/* SPDX-License-Identifier: MIT */
/*
 * screen_loader.c - a boot loader that hands over a screen of pixels, as
 * firmware with UEFI would, on a machine of QEMU's with a standard VGA.
 *
 *   qemu-system-x86_64 -vga std -kernel LOADER -initrd KERNEL
 *       -append "mode=800x600x24 row=832 say=800,600,2496,24,1"
 *
 * QEMU enters it by PVH, in 32-bit protected mode. It sets the mode by the
 * Bochs display's registers (a row may be longer than what is shown), covers
 * the screen with dirt, puts the kernel's segments where they belong, and
 * enters it as [multiboot2 §3.3] has it: tags for the command line, the memory
 * map and the screen. With say= the screen's tag tells that instead of the
 * truth: width, height, pitch, bits a pixel, type.
 *
 * It believes what it is given: it is a part of a test.
 */
#include <stdint.h>

__asm__(".section .note.pvh, \"a\", @note\n"
        ".balign 4\n"
        ".long 4, 4, 18\n"              /* XEN_ELFNOTE_PHYS32_ENTRY */
        ".asciz \"Xen\"\n"
        ".long _start\n"
        ".text\n"
        ".globl _start\n"
        "_start: movl $stack_top, %esp\n"
        "pushl %ebx\n"
        "call load\n"
        ".bss\n"
        ".balign 16\n"
        ".skip 16384\n"
        "stack_top:\n"
        ".text\n");

struct memmap_entry { uint64_t addr, size; uint32_t type, reserved; };
struct start_info {             /* [Xen public/arch-x86/hvm/start_info.h] */
    uint32_t magic, version, flags, nr_modules;
    uint64_t modlist, cmdline, rsdp, memmap;
    uint32_t memmap_entries, reserved;
};
struct module { uint64_t paddr, size, cmdline, reserved; };

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum;
};
struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct screen {
    uint32_t base, width, height, pitch, bits, type;
};

static uint8_t tags[16384] __attribute__((aligned(8)));
static uint32_t used = 8;       /* the size of all tags, and a zero */

static void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void copy(void *to, const void *from, uint32_t len)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    while (len--)
        *t++ = *f++;
}

static uint32_t length(const char *text)
{
    uint32_t len = 0;

    while (text[len])
        len++;
    return len;
}

/* ---- Words of the command line ------------------------------------------ */

/* What stands behind `key`, or a null pointer. */
static const char *find(const char *line, const char *key)
{
    for (; *line; line++) {
        uint32_t i = 0;

        while (key[i] && line[i] == key[i])
            i++;
        if (!key[i])
            return line + i;
    }
    return 0;
}

static uint32_t number(const char **text)
{
    uint32_t value = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++)
        value = value * 10 + (uint32_t)(**text - '0');
    if (**text)
        (*text)++;              /* what stands between two of them */
    return value;
}

/* ---- The screen --------------------------------------------------------- */

/* BAR 0 of the display on bus 0. [PCI 3.0 §6.1] */
static uint32_t display_base(void)
{
    for (uint32_t device = 0; device < 32; device++) {
        out32(0xcf8, 0x80000000 | device << 11 | 0x08);
        if (in32(0xcfc) >> 16 != 0x0300)
            continue;
        out32(0xcf8, 0x80000000 | device << 11 | 0x10);
        return in32(0xcfc) & ~15u;
    }
    return 0;
}

/* [QEMU docs/specs/standard-vga, Bochs display interface] */
static void set(uint16_t index, uint32_t value)
{
    out16(0x1ce, index);
    out16(0x1cf, (uint16_t)value);
}

static struct screen set_mode(const char *line)
{
    struct screen s = { .base = display_base(), .type = 1 };
    const char *mode = find(line, "mode="), *row = find(line, "row=");

    s.width = number(&mode);
    s.height = number(&mode);
    s.bits = number(&mode);
    uint32_t pixels = row ? number(&row) : s.width;

    s.pitch = pixels * s.bits / 8;
    set(4, 0);                  /* off */
    set(1, s.width);
    set(2, s.height);
    set(3, s.bits);
    set(4, 0x41);               /* on, as one linear piece of memory */
    set(6, pixels);
    for (uint32_t i = 0; i < s.pitch * s.height / 4; i++)
        ((volatile uint32_t *)s.base)[i] = 0x5a5a5a5a;
    return s;
}

/* ---- Tags --------------------------------------------------------------- */

/* Begins a tag whose content has `size` bytes. [multiboot2 §3.6] */
static void *tag(uint32_t type, uint32_t size)
{
    uint32_t *head = (uint32_t *)(tags + used);

    head[0] = type;
    head[1] = 8 + size;
    used += (8 + size + 7) & ~7u;
    return head + 2;
}

static void tell_screen(struct screen s, const char *line)
{
    const char *say = find(line, "say=");

    if (say) {
        s.width = number(&say);
        s.height = number(&say);
        s.pitch = number(&say);
        s.bits = number(&say);
        s.type = number(&say);
    }
    uint32_t *words = tag(8, 30);

    words[0] = s.base;
    words[1] = 0;
    words[2] = s.pitch;
    words[3] = s.width;
    words[4] = s.height;
    words[5] = s.bits | s.type << 8;
    copy(words + 6, (uint8_t[]){ 16, 8, 8, 8, 0, 8 }, 6);
}

static void tell_machine(const struct start_info *info, const char *line)
{
    uint32_t len = length(line) + 1;
    uint32_t size = info->memmap_entries * sizeof(struct memmap_entry);

    copy(tag(1, len), line, len);
    uint32_t *map = tag(6, 8 + size);

    map[0] = sizeof(struct memmap_entry);   /* the same as multiboot2's */
    map[1] = 0;
    copy(map + 2, (void *)(uintptr_t)info->memmap, size);
}

/* ---- The kernel --------------------------------------------------------- */

static uint32_t place_kernel(const uint8_t *file)
{
    const struct elf_header *elf = (const void *)file;

    for (uint32_t i = 0; i < elf->phnum; i++) {
        const struct elf_segment *s =
            (const void *)(file + elf->phoff + i * elf->phentsize);

        if (s->type != 1)       /* PT_LOAD */
            continue;
        uint8_t *to = (uint8_t *)(uintptr_t)s->paddr;

        copy(to, file + s->offset, (uint32_t)s->filesz);
        for (uint32_t at = (uint32_t)s->filesz; at < s->memsz; at++)
            ((volatile uint8_t *)to)[at] = 0;
    }
    return (uint32_t)elf->entry;
}

void load(const struct start_info *info)
{
    const char *line = (const char *)(uintptr_t)info->cmdline;
    const struct module *kernel = (const void *)(uintptr_t)info->modlist;
    struct screen screen = set_mode(line);

    tell_machine(info, line);
    tell_screen(screen, line);
    tag(0, 0);
    *(uint32_t *)tags = used;
    uint32_t entry = place_kernel((const uint8_t *)(uintptr_t)kernel->paddr);

    __asm__ volatile("jmp *%0"
                     : : "r"(entry), "a"(0x36d76289), "b"(tags)
                     : "memory");
    __builtin_unreachable();
}
