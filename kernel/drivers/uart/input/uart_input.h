/* SPDX-License-Identifier: MIT */
/*
 * uart_input.h - what comes in on the serial line. A module of its own: most
 * applications only print.
 */
#ifndef DRIVERS_UART_INPUT_H
#define DRIVERS_UART_INPUT_H

/* From the event loop, typed() gets each character that comes in, '\n' for
 * the Enter of a terminal ('\r') and '\b' for its Backspace (127). Returns 0,
 * or -ENODEV when there is no serial line. */
int uart_listen(void (*typed)(char c));

#endif
