/* SPDX-License-Identifier: MIT */
/*
 * connections.c - every connection, by the addresses and ports at its two
 * ends; and the way of its segments to it.
 *
 * A connection is here from its SYN until lwIP frees its pcb, whatever becomes
 * of it in between. A segment that was to be expected is dealt with at once
 * (predict.c). For any other tcp_input() goes through lwIP's list of
 * connections from the front, so the one that it is for is brought there first.
 * The list is linked one way only; `order` has the same order, linked both
 * ways. Where lwIP has changed its list and `order` does not know, that shows,
 * as the next one there is not the next one here: then lwIP looks for the
 * connection itself, and brings it to the front. (One that waits to be
 * forgotten, TIME-WAIT, is in another list of lwIP's, and stays where it is in
 * both.)
 */
#include "net/lwip/connections.h"

#include "lib/list.h"
#include "net/lwip/departure.h"
#include "net/lwip/hooks.h"
#include "net/lwip/lists.h"
#include "net/lwip/pools.h"
#include "net/lwip/predict.h"
#include "net/lwip/segment.h"
#include "net/netdev.h"

#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "netif/ethernet.h"

enum {
    BUCKETS_LOG2 = 9,
    SUMS = NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP,
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
    struct netif *netif;        /* over whose card it is, for good */
    struct departure departure;
    struct resting resting;
};

static struct pool connections;
static struct connection *buckets[1 << BUCKETS_LOG2];
static struct list order = LIST_INIT(order);
static const struct connection *looked_at;      /* by lwIP; until forgotten */
enum netdev_sum connections_sum;

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
    lists_forget(&c->resting);
    pool_give(&connections, c);
    if (looked_at == c)
        looked_at = NULL;
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
    c->netif = ip_current_input_netif();
    departure_init(&c->departure);
    lists_init(&c->resting, pcb);
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
    if (connections.used == connections.limit)
        lists_give_way();
}

unsigned connections_awake(void)
{
    return connections.used - lists_resting();
}

struct departure *connections_departure(const struct tcp_pcb *pcb)
{
    struct connection *c = pcb->ext_args[0].data;

    return c ? &c->departure : NULL;
}

/* ---- Their segments ----------------------------------------------------- */

/* One whose two ends these are, over the card that it is over. Its address must
 * still be ours. */
static inline struct connection *find(const uint8_t *frame,
                                      const struct netif *netif)
{
    const struct ends ends = {
        segment_word(frame + SEGMENT_FROM),
        segment_word(frame + SEGMENT_TO),
        segment_word(frame + SEGMENT_TCP),
    };
    struct connection *c = *bucket_of(&ends);

    while (c && (c->ends.remote != ends.remote ||
                 c->ends.ports != ends.ports || c->netif != netif ||
                 c->ends.local != ends.local))
        c = c->next;
    return c && ends.local == netif_ip4_addr(netif)->addr ? c : NULL;
}

/* Is there one between these ends, over whatever card? */
static bool is_known(const uint8_t *frame)
{
    const struct ends ends = {
        segment_word(frame + SEGMENT_FROM),
        segment_word(frame + SEGMENT_TO),
        segment_word(frame + SEGMENT_TCP),
    };
    const struct connection *c = *bucket_of(&ends);

    while (c && (c->ends.remote != ends.remote ||
                 c->ends.ports != ends.ports || c->ends.local != ends.local))
        c = c->next;
    return c != NULL;
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

/* What tcp_txnow() does, but that begins with the same ones every time, and
 * those behind them would never have any of the room. */
void connections_room_again(const struct netif *netif)
{
    struct list *before;

    for (struct list *at = order.prev; at != &order; at = before) {
        struct connection *c = container_of(at, struct connection, link);

        before = at->prev;
        if (!(c->pcb->flags & TF_NAGLEMEMERR) || c->netif != netif)
            continue;
        if (tcp_output(c->pcb) != ERR_OK)
            return;
        bring_to_front(c);
    }
}

/* What is said of a segment meanwhile: over which card it came, from where and
 * for whom. */
static inline void begin_segment(const struct connection *c)
{
    ip_data.current_input_netif = c->netif;
    ip4_addr_set_u32(ip4_current_src_addr(), c->ends.remote);
    ip4_addr_set_u32(ip4_current_dest_addr(), c->ends.local);
}

static inline void end_segment(void)
{
    ip_data.current_input_netif = NULL;
    ip4_addr_set_any(ip4_current_src_addr());
    ip4_addr_set_any(ip4_current_dest_addr());
}

/* lwIP tells the owner what has been acknowledged before he gets what has come.
 * If he aborts the connection at that, lwIP loses the pbuf without freeing it:
 * nobody else is left who could have it then. */
static void tcp_input_whole(struct pbuf *p, struct netif *netif,
                            struct connection *c)
{
    looked_at = c;
    pbuf_ref(p);
    tcp_input(p, netif);
    if (looked_at)
        lists_notice(&c->resting);
    else if (p->ref > 1)
        pbuf_free(p);
    pbuf_free(p);
    looked_at = NULL;
}

/* The long way, from Ethernet's header on, or if its connection is known from
 * TCP's. What has been summed is not summed again. */
static err_t go_on(struct pbuf *p, struct netif *netif, struct connection *c,
                   bool summed)
{
    u16_t checks = netif->chksum_flags;
    err_t err = ERR_OK;

    if (summed)
        netif->chksum_flags &= (u16_t)~SUMS;
    if (c) {
        bring_to_front(c);
        ip_data.current_netif = netif;
        tcp_input_whole(p, netif, c);
        ip_data.current_netif = NULL;
    } else {
        err = ethernet_input(p, netif);
    }
    netif->chksum_flags = checks;
    return err;
}

err_t connections_input(struct pbuf *p, struct netif *netif)
{
    unsigned size = packet_watcher || p->next ? 0 :
                    segment_size(p->payload, p->len, connections_sum);
    struct connection *c = size > 0 ? find(p->payload, netif) : NULL;

    if (!c) {
        if (size > 0 && !is_known(p->payload))
            lists_hide();
        err_t err = go_on(p, netif, NULL, size > 0 || connections_sum);
        lists_show();
        return err;
    }
    p->payload = (uint8_t *)p->payload + SEGMENT_TCP;
    p->len = p->tot_len = (u16_t)(size - IP_HLEN);
    begin_segment(c);
    if (!predict_input(c->pcb, p))
        go_on(p, netif, c, true);
    end_segment();
    return ERR_OK;
}
