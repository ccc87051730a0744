/* SPDX-License-Identifier: MIT */
/*
 * netif.c - another right answer to lab 10: all netbufs of a frame are taken
 * before any of them is filled in, so that most failures have no reference to
 * give back; the address is set piece by piece.
 */
#include "net/lwip/port.h"

#include "core/clock.h"
#include "lib/errno.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/timeouts.h"

u32_t sys_now(void)
{
    uint64_t ms = clock_ns() / NS_PER_MS;

    return (u32_t)(ms & 0xffffffff);
}

err_t port_init(struct netif *netif)
{
    const struct netdev *card = netif->state;
    u8_t flags = NETIF_FLAG_ETHERNET | NETIF_FLAG_ETHARP |
                 NETIF_FLAG_BROADCAST |
                 (card->link_up ? NETIF_FLAG_LINK_UP : 0);

    netif->output = etharp_output;
    netif->linkoutput = port_link_output;
    netif->flags = flags;
    netif->mtu = card->mtu;
    for (netif->hwaddr_len = 0; netif->hwaddr_len < 6; netif->hwaddr_len++)
        netif->hwaddr[netif->hwaddr_len] = card->address[netif->hwaddr_len];
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    return ERR_OK;
}

void port_sent(struct netbuf *nb)
{
    struct pbuf *p = nb->owner;

    transmit_give(nb);
    pbuf_free(p);
}

err_t port_output(struct netif *netif, struct pbuf *p)
{
    struct netdev *card = netif->state;
    struct netbuf *chain = NULL, *nb;
    unsigned count = pbuf_clen(p);
    int err;

    for (unsigned i = 0; i < count; i++) {
        nb = transmit_take();
        if (!nb)
            goto none;
        nb->next = chain;
        chain = nb;
    }
    nb = chain;
    for (struct pbuf *q = p; q; q = q->next, nb = nb->next) {
        nb->data = q->payload;
        nb->len = q->len;
        nb->owner = q;
        nb->release = port_sent;
    }
    port_ask_offload(card, p, chain);
    for (struct pbuf *q = p; q; q = q->next)
        pbuf_ref(q);
    err = card->send(card, chain);
    if (!err)
        return ERR_OK;
    for (struct pbuf *q = p; q; q = q->next)
        pbuf_free(q);
    while ((nb = chain)) {
        chain = nb->next;
        transmit_give(nb);
    }
    return err == -ENOSPC || err == -ENOMEM ? ERR_MEM : ERR_IF;

none:
    while ((nb = chain)) {
        chain = nb->next;
        transmit_give(nb);
    }
    return ERR_MEM;
}

void port_received(struct pbuf *p)
{
    struct received *r = (void *)p;
    struct netbuf *frame = r->frame;

    received_give(r);
    frame->release(frame);
}

void port_receive(struct netdev *card, struct netbuf *frame)
{
    struct received *r = received_take();

    if (r) {
        struct netif *netif = card->stack;
        u16_t len = (u16_t)frame->len;
        struct pbuf *p = pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF,
                                             &r->custom, frame->data, len);

        r->custom.custom_free_function = port_received;
        r->frame = frame;
        if (netif->input(p, netif) != ERR_OK)
            port_received(p);
    } else {
        frame->release(frame);
    }
}

void port_timers_set(struct event_timer *timer)
{
    u32_t ms = sys_timeouts_sleeptime();

    event_timer_cancel(timer);
    if (ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE)
        event_timer_set(timer, ms * NS_PER_MS + clock_ns());
}

void port_timers_run(struct event_timer *timer)
{
    sys_check_timeouts();
    port_timers_set(timer);
}

int port_address(struct netif *netif, const struct settings *settings)
{
    ip4_addr_t word;

    if (settings->fixed) {
        word.addr = lwip_htonl(settings->netmask);
        netif_set_netmask(netif, &word);
        word.addr = lwip_htonl(settings->gateway);
        netif_set_gw(netif, &word);
        word.addr = lwip_htonl(settings->address);
        netif_set_ipaddr(netif, &word);
        return 0;
    }
    if (dhcp_start(netif) != ERR_OK)
        return -ENOMEM;
    return 0;
}
