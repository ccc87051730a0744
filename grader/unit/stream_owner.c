/* SPDX-License-Identifier: MIT */
#include "stream_owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_card.h"
#include "unit.h"

/* ---- The owner of the streams ------------------------------------------- */

struct owner owner;

static void check_alive(struct stream *s, const char *what)
{
    CHECK(!owner.dead, "%s() is not called once the stream is closed, "
          "aborted or in error", what);
    CHECK(stream_context(s) == &owner, "stream_context() is what was given "
          "to stream_attach()");
}

static size_t on_receive(struct stream *s, const uint8_t *data, size_t len)
{
    size_t n = len < owner.takes ? len : owner.takes;

    check_alive(s, "receive");
    CHECK(len > 0, "receive() is called with something to take");
    CHECK(!owner.ended, "receive() is not called after end()");
    memcpy(owner.bytes + owner.count, data, n);
    owner.count += n;
    if (owner.in_receive)
        owner.in_receive(s);
    return n;
}

static void on_end(struct stream *s)
{
    check_alive(s, "end");
    owner.ended++;
    if (owner.in_end)
        owner.in_end(s);
}

static void on_writable(struct stream *s)
{
    check_alive(s, "writable");
    owner.writables++;
    if (owner.in_writable)
        owner.in_writable(s);
}

static void on_error(struct stream *s, int error)
{
    check_alive(s, "error");
    owner.errors++;
    owner.error = error;
    owner.dead = true;
    if (owner.in_error)
        owner.in_error(s);
}

const struct stream_events owner_events = {
    on_receive, on_end, on_writable, on_error,
};

int owner_accept(struct stream *s)
{
    owner.accepted++;
    owner.stream = s;
    owner.dead = false;
    stream_attach(s, &owner_events, &owner);
    if (owner.in_accept)
        owner.in_accept(s);
    return owner.refuse;
}

void close_it(struct stream *s)
{
    stream_close(s);
    owner.dead = true;
}

void abort_it(struct stream *s)
{
    stream_abort(s);
    owner.dead = true;
}

/* ---- What is lent -------------------------------------------------------- */

unsigned released;
static unsigned parts_out;

static void on_release(void *ctx)
{
    struct loan *loan = ctx;

    CHECK(loan->parts > 0, "each release() answers one send, here one more");
    loan->parts--;
    parts_out--;
    released++;
    if (loan->parts == 0 && loan->most == loan->len) {
        free(loan->bytes);
        free(loan);
    }
}

struct loan *loan_make(size_t len)
{
    struct loan *loan = calloc(1, sizeof *loan);

    loan->bytes = malloc(len);
    loan->len = len;
    for (size_t i = 0; i < len; i++)
        loan->bytes[i] = (uint8_t)unit_random();
    return loan;
}

/* Sends what of `loan` has not been sent. */
long loan_send(struct stream *s, struct loan *loan, bool more)
{
    long n = stream_send(s, loan->bytes + loan->most, loan->len - loan->most,
                         more, on_release, loan);

    if (n > 0) {
        loan->most += (size_t)n;
        loan->parts++;
        parts_out++;
    }
    return n;
}

/* Sends `len` bytes that are taken at once; returns a copy of them. */
uint8_t *send_all(struct stream *s, size_t len)
{
    struct loan *loan = loan_make(len);
    uint8_t *copy = malloc(len);
    long n;

    memcpy(copy, loan->bytes, len);
    n = loan_send(s, loan, false);
    CHECK(n == (long)len, "stream_send() takes %zu bytes while there is room "
          "for %zu, here it returned %ld", len, stream_room(s), n);
    return copy;
}

struct loan *big;
uint8_t *big_copy;

void send_more_of_big(struct stream *s)
{
    if (big && big->most < big->len) {
        loan_send(s, big, false);
        if (big->most == big->len)
            big = NULL;
    }
}

void big_make(size_t len)
{
    big = loan_make(len);
    big_copy = malloc(len);
    memcpy(big_copy, big->bytes, len);
}

/* ---- The start ----------------------------------------------------------- */

void start(void)
{
    card_up("10.0.0.2/24", "10.0.0.1", 16);
    peers_start();
    owner.bytes = malloc(8 << 20);
    owner.takes = SIZE_MAX;
    CHECK(stream_listen(PORT, 64, owner_accept) == 0, "stream_listen() on a "
          "free port returns 0");
}

struct peer *start_connected(void)
{
    struct peer *p;

    start();
    p = peer_connect(PORT);
    COMES(p->established && owner.accepted == 1, "a SYN to a port on which "
          "somebody listens is answered, and accept() called once");
    return p;
}

uint8_t *random_bytes(size_t len)
{
    uint8_t *bytes = malloc(len);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)unit_random();
    return bytes;
}

/* All connections are at their end, and nothing is left over. */
void check_all_gone(void)
{
    COMES(stream_usage().open == 0, "no stream is left, but %u are",
          stream_usage().open);
    card_sleep(70000);          /* TIME-WAIT */
    card_check_nothing_is_out();
    CHECK(parts_out == 0, "all that was borrowed has been given back, but "
          "for %u parts", parts_out);
}

/* Both ends close, ours first. */
void finish(struct peer *p)
{
    close_it(owner.stream);
    COMES(p->fin && !p->reset, "stream_close() ends with a FIN%s",
          p->reset ? ", not with a RST" : "");
    peer_fin(p);
    check_all_gone();
}
