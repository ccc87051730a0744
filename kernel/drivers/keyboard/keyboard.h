/* SPDX-License-Identifier: MIT */
/*
 * keyboard.h - a PC's keyboard: codes in, characters out. [8042] [PS/2]
 *
 *     key --> 8042 --> line 1 of the 8259s
 *               |          |
 *               |   keyboard_interrupt():  reads the code, keeps it, wakes
 *               '-- port 0x60                       |
 *                                          the event loop
 *                                                   |
 *                                    keyboard_decode():  code -> character
 *                                                   |
 *                                              typed(c)
 *
 * A key sends a code when it goes down, and the same with bit 7 set when it
 * comes up (scan code set 1). Some keys send a prefix before each of the two:
 *
 *     'a' down        1e           up     9e
 *     right arrow     e0 4d               e0 cd
 *
 * (Pause has another prefix, e1; but what it sends are codes without a
 * character all the same.)
 *
 * The bodies of the two functions in the picture are lab 04's.
 */
#ifndef DRIVERS_KEYBOARD_H
#define DRIVERS_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    KEYBOARD_DATA = 0x60,       /* reading it takes the code away */
    KEYBOARD_STATUS = 0x64,
    KEYBOARD_STATUS_FULL = 1 << 0,  /* a byte is there to be read */
    KEYBOARD_STATUS_MOUSE = 1 << 5, /* and is a mouse's */
    KEYBOARD_LINE = 1,          /* of the 8259s */
};

enum {
    KEY_UP = 0x80,              /* the bit that says so */
    KEY_PREFIX = 0xe0,
    KEY_SHIFT_LEFT = 0x2a,
    KEY_SHIFT_RIGHT = 0x36,
};

/* What is known between one code and the next. All zero at first. */
struct keyboard {
    bool shift_left, shift_right;   /* are held */
    bool prefixed;              /* the code before was e0 */
};

/* Given: the character of each key without Shift and with it, and of those
 * that come behind e0; 0 when it has none. The layout is that of the US. */
extern const char keyboard_plain[128], keyboard_shifted[128];
extern const char keyboard_prefixed[128];

/* Takes the next code of the row that the keyboard has sent. Returns the
 * character that it stands for, or 0: the key came up, has no character, is a
 * Shift, or only part of its codes have come. A Shift counts while it is held,
 * each by itself; behind e0 there is none, whatever the code says. No row of
 * codes is wrong, and after any row a key means what it says. */
char keyboard_decode(struct keyboard *keyboard, uint8_t code);

/* The handler of its line. If a byte is there, takes it, exactly one (for the
 * next the line is raised anew), and unless it is a mouse's gives it to
 * keyboard_keep(). */
void keyboard_interrupt(void *ctx);

/* Given, for the handler: keeps a code for the event loop and wakes it. When
 * there is no room for one more, it is lost. */
void keyboard_keep(uint8_t code);

/* Given: sets the keyboard up. From the event loop, typed() gets each
 * character, '\n' for Enter, '\b' for Backspace, 27 for Esc. Returns 0, or
 * -ENODEV when the machine has no keyboard, or no 8259 to bring its
 * interrupts. */
int keyboard_open(void (*typed)(char c));

#endif
