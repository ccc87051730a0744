/* SPDX-License-Identifier: MIT */
/*
 * framebuffer_console.c - makes a screen of pixels a console, if there is one.
 */
#include "arch/arch.h"
#include "console/console.h"
#include "core/start.h"
#include "drivers/framebuffer/framebuffer.h"

static struct console console = {
    .name = "framebuffer",
    .putc = framebuffer_putc,
};

static void framebuffer_console_init(void)
{
    struct framebuffer screen;

    if (!arch_framebuffer(&screen))
        return;
    uintptr_t pixels = arch_map_device(
        screen.base, (uint64_t)screen.pitch * screen.height);
    if (pixels && framebuffer_start(&screen, pixels) == 0)
        console_add(&console);
}
INITCALL(INIT_CONSOLE, framebuffer_console_init);
