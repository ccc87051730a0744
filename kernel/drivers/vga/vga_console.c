/* SPDX-License-Identifier: MIT */
/*
 * vga_console.c - makes the screen a console, if there is one in text mode.
 */
#include "arch/arch.h"
#include "console/console.h"
#include "core/start.h"
#include "drivers/vga/vga.h"

struct vga_cursor vga_cursor = { .attribute = VGA_LIGHT_GREY };

/* [VGA: miscellaneous output; graphics controller, register 6; CRT
 * controller, registers 0x0e and 0x0f] */
enum {
    MISC_OUTPUT = 0x3cc,
    GRAPHICS_INDEX = 0x3ce,
    GRAPHICS_DATA = 0x3cf,
    GRAPHICS_MISC = 6,
    GRAPHICS_MODE = 1 << 0,     /* else text */
    CRTC_INDEX = 0x3d4,
    CRTC_DATA = 0x3d5,
    CRTC_CURSOR_HIGH = 0x0e,
    CRTC_CURSOR_LOW = 0x0f,
};

/* Without an adapter the ports read as all ones; after UEFI it is there but
 * draws pixels. */
static bool in_text_mode(void)
{
    if (port_read8(MISC_OUTPUT) == 0xff)
        return false;
    port_write8(GRAPHICS_INDEX, GRAPHICS_MISC);
    return !(port_read8(GRAPHICS_DATA) & GRAPHICS_MODE);
}

/* Lets the blinking cursor follow ours. */
static void show_cursor(void)
{
    unsigned cell = vga_cursor.row * VGA_COLUMNS + vga_cursor.column;
    port_write8(CRTC_INDEX, CRTC_CURSOR_HIGH);
    port_write8(CRTC_DATA, (uint8_t)(cell >> 8));
    port_write8(CRTC_INDEX, CRTC_CURSOR_LOW);
    port_write8(CRTC_DATA, (uint8_t)cell);
}

static void console_putc(char c)
{
    vga_putc(c);
    show_cursor();
}

static struct console console = { .name = "vga", .putc = console_putc };

static void vga_console_init(void)
{
    if (!in_text_mode())
        return;
    vga_clear();
    show_cursor();
    console_add(&console);
}
INITCALL(INIT_CONSOLE, vga_console_init);
