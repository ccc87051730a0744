/* SPDX-License-Identifier: MIT */
/*
 * keyboard.c - the keyboard's handler, and what its codes mean.
 *
 * drivers/keyboard/ has the picture, the tables, and the way from the one to
 * the other.
 */
#include "drivers/keyboard/keyboard.h"

#include "arch/arch.h"
#include "core/panic.h"

void keyboard_interrupt(void *ctx)
{
    (void)ctx;
    /* TODO 4.8 keyboard_interrupt: if the status says that a byte is there,
     * read it; until it is read the controller has nothing else to say. Keep
     * it unless the same status says that it is the mouse's. [8042, status] */
    uint8_t status = port_read8(KEYBOARD_STATUS);

    if (!(status & KEYBOARD_STATUS_FULL))
        return;
    uint8_t code = port_read8(KEYBOARD_DATA);

    if (!(status & KEYBOARD_STATUS_MOUSE))
        keyboard_keep(code);
    /* END 4.8 */
}

char keyboard_decode(struct keyboard *keyboard, uint8_t code)
{
    /* TODO 4.9 keyboard_decode: is it a prefix itself, or does it stand behind
     * one? A Shift, going down or coming up? A key that comes up? What is left
     * is a key that goes down; which table says what it is? */
    bool prefixed = keyboard->prefixed, down = !(code & KEY_UP);
    bool shift = keyboard->shift_left || keyboard->shift_right;
    uint8_t key = code & 0x7f;

    keyboard->prefixed = code == KEY_PREFIX;
    if (keyboard->prefixed)
        return 0;
    if (prefixed)
        return down ? keyboard_prefixed[key] : 0;
    if (key == KEY_SHIFT_LEFT)
        keyboard->shift_left = down;
    else if (key == KEY_SHIFT_RIGHT)
        keyboard->shift_right = down;
    else if (down)
        return shift ? keyboard_shifted[key] : keyboard_plain[key];
    return 0;
    /* END 4.9 */
}
