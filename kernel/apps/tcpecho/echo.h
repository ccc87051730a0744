/* SPDX-License-Identifier: MIT */
/*
 * echo.h - sends back what comes.
 */
#ifndef TCPECHO_ECHO_H
#define TCPECHO_ECHO_H

#include <stdint.h>

enum {
    ECHO_CONNECTIONS = 32,      /* at a time; more have to wait */
    ECHO_BLOCKS = 8,            /* of each, on their way back */
    ECHO_BLOCK_SIZE = 2048,
};

/*
 * Echoes on TCP port `port`, from now on. A peer that does not take what is
 * its own is not read from any further than ECHO_BLOCKS reach: its window
 * shuts. A peer's end is answered with ours, behind its last byte.
 *
 * Each connection has a line on the console when it is over; and when the last
 * one has gone, and all memory is home again, there is another:
 *     tcpecho: at rest after 12 connections, 3145728 bytes
 * Returns 0, -EBUSY, -ENOMEM. After net_up().
 */
int echo_serve(uint16_t port);

#endif
