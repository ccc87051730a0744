/* SPDX-License-Identifier: MIT */
/*
 * rank.c - who gives way when all connections are taken and others ask.
 *
 * Who has been at one head for longest, then who takes so little of an answer
 * that nobody can be waiting for it; but nobody before the time that anyone
 * may need. Who is being served stays, and those who ask wait. server.c looks
 * for the victim.
 */
#include "core/clock.h"
#include "http/connection.h"
#include "http/http.h"

/* Of an answer that is on its way. Who has not acknowledged one that was sent
 * whole takes nothing. */
static bool takes_little(const struct http_connection *c, uint64_t seconds)
{
    return seconds >= HTTP_SLOW_S &&
           (c->state == HTTP_READING || c->sent / seconds < HTTP_SLOW_RATE);
}

enum http_rank http_connection_rank(const struct http_connection *c)
{
    uint64_t seconds = (clock_ns() - c->since_ns) / NS_PER_S;

    if (c->state == HTTP_OPENING || c->state == HTTP_CLOSED)
        return HTTP_STAYS;
    if (c->state != HTTP_READING || c->lent > 0)
        return takes_little(c, seconds) ? HTTP_SLOW_READER : HTTP_STAYS;
    return seconds < HTTP_TURN_S ? HTTP_STAYS : HTTP_SLOW_WRITER;
}
