/* SPDX-License-Identifier: MIT */
#include "tcp_peer.h"

#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fake_card.h"
#include "network_order.h"
#include "unit.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { ETH = 14, IP = 20, TCP = 20, PORT0 = 40000, PEERS_MAX = 64 };

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t our_ip[4] = { 10, 0, 0, 1 }, their_ip[4] = { 10, 0, 0, 2 };

static struct peer *peers[PEERS_MAX];
static unsigned peer_count, lose_share;
static uint16_t server_port;
struct peers_wire peers_wire;
uint16_t peers_mss = PEER_SEGMENT;

static uint16_t tcp_checksum(const uint8_t *ip, size_t len)
{
    uint32_t pseudo = get16(ip + 12) + get16(ip + 14) + get16(ip + 16) +
                      get16(ip + 18) + 6 + (uint32_t)len;

    return checksum(ip + IP, len, pseudo);
}

static bool lost(void)
{
    return lose_share && unit_random_below(256) < lose_share;
}

/* ---- Out ---------------------------------------------------------------- */

void peer_anything(struct peer *p, unsigned flags, uint32_t at, uint32_t acked,
                   uint16_t window, const void *options, size_t options_len,
                   const void *data, size_t len)
{
    uint8_t frame[ETH + IP + TCP + 40 + PEER_LARGEST] = { 0 };
    uint8_t *ip = frame + ETH, *tcp = ip + IP;
    size_t header = TCP + options_len;
    uint32_t scale = flags & SYN ? 0 : PEER_SCALE;
    uint32_t edge = acked + ((uint32_t)window << scale);

    if ((int32_t)(edge - p->edge) > 0)
        p->edge = edge;
    memcpy(frame, card.netdev.address, 6);
    memcpy(frame + 6, our_mac, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(IP + header + len));
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, our_ip, 4);
    memcpy(ip + 16, their_ip, 4);
    put16(ip + 10, checksum(ip, IP, 0));
    put16(tcp, p->port);
    put16(tcp + 2, server_port);
    put32(tcp + 4, p->first + at);
    put32(tcp + 8, p->their_first + acked);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, window);
    if (options_len)
        memcpy(tcp + TCP, options, options_len);
    if (len)
        memcpy(tcp + header, data, len);
    put16(tcp + 16, tcp_checksum(ip, header + len));
    if (!lost())
        card_receive(frame, ETH + IP + header + len);
}

static void emit(struct peer *p, unsigned flags, uint32_t at, const void *data,
                 size_t len)
{
    const uint8_t options[8] = { 2, 4, (uint8_t)(peers_mss >> 8),
        (uint8_t)peers_mss, 1, 3, 3, PEER_SCALE };
    bool first = flags & SYN;

    peer_anything(p, flags, first ? at - 1 : at,
                  p->count + (p->fin && p->count == p->fin_at),
                  (uint16_t)(first ? 0xffff : p->room >> PEER_SCALE), options,
                  first ? sizeof options : 0, data, len);
}

void peer_syn(struct peer *p, uint16_t port)
{
    server_port = port;
    emit(p, SYN, 0, NULL, 0);
    card_run();
}

struct peer *peer_connect(uint16_t port)
{
    struct peer *p = calloc(1, sizeof *p);

    CHECK(peer_count < PEERS_MAX, "there are at most %d peers", PEERS_MAX);
    p->port = (uint16_t)(PORT0 + peer_count);
    p->first = (uint32_t)unit_random();
    p->cap = 4 << 20;
    p->bytes = malloc(p->cap);
    p->have = calloc(p->cap, 1);
    p->room = 4 << 20;
    peers[peer_count++] = p;
    peer_syn(p, port);
    return p;
}

void peer_send_at(struct peer *p, uint32_t at, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    while (len > 0) {
        size_t n = len < PEER_SEGMENT ? len : PEER_SEGMENT;

        emit(p, ACK | PSH, at, bytes, n);
        bytes += n;
        at += (uint32_t)n;
        len -= n;
    }
    card_run();
}

void peer_send(struct peer *p, const void *data, size_t len)
{
    uint32_t at = p->sent;

    p->sent += (uint32_t)len;
    peer_send_at(p, at, data, len);
}

void peer_fin(struct peer *p)
{
    p->ended = true;
    emit(p, ACK | FIN, p->sent, NULL, 0);
    card_run();
}

void peer_reset(struct peer *p)
{
    emit(p, ACK | RST, p->sent + p->ended, NULL, 0);
    card_run();
}

static void acknowledge_all(struct peer *p)
{
    emit(p, ACK, p->sent + p->ended, NULL, 0);
}

void peer_acknowledge(struct peer *p, uint32_t count)
{
    uint32_t real = p->count;
    bool fin = p->fin;

    p->count = count;
    p->fin = fin && count == real;
    acknowledge_all(p);
    p->count = real;
    p->fin = fin;
    card_run();
}

/* ---- In ----------------------------------------------------------------- */

static void take_bytes(struct peer *p, uint32_t at, const uint8_t *data,
                       uint32_t len)
{
    bool new = false;

    CHECK(len <= peers_mss, "no segment is larger than the peer takes, here "
          "%u", len);
    CHECK(at + len <= p->edge + 1, "nothing is sent beyond the peer's window "
          "but for a byte that asks, here %u bytes", at + len - p->edge);
    CHECK(at < p->cap && len <= p->cap - at, "the server sends less than "
          "%u bytes, in order; these begin at %u", p->cap, at);
    for (uint32_t i = 0; i < len; i++) {
        CHECK(!p->have[at + i] || p->bytes[at + i] == data[i], "what is sent "
              "again is what was sent before: byte %u was %u and is %u",
              at + i, p->bytes[at + i], data[i]);
        new |= !p->have[at + i];
        p->have[at + i] = 1;
        p->bytes[at + i] = data[i];
    }
    p->segments++;
    p->again += !new;
    while (p->count < p->cap && p->have[p->count])
        p->count++;
}

static void take_ack(struct peer *p, const uint8_t *tcp)
{
    uint32_t acked = get32(tcp + 8) - p->first;
    uint32_t edge;

    CHECK(acked <= p->sent + p->ended, "nothing is acknowledged that was not "
          "sent: %u of %u bytes", acked, p->sent);
    edge = acked + (get16(tcp + 14) << 4);
    /* It is told in units of 16 bytes. */
    CHECK(edge + 15 >= p->acked + p->window, "a window that was opened is not "
          "closed again: its edge was at %u and is at %u",
          p->acked + p->window, edge);
    p->acked = acked < p->sent ? acked : p->sent;
    p->window = edge - p->acked;
}

static void take_segment(struct peer *p, const uint8_t *ip)
{
    const uint8_t *tcp = ip + IP;
    uint32_t header = (tcp[12] >> 4) * 4u, seq = get32(tcp + 4);
    uint32_t len = get16(ip + 2) - IP - header;
    unsigned flags = tcp[13];

    CHECK(tcp_checksum(ip, header + len) == 0, "the checksum of a segment "
          "is right");
    if (flags & RST) {
        p->reset = true;
        return;
    }
    if (flags & SYN) {
        p->their_first = seq + 1;
        p->established = true;
        acknowledge_all(p);
        return;
    }
    if (p->unruly) {
        p->acked = get32(tcp + 8) - p->first;
        p->count = seq - p->their_first + len;
        return;
    }
    if (len > 0 && p->lose && --p->lose == 0)
        return;
    take_ack(p, tcp);
    if (len > 0)
        take_bytes(p, seq - p->their_first, tcp + header, len);
    if (flags & FIN) {
        uint32_t at = seq - p->their_first + len;

        CHECK(!p->fin || p->fin_at == at, "a FIN stays where it was, behind "
              "byte %u, here behind %u", p->fin_at, at);
        p->fin = true;
        p->fin_at = at;
    }
    if ((len > 0 || flags & FIN) && !p->silent)
        acknowledge_all(p);
}

static void answer_arp(const uint8_t *frame)
{
    uint8_t answer[42];

    if (get16(frame + 20) != 1 || memcmp(frame + 38, our_ip, 4) != 0)
        return;
    memcpy(answer, frame, sizeof answer);
    memcpy(answer, frame + 6, 6);
    memcpy(answer + 6, our_mac, 6);
    answer[21] = 2;
    memcpy(answer + 22, our_mac, 6);
    memcpy(answer + 28, our_ip, 4);
    memcpy(answer + 32, frame + 22, 10);
    card_receive(answer, sizeof answer);
}

/* What comes while lwIP is at work waits until it is not: a wire is no call. */
static struct event_work deliver;
static struct queued {
    struct queued *next;
    size_t len;
    uint8_t bytes[ETHERNET_FRAME_MAX];
} *queue, **queue_last = &queue;

static void append(const uint8_t *data, size_t len)
{
    struct queued *q = malloc(sizeof *q);

    q->next = NULL;
    q->len = len;
    memcpy(q->bytes, data, len);
    *queue_last = q;
    queue_last = &q->next;
    event_post(&deliver);
}

static bool is_due(unsigned each, unsigned number)
{
    return each && number % each == 0;
}

/* The wire, with its weather. What is late is lost if nothing follows. */
static void queue_frame(const uint8_t *data, size_t len)
{
    static uint8_t late[ETHERNET_FRAME_MAX];
    static size_t late_len;
    static unsigned number, followers;

    number += len > 100;
    if (len > 100 && is_due(peers_wire.lost, number))
        return;
    if (len > 100 && is_due(peers_wire.late, number) && !late_len) {
        memcpy(late, data, len);
        late_len = len;
        followers = 0;
        return;
    }
    append(data, len);
    if (len > 100 && is_due(peers_wire.twice, number))
        append(data, len);
    if (late_len && ++followers == 2) {
        append(late, late_len);
        late_len = 0;
    }
}

static void take_frame(const uint8_t *frame, size_t len)
{
    unsigned index;

    if (get16(frame + 12) == 0x0806) {
        answer_arp(frame);
        return;
    }
    if (len < ETH + IP + TCP || frame[ETH + 9] != 6)
        return;
    CHECK(checksum(frame + ETH, IP, 0) == 0, "the IP checksum is right");
    index = get16(frame + ETH + IP + 2) - PORT0;
    if (index < peer_count && !peers[index]->deaf && !lost())
        take_segment(peers[index], frame + ETH);
}

static void run_deliver(struct event_work *work)
{
    struct queued *q = queue;

    (void)work;
    queue = NULL;
    queue_last = &queue;
    while (q) {
        struct queued *next = q->next;

        take_frame(q->bytes, q->len);
        free(q);
        q = next;
    }
}

void peers_start(void)
{
    /* A question about 10.0.0.2, from which lwIP learns who asks. */
    static const uint8_t hello[42] = {
        255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6,
        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1,
        0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
    };

    deliver.run = run_deliver;
    card.frame = queue_frame;
    card_receive(hello, sizeof hello);
    card_run();
}

void peers_lose(unsigned share)
{
    lose_share = share;
}

bool peers_wait(void)
{
    return false;
}
