/* SPDX-License-Identifier: MIT */
/*
 * fake_host.h - the sockets library over the host's real sockets, with a host
 * that does what is within its rights at the worst moment: takes a part of
 * what it is given, has nothing after all, is interrupted, runs out of
 * descriptors, says what is ready in the middle of something else. The clock
 * stands still until it is moved; that a descriptor is closed once, and not
 * while it is watched, is looked at here.
 */
#ifndef UNIT_FAKE_HOST_H
#define UNIT_FAKE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A call of the host's that is to fail. */
struct host_fault {
    unsigned times;             /* so many times from now on */
    int error;                  /* with this errno */
};

/* The knobs and the counters. */
struct fake_host {
    struct host_fault accept, recv, send;
    size_t send_most;           /* bytes that one send() takes; 0: any */
    size_t recv_most;           /* that one recv() gives; 0: any */
    bool watch_fails;           /* what is not watched yet can't be */
    bool quiet;                 /* nothing is said to be ready */
    int left;                   /* what it says a peer has yet to acknowledge;
                                   -1: the truth */
    unsigned weather;           /* of calls that fail for no reason, or do half
                                   of it, in 256ths */
    unsigned accepts, recvs, sends, looks;      /* calls */
    unsigned open;              /* descriptors accepted and not closed */
    size_t sent_held;           /* bytes of the last send() if it had MSG_MORE,
                                   else 0 */
};
extern struct fake_host host;

/* Brings up the library at 127.0.0.1, on whichever port the host chooses, with
 * the memory of a machine with so many MiB. */
void host_up(unsigned mib);

/* Looks once what is ready, and tells. Says whether anything was. */
bool host_look(void);

/* Is the descriptor `fd` watched for anything but errors? */
bool host_watches(int fd);

/* Bytes sent from here that have not been acknowledged, of all descriptors
 * that were accepted. */
unsigned host_under_way(void);

/* Waits for up to ten milliseconds for anything to be ready. */
void host_pause(void);

/* Of what `fd` was given, so much has not even been sent. */
unsigned host_not_sent(int fd);

/* Runs what is ready in the event loop, without a look at the host. */
void host_run(void);

/* At which port the peer is (socket_peer.c). */
struct peer;
uint16_t peer_port(const struct peer *p);

/* For those that play the other end, who are not to be disturbed. */
long plain_recv(int fd, void *buf, size_t len);
long plain_send(int fd, const void *buf, size_t len);
void plain_close(int fd);

#endif
