/* SPDX-License-Identifier: MIT */
/*
 * early.c - keeps the segments that come before our address does. They stay in
 * the card's buffers, few enough not to be missed there, until there is an
 * address, or until their senders have long asked again.
 */
#include "net/lwip/early.h"

#include "core/clock.h"
#include "lib/list.h"
#include "lib/string.h"
#include "net/lwip/interface.h"
#include "net/lwip/port.h"

#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"

enum { TYPE = 12 };             /* in Ethernet's header */

static bool is_segment_for_us(const struct netif *netif,
                              const struct netbuf *frame)
{
    const uint8_t *data = frame->data;
    const struct ip_hdr *ip = (const void *)(data + ETHERNET_HEADER_SIZE);

    return memcmp(data, netif->hwaddr, ETH_HWADDR_LEN) == 0 &&
           (data[TYPE] << 8 | data[TYPE + 1]) == ETHTYPE_IP &&
           frame->len >= ETHERNET_HEADER_SIZE + IP_HLEN &&
           IPH_PROTO(ip) == IP_PROTO_TCP;
}

static struct netbuf *take_oldest(struct early *early)
{
    struct netbuf *frame = early->frames[0];

    early->count--;
    for (unsigned i = 0; i < early->count; i++)
        early->frames[i] = early->frames[i + 1];
    return frame;
}

static void give_back(struct event_timer *timer)
{
    struct early *early = container_of(timer, struct early, timer);

    while (early->count > 0) {
        struct netbuf *frame = take_oldest(early);

        frame->release(frame);
    }
}

bool early_keeps(struct interface *interface, struct netbuf *frame)
{
    struct early *early = &interface->early;

    if (!ip4_addr_isany_val(*netif_ip4_addr(&interface->netif)) ||
        !is_segment_for_us(&interface->netif, frame))
        return false;
    if (early->count == EARLY_MAX) {
        struct netbuf *oldest = take_oldest(early);

        oldest->release(oldest);
    }
    early->frames[early->count++] = frame;
    early->timer.expire = give_back;
    event_timer_set(&early->timer, clock_ns() + EARLY_S * NS_PER_S);
    return true;
}

void early_hand_over(struct interface *interface)
{
    struct netif *netif = &interface->netif;

    event_timer_cancel(&interface->early.timer);
    while (interface->early.count > 0)
        port_hand_over(netif->state, take_oldest(&interface->early));
}
