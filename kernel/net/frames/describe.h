/* SPDX-License-Identifier: MIT */
/*
 * describe.h - a frame in a line, for a person.
 */
#ifndef NET_FRAMES_DESCRIBE_H
#define NET_FRAMES_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes into line[cap] from whom to whom frame[len] goes, how long it is, and
 * what is in it, as far as it can be known from what is there:
 *
 *     02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, 42 bytes, ARP who has 10.0.0.2?
 *         tell 10.0.0.1                                       (in one line)
 *     52:54:00:12:34:56 > 02:00:00:00:00:01, 54 bytes, IPv4 10.0.0.2 >
 *         10.0.0.1, TCP 80 > 40000
 *     02:00:00:00:00:01 > 33:33:00:00:00:01, 86 bytes, type 0x86dd
 *     02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, 20 bytes, ARP, cut short
 *
 * No frame is too short or too strange. Pure; no byte beyond len is read.
 * Returns what format() does: the length of the whole.
 */
int frame_describe(char *line, size_t cap, const uint8_t *frame, size_t len);

#endif
