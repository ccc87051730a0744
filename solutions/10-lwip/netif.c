/* SPDX-License-Identifier: MIT */
/*
 * netif.c - lwIP's link to the world: frames out, frames in, time, an address.
 *
 * Above it lwIP, which knows pbufs and milliseconds; below it a card, which
 * knows netbufs, and the event loop. Nothing is copied on the way
 * (net/lwip/buffers.h has the picture). Frames that lwIP should not see, and
 * the start of it all, are dealt with in net/lwip/port.c.
 */
#include "net/lwip/port.h"

#include "core/clock.h"
#include "core/panic.h"
#include "lib/errno.h"
#include "lib/string.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/timeouts.h"

u32_t sys_now(void)
{
    /* TODO 10.1 sys_now: how many milliseconds since start-up? The number
     * wraps to 0 after 49 days, which lwIP knows. */
    return (u32_t)(clock_ns() / NS_PER_MS);
    /* END 10.1 */
}

err_t port_init(struct netif *netif)
{
    /* TODO 10.2 port_init: tell lwIP about the card behind netif->state: its
     * name, its hardware address and the length of that, how many bytes of
     * payload a frame may have, that it is an Ethernet, that it has ARP, and
     * broadcasts, whether its link is up, and by which two functions lwIP
     * sends: etharp_output() for packets, port_link_output() for frames. */
    const struct netdev *card = netif->state;

    netif->name[0] = 'e';
    netif->name[1] = 'n';
    memcpy(netif->hwaddr, card->address, sizeof card->address);
    netif->hwaddr_len = sizeof card->address;
    netif->mtu = card->mtu;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                   NETIF_FLAG_ETHERNET;
    if (card->link_up)
        netif->flags |= NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = port_link_output;
    return ERR_OK;
    /* END 10.2 */
}

void port_sent(struct netbuf *nb)
{
    /* TODO 10.3 port_sent: the card has given `nb` back. Whose bytes were
     * these, and who has a reference less now? */
    transmit_unref(nb->owner);
    transmit_give(nb);
    /* END 10.3 */
}

err_t port_output(struct netif *netif, struct pbuf *p)
{
    /* TODO 10.4 port_output: make a chain of netbufs that shows the card the
     * bytes of every pbuf in the chain, in their order, and send it. While
     * the card has a netbuf, the pbuf behind it must not be freed. When you
     * can't get as far as a sent frame, leave everything as you found it:
     * lwIP will come again, many times perhaps, and each time something would
     * be left over. */
    struct netdev *card = netif->state;
    struct netbuf *frame = NULL, **last = &frame;
    int err = -ENOMEM;

    for (struct pbuf *q = p; q; q = q->next) {
        struct netbuf *nb = transmit_take();

        if (!nb)
            goto undo;
        pbuf_ref(q);
        nb->data = q->payload;
        nb->len = q->len;
        nb->release = port_sent;
        nb->owner = q;
        *last = nb;
        last = &nb->next;
    }
    port_ask_offload(card, p, frame);
    err = card->send(card, frame);
    if (err == 0)
        return ERR_OK;

undo:
    while (frame) {
        struct netbuf *next = frame->next;

        port_sent(frame);
        frame = next;
    }
    return err == -ENOMEM || err == -ENOSPC ? ERR_MEM : ERR_IF;
    /* END 10.4 */
}

void port_received(struct pbuf *p)
{
    /* TODO 10.5 port_received: lwIP is done with a pbuf that port_receive()
     * made. The card waits for its buffer, and the pool for the rest. */
    struct received *r = (struct received *)p;

    r->frame->release(r->frame);
    received_give(r);
    /* END 10.5 */
}

void port_receive(struct netdev *card, struct netbuf *frame)
{
    /* TODO 10.6 port_receive: make a pbuf that stands for the frame's bytes
     * where they are (pbuf_alloced_custom()), say in it that it is given back
     * by port_received(), and hand it to lwIP. Whatever goes wrong, the card
     * gets its buffer back, once. */
    struct netif *netif = card->stack;
    struct received *r = received_take();
    struct pbuf *p;

    if (!r) {
        frame->release(frame);
        return;
    }
    r->frame = frame;
    r->custom.custom_free_function = port_received;
    p = pbuf_alloced_custom(PBUF_RAW, (u16_t)frame->len, PBUF_REF, &r->custom,
                            frame->data, (u16_t)frame->len);
    if (netif->input(p, netif) != ERR_OK)
        pbuf_free(p);
    /* END 10.6 */
}

void port_timers_set(struct event_timer *timer)
{
    /* TODO 10.7 port_timers_set: lwIP tells how many milliseconds from now
     * its next timeout is due, or SYS_TIMEOUTS_SLEEPTIME_INFINITE. The event
     * loop wants a moment on clock_ns(). */
    u32_t ms = sys_timeouts_sleeptime();

    if (ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE)
        event_timer_cancel(timer);
    else
        event_timer_set(timer, clock_ns() + ms * NS_PER_MS);
    /* END 10.7 */
}

void port_timers_run(struct event_timer *timer)
{
    /* TODO 10.8 port_timers_run: run what is due, and see to it that this
     * function will be called for what comes next. */
    sys_check_timeouts();
    port_timers_set(timer);
    /* END 10.8 */
}

int port_address(struct netif *netif, const struct settings *settings)
{
    /* TODO 10.9 port_address: a fixed address, netmask and gateway, or DHCP?
     * `settings` has its numbers in the processor's byte order, lwIP keeps
     * them in the network's. */
    ip4_addr_t address, netmask, gateway;

    if (!settings->fixed)
        return dhcp_start(netif) == ERR_OK ? 0 : -ENOMEM;
    ip4_addr_set_u32(&address, lwip_htonl(settings->address));
    ip4_addr_set_u32(&netmask, lwip_htonl(settings->netmask));
    ip4_addr_set_u32(&gateway, lwip_htonl(settings->gateway));
    netif_set_addr(netif, &address, &netmask, &gateway);
    return 0;
    /* END 10.9 */
}
