/* SPDX-License-Identifier: MIT */
/*
 * ping.c - echo requests over lwIP, which itself only answers them. It shows
 * us each packet before it looks into it (net/lwip/hooks.h), so what is in
 * there is checked here. Linked where net/ping.h is used.
 */
#include "net/ping.h"

#include "core/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/lwip/hooks.h"
#include "net/lwip/interface.h"

#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/netif.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip.h"

void (*packet_watcher)(const struct pbuf *p, const struct netif *netif);

enum { OURS = 0x4c4f, REMEMBERED = 64, ECHO_HEADER = 8 };

static const struct ping_events *events;

/* When the last requests were sent, and how long they were. */
static struct request {
    uint64_t sent_ns;           /* 0: none, or answered */
    uint32_t to;
    uint16_t sequence;
    size_t len;
} requests[REMEMBERED];

/* Byte `i` of the data of request `sequence`. */
static uint8_t pattern(uint16_t sequence, size_t i)
{
    return (uint8_t)(sequence + i);
}

static void answer_came(uint32_t from, const struct icmp_echo_hdr *echo,
                        size_t len)
{
    uint16_t sequence = lwip_ntohs(echo->seqno);
    struct request *r = &requests[sequence % REMEMBERED];
    const uint8_t *data = (const uint8_t *)echo + ECHO_HEADER;
    uint64_t sent_ns = r->sent_ns;

    if (echo->id != lwip_htons(OURS) || !sent_ns || r->to != from ||
        r->sequence != sequence || r->len != len)
        return;
    for (size_t i = 0; i < len; i++)
        if (data[i] != pattern(sequence, i))
            return;
    r->sent_ns = 0;
    if (events->answered)
        events->answered(from, sequence, len, clock_ns() - sent_ns);
}

/* The ICMP message in the packet at `ip`, of which `len` bytes are there, and
 * its length in *size; NULL when it is none, none for us, or malformed. */
static const void *icmp_in(const struct ip_hdr *ip, size_t len,
                           const struct netif *netif, size_t *size)
{
    size_t header, total;

    if (len < IP_HLEN)
        return NULL;
    header = IPH_HL_BYTES(ip);
    total = lwip_ntohs(IPH_LEN(ip));
    if (header < IP_HLEN || total > len || total < header + ECHO_HEADER ||
        IPH_PROTO(ip) != IP_PROTO_ICMP ||
        (IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF)) != 0 ||
        ip->dest.addr != netif_ip4_addr(netif)->addr ||
        inet_chksum(ip, (u16_t)header) != 0)
        return NULL;
    *size = total - header;
    return inet_chksum((const uint8_t *)ip + header, (u16_t)*size) == 0
               ? (const uint8_t *)ip + header : NULL;
}

static void packet_came(const struct pbuf *p, const struct netif *netif)
{
    const struct ip_hdr *ip = p->payload;
    size_t size;
    const struct icmp_echo_hdr *echo = icmp_in(ip, p->len, netif, &size);

    if (!echo)
        return;
    uint32_t from = lwip_ntohl(ip->src.addr);

    if (ICMPH_TYPE(echo) == ICMP_ER)
        answer_came(from, echo, size - ECHO_HEADER);
    else if (ICMPH_TYPE(echo) == ICMP_ECHO && events->asked)
        events->asked(from, lwip_ntohs(echo->seqno), size - ECHO_HEADER);
}

void ping_watch(const struct ping_events *new_events)
{
    events = new_events;
    packet_watcher = packet_came;
}

int ping_send(uint32_t to, uint16_t sequence, size_t len)
{
    ip4_addr_t target = { .addr = lwip_htonl(to) };
    struct interface *interface = interface_towards(&target);
    struct icmp_echo_hdr *echo;
    struct pbuf *p;
    err_t err;

    if (len > PING_MAX)
        return -EINVAL;
    if (!interface)
        return -EAGAIN;
    p = pbuf_alloc(PBUF_IP, (u16_t)(ECHO_HEADER + len), PBUF_RAM);
    if (!p)
        return -EAGAIN;
    echo = p->payload;
    memset(echo, 0, ECHO_HEADER);
    ICMPH_TYPE_SET(echo, ICMP_ECHO);
    echo->id = lwip_htons(OURS);
    echo->seqno = lwip_htons(sequence);
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)echo)[ECHO_HEADER + i] = pattern(sequence, i);
    echo->chksum = inet_chksum(echo, p->len);
    requests[sequence % REMEMBERED] =
        (struct request){ clock_ns(), to, sequence, len };
    err = ip4_output_if(p, NULL, &target, ICMP_TTL, 0, IP_PROTO_ICMP,
                        &interface->netif);
    pbuf_free(p);
    return err == ERR_OK ? 0 : -EAGAIN;
}

uint32_t ping_gateway(void)
{
    const struct interface *interface = interface_default();

    return interface ? lwip_ntohl(netif_ip4_gw(&interface->netif)->addr) : 0;
}
