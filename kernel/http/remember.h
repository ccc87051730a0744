/* SPDX-License-Identifier: MIT */
/*
 * remember.h - what was asked before is answered as it was before. For the
 * files of this folder alone.
 */
#ifndef HTTP_REMEMBER_H
#define HTTP_REMEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/connection.h"

/* Allocates the memory, once. Without any it can do too. */
void http_remember_make(void);

/* Whenever the same is asked, will that be the answer, but for its Date? */
bool http_is_lasting(const struct http_request *request,
                     const struct http_selected *selected,
                     const struct http_response *response);

/* `c` is about to send such an answer: its head is in c->head, its content, if
 * it lies together, in c->pin. If it is not long, and has been asked for
 * before, it is remembered. */
void http_remember(const struct http_connection *c);

struct http_recalled {
    size_t request_len;         /* bytes that were asked and answered */
    bool closes;                /* that was the connection's last answer */
    const char *rest;           /* what the stream did not take of it: to be
                                   sent before anything else is done, and */
    size_t rest_len;            /* copied at once */
};

/* If `data` begins with a request whose answer is remembered, sends that over
 * `s`. False: it doesn't, or not now; nothing was done. */
bool http_recall(struct stream *s, const uint8_t *data, size_t len,
                 struct http_recalled *out);

#endif
