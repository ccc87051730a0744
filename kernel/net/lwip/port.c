/* SPDX-License-Identifier: MIT */
/*
 * port.c - brings up lwIP over a card, and stands between the two for what is
 * not lab 10's: frames that lwIP should not see, chains that a card can't
 * take. What a card completes and cuts is offload.c's.
 */
#include "net/lwip/port.h"

#include "console/format.h"
#include "console/log.h"
#include "core/cmdline.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/lwip/connections.h"
#include "net/lwip/departure.h"
#include "net/lwip/interface.h"
#include "net/lwip/memory.h"
#include "net/lwip/random.h"
#include "net/lwip/segment.h"
#include "net/lwip/streams.h"
#include "net/up.h"
#include "without/without.h"

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/inet_chksum.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/udp.h"

_Static_assert(!LWIP_SOCKET && !LWIP_NETCONN && !IP_FRAG && !IP_REASSEMBLY &&
               !IP_FORWARD && !LWIP_RAW && !LWIP_DNS && !LWIP_IGMP &&
               !LWIP_IPV6 && !LWIP_ALTCP && !LWIP_AUTOIP,
               "parts of lwIP that nothing here uses stay out");

static struct event_timer timer;    /* lwIP's timeouts are for all cards */

/* ---- Coming in ---------------------------------------------------------- */

enum { TYPE_OFFSET = 12 };

/* lwIP reads a whole ARP packet, IP header or UDP header without asking
 * whether it is there. The frame has more than Ethernet's header. */
static bool is_cut_short(const struct netbuf *frame)
{
    const uint8_t *type = frame->data + TYPE_OFFSET;
    const uint8_t *ip = frame->data + ETHERNET_HEADER_SIZE;
    size_t len = frame->len - ETHERNET_HEADER_SIZE;

    switch (type[0] << 8 | type[1]) {
    case ETHTYPE_ARP:
        return len < SIZEOF_ETHARP_HDR;
    case ETHTYPE_IP:
        return len < IP_HLEN || (IPH_PROTO((const struct ip_hdr *)ip) ==
               IP_PROTO_UDP && len < (ip[0] & 15) * 4u + UDP_HLEN);
    default:
        return false;
    }
}

/* After a round's frames: lwIP may have new timeouts. */
static void run_after_frames(struct event_work *work)
{
    (void)work;
    port_timers_set(&timer);
}

/* TCP over IPv4, and it begins no connection: nearly every frame. Nobody but
 * lwIP's TCP wants to see it, and no timeout begins with it. */
static inline bool is_plain_segment(const struct netbuf *frame)
{
    const struct tcp_hdr *tcp = (const void *)(frame->data + SEGMENT_TCP);

    return frame->len >= SEGMENT_MIN && frame->len <= UINT16_MAX &&
           segment_is_there(frame->data) && !(TCPH_FLAGS(tcp) & TCP_SYN);
}

/* port_receive() for a card that has its buffer back at once. */
static void receive_copy(struct netdev *card, struct netbuf *frame)
{
    struct netif *netif = card->stack;
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)frame->len, PBUF_POOL);

    if (p)
        pbuf_take(p, frame->data, (u16_t)frame->len);
    frame->release(frame);
    if (p && netif->input(p, netif) != ERR_OK)
        pbuf_free(p);
}

static inline void hand_over(struct netdev *card, struct netbuf *frame)
{
    connections_sum = netdev_sum(card, frame);
    if (without(WITHOUT_RECEIVE))
        receive_copy(card, frame);
    else
        port_receive(card, frame);
    connections_sum = 0;
    /* lwIP may have run out of what segments hold that came too early. */
    PBUF_CHECK_FREE_OOSEQ();
}

void port_hand_over(struct netdev *card, struct netbuf *frame)
{
    hand_over(card, frame);
}

/* Is a frame that is not nearly every frame for lwIP, and now? */
static bool is_wanted(struct interface *interface, struct netbuf *frame)
{
    if (frame->len > ETHERNET_HEADER_SIZE && frame->len <= UINT16_MAX &&
        !is_cut_short(frame) && !own_address_refuses(interface, frame))
        return !early_keeps(interface, frame);
    frame->release(frame);
    return false;
}

static void frame_came(struct netdev *card, struct netbuf *frame)
{
    static struct event_work after = { .run = run_after_frames };
    struct interface *interface = interface_of(card->stack);
    bool plain = is_plain_segment(frame) &&
                 !ip4_addr_isany_val(*netif_ip4_addr(&interface->netif));

    if (!plain && !is_wanted(interface, frame))
        return;
    hand_over(card, frame);
    if (!plain) {
        own_address_settle(interface);
        event_post(&after);
    }
}

/* ---- Going out ---------------------------------------------------------- */

/* How many pieces of `p` have something in them; *empty: has any not? */
static unsigned pieces(const struct pbuf *p, bool *empty)
{
    unsigned count = 0;

    *empty = false;
    for (; p; p = p->next) {
        if (p->len)
            count++;
        else
            *empty = true;
    }
    return count;
}

err_t port_link_output(struct netif *netif, struct pbuf *p)
{
    bool empty;
    struct pbuf *whole;
    err_t err;

    transmit_over(&interface_of(netif)->transmits);
    if (pieces(p, &empty) <= NETDEV_PIECES_MAX && !empty &&
        !without(WITHOUT_TRANSMIT)) {
        departure_learn(netif, p);
        return port_output(netif, p);
    }
    whole = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
    if (!whole)
        return ERR_MEM;
    err = port_output(netif, whole);
    pbuf_free(whole);
    return err;
}

/* What lwIP could not send for want of room. */
static void room_again(struct netdev *card)
{
    connections_room_again(card->stack);
}

static void link_changed(struct netdev *card)
{
    if (card->link_up)
        netif_set_link_up(card->stack);
    else
        netif_set_link_down(card->stack);
    port_timers_set(&timer);
}

/* ---- Up ----------------------------------------------------------------- */

/* The command line's `key=` for the card `name`: "net1.ip", and of the first
 * card plainly "ip". */
static long card_value(const char *name, const char *key, char *value,
                       size_t cap)
{
    char whole[16];

    if (strcmp(name, "net0") == 0)
        return cmdline_value(key, value, cap);
    format(whole, sizeof whole, "%s.%s", name, key);
    return cmdline_value(whole, value, cap);
}

/* What the command line says of our address. */
static void read_settings(const char *name, struct settings *settings)
{
    char ip[32] = "", gw[32] = "";
    const char *wrong;
    long ip_len = card_value(name, "ip", ip, sizeof ip);
    long gw_len = card_value(name, "gw", gw, sizeof gw);

    /* A word that does not fit makes no sense either. */
    if (settings_parse(ip_len == -ENOENT ? NULL : ip,
                       gw_len == -ENOENT ? NULL : gw, settings, &wrong) != 0)
        log_line("%s: on the kernel's command line, %s; asking DHCP", name,
                 wrong);
}

/* Once, whatever the number of cards. */
static int make_all(void)
{
    int err;

    if (timer.expire)
        return 0;
    err = memory_make();
    if (!err)
        err = buffers_make();
    if (!err)
        err = connections_make();
    if (!err)
        err = streams_make();
    if (err)
        return err;
    lwip_init();
    timer.expire = port_timers_run;
    return 0;
}

/* On one wire, neither of the two would get what is its own. */
static void look_for_twin(const struct netdev *card)
{
    for (const struct interface *i = interfaces; i; i = i->next)
        if (memcmp(interface_card(i)->address, card->address,
                   sizeof card->address) == 0)
            log_line("%s: has the same hardware address as %s; not for one "
                     "wire", card->name, interface_card(i)->name);
}

static int add_interface(struct netdev *card, bool fixed)
{
    u16_t checks = NETIF_CHECKSUM_ENABLE_ALL;
    struct interface *interface = interface_add();
    struct netif *netif;

    if (!interface)
        return -ENOMEM;
    netif = &interface->netif;
    if (!netif_add_noaddr(netif, card, port_init, connections_input))
        return -ENOMEM;
    if (card->features & NETDEV_CHECKSUM)
        checks &= (u16_t)~NETIF_CHECKSUM_GEN_TCP;
    NETIF_SET_CHECKSUM_CTRL(netif, checks);
    own_address_watch(interface, fixed);
    card->stack = netif;
    card->receive = frame_came;
    card->writable = room_again;
    card->link_changed = link_changed;
    netif_set_up(netif);
    return 0;
}

int net_up(const char *name)
{
    struct netdev *card = netdev_find(name);
    struct settings settings;
    int err;

    if (!card) {
        log_line("%s: there is no such network card", name);
        return -ENODEV;
    }
    random_stir(card->address, sizeof card->address);
    read_settings(name, &settings);
    look_for_twin(card);
    err = make_all();
    if (!err)
        err = add_interface(card, settings.fixed);
    if (!err)
        err = port_address(card->stack, &settings);
    if (err) {
        log_line("%s: no memory for the network", name);
        return err;
    }
    port_timers_set(&timer);
    return 0;
}
