/* SPDX-License-Identifier: MIT */
/* Another right program: bytes and their places, without a struct. */
#include "net/frames/arp.h"

#include "lib/string.h"

enum { TYPE = 12, OPERATION = 20, SHA = 22, SPA = 28, THA = 32, TPA = 38,
       END = 42 };

/* From the frame's type to the operation. */
static const uint8_t kind[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, ARP_OP_REQUEST };

static void put_address(uint8_t *to, uint32_t address)
{
    for (int i = 3; i >= 0; i--, address >>= 8)
        to[i] = (uint8_t)address;
}

bool arp_asks(const uint8_t *frame, size_t len, uint32_t address)
{
    uint8_t ours[4];

    put_address(ours, address);
    return len >= END && memcmp(frame + TYPE, kind, sizeof kind) == 0 &&
           memcmp(frame + TPA, ours, sizeof ours) == 0;
}

void arp_answer(const struct arp_frame *request,
                const uint8_t hardware[ETHERNET_ADDRESS_SIZE],
                uint32_t address, struct arp_frame *reply)
{
    const uint8_t *from = (const uint8_t *)request;
    uint8_t *to = (uint8_t *)reply;

    memcpy(to, from + SHA, 6);
    memcpy(to + 6, hardware, 6);
    memcpy(to + TYPE, kind, sizeof kind);
    to[OPERATION + 1] = ARP_OP_REPLY;
    memcpy(to + SHA, hardware, 6);
    put_address(to + SPA, address);
    memcpy(to + THA, from + SHA, 10); /* both of the asker's addresses */
}
