/* SPDX-License-Identifier: MIT */
/*
 * netif.c - another right answer to lab 10: a frame's netbufs are made by a
 * function that calls itself, the last pbuf's first, and whatever fails undoes
 * its own on the way back; lwIP's timeouts are set for by a loop that has run
 * all that is due.
 */
#include "net/lwip/port.h"

#include "core/clock.h"
#include "lib/errno.h"
#include "lib/string.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/timeouts.h"

u32_t sys_now(void)
{
    uint64_t now = clock_ns();
    uint64_t seconds = now / NS_PER_S;

    return (u32_t)(seconds * 1000 + now % NS_PER_S / NS_PER_MS);
}

static void set_flag(struct netif *netif, u8_t flag, bool on)
{
    netif->flags = (u8_t)(on ? netif->flags | flag : netif->flags & ~flag);
}

err_t port_init(struct netif *netif)
{
    struct netdev *card = netif->state;

    memcpy(netif->name, "en", 2);
    netif->hwaddr_len = ETHERNET_ADDRESS_SIZE;
    memmove(netif->hwaddr, card->address, netif->hwaddr_len);
    netif->mtu = card->mtu;
    set_flag(netif, NETIF_FLAG_BROADCAST, true);
    set_flag(netif, NETIF_FLAG_ETHARP, true);
    set_flag(netif, NETIF_FLAG_ETHERNET, true);
    set_flag(netif, NETIF_FLAG_LINK_UP, card->link_up);
    netif->linkoutput = port_link_output;
    netif->output = etharp_output;
    return ERR_OK;
}

void port_sent(struct netbuf *nb)
{
    transmit_unref(nb->owner);
    transmit_give(nb);
}

/* The chain for `p` and all behind it; NULL, and nothing is left, when there
 * are not enough. */
static struct netbuf *show(struct pbuf *p)
{
    struct netbuf *rest = NULL, *nb;

    if (p->next) {
        rest = show(p->next);
        if (!rest)
            return NULL;
    }
    nb = transmit_take();
    if (!nb) {
        while (rest) {
            nb = rest;
            rest = nb->next;
            port_sent(nb);
        }
        return NULL;
    }
    pbuf_ref(p);
    nb->next = rest;
    nb->data = p->payload;
    nb->len = p->len;
    nb->release = port_sent;
    nb->owner = p;
    return nb;
}

err_t port_output(struct netif *netif, struct pbuf *p)
{
    struct netdev *card = netif->state;
    struct netbuf *frame = show(p), *next;
    int err;

    if (!frame)
        return ERR_MEM;
    port_ask_offload(card, p, frame);
    err = card->send(card, frame);
    for (struct netbuf *nb = err ? frame : NULL; nb; nb = next) {
        next = nb->next;
        nb->release(nb);
    }
    switch (err) {
    case 0:
        return ERR_OK;
    case -ENOSPC:
    case -ENOMEM:
        return ERR_MEM;
    default:
        return ERR_IF;
    }
}

void port_received(struct pbuf *p)
{
    struct pbuf_custom *custom = container_of(p, struct pbuf_custom, pbuf);
    struct received *r = container_of(custom, struct received, custom);

    r->frame->release(r->frame);
    r->frame = NULL;
    received_give(r);
}

void port_receive(struct netdev *card, struct netbuf *frame)
{
    struct netif *netif = card->stack;
    struct received *r = received_take();
    err_t err;

    if (!r)
        goto drop;
    memset(r, 0, sizeof *r);
    r->frame = frame;
    r->custom.custom_free_function = port_received;
    pbuf_alloced_custom(PBUF_RAW, (u16_t)frame->len, PBUF_REF, &r->custom,
                        frame->data, (u16_t)frame->len);
    err = netif->input(&r->custom.pbuf, netif);
    if (err == ERR_OK)
        return;
    received_give(r);
drop:
    frame->release(frame);
}

void port_timers_set(struct event_timer *timer)
{
    u32_t ms = sys_timeouts_sleeptime();

    if (ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE) {
        uint64_t wait = NS_PER_MS;

        wait *= ms;
        event_timer_set(timer, clock_ns() + wait);
        return;
    }
    event_timer_cancel(timer);
}

void port_timers_run(struct event_timer *timer)
{
    do {
        sys_check_timeouts();
    } while (sys_timeouts_sleeptime() == 0);
    port_timers_set(timer);
}

int port_address(struct netif *netif, const struct settings *settings)
{
    ip4_addr_t number[3];

    if (!settings->fixed)
        return dhcp_start(netif) == ERR_OK ? 0 : -ENOMEM;
    number[0].addr = lwip_htonl(settings->address);
    number[1].addr = lwip_htonl(settings->netmask);
    number[2].addr = lwip_htonl(settings->gateway);
    netif_set_addr(netif, &number[0], &number[1], &number[2]);
    return 0;
}
