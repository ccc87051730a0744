/* SPDX-License-Identifier: MIT */
/*
 * own_address.c - the address that we have. lwIP asks DHCP for it, renews it
 * and gives it up; here is what it leaves to others, or gets wrong:
 *
 *   - an answer is believed if it makes sense (net/lwip/lease.h), is for us,
 *     and comes from the server that we have chosen; of refusals (NAK) with
 *     no lease between them only one a second, or we and a server that always
 *     refuses would keep each other busy;
 *   - who has renewed the lease is the server from then on, so that a server
 *     may move;
 *   - a lease for ever has no end, also when the one before it had;
 *   - a lease ends also while we look for a server after the link was down;
 *   - the MTU may be smaller than the card's;
 *   - the gateway's hardware address is asked for at once, so that the first
 *     who calls from beyond it need not wait;
 *   - a line on the console for each change.
 *
 * Not looked for is somebody else with the same address before we use it
 * [RFC 5227]: a guest is to answer as soon as it has one. If he says a word
 * by ARP, a line says so.
 */
#include "net/lwip/own_address.h"

#include "console/log.h"
#include "core/clock.h"
#include "event/event.h"
#include "lib/string.h"
#include "net/address.h"
#include "net/lwip/hooks.h"
#include "net/lwip/interface.h"
#include "net/lwip/lease.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/prot/dhcp.h"

enum {
    MTU_MIN = 576,              /* every host takes so much [RFC 791 §3.1] */
    QUESTIONS = 4,              /* without an answer, before that is said */
};

static struct lease heard;      /* the answer that lwIP is looking at */
static uint8_t state_before;    /* lwIP's, when it came; OFF: there is none */

static const char *name_of(const struct interface *i)
{
    return interface_card(i)->name;
}

/* ---- Lines -------------------------------------------------------------- */

static unsigned prefix_length(const ip4_addr_t *netmask)
{
    uint32_t mask = lwip_ntohl(netmask->addr);

    return mask ? 32 - (unsigned)__builtin_ctz(mask) : 0;
}

static void tell_address(const struct interface *i)
{
    const char *name = name_of(i);
    uint32_t address = lwip_ntohl(i->own.told.address);
    uint32_t gateway = lwip_ntohl(i->own.told.gateway);
    const char *by = i->own.fixed ? "the command line" : "DHCP";
    unsigned prefix = prefix_length(netif_ip4_netmask(&i->netif));

    if (gateway)
        log_line("%s: " IPV4_TEXT "/%u, gateway " IPV4_TEXT " (by %s)", name,
                 IPV4_PARTS(address), prefix, IPV4_PARTS(gateway), by);
    else
        log_line("%s: " IPV4_TEXT "/%u, no gateway (by %s)", name,
                 IPV4_PARTS(address), prefix, by);
    for (const struct interface *o = interfaces; o; o = o->next)
        if (o != i && o->own.told.address == i->own.told.address)
            log_line("%s: that is the address of %s as well", name,
                     name_of(o));
}

/* There is an address: says what is new about it, and asks who the gateway
 * is. */
static void run_report(struct event_work *work)
{
    struct own_address *own =
        container_of(work, struct own_address, report_later);
    struct interface *i = container_of(own, struct interface, own);
    uint32_t address = netif_ip4_addr(&i->netif)->addr;
    uint32_t netmask = netif_ip4_netmask(&i->netif)->addr;
    const ip4_addr_t *gateway = netif_ip4_gw(&i->netif);

    if (address == 0)
        return;
    if (i->netif.mtu != own->told.mtu)
        log_line("%s: MTU %u (by DHCP)", name_of(i), i->netif.mtu);
    own->told.mtu = i->netif.mtu;
    if (address == own->told.address && netmask == own->told.netmask &&
        gateway->addr == own->told.gateway)
        return;
    own->told.address = address;
    own->told.netmask = netmask;
    own->told.gateway = gateway->addr;
    tell_address(i);
    if (gateway->addr)
        etharp_query(&i->netif, gateway, NULL);
    early_hand_over(i);
}

/* lwIP calls this when the address has changed, and at other times. */
static void status_changed(struct netif *netif)
{
    struct own_address *own = &interface_of(netif)->own;

    if (!ip4_addr_isany(netif_ip4_addr(netif))) {
        event_post(&own->report_later);
        return;
    }
    if (own->told.address)
        log_line("%s: no address any more: %s; asking DHCP",
                 name_of(interface_of(netif)),
                 own->refused ? "the server has refused it"
                              : "the lease has ended");
    own->told.address = 0;
    own->conflict_told = false;
}

void own_address_asks(struct netif *netif, uint8_t state)
{
    struct own_address *own = &interface_of(netif)->own;
    const char *name = name_of(interface_of(netif));

    if (state == DHCP_STATE_REBINDING && !own->rebinding_told) {
        log_line("%s: the DHCP server does not renew the address; asking any",
                 name);
        own->rebinding_told = true;
    }
    if (state != DHCP_STATE_SELECTING && state != DHCP_STATE_REQUESTING)
        return;
    if (++own->questions == QUESTIONS)
        log_line("%s: %s by DHCP yet; asking on", name,
                 own->told.address ? "the address is not confirmed"
                                   : "no address");
}

/* ---- Whom to believe ---------------------------------------------------- */

static bool too_many_refusals(struct own_address *own)
{
    uint64_t now = clock_ns();

    if (own->last_refusal && now - own->last_refusal < NS_PER_S)
        return true;
    own->last_refusal = now;
    return false;
}

static bool believable(struct interface *i, const struct dhcp *dhcp,
                       const struct lease *lease)
{
    uint32_t server = lwip_ntohl(ip_2_ip4(&dhcp->server_ip_addr)->addr);

    if (lease->xid != dhcp->xid ||
        memcmp(lease->chaddr, i->netif.hwaddr, sizeof lease->chaddr) != 0)
        return false;
    if (lease->type == LEASE_OFFER)
        return lease->server != 0;
    if (dhcp->state == DHCP_STATE_REQUESTING && lease->server != server)
        return false;
    return lease->type == LEASE_ACK || !too_many_refusals(&i->own);
}

/* [RFC 826], behind Ethernet's header. */
enum {
    TYPE = 12, ARP_SENDER = 14 + 8, ARP_SENDER_IP = 14 + 14, ARP_END = 14 + 28
};

static void hear_arp(struct interface *i, const uint8_t *frame)
{
    const uint8_t *mac = frame + ARP_SENDER;
    ip4_addr_t sender;

    memcpy(&sender.addr, frame + ARP_SENDER_IP, sizeof sender.addr);
    if (i->own.conflict_told || ip4_addr_isany(&sender) ||
        !ip4_addr_eq(&sender, netif_ip4_addr(&i->netif)) ||
        memcmp(mac, i->netif.hwaddr, ETH_HWADDR_LEN) == 0)
        return;
    i->own.conflict_told = true;
    log_line("%s: " IPV4_TEXT " is also used by "
             "%02x:%02x:%02x:%02x:%02x:%02x", name_of(i),
             IPV4_PARTS(lwip_ntohl(sender.addr)), mac[0], mac[1], mac[2],
             mac[3], mac[4], mac[5]);
}

bool own_address_refuses(struct interface *i, const struct netbuf *frame)
{
    const struct dhcp *dhcp = netif_dhcp_data(&i->netif);
    const uint8_t *message;
    size_t size;

    state_before = DHCP_STATE_OFF;
    if (frame->len >= ARP_END && frame->data[TYPE] == 8 &&
        frame->data[TYPE + 1] == 6)
        hear_arp(i, frame->data);
    message = lease_find(frame->data, frame->len, &size);
    if (!message)
        return false;
    if (!dhcp || lease_read(message, size, &heard) != 0 ||
        !believable(i, dhcp, &heard))
        return true;
    i->own.refused = heard.type == LEASE_NAK;
    state_before = dhcp->state;
    return false;
}

/* ---- A lease ------------------------------------------------------------ */

/* lwIP has let go of what it was to renew, and knows no end of it any more. */
static void run_lease_end(struct event_timer *timer)
{
    struct own_address *own =
        container_of(timer, struct own_address, lease_end);
    struct netif *netif = &container_of(own, struct interface, own)->netif;

    if (!dhcp_supplied_address(netif))
        netif_set_addr(netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
}

/* lwIP counts seconds (DHCP_COARSE_TIMER_SECS); 0 is never. */
static void settle_times(struct own_address *own, struct dhcp *dhcp)
{
    bool forever = heard.seconds == LEASE_FOREVER;

    dhcp->t0_timeout = forever ? 0 : heard.seconds;
    dhcp->t1_timeout = dhcp->t1_renew_time = forever ? 0 : heard.renew;
    dhcp->t2_timeout = dhcp->t2_rebind_time = forever ? 0 : heard.rebind;
    if (forever)
        event_timer_cancel(&own->lease_end);
    else    /* after lwIP, where it still knows */
        event_timer_set(&own->lease_end,
                        clock_ns() + (heard.seconds + 2ull) * NS_PER_S);
}

static void settle_mtu(struct interface *i)
{
    uint16_t most = interface_card(i)->mtu;
    uint16_t mtu = heard.mtu;

    if (mtu != 0 && mtu < MTU_MIN)
        mtu = MTU_MIN;
    i->netif.mtu = mtu != 0 && mtu < most ? mtu : most;
}

void own_address_settle(struct interface *i)
{
    struct dhcp *dhcp = netif_dhcp_data(&i->netif);

    if (state_before == DHCP_STATE_OFF || state_before == DHCP_STATE_BOUND ||
        dhcp->state != DHCP_STATE_BOUND)
        return;
    if (heard.server)
        ip_addr_set_ip4_u32(&dhcp->server_ip_addr, lwip_htonl(heard.server));
    i->own.questions = 0;
    i->own.last_refusal = 0;
    if (state_before != DHCP_STATE_REBINDING)
        i->own.rebinding_told = false;      /* there is one that renews */
    settle_times(&i->own, dhcp);
    settle_mtu(i);
    event_post(&i->own.report_later);
}

void own_address_watch(struct interface *i, bool fixed)
{
    i->own.fixed = fixed;
    i->own.report_later.run = run_report;
    i->own.lease_end.expire = run_lease_end;
    i->own.told.mtu = i->netif.mtu;
    netif_set_status_callback(&i->netif, status_changed);
}
