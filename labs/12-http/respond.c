/* SPDX-License-Identifier: MIT */
/*
 * respond.c - what a request means for the connection, and what is answered.
 *
 * Pure: it decides and writes, and sends nothing. parse.c has taken the head
 * apart before; answer.c opens the file and sends what is decided here, and
 * connection.c then goes on to the next request or closes. The texts of status
 * codes and the media types are in kernel/http/registry.c.
 *
 * Contracts: kernel/http/request.h and kernel/http/response.h.
 */
#include "http/response.h"

#include "core/panic.h"
#include "http/registry.h"
#include "lib/errno.h"

unsigned http_frame(struct http_request *request)
{
    /* TODO 12.9 http_frame: who sends two answers to "where does this request
     * end?" hopes that two servers on the way believe different ones; so
     * doubt is an error. Digits only: no sign, no blank, no empty value; and
     * see that the number fits before it is multiplied. The last member of a
     * list is http_last_member(). */
    lab_todo("12.9 http_frame");
    /* END 12.9 */
}

bool http_persists(const struct http_request *request)
{
    /* TODO 12.10 http_persists: HTTP/1.1 keeps a connection unless told to
     * close it, HTTP/1.0 closes unless told to keep it, and "close" wins when
     * both are said. And then there is content that may not come. */
    lab_todo("12.10 http_persists");
    /* END 12.10 */
}

unsigned http_check(struct http_request *request)
{
    /* TODO 12.11 http_check: what makes the end of the request doubtful comes
     * first, with persist false. After that the connection can go on whatever
     * the answer is; so a 405 or 501 for the method need not close it. */
    lab_todo("12.11 http_check");
    /* END 12.11 */
}

void http_refuse(const struct http_request *request, unsigned status_code,
                 struct http_response *out)
{
    /* TODO 12.12 http_refuse: fill in all of *out; what does not apply is
     * zero. The method may be a HEAD here too, also when a later line of the
     * head was bad. */
    lab_todo("12.12 http_refuse");
    /* END 12.12 */
}

void http_respond(const struct http_request *request,
                  const struct http_found *found, struct http_response *out)
{
    /* TODO 12.13 http_respond: errors first, then directories, then the file.
     * A relative link in a page is resolved against the page's own address:
     * without the slash at its end a directory's page would lead its readers
     * astray, and that is why they are sent to the other address. */
    lab_todo("12.13 http_respond");
    /* END 12.13 */
}

long http_write_head(const struct http_response *response, char *buf,
                     size_t cap)
{
    /* TODO 12.14 http_write_head: one http_append() after the other, or those
     * like it that need no format; whether all of it fitted you can tell at
     * the end. The status line says HTTP/1.1, which is our version, whatever
     * the request's was [RFC 9110 §6.2]. The Location is the path, a slash,
     * and if there is a query "?" and that. A length of 0 is told like any
     * other. */
    lab_todo("12.14 http_write_head");
    /* END 12.14 */
}
