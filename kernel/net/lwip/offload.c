/* SPDX-License-Identifier: MIT */
/*
 * offload.c - what is left to the card: to complete TCP's checksum, and to cut
 * segments that are larger than the wire's (net/lwip/cut.h). Called for each
 * frame on its way out, between lwIP and netdev->send().
 */
#include "net/lwip/port.h"

#include "lib/list.h"
#include "net/lwip/segment.h"

#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/tcp.h"

/* Where the TCP header is in a frame of TCP over IPv4; NULL if it is none. */
static struct tcp_hdr *tcp_header(const struct pbuf *p)
{
    uint8_t *frame = p->payload;

    if (p->len < SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN ||
        !segment_is_there(frame))
        return NULL;
    return (void *)(frame + SIZEOF_ETH_HDR + IP_HLEN);
}

/* The sum of the pseudo-header [RFC 9293 §3.1]: that of a frame that is to be
 * cut has the whole length, and who cuts it puts that right. */
static uint16_t pseudo_header_sum(const struct pbuf *p)
{
    const struct ip_hdr *ip =
        (void *)((uint8_t *)p->payload + SIZEOF_ETH_HDR);
    uint64_t sum = (uint64_t)ip->src.addr + ip->dest.addr +
                   PP_HTONS(IP_PROTO_TCP) +
                   lwip_htons((u16_t)(p->tot_len - SIZEOF_ETH_HDR - IP_HLEN));

    /* Two numbers of 16 bits at a time: what is carried comes in again. */
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The card sums from the TCP header on, and puts the result over what lies in
 * the checksum field: that must be the pseudo-header's sum. How large a
 * segment may be on the wire is the connection's to say: while lwIP sends for
 * one, it shows its hints. */
void port_ask_offload(const struct netdev *card, struct pbuf *p,
                      struct netbuf *first)
{
    const struct netif *netif = card->stack;
    struct tcp_hdr *tcp = tcp_header(p);
    unsigned headers;

    if (!tcp)
        return;
    first->patient = !(TCPH_FLAGS(tcp) & TCP_RST);  /* which is sent once */
    if (!(card->features & NETDEV_CHECKSUM))
        return;
    tcp->chksum = pseudo_header_sum(p);
    first->csum_start = SIZEOF_ETH_HDR + IP_HLEN;
    first->csum_offset = offsetof(struct tcp_hdr, chksum);

    if (!(card->features & NETDEV_TSO4) || !netif->hints)
        return;
    headers = SIZEOF_ETH_HDR + IP_HLEN + TCPH_HDRLEN_BYTES(tcp);
    const struct tcp_pcb *pcb =
        container_of(netif->hints, struct tcp_pcb, netif_hints);
    if (p->tot_len <= headers + pcb->mss)
        return;
    first->gso_size = pcb->mss;
    first->header_len = (uint16_t)headers;
}
