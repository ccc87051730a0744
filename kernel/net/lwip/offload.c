/* SPDX-License-Identifier: MIT */
/*
 * offload.c - what is left to the card: to complete TCP's checksum, and to cut
 * segments that are larger than the wire's (net/lwip/cut.h). Called for each
 * frame on its way out, between lwIP and netdev->send().
 */
#include "net/lwip/port.h"

#include "lib/list.h"

#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/tcp.h"

/* Where the TCP header is in a frame of TCP over IPv4; NULL if it is none. */
static struct tcp_hdr *tcp_header(const struct pbuf *p)
{
    uint8_t *frame = p->payload;
    const struct ip_hdr *ip = (void *)(frame + SIZEOF_ETH_HDR);
    const struct eth_hdr *eth = (void *)frame;

    if (p->len < SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN ||
        eth->type != PP_HTONS(ETHTYPE_IP) || IPH_HL(ip) * 4 != IP_HLEN ||
        IPH_PROTO(ip) != IP_PROTO_TCP)
        return NULL;
    return (void *)(frame + SIZEOF_ETH_HDR + IP_HLEN);
}

/* The sum of the pseudo-header [RFC 9293 §3.1]: that of a frame that is to be
 * cut has the whole length, and who cuts it puts that right. */
static uint16_t pseudo_header_sum(const struct pbuf *p)
{
    const struct ip_hdr *ip =
        (void *)((uint8_t *)p->payload + SIZEOF_ETH_HDR);
    ip4_addr_t from, to;
    uint32_t sum;

    ip4_addr_copy(from, ip->src);
    ip4_addr_copy(to, ip->dest);
    sum = (from.addr & 0xffff) + (from.addr >> 16) + (to.addr & 0xffff) +
          (to.addr >> 16) + lwip_htons(IP_PROTO_TCP) +
          lwip_htons((u16_t)(p->tot_len - SIZEOF_ETH_HDR - IP_HLEN));
    sum = (sum & 0xffff) + (sum >> 16);
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

    if (!(card->features & NETDEV_CHECKSUM) || !tcp)
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
