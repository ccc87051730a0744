/* SPDX-License-Identifier: MIT */
/*
 * host_net.h - a network card of a Unix process: frames through a descriptor,
 * each of them a message.
 *
 *     netdev->send()        netdev->receive()     the stack
 *          |                      ^  |
 *          |                      |  v release()
 *     host_net_send          host_net_receive     card.c
 *          v                      ^
 *        write                   read             wire.c
 *     ------------ a descriptor -------------
 *     a program    a tap device    whoever opened the socket
 *
 * What is at the other end is named in the environment (setup.c):
 *
 *   LODGE_NET0=run:COMMAND   a program, started here, for which @fd@ in COMMAND
 *                            is the number of its end of the wire
 *   LODGE_NET0=tap:NAME      the tap device NAME of this host
 *   LODGE_NET0=fd:N          the open datagram or seqpacket socket N
 *   LODGE_NET0_MAC=...       the card's address, if not 52:54:00:12:34:56
 *
 * and so on with LODGE_NET1, whose address ends in :57.
 */
#ifndef DRIVERS_HOST_NET_H
#define DRIVERS_HOST_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "arch/unix/descriptor.h"
#include "event/event.h"
#include "net/netdev.h"

enum {
    HOST_NET_BUFFERS = 256,     /* for receiving; while the stack holds them
                                   all, frames wait on the wire */
    HOST_NET_BUFFER = 2048,     /* bytes in each: no frame fills it */
};

/* The host's end of a wire. */
struct wire {
    int fd;
    ssize_t (*read)(int fd, void *buf, size_t cap);
    ssize_t (*write)(int fd, const struct iovec *pieces, int count);
};

/* A receive buffer: on the list rx_free, or lent to the stack. */
struct host_net_rx {
    struct netbuf netbuf;       /* its release is the card's */
    struct host_net *net;
    struct host_net_rx *next_free;
    uint8_t memory[HOST_NET_BUFFER];
};

/* A program at the other end. */
struct program {
    pid_t pid;                  /* 0: it has ended */
    const char *card;           /* the name of the card, for messages */
    struct descriptor end;      /* is ready when it has ended */
    struct event_work ended;
    struct program *next;
};

/*
 * Invariants, between calls:
 *   - wire.fd is -1 once the other end has gone, and then link_up is false;
 *   - the wire is watched for frames unless `starved`, for room if `blocked`.
 */
struct host_net {
    struct netdev netdev;
    struct wire wire;
    struct program program;     /* pid 0: there is none */
    struct descriptor descriptor;       /* the wire's */

    struct host_net_rx *rx_free;
    unsigned rx_ready;          /* on that list */
    struct netbuf *sent, **sent_end;    /* written, and to be released */
    unsigned sent_busy;         /* netbufs on that list */
    uint64_t frames_received, frames_sent;

    bool starved;               /* there was no buffer to receive into */
    bool blocked;               /* a send found no room: writable() is owed */
    bool alarmed;               /* the wire has said that something is wrong */

    struct event_work receive_work, writable_work, release_work;
};

/* For setup.c: what each work and function of the card does, its receive
 * buffers, and that it is watched from now on. Returns 0, -ENOMEM, or what
 * descriptor_watch() says. Its wire is open by then. */
int host_net_begin(struct host_net *net);

/* Opens what `text` says, the value of the environment's `variable`, into
 * net->wire and, if it is to be run, net->program. Returns 0 or, when a line
 * has said what is wrong, a negative errno. */
int wire_open(struct host_net *net, const char *variable, const char *text);

/* Has the other end gone? */
bool wire_has_gone(const struct wire *wire);

/* Starts `command` with @fd@ in it replaced by the number of one end of a pair
 * of sockets. It ends when we do, however that may be; should it end before, a
 * line says so. Returns the other end, or a negative errno with a line that
 * says what is wrong with `variable`. */
int program_start(struct program *program, const char *variable,
                  const char *command);

#endif
