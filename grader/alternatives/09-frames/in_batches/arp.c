/* SPDX-License-Identifier: MIT */
/* Another right program: the request is copied, and then changed. */
#include "net/frames/arp.h"

#include "lib/string.h"

bool arp_asks(const uint8_t *bytes, size_t len, uint32_t address)
{
    struct arp_frame frame;

    if (len < sizeof frame)
        return false;
    memcpy(&frame, bytes, sizeof frame);
    if (frame.ethernet.type != cpu_to_be16(ETHERNET_TYPE_ARP))
        return false;
    if (frame.arp.ar_hrd != cpu_to_be16(ARP_HRD_ETHERNET) ||
        frame.arp.ar_hln != 6)
        return false;
    if (frame.arp.ar_pro != cpu_to_be16(ETHERNET_TYPE_IPV4) ||
        frame.arp.ar_pln != 4)
        return false;
    if (frame.arp.ar_tpa != cpu_to_be32(address))
        return false;
    return frame.arp.ar_op == cpu_to_be16(ARP_OP_REQUEST);
}

void arp_answer(const struct arp_frame *request,
                const uint8_t hardware[ETHERNET_ADDRESS_SIZE],
                uint32_t address, struct arp_frame *reply)
{
    struct arp_packet *arp = &reply->arp;

    *reply = *request;
    arp->ar_op = cpu_to_be16(ARP_OP_REPLY);
    memcpy(arp->ar_tha, arp->ar_sha, sizeof arp->ar_tha);
    arp->ar_tpa = arp->ar_spa;
    memcpy(arp->ar_sha, hardware, sizeof arp->ar_sha);
    arp->ar_spa = cpu_to_be32(address);
    memcpy(reply->ethernet.destination, arp->ar_tha, 6);
    memcpy(reply->ethernet.source, arp->ar_sha, 6);
}
