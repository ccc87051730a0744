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
    lab_todo("4.8 keyboard_interrupt");
    /* END 4.8 */
}

char keyboard_decode(struct keyboard *keyboard, uint8_t code)
{
    /* TODO 4.9 keyboard_decode: is it a prefix itself, or does it stand behind
     * one? A Shift, going down or coming up? A key that comes up? What is left
     * is a key that goes down; which table says what it is? */
    lab_todo("4.9 keyboard_decode");
    /* END 4.9 */
}
