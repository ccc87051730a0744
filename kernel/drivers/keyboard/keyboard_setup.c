/* SPDX-License-Identifier: MIT */
/*
 * keyboard_setup.c - finds the keyboard's controller, switches it on, and
 * carries codes from the handler to the event loop. What the codes mean is
 * lab 04's.
 */
#include "arch/arch.h"
#include "core/irq.h"
#include "drivers/keyboard/keyboard.h"
#include "event/event.h"
#include "lib/errno.h"

/* [8042] Commands go to the status port, what belongs to them to the other. */
enum {
    STATUS_BUSY = 1 << 1,       /* has not yet taken what was written */

    COMMAND_READ_CONFIG = 0x20,
    COMMAND_WRITE_CONFIG = 0x60,
    COMMAND_MOUSE_OFF = 0xa7,
    COMMAND_KEYBOARD_OFF = 0xad,
    COMMAND_KEYBOARD_ON = 0xae,

    CONFIG_KEYBOARD_IRQ = 1 << 0,
    CONFIG_MOUSE_IRQ = 1 << 1,
    CONFIG_KEYBOARD_OFF = 1 << 4,
    CONFIG_TRANSLATE = 1 << 6,  /* whatever it speaks, we get set 1 */

    KEYBOARD_SEND_KEYS = 0xf4,  /* to the keyboard itself */
    LOOKS = 100000,             /* before we give it up */
};

static bool wait_until(uint8_t bit, bool set)
{
    for (int i = 0; i < LOOKS; i++)
        if (!(port_read8(KEYBOARD_STATUS) & bit) == !set)
            return true;
    return false;
}

static bool write(uint16_t port, uint8_t byte)
{
    if (!wait_until(STATUS_BUSY, false))
        return false;
    port_write8(port, byte);
    return true;
}

/* What is there from before belongs to nobody. A port at which nobody listens
 * always has more. */
static bool drain(void)
{
    for (int i = 0; i < 64; i++) {
        if (!(port_read8(KEYBOARD_STATUS) & KEYBOARD_STATUS_FULL))
            return true;
        port_read8(KEYBOARD_DATA);
    }
    return false;
}

static bool switch_on(void)
{
    if (!drain() || !write(KEYBOARD_STATUS, COMMAND_KEYBOARD_OFF) ||
        !write(KEYBOARD_STATUS, COMMAND_MOUSE_OFF) || !drain() ||
        !write(KEYBOARD_STATUS, COMMAND_READ_CONFIG) ||
        !wait_until(KEYBOARD_STATUS_FULL, true))
        return false;
    uint8_t config = port_read8(KEYBOARD_DATA);
    config |= CONFIG_KEYBOARD_IRQ | CONFIG_TRANSLATE;
    config &= (uint8_t)~(CONFIG_MOUSE_IRQ | CONFIG_KEYBOARD_OFF);

    return write(KEYBOARD_STATUS, COMMAND_WRITE_CONFIG) &&
           write(KEYBOARD_DATA, config) &&
           write(KEYBOARD_STATUS, COMMAND_KEYBOARD_ON) &&
           write(KEYBOARD_DATA, KEYBOARD_SEND_KEYS) &&
           wait_until(KEYBOARD_STATUS_FULL, true) && drain();
}

/* ---- From the handler to the loop --------------------------------------- */

/* kept[taken] to kept[put - 1], both modulo their number, are waiting. The
 * handler moves `put` and the loop `taken`, so neither disturbs the other. */
enum { KEPT_MAX = 64 };         /* a power of two */
static volatile uint8_t kept[KEPT_MAX];
static volatile unsigned put, taken;

static void (*listener)(char c);

static void decode_all(struct event_work *work)
{
    static struct keyboard keyboard;

    (void)work;
    for (; taken != put; taken = taken + 1) {
        char c = keyboard_decode(&keyboard, kept[taken % KEPT_MAX]);
        if (c)
            listener(c);
    }
}

static struct event_work work = { .run = decode_all };

void keyboard_keep(uint8_t code)
{
    if (put - taken < KEPT_MAX) {
        kept[put % KEPT_MAX] = code;
        put = put + 1;
    }
    event_post(&work);
}

int keyboard_open(void (*typed)(char c))
{
    struct irq_source source = { .kind = IRQ_LEGACY, .line = KEYBOARD_LINE };

    listener = typed;
    if (!switch_on())
        return -ENODEV;
    return irq_request(&source, keyboard_interrupt, 0);
}
