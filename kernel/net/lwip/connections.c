/* SPDX-License-Identifier: MIT */
/*
 * connections.c - every connection, by the addresses and ports at its two
 * ends; and the way of its segments to it.
 *
 * A connection is here from its SYN until lwIP frees its pcb, whatever becomes
 * of it in between. tcp_input() goes through lwIP's list of connections from
 * the front, so the one that a segment is for is brought there first. The list
 * is linked one way only; `order` has the same order, linked both ways. Where
 * lwIP has changed its list and `order` does not know, that shows, as the next
 * one there is not the next one here: then lwIP looks for the connection
 * itself, and brings it to the front. (One that waits to be forgotten,
 * TIME-WAIT, is in another list of lwIP's, and stays where it is in both.)
 */
#include "net/lwip/connections.h"

#include "lib/list.h"
#include "net/lwip/checksum.h"
#include "net/lwip/hooks.h"
#include "net/lwip/pools.h"
#include "net/netdev.h"

#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "netif/ethernet.h"

enum {
    BUCKETS_LOG2 = 9,
    TYPE = 12, IP = ETHERNET_HEADER_SIZE, ADDRESSES = 12, /* in IP's header */
    TCP = IP + IP_HLEN,
};

/* As they are in a segment that comes: all in network byte order. */
struct ends {
    uint32_t remote, local;
    uint32_t ports;             /* the remote one, then ours */
};

struct connection {
    struct connection *next;    /* in its bucket */
    struct list link;           /* in `order` */
    struct ends ends;
    struct tcp_pcb *pcb;
};

static struct pool connections;
static struct connection *buckets[1 << BUCKETS_LOG2];
static struct list order = LIST_INIT(order);

int connections_make(void)
{
    struct pool_limits limits = pool_limits();

    return pool_make(&connections, "connections", sizeof(struct connection),
                     limits.connections + limits.half_open);
}

static struct connection **bucket_of(const struct ends *ends)
{
    /* Knuth's: the upper bits of the product depend on all of the number. */
    return &buckets[(uint32_t)((ends->remote ^ ends->ports) * 2654435769u) >>
                    (32 - BUCKETS_LOG2)];
}

/* ---- Their life --------------------------------------------------------- */

/* lwIP frees the pcb. */
static void forget(u8_t id, void *data)
{
    struct connection *c = data, **at = bucket_of(&c->ends);

    (void)id;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    list_remove(&c->link);
    pool_give(&connections, c);
}

/* lwIP has made a pcb for a SYN, put it in front, and is about to answer. */
static err_t begin(u8_t id, struct tcp_pcb_listen *listener,
                   struct tcp_pcb *pcb)
{
    static const struct tcp_ext_arg_callbacks callbacks = { .destroy = forget };
    struct connection *c = pool_take(&connections), **bucket;

    (void)listener;
    tcp_bind_netif(pcb, ip_current_input_netif());
    if (!c)
        return ERR_MEM;
    c->pcb = pcb;
    c->ends = (struct ends){
        ip_2_ip4(&pcb->remote_ip)->addr, ip_2_ip4(&pcb->local_ip)->addr,
        lwip_htonl((uint32_t)pcb->remote_port << 16 | pcb->local_port),
    };
    bucket = bucket_of(&c->ends);
    c->next = *bucket;
    *bucket = c;
    list_insert_before(order.next, &c->link);
    tcp_ext_arg_set_callbacks(pcb, id, &callbacks);
    tcp_ext_arg_set(pcb, id, c);
    return ERR_OK;
}

void connections_expect(struct tcp_pcb *listener)
{
    static const struct tcp_ext_arg_callbacks callbacks = {
        .passive_open = begin,
    };

    tcp_ext_arg_set_callbacks(listener, 0, &callbacks);
}

/* ---- Their segments ----------------------------------------------------- */

static struct connection *find(const struct ends *ends)
{
    struct connection *c = *bucket_of(ends);

    while (c && (c->ends.remote != ends->remote ||
                 c->ends.ports != ends->ports || c->ends.local != ends->local))
        c = c->next;
    return c;
}

static void bring_to_front(struct connection *c)
{
    struct tcp_pcb *pcb = c->pcb, *before;

    if (order.next == &c->link || pcb->state == TIME_WAIT)
        return;
    before = container_of(c->link.prev, struct connection, link)->pcb;
    if (before->next == pcb) {
        before->next = pcb->next;
        pcb->next = tcp_active_pcbs;
        tcp_active_pcbs = pcb;
    }
    list_remove(&c->link);
    list_insert_before(order.next, &c->link);
}

/* The bytes of IP's packet in the frame `p`, if that is in one piece, and a TCP
 * segment, its IP header without options, all of it as its sender made it;
 * otherwise 0. */
static unsigned segment_size(const struct pbuf *p)
{
    const uint8_t *frame = p->payload;
    const struct ip_hdr *ip = (const void *)(frame + IP);
    unsigned size, sum;

    if (p->next || p->len < TCP + TCP_HLEN || frame[TYPE] != ETHTYPE_IP >> 8 ||
        frame[TYPE + 1] != (ETHTYPE_IP & 255) || ip->_v_hl != (4 << 4 | 5) ||
        IPH_PROTO(ip) != IP_PROTO_TCP ||
        (IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF)) != 0)
        return 0;
    size = lwip_ntohs(IPH_LEN(ip));
    if (size < IP_HLEN + TCP_HLEN || size > p->len - (unsigned)IP ||
        checksum_add(ip, IP_HLEN) != 0xffff)
        return 0;
    /* The segment's is over the addresses as well, which lie before it. */
    sum = checksum_add(frame + IP + ADDRESSES, size - ADDRESSES) +
          PP_HTONS(IP_PROTO_TCP) + lwip_htons((u16_t)(size - IP_HLEN));
    return (u16_t)(sum + (sum >> 16)) == 0xffff ? size : 0;
}

/* What ip4_input() does around it. */
static void hand_over(struct pbuf *p, unsigned size, struct netif *netif)
{
    static struct netif checked;    /* asks tcp_input() for no checksum */

    ip_data.current_netif = netif;
    ip_data.current_input_netif = netif;
    ip_data.current_ip4_header = (void *)((uint8_t *)p->payload + IP);
    ip_data.current_ip_header_tot_len = IP_HLEN;
    ip_addr_copy_from_ip4(ip_data.current_iphdr_src,
                          ip_data.current_ip4_header->src);
    ip_addr_copy_from_ip4(ip_data.current_iphdr_dest,
                          ip_data.current_ip4_header->dest);
    p->payload = (uint8_t *)p->payload + TCP;
    p->len = p->tot_len = (u16_t)(size - IP_HLEN);
    tcp_input(p, &checked);
    ip_data.current_netif = NULL;
    ip_data.current_input_netif = NULL;
    ip_data.current_ip4_header = NULL;
    ip_data.current_ip_header_tot_len = 0;
    ip4_addr_set_any(ip4_current_src_addr());
    ip4_addr_set_any(ip4_current_dest_addr());
}

err_t connections_input(struct pbuf *p, struct netif *netif)
{
    unsigned size = packet_watcher ? 0 : segment_size(p);
    struct connection *c = NULL;
    struct ends ends;

    if (size > 0) {
        __builtin_memcpy(&ends, (uint8_t *)p->payload + IP + ADDRESSES, sizeof ends);
        c = find(&ends);
    }
    if (!c || c->pcb->netif_idx != netif_get_index(netif) ||
        ends.local != netif_ip4_addr(netif)->addr)
        return ethernet_input(p, netif);
    bring_to_front(c);
    hand_over(p, size, netif);
    return ERR_OK;
}
