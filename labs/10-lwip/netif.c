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
    lab_todo("10.1 sys_now");
    /* END 10.1 */
}

err_t port_init(struct netif *netif)
{
    /* TODO 10.2 port_init: tell lwIP about the card behind netif->state: its
     * name, its hardware address and the length of that, how many bytes of
     * payload a frame may have, that it is an Ethernet, that it has ARP, and
     * broadcasts, whether its link is up, and by which two functions lwIP
     * sends: etharp_output() for packets, port_link_output() for frames. */
    lab_todo("10.2 port_init");
    /* END 10.2 */
}

void port_sent(struct netbuf *nb)
{
    /* TODO 10.3 port_sent: the card has given `nb` back. Whose bytes were
     * these, and who has a reference less now? */
    lab_todo("10.3 port_sent");
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
    lab_todo("10.4 port_output");
    /* END 10.4 */
}

void port_received(struct pbuf *p)
{
    /* TODO 10.5 port_received: lwIP is done with a pbuf that port_receive()
     * made. The card waits for its buffer, and the pool for the rest. */
    lab_todo("10.5 port_received");
    /* END 10.5 */
}

void port_receive(struct netdev *card, struct netbuf *frame)
{
    /* TODO 10.6 port_receive: make a pbuf that stands for the frame's bytes
     * where they are (pbuf_alloced_custom()), say in it that it is given back
     * by port_received(), and hand it to lwIP. Whatever goes wrong, the card
     * gets its buffer back, once. */
    lab_todo("10.6 port_receive");
    /* END 10.6 */
}

void port_timers_set(struct event_timer *timer)
{
    /* TODO 10.7 port_timers_set: lwIP tells how many milliseconds from now
     * its next timeout is due, or SYS_TIMEOUTS_SLEEPTIME_INFINITE. The event
     * loop wants a moment on clock_ns(). */
    lab_todo("10.7 port_timers_set");
    /* END 10.7 */
}

void port_timers_run(struct event_timer *timer)
{
    /* TODO 10.8 port_timers_run: run what is due, and see to it that this
     * function will be called for what comes next. */
    lab_todo("10.8 port_timers_run");
    /* END 10.8 */
}

int port_address(struct netif *netif, const struct settings *settings)
{
    /* TODO 10.9 port_address: a fixed address, netmask and gateway, or DHCP?
     * `settings` has its numbers in the processor's byte order, lwIP keeps
     * them in the network's. */
    lab_todo("10.9 port_address");
    /* END 10.9 */
}
