/* SPDX-License-Identifier: MIT */
/*
 * fake_request.h - requests made by hand, for tests of respond.c. http_field()
 * and http_field_has() are the test's own here: a fault in parse.c is none of
 * respond.c's.
 */
#ifndef UNIT_FAKE_REQUEST_H
#define UNIT_FAKE_REQUEST_H

#include "http/request.h"

extern struct http_request r;

struct http_slice slice(const char *text);

/* Makes `r` the request "GET" "/a", HTTP/1.1, with `fields` "A: b|C: d". What
 * http_check() is to find out has been found out wrongly before. */
void request(const char *method, const char *target, unsigned minor,
             const char *fields);

#endif
