/* SPDX-License-Identifier: MIT */
/*
 * lwipopts.h - which parts of lwIP there are, and how large its windows.
 *
 * lwIP includes it before anything of its own. What is not named here has
 * lwIP's default (lwip/opt.h). The limits of its pools are not here: they
 * depend on the memory of the machine (net/lwip/pools.h).
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* One thread, no operating system below: the raw API and nothing else.
 * lwIP is never entered from an interrupt handler, so it locks nothing. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_RAW 0
#define LWIP_STATS 0

/* IPv4 with ARP, DHCP and ping. No fragments either way: what we send is cut
 * by TCP, and reassembly is not worth its risks to a server of TCP. */
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define IP_FRAG 0
#define IP_REASSEMBLY 0
#define IP_FORWARD 0
#define LWIP_ICMP 1
#define LWIP_UDP 1
#define LWIP_DNS 0
#define LWIP_DHCP 1
#define LWIP_DHCP_GET_NTP_SRV 0
#define DHCP_COARSE_TIMER_SECS 1    /* a lease may be of a few seconds, ... */
#define DHCP_TIMEOUT_SIZE_T u32_t   /* ... or of years */
#define DHCP_ADD_EXTRA_REQUEST_OPTIONS , 26 /* the MTU [RFC 2132 §5.1] */
#define LWIP_NETIF_STATUS_CALLBACK 1

/* No wait of seconds to see whether another has the address that DHCP just
 * gave us: a guest is to answer as soon as it has one. */
#define LWIP_ACD 0
#define LWIP_DHCP_DOES_ACD_CHECK 0

/* As many neighbours as a class has. Until it is known who one is, what is for
 * him waits: lwIP's one packet would be the last of a dozen connections that
 * began at once, and the others would wait for seconds. */
#define ARP_TABLE_SIZE 64
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 32
#define MEMP_NUM_ARP_QUEUE 128

/* Somebody who pings a broadcast address is not answered [RFC 1122 §3.2.2.6]
 * and a datagram to the all-ones address is not taken for TCP's. */
#define LWIP_BROADCAST_PING 0
#define LWIP_MULTICAST_PING 0

/* TCP. Large windows: a guest may be a continent away from its reader. What
 * is sent is never copied, so room to send costs no memory but headers. */
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 4
#define TCP_WND (256 * 1024)
#define TCP_SND_BUF (512 * 1024)
#define TCP_SNDLOWAT 32768
#define TCP_OVERSIZE 0
#define LWIP_TCP_TIMESTAMPS 0
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define TCP_LISTEN_BACKLOG 0        /* guard.c counts, beyond a byte */
#define TCP_MSL 30000               /* ms; TIME-WAIT lasts twice as long */
#define LWIP_TCP_PCB_NUM_EXT_ARGS 1 /* see connections_expect() */
#define LWIP_NETIF_HWADDRHINT 1     /* each pcb knows its neighbour; see
                                       port_ask_offload() as well */
#define TCP_MAXRTX 8                /* about five minutes [RFC 1122 §4.2.3.5] */

/* Segments that come before their turn wait in the card's receive buffers:
 * how many may is one count for all connections (net/lwip/buffers.h). */
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_PBUFS 1
#define TCP_OOSEQ_PBUFS_LIMIT(pcb) buffers_out_of_order_limit()
#define TCP_OOSEQ_BYTES_LIMIT(pcb) 0xffffffu

/* Checksums are made and checked here unless the card does it, which each
 * netif says for itself. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_INLINE_IP_CHKSUM 1     /* of what we send, while it is written */

/* Memory: pbufs over the card's own buffers; all else comes from our pools
 * (net/lwip/memory.c stands where lwIP has mem.c and memp.c). */
#define MEM_ALIGNMENT 16
#define MEMP_NUM_SYS_TIMEOUT 8      /* TCP, ARP and two of DHCP's */
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_POOL_BUFSIZE 1536
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC mem_malloc
#define MEM_CUSTOM_CALLOC mem_calloc
#define MEM_CUSTOM_FREE mem_free

/* What lwIP calls on its way: see the header. */
#define LWIP_HOOK_FILENAME "net/lwip/hooks.h"
#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port)            \
    random_tcp_isn(local, local_port, remote, remote_port)
#define LWIP_HOOK_IP4_INPUT(p, netif)                                        \
    (packet_watcher ? (packet_watcher(p, netif), 0) : 0)
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options, first, second, p)   \
    ((void)(second), guard_segment(pcb, header, options, first, p))
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, msg, type, len)    \
    own_address_asks(netif, state)
#define LWIP_HOOK_IP4_ROUTE_SRC(source, dest) interface_route(source, dest)

#endif
