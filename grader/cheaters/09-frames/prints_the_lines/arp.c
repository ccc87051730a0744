/* SPDX-License-Identifier: MIT */
/* A cheater: says back what was said to it, as an answer. */
#include "net/frames/arp.h"

bool arp_asks(const uint8_t *frame, size_t len, uint32_t address)
{
    (void)frame, (void)address;
    return len > 0;
}

void arp_answer(const struct arp_frame *request,
                const uint8_t hardware[ETHERNET_ADDRESS_SIZE],
                uint32_t address, struct arp_frame *reply)
{
    (void)hardware, (void)address;
    *reply = *request;
    reply->arp.ar_op = cpu_to_be16(ARP_OP_REPLY);
}
