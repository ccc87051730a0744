/* SPDX-License-Identifier: MIT */
/*
 * arp.h - ARP by hand: the first packet that the world answers to. The bodies
 * are lab 09's.
 *
 *     10.0.2.2: "Who has 10.0.2.15? Tell 10.0.2.2."      to everybody
 *                     |
 *                     v  arp_asks()
 *                     |  arp_answer()
 *                     v
 *     10.0.2.15: "10.0.2.15 is at 52:54:00:12:34:56."    to who has asked
 *
 * Pure: bytes in, bytes out. Who owns the memory of a frame, and how it gets to
 * the card, is for the caller. Where lwIP is linked it answers, and this is
 * not.
 */
#ifndef NET_FRAMES_ARP_H
#define NET_FRAMES_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/frames/ethernet.h"

/*
 * Is frame[len] a whole ARP request of Ethernet's and IPv4's kind that asks who
 * has `address` (10.0.2.15 is 0x0a00020f)? What came may be of any length, also
 * of none, and is not read beyond it; bytes behind the packet don't matter. The
 * target's hardware address is what is asked for, so nothing is said about its
 * value; and a sender without an address of its own (0.0.0.0) may ask as well:
 * it wants to know whether the address is free. Nor does it matter to whom the
 * frame goes, to all or to us alone, and who has put it on this wire: a bridge
 * may stand between. [RFC 826; RFC 5227 §1.1]
 */
bool arp_asks(const uint8_t *frame, size_t len, uint32_t address);

/*
 * Makes *reply the answer to *request, for which arp_asks() was true:
 * `address` is at `hardware`. It goes to the sender of the request and to
 * nobody else, at the hardware address that the packet tells; sender and
 * target in the packet have changed places. All 42 bytes are written; the two
 * frames don't overlap. [RFC 826 "Packet Reception"]
 */
void arp_answer(const struct arp_frame *request,
                const uint8_t hardware[ETHERNET_ADDRESS_SIZE],
                uint32_t address, struct arp_frame *reply);

#endif
