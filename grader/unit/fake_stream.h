/* SPDX-License-Identifier: MIT */
/*
 * fake_stream.h - net/stream.h with a client made of the test's own hands, an
 * event loop and a clock that stand still until the test moves them.
 *
 * It is as hostile as the contract allows: it takes what it likes of a send,
 * gives memory back late and in parts, or at once; and it looks whether lent
 * memory stays as it was.
 */
#ifndef UNIT_FAKE_STREAM_H
#define UNIT_FAKE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "net/stream.h"

struct fake_client;

enum { FAKE_STREAMS = 1024 };   /* how many streams stream_usage() speaks of */

/* The knobs, for every stream from now on. */
struct fake_manner {
    size_t room;                /* most bytes that are on their way */
    size_t part;                /* most bytes that one send takes, 0: any */
    bool at_once;               /* gives memory back inside stream_send() */
};
extern struct fake_manner fake_manner;

/* Connects; NULL when it was refused. */
struct fake_client *fake_connect(void);

/* The client sends; what the server doesn't take is kept for it. */
void fake_send(struct fake_client *client, const char *data, size_t len);
void fake_end(struct fake_client *client);
void fake_reset(struct fake_client *client);

/* The client acknowledges up to `len` bytes. */
void fake_acknowledge(struct fake_client *client, size_t len);

/* Runs what is ready, until nothing is. */
void fake_run(void);

/* Runs, and acknowledges everything, until nothing more comes. */
void fake_settle(struct fake_client *client);

/* Moves the clock, second by second. */
void fake_sleep(unsigned seconds);

/* What has come so far, NUL-terminated. */
const char *fake_received(const struct fake_client *client, size_t *len);
void fake_forget_received(struct fake_client *client);

bool fake_closed(const struct fake_client *client);     /* by stream_close */
bool fake_aborted(const struct fake_client *client);
bool fake_is_open(const struct fake_client *client);
size_t fake_on_its_way(const struct fake_client *client);
size_t fake_not_taken(const struct fake_client *client);

/* Of the last stream_send(). */
bool fake_more(const struct fake_client *client);

#endif
