/* SPDX-License-Identifier: MIT */
/*
 * without.h - what makes a guest fast, and what it can do without.
 *
 * Everything named here only saves work: what a client gets is the same with
 * each of it and without. So a run can be told to do without some, to see what
 * each is worth (make ladder) and that nothing else depends on it:
 *
 *     make run APP=web APPEND="without=tso,csum"
 */
#ifndef WITHOUT_WITHOUT_H
#define WITHOUT_WITHOUT_H

#include <stdbool.h>

enum without {
    WITHOUT_CONTENT,    /* content: a file's bytes are sent where they lie */
    WITHOUT_TRANSMIT,   /* transmit: the card reads a frame's parts where they
                           lie, not from one copy */
    WITHOUT_RECEIVE,    /* receive: the card's buffers go up as they are */
    WITHOUT_KICK,       /* kick: one announcement for a round's frames */
    WITHOUT_EVENT_IDX,  /* event_idx: VIRTIO_F_EVENT_IDX */
    WITHOUT_CSUM,       /* csum: VIRTIO_NET_F_CSUM and _GUEST_CSUM */
    WITHOUT_TSO,        /* tso: VIRTIO_NET_F_HOST_TSO4 */
    WITHOUT_ANSWERS,    /* answers: what was asked before is remembered */
    WITHOUT_READAHEAD,  /* readahead: a file is read before it is asked for */
    WITHOUT_COUNT
};

/* What the word `without` on the command line names; a bit for each. Set
 * before buses are looked at. */
extern unsigned without_what;

static inline bool without(enum without what)
{
    return (without_what & 1u << what) != 0;
}

#endif
