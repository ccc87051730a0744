/* SPDX-License-Identifier: MIT */
/*
 * keyboard.c - another right answer to lab 04: one switch for the codes that
 * are not characters, and what is left is looked up.
 */
#include "drivers/keyboard/keyboard.h"

#include "arch/arch.h"

void keyboard_interrupt(void *ctx)
{
    uint8_t status = port_read8(KEYBOARD_STATUS), code;

    (void)ctx;
    if ((status & KEYBOARD_STATUS_FULL) == 0)
        return;
    code = port_read8(KEYBOARD_DATA);
    if (status & KEYBOARD_STATUS_MOUSE)
        return;
    keyboard_keep(code);
}

static char behind_prefix(struct keyboard *keyboard, uint8_t code)
{
    if (code == KEY_PREFIX)
        return 0; /* and the next one is behind this */
    keyboard->prefixed = false;
    return code & KEY_UP ? 0 : keyboard_prefixed[code];
}

char keyboard_decode(struct keyboard *keyboard, uint8_t code)
{
    if (keyboard->prefixed)
        return behind_prefix(keyboard, code);
    switch (code) {
    case KEY_PREFIX:
        keyboard->prefixed = true;
        return 0;
    case KEY_SHIFT_LEFT:
    case KEY_SHIFT_LEFT | KEY_UP:
        keyboard->shift_left = code == KEY_SHIFT_LEFT;
        return 0;
    case KEY_SHIFT_RIGHT:
    case KEY_SHIFT_RIGHT | KEY_UP:
        keyboard->shift_right = code == KEY_SHIFT_RIGHT;
        return 0;
    }
    if (code & KEY_UP)
        return 0;
    if (keyboard->shift_left || keyboard->shift_right)
        return keyboard_shifted[code];
    return keyboard_plain[code];
}
