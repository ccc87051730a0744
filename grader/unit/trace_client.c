/* SPDX-License-Identifier: MIT */
/*
 * trace_client.c - plays trace.txt to the server (trace.h), and holds what
 * comes against what the recording expects.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network_order.h"
#include "trace.h"

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };
enum { ETH = 14, IP = 20, TCP = 20, PORT = 40001, HEARD = 1 << 17 };

static const uint8_t client_address[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t client_ip[4] = { 10, 77, 0, 1 };
static const uint8_t guest_ip[4] = { 10, 77, 0, 2 };

static uint32_t seq = 1000, their_seq;      /* next of ours, next of theirs */
static uint8_t heard[HEARD];                /* since the last `expect` */
static size_t heard_len;
static unsigned exchange;

/* ---- Frames ------------------------------------------------------------- */

static void play(const uint8_t *frame, size_t len)
{
    trace_shared->exchange = exchange;
    trace_frame(frame, len);
}

static void send_arp(void)
{
    uint8_t f[ETH + 46] = { 0 };
    static const uint8_t head[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

    memset(f, 0xff, 6);
    memcpy(f + 6, client_address, 6);
    memcpy(f + 12, head, sizeof head);
    memcpy(f + 22, client_address, 6);
    memcpy(f + 28, client_ip, 4);
    memcpy(f + 38, guest_ip, 4);
    play(f, sizeof f);
}

static void send_tcp(unsigned flags, const char *data, size_t len)
{
    static const uint8_t syn_options[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7 };
    uint8_t f[1600] = { 0 }, *ip = f + ETH, *tcp = ip + IP;
    size_t options = flags & SYN ? sizeof syn_options : 0;
    size_t tcp_len = TCP + options + len;

    if (len > 1460)
        trace_fail("trace.txt sends %zu bytes at once; a frame has 1460", len);
    memcpy(f, trace_guest_address, 6);
    memcpy(f + 6, client_address, 6);
    put16(f + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(IP + tcp_len));
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, client_ip, 4);
    memcpy(ip + 16, guest_ip, 4);
    put16(ip + 10, checksum(ip, IP, 0));
    put16(tcp, PORT);
    put16(tcp + 2, 80);
    put32(tcp + 4, seq);
    put32(tcp + 8, flags & ACK ? their_seq : 0);
    tcp[12] = (uint8_t)((TCP + options) / 4 << 4);
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, 64240);
    memcpy(tcp + TCP, syn_options, options);
    if (len > 0)
        memcpy(tcp + TCP + options, data, len);
    uint32_t pseudo = get16(ip + 12) + get16(ip + 14) + get16(ip + 16) +
                      get16(ip + 18) + 6 + (uint32_t)tcp_len;
    put16(tcp + 16, checksum(tcp, tcp_len, pseudo));
    seq += (uint32_t)len + !!(flags & (SYN | FIN));
    play(f, ETH + IP + tcp_len);
}

void trace_heard(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + ETH, *tcp = ip + IP;

    if (len < ETH + IP + TCP || get16(frame + 12) != 0x0800 || ip[9] != 6)
        return;
    size_t header = (tcp[12] >> 4) * 4u;
    size_t count = len - ETH - IP - header;

    if (tcp[13] & SYN)
        their_seq = get32(tcp + 4);
    if (get32(tcp + 4) != their_seq)
        return;                     /* again */
    for (size_t i = 0; i < count && heard_len < HEARD - 1; i++)
        heard[heard_len++] = tcp[header + i];
    their_seq += (uint32_t)count + !!(tcp[13] & (SYN | FIN));
}

/* ---- The recording ------------------------------------------------------ */

/* Takes the next line from *text, its continuations joined and its escapes
 * made out, into line[]; false at the end. */
static bool next_line(const char **text, char *line, size_t cap)
{
    const char *at = *text;
    size_t len = 0;

    if (*at == '\0')
        return false;
    for (; *at != '\0' && *at != '\n'; at++) {
        char c = *at;

        if (c == '\\' && at[1] != '\0') {
            at++;
            if (*at == '\n')
                continue;
            c = *at == 'r' ? '\r' : *at == 'n' ? '\n' : *at;
        }
        if (len == cap - 1)
            trace_fail("a line of trace.txt is too long");
        line[len++] = c;
    }
    line[len] = '\0';
    *text = *at == '\n' ? at + 1 : at;
    return true;
}

static void expect(const char *words)
{
    char status[8] = "", size[16] = "", begin[24];

    heard[heard_len] = '\0';
    sscanf(words, "%7s %15s", status, size);
    snprintf(begin, sizeof begin, "HTTP/1.1 %s ", status);
    const char *body = strstr((char *)heard, "\r\n\r\n");
    if (body == NULL || strncmp((char *)heard, begin, strlen(begin)) != 0)
        trace_fail("in exchange %s there came \"%.40s\", not %s",
                   trace_shared->name[exchange], (char *)heard, begin);
    size_t len = heard_len - (size_t)(body + 4 - (char *)heard);
    if (strcmp(size, "-") != 0 && len != strtoul(size, NULL, 10))
        trace_fail("in exchange %s there came %zu bytes, not %s",
                   trace_shared->name[exchange], len, size);
    heard_len = 0;
}

static void begin(const char *name)
{
    if (trace_shared->count == TRACE_EXCHANGES)
        trace_fail("there are too many exchanges in trace.txt");
    exchange = trace_shared->count++;
    snprintf(trace_shared->name[exchange], TRACE_NAME, "%s", name);
}

void trace_play(const char *text)
{
    static char line[4096];

    while (next_line(&text, line, sizeof line)) {
        char *rest = strchr(line, ' ');

        rest = rest != NULL ? rest + 1 : line + strlen(line);
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (strncmp(line, "exchange ", 9) == 0)
            begin(rest);
        else if (strcmp(line, "arp") == 0)
            send_arp();
        else if (strcmp(line, "syn") == 0)
            send_tcp(SYN, NULL, 0);
        else if (strcmp(line, "ack") == 0)
            send_tcp(ACK, NULL, 0);
        else if (strcmp(line, "fin") == 0)
            send_tcp(FIN | ACK, NULL, 0);
        else if (strncmp(line, "send ", 5) == 0)
            send_tcp(PSH | ACK, rest, strlen(rest));
        else if (strncmp(line, "expect ", 7) == 0)
            expect(rest);
        else
            trace_fail("trace.txt has a line that says nothing: %s", line);
    }
}
