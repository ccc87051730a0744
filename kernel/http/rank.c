/* SPDX-License-Identifier: MIT */
/*
 * rank.c - who gives way when all connections are taken and another comes.
 *
 * Who is idle first, whoever has been so for longest; then who has been at one
 * request for longest without having sent all of it; then who takes so little
 * of an answer that nobody can be waiting for it. Who is being served stays,
 * and the newcomer is turned away. server.c looks for the victim.
 */
#include "core/clock.h"
#include "http/connection.h"
#include "http/http.h"

/* The first seconds say nothing. */
static bool is_slow(const struct http_connection *c)
{
    uint64_t seconds = (clock_ns() - c->since_ns) / NS_PER_S;

    return seconds >= HTTP_SLOW_S && c->sent / seconds < HTTP_SLOW_RATE;
}

enum http_rank http_connection_rank(const struct http_connection *c)
{
    if (c->state == HTTP_READING)
        return c->in_len == 0 && c->skip == 0 ? HTTP_IDLE : HTTP_SLOW_WRITER;
    if (c->state == HTTP_SENDING || c->state == HTTP_ENDING)
        return is_slow(c) ? HTTP_SLOW_READER : HTTP_STAYS;
    return HTTP_STAYS;
}
