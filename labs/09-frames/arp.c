/* SPDX-License-Identifier: MIT */
/*
 * arp.c - tells who asks where our address is to be found.
 *
 * The frames come from a card and the answers go there, both by way of the
 * application (kernel/apps/sniff). What lies where in a frame is drawn in
 * net/frames/ethernet.h.
 */
#include "net/frames/arp.h"

#include "core/panic.h"
#include "lib/string.h"

bool arp_asks(const uint8_t *frame, size_t len, uint32_t address)
{
    /* TODO 9.6 arp_asks: is all of it there? Is it ARP, about hardware
     * addresses of Ethernet's kind and size and protocol addresses of IPv4's,
     * and a request? And then: for our address? The fields are in network
     * byte order, `address` is in the processor's. [RFC 826] */
    lab_todo("9.6 arp_asks");
    /* END 9.6 */
}

void arp_answer(const struct arp_frame *request,
                const uint8_t hardware[ETHERNET_ADDRESS_SIZE],
                uint32_t address, struct arp_frame *reply)
{
    /* TODO 9.7 arp_answer: write all of *reply: the Ethernet header, to the
     * one who asked and from us, and a packet that is a reply, in which we are
     * the sender and he is the target. [RFC 826] */
    lab_todo("9.7 arp_answer");
    /* END 9.7 */
}
