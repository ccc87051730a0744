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
    const struct arp_frame *f = (const struct arp_frame *)frame;

    return len >= sizeof *f &&
           be16_to_cpu(f->ethernet.type) == ETHERNET_TYPE_ARP &&
           be16_to_cpu(f->arp.ar_hrd) == ARP_HRD_ETHERNET &&
           be16_to_cpu(f->arp.ar_pro) == ETHERNET_TYPE_IPV4 &&
           f->arp.ar_hln == ETHERNET_ADDRESS_SIZE &&
           f->arp.ar_pln == sizeof(uint32_t) &&
           be16_to_cpu(f->arp.ar_op) == ARP_OP_REQUEST &&
           be32_to_cpu(f->arp.ar_tpa) == address;
    /* END 9.6 */
}

void arp_answer(const struct arp_frame *request,
                const uint8_t hardware[ETHERNET_ADDRESS_SIZE],
                uint32_t address, struct arp_frame *reply)
{
    /* TODO 9.7 arp_answer: write all of *reply: the Ethernet header, to the
     * one who asked and from us, and a packet that is a reply, in which we are
     * the sender and he is the target. [RFC 826] */
    memcpy(reply->ethernet.destination, request->arp.ar_sha,
           ETHERNET_ADDRESS_SIZE);
    memcpy(reply->ethernet.source, hardware, ETHERNET_ADDRESS_SIZE);
    reply->ethernet.type = cpu_to_be16(ETHERNET_TYPE_ARP);

    reply->arp.ar_hrd = cpu_to_be16(ARP_HRD_ETHERNET);
    reply->arp.ar_pro = cpu_to_be16(ETHERNET_TYPE_IPV4);
    reply->arp.ar_hln = ETHERNET_ADDRESS_SIZE;
    reply->arp.ar_pln = sizeof(uint32_t);
    reply->arp.ar_op = cpu_to_be16(ARP_OP_REPLY);
    memcpy(reply->arp.ar_sha, hardware, ETHERNET_ADDRESS_SIZE);
    reply->arp.ar_spa = cpu_to_be32(address);
    memcpy(reply->arp.ar_tha, request->arp.ar_sha, ETHERNET_ADDRESS_SIZE);
    reply->arp.ar_tpa = request->arp.ar_spa;
    /* END 9.7 */
}
