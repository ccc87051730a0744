/* SPDX-License-Identifier: MIT */
/*
 * interface.c - the network cards that were brought up, and by which of them a
 * packet leaves. lwIP asks wherever it has no answer of its own (hooks.h).
 */
#include "net/lwip/interface.h"

#include "mem/heap.h"
#include "net/lwip/hooks.h"

#include "lwip/ip.h"

struct interface *interfaces;

struct interface *interface_add(void)
{
    struct interface *i = heap_alloc_array(1, sizeof *i), **last = &interfaces;

    if (!i)
        return NULL;
    transmits_init(&i->transmits);
    borrowed_waiting_init(&i->waiting);
    while (*last)
        last = &(*last)->next;
    *last = i;
    return i;
}

struct interface *interface_heard(void)
{
    struct netif *netif = ip_current_input_netif();

    return netif ? interface_of(netif) : NULL;
}

static bool usable(const struct interface *i)
{
    return netif_is_up(&i->netif) && netif_is_link_up(&i->netif) &&
           !ip4_addr_isany(netif_ip4_addr(&i->netif));
}

struct interface *interface_default(void)
{
    struct interface *i = interfaces;

    while (i && !(usable(i) && !ip4_addr_isany(netif_ip4_gw(&i->netif))))
        i = i->next;
    return i;
}

struct interface *interface_towards(const ip4_addr_t *dest)
{
    for (struct interface *i = interfaces; i; i = i->next)
        if (usable(i) && ip4_addr_net_eq(dest, netif_ip4_addr(&i->netif),
                                         netif_ip4_netmask(&i->netif)))
            return i;
    return interface_default();
}

/* Is it an answer to the packet that lwIP is looking at? */
static bool is_answer(const ip4_addr_t *source, const ip4_addr_t *dest)
{
    return interface_heard() && ip4_addr_eq(dest, ip4_current_src_addr()) &&
           ip4_addr_eq(source, ip4_current_dest_addr());
}

struct netif *interface_route(const ip4_addr_t *source, const ip4_addr_t *dest)
{
    struct interface *i = NULL;

    if (!source)
        i = interface_default();
    else if (is_answer(source, dest))
        i = interface_heard();
    return i ? &i->netif : NULL;
}
