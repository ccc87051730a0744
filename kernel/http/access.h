/* SPDX-License-Identifier: MIT */
/*
 * access.h - the line in the log that an answer leaves behind.
 *
 *     http: 10.0.2.2:50412 "GET /a%20b?c" 200 1234
 */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include "http/response.h"

enum { HTTP_ACCESS_SHOWN = 100 };       /* bytes of a target, as written */

/* Appends it: who asked for what, the status code, and how many bytes of
 * content were sent. What the client wrote is made harmless: a terminal gets
 * to see nothing but visible ASCII, and no quote that isn't ours. */
void http_access(const char *peer, const struct http_request *request,
                 unsigned status_code, uint64_t bytes, struct http_text *text);

#endif
