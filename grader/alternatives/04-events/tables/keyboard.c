/* SPDX-License-Identifier: MIT */
/*
 * keyboard.c - another right answer to lab 04: first it is found out which
 * table a code is looked up in, and then it is looked up.
 */
#include "drivers/keyboard/keyboard.h"

#include "arch/arch.h"

void keyboard_interrupt(void *ctx)
{
    enum { BOTH = KEYBOARD_STATUS_FULL | KEYBOARD_STATUS_MOUSE };
    unsigned status = port_read8(KEYBOARD_STATUS) & BOTH;

    (void)ctx;
    if (status == KEYBOARD_STATUS_FULL)
        keyboard_keep(port_read8(KEYBOARD_DATA));
    else if (status == BOTH)
        port_read8(KEYBOARD_DATA);
}

static const char *table(const struct keyboard *k)
{
    static const char *const of[2][4] = {
        { keyboard_plain, keyboard_shifted, keyboard_shifted,
          keyboard_shifted },
        { keyboard_prefixed, keyboard_prefixed, keyboard_prefixed,
          keyboard_prefixed },
    };

    return of[k->prefixed][k->shift_left + 2 * k->shift_right];
}

static void shift(struct keyboard *k, uint8_t code)
{
    bool *held[] = { &k->shift_left, &k->shift_right };
    static const uint8_t keys[] = { KEY_SHIFT_LEFT, KEY_SHIFT_RIGHT };

    for (unsigned i = 0; i < 2; i++)
        if ((code & ~KEY_UP) == keys[i])
            *held[i] = !(code & KEY_UP);
}

char keyboard_decode(struct keyboard *k, uint8_t code)
{
    char c = 0;

    if (code == KEY_PREFIX) {
        k->prefixed = true;
        return 0;
    }
    if (code < KEY_UP)
        c = table(k)[code];
    if (!k->prefixed) {
        shift(k, code);
        if (code == KEY_SHIFT_LEFT || code == KEY_SHIFT_RIGHT)
            c = 0;
    }
    k->prefixed = false;
    return c;
}
