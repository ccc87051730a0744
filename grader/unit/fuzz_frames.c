/* SPDX-License-Identifier: MIT */
/*
 * fuzz_frames.c - whatever comes over the wire: no fault, no hang, and when it
 * is over nothing is left.
 *
 * An input is a list of decisions: what frame comes next, what is wrong with
 * it, how long nothing happens. Below the frames are all of lwIP, its port,
 * the streams, the web server and the echo server; each frame lies in memory
 * of exactly its size. Conversations are held properly most of the time, so
 * that what is malformed meets connections in every state.
 */
#include <stdbool.h>

#include "apps/tcpecho/echo.h"
#include "event/event.h"
#include "exact_memory.h"
#include "fake_card.h"
#include "fake_files.h"
#include "frame_maker.h"
#include "fuzz.h"
#include "fuzz_frames.h"
#include "http/http.h"
#include "net/ping.h"
#include "net/stream.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { TALKS = 64, PORT0 = 40000, GATEWAY = 0x0a000001 };
enum { SUM_BEFORE = 16 };       /* a frame: what the card says of its sums */

struct fuzz_reached fuzz_reached;

/* ---- Decisions ---------------------------------------------------------- */

static const uint8_t *decisions, *decisions_end;

static unsigned byte(void)
{
    return decisions < decisions_end ? *decisions++ : 0;
}

static unsigned below(unsigned limit)
{
    return (limit > 256 ? byte() << 8 | byte() : byte()) % limit;
}

static uint32_t number(void)
{
    uint32_t high = byte() << 8 | byte();

    return high << 16 | byte() << 8 | byte();
}

static void fill(uint8_t *at, size_t len)
{
    while (len-- > 0)
        *at++ = (uint8_t)byte();
}

/* ---- The guest's side of it --------------------------------------------- */

/* Our end of a connection, by the books. */
static struct talk {
    uint32_t seq, their_seq;    /* next to send, next expected */
    uint32_t acked;             /* of ours, by them */
    uint16_t port, to;
    bool established, owes;     /* owes: an acknowledgement */
} talks[TALKS];
static unsigned talk_count;
static uint16_t next_port;

static uint32_t xid, wanted;    /* of DHCP's; and asked for by ARP */
static unsigned memory_at_start;

static void heard_segment(const uint8_t *tcp, size_t len)
{
    size_t header = (tcp[12] >> 4) * 4u;
    unsigned flags = tcp[13];

    for (struct talk *t = talks; t < talks + talk_count; t++) {
        if (t->port != get16(tcp + 2) || t->to != get16(tcp))
            continue;
        if (flags & RST)
            return;
        if (flags & SYN) {
            fuzz_reached.accepted += !t->established;
            t->established = true;
            t->their_seq = get32(tcp + 4) + 1;
        } else if (get32(tcp + 4) == t->their_seq) {
            t->their_seq += (uint32_t)(len - header) + (flags & FIN);
            fuzz_reached.bytes += len - header;
            t->owes |= len > header || flags & FIN;
        }
        if (flags & ACK)
            t->acked = get32(tcp + 8);
    }
}

static void heard(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + MAKER_ETH;

    fuzz_reached.answers++;
    if (get16(frame + 12) == 0x0806 && frame[21] == 1)
        wanted = get32(frame + 38);
    else if (get16(frame + 12) == 0x0800 && ip[9] == 6)
        heard_segment(ip + MAKER_IP, get16(ip + 2) - MAKER_IP);
    else if (len > 285 && ip[9] == 17 && get16(ip + 22) == 67)
        xid = get32(frame + 46);
}

/* ---- Frames in ---------------------------------------------------------- */

static void given_back(struct netbuf *nb)
{
    card.lent--;
    free(nb->owner);
}

/* Of one in sixteen the card says that its checksums need not be looked at. */
void fuzz_receive(const struct made *f)
{
    const size_t before = sizeof(struct netbuf) + SUM_BEFORE;
    uint8_t *memory = malloc(before + f->len);
    struct netbuf *nb = (struct netbuf *)memory;

    if (f->len < MAKER_ETH) {
        free(memory);
        return;
    }
    *nb = (struct netbuf){ .data = memory + before, .len = (uint32_t)f->len,
                           .release = given_back, .owner = memory };
    memset(memory + sizeof *nb, below(16) ? 0 : 3, SUM_BEFORE);
    memcpy(nb->data, f->bytes, f->len);
    card.lent++;
    fuzz_reached.frames++;
    card.netdev.receive(&card.netdev, nb);
}

/* What somebody might get wrong, once. */
static void spoil_once(struct made *f)
{
    static const uint8_t extremes[] = { 0, 1, 4, 5, 19, 20, 60, 127, 128, 255 };
    size_t at = f->len ? below((unsigned)f->len) : 0;

    if (below(2) && at > 80)
        at %= 80;               /* among the headers */
    switch (below(6)) {
    case 0:
        f->bytes[at] = (uint8_t)byte();
        break;
    case 1:
        f->bytes[at] ^= (uint8_t)(1 << below(8));
        break;
    case 2:
        f->bytes[at] = extremes[below(sizeof extremes)];
        break;
    case 3:
        f->len = below((unsigned)f->len + 1);
        break;
    case 4:
        f->len = below(4) ? 14 + below(80) : below(MAKER_FRAME_MAX + 1);
        break;
    case 5:
        put16(f->bytes + (at & ~1u) % 78, below(2) ? byte() : number());
        break;
    }
}

/* A good frame, or one that is not, on its way in. */
static void send_made(struct made *f)
{
    bool good = below(2);

    mend(f);
    if (!good) {
        unsigned times = 1 + below(3);

        fuzz_reached.malformed++;
        while (times-- > 0)
            spoil_once(f);
        if (f->len >= MAKER_ETH && below(8))
            mend(f);
    }
    fuzz_receive(f);
}

/* ---- TCP ---------------------------------------------------------------- */

static void fill_options(uint8_t *at, size_t len)
{
    static const uint8_t usual[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 1, 1,
                                     8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0 };

    for (size_t i = 0; i < len; i++)
        at[i] = usual[i % sizeof usual];
    for (unsigned i = below(3); i > 0 && len > 0; i--)
        at[below((unsigned)len)] = (uint8_t)below(12);
}

static void segment(struct talk *t, unsigned flags, uint32_t seq,
                    const void *data, size_t len)
{
    static const uint16_t windows[] = { 0xffff, 0xffff, 0x2000, 100, 1, 0 };
    static struct made f;
    size_t options = flags & SYN ? 8 : below(8) ? 0 : 4 * below(11);
    uint8_t *at = make_tcp(&f, t->port, t->to, seq,
                           flags & ACK ? t->their_seq : 0, flags,
                           windows[below(6)], options, len);

    fill_options(at, options);
    if (len)
        memcpy(at + options, data, len);
    send_made(&f);
}

static void begin_talk(void)
{
    struct talk *t = &talks[talk_count];

    if (talk_count == TALKS)
        return;
    talk_count++;
    *t = (struct talk){ .seq = number(), .to = below(4) ? 80 : 7,
                        .port = next_port++ };
    segment(t, SYN, t->seq, NULL, 0);
    event_run_once(0);
    if (!t->established)
        return;
    t->seq++;
    segment(t, ACK, t->seq, NULL, 0);
}

static size_t words(uint8_t *buf, size_t cap)
{
    static const char *const word[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /big HTTP/1.1\r\nHost: a\r\n",
        "HEAD /a.txt HTTP/1.0\r\n\r\n", "GET /pub HTTP/1.1\r\nHost: a\r\n\r\n",
        "Range: bytes=1-5\r\n", "Connection: close\r\n", "\r\n", "\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "x",
        "GET ", "/%2e%2e/", " HTTP/1.1\r\n", "If-None-Match: *\r\n",
        "Transfer-Encoding: chunked\r\n",
    };
    size_t len = 0;

    for (unsigned n = 1 + below(4); n > 0; n--) {
        const char *w = word[below(sizeof word / sizeof *word)];

        if (strlen(w) > cap - len)
            break;
        memcpy(buf + len, w, strlen(w));
        len += strlen(w);
    }
    return len;
}

static void go_on_talking(struct talk *t)
{
    static uint8_t data[1600];
    size_t len = below(4) ? words(data, 1400) : below(1460);
    uint32_t seq = t->seq;

    switch (below(16)) {
    case 0:
        segment(t, FIN | ACK, seq, NULL, 0);
        t->seq++;
        return;
    case 1:
        segment(t, (below(2) ? RST : RST | ACK), seq, NULL, 0);
        return;
    case 2:
        segment(t, byte(), seq, data, len);
        return;
    case 3:
        segment(t, ACK, seq + below(3000), data, len);  /* too early */
        return;
    case 4:
        segment(t, ACK, seq - below(3000), data, len);  /* again */
        return;
    case 5:
        t->their_seq += below(2) ? below(5000) : -below(5000);
        segment(t, ACK, seq, NULL, 0);
        return;
    case 6:
    case 7:
    case 8:
        segment(t, ACK, seq, NULL, 0);
        return;
    }
    segment(t, ACK | PSH, seq, data, len);
    t->seq += (uint32_t)len;
}

/* What well-behaved ends do by themselves, most of the time. */
static void acknowledge(void)
{
    for (struct talk *t = talks; t < talks + talk_count; t++) {
        if (!t->owes || below(4) == 0)
            continue;
        t->owes = false;
        segment(t, ACK, t->seq, NULL, 0);
    }
}

/* ---- The others --------------------------------------------------------- */

static void send_arp(void)
{
    static struct made f;
    static const uint32_t whose[] = { GATEWAY, 0x0a000002, 0, 0xffffffff };

    make_arp(&f, 1 + below(2), below(2) ? GATEWAY : whose[below(4)]);
    if (below(2))
        memset(f.bytes, 0xff, 6);
    send_made(&f);
}

static void answer_arp(void)
{
    static struct made f;

    if (!wanted)
        return;
    make_arp(&f, 2, wanted);
    wanted = 0;
    fuzz_receive(&f);
}

static void send_icmp(void)
{
    static const uint8_t types[] = { 8, 8, 8, 0, 3, 4, 5, 11, 12, 13 };
    static struct made f;
    size_t len = 8 + below(1480);
    uint8_t *icmp = make_ip(&f, 1, len);

    fill(icmp, 40);
    icmp[0] = types[below(sizeof types)];
    icmp[1] = (uint8_t)below(4);
    send_made(&f);
}

static void send_dhcp(void)
{
    static const uint8_t head[] = { 99, 130, 83, 99, 53, 1 };
    static const uint8_t rest[] = {
        54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 3, 4,
        10, 0, 0, 1, 26, 2, 5, 0xb4, 52, 1, 0, 121, 5, 0, 10, 0, 0, 1, 255,
    };
    static struct made f;
    size_t len = 236 + sizeof head + 1 + sizeof rest;
    uint8_t *bootp = make_udp(&f, 67, 68, len + 60);

    memset(bootp, 0, len + 60);
    memcpy(bootp, "\2\1\6", 3);
    put32(bootp + 4, xid);
    memcpy(bootp + 16, "\x0a\0\0\2", 4);
    memcpy(bootp + 28, card.netdev.address, 6);
    memcpy(bootp + 236, head, sizeof head);
    bootp[242] = (uint8_t)(below(8) ? 2 + 3 * below(2) : below(9));
    memcpy(bootp + 243, rest, sizeof rest);
    for (unsigned n = below(4); n > 0; n--)
        bootp[236 + below(sizeof head + 1 + sizeof rest)] = (uint8_t)byte();
    if (below(2))
        memset(f.bytes + 30, 0xff, 4);
    send_made(&f);
}

static void send_other(void)
{
    static const uint16_t types[] = { 0x0800, 0x0806, 0x8100, 0x86dd, 46 };
    static struct made f;
    uint8_t *at;

    switch (below(4)) {
    case 0:                     /* to a port where nobody is */
        at = make_udp(&f, byte(), byte(), below(600));
        fill(at, 16);
        break;
    case 1:                     /* a fragment */
        at = make_ip(&f, below(2) ? 6 : 17, 8 + below(64) * 8);
        put16(f.bytes + 20, 0x2000 | below(64));
        fill(at, 20);
        break;
    case 2:                     /* of a protocol unknown, or with options */
        at = make_ip(&f, byte(), 40);
        fill(at, 40);
        f.bytes[14] = (uint8_t)(0x45 + below(3));
        break;
    default:
        make_ethernet(&f, types[below(5)]);
        fill(f.bytes + 14, 60);
        f.len = 14 + below(100);
    }
    send_made(&f);
}

/* ---- The card and the memory -------------------------------------------- */

static void weather(void)
{
    switch (below(8)) {
    case 0:
        card.holds = below(2);
        break;
    case 1:
        card_reclaim();
        break;
    case 2:
        card.refuses = below(2) ? -28 : 0;      /* full */
        break;
    case 3:
        pools_fail(below(2) ? 16 : 0);
        break;
    case 4:
        card.netdev.link_up = below(4) != 0;
        card.netdev.link_changed(&card.netdev);
        break;
    case 5:
        card_sleep(below(20000));
        break;
    default:
        card_sleep(below(600));
    }
}

static void clear_sky(void)
{
    card.holds = false;
    card.refuses = 0;
    pools_fail(0);
    card_reclaim();
    if (!card.netdev.link_up) {
        card.netdev.link_up = true;
        card.netdev.link_changed(&card.netdev);
    }
    if (card.netdev.writable)
        card.netdev.writable(&card.netdev);
    card_run();
}

/* A reset that is believed has the number that is expected next. Which it is
 * they tell who sends them something old. [RFC 9293 §3.10.7.4] */
static void reset_all(void)
{
    static const unsigned flags[] = { ACK, RST };
    static struct made f;

    for (unsigned i = 0; i < 2; i++) {
        for (struct talk *t = talks; t < talks + talk_count; t++) {
            make_tcp(&f, t->port, t->to, t->acked - !i, t->their_seq, flags[i],
                     0xffff, 0, 0);
            mend(&f);
            fuzz_receive(&f);
        }
        card_sleep(1000);
        answer_arp();
        card_run();
    }
}

/* Everybody goes, and then all must be as it was. */
static void all_go(void)
{
    clear_sky();
    for (unsigned tries = 0; tries < 3; tries++)
        reset_all();
    talk_count = 0;
    for (unsigned s = 0; s < 600 && stream_usage().open > 0; s += 10)
        card_sleep(10000);
    card_sleep(140000);         /* half-open ones, and TIME-WAIT */
    MUST(stream_usage().open == 0, "%u streams are left", stream_usage().open);
    MUST(http_usage().connections == 0, "%u connections are left",
         http_usage().connections);
    MUST(fake_open_files == 0 && fake_pins == 0, "%u files are open and %u "
         "pieces of them pinned", fake_open_files, fake_pins);
    card_check_nothing_is_out();
    MUST(exact_memory_out <= memory_at_start, "%u pieces of memory are left",
         exact_memory_out - memory_at_start);
}

/* ---- The whole ---------------------------------------------------------- */

void fuzz_frames_start(bool by_dhcp)
{
    static char big[40000];
    static const struct fake_file files[] = {
        { .path = "/index.html", .content = "<p>hello localhost :)" },
        { .path = "/a.txt", .content = "a" },
        { .path = "/empty", .content = "" },
        { .path = "/big", .content = big, .len = sizeof big },
        { .path = "/pub" },
        { .path = "/pub/index.html", .content = "in pub" },
        { .path = NULL },
    };
    static const struct http_site site = { .fs = &fake_fs,
                                           .index = "index.html" };

    fake_files = files;
    card.frame = heard;
    card.refuses_long = true;
    card.netdev.sum_before = SUM_BEFORE;
    card_up(by_dhcp ? NULL : "10.0.0.2/24", by_dhcp ? NULL : "10.0.0.1", 4);
    memory_at_start = exact_memory_out;
    MUST(http_serve(80, &site) == 0, "the web server starts");
    MUST(echo_serve(7) == 0, "the echo server starts");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decisions = data;
    decisions_end = data + size;
    while (decisions < decisions_end) {
        unsigned kind = below(32);

        if (below(8))
            answer_arp();
        if (kind < 4 || talk_count == 0)
            begin_talk();
        else if (kind < 20)
            go_on_talking(&talks[talk_count - 1 - below(8) % talk_count]);
        else if (kind < 22)
            send_arp();
        else if (kind < 24)
            send_icmp();
        else if (kind < 27)
            send_dhcp();
        else if (kind < 30)
            send_other();
        else
            weather();
        if (below(4))
            card_run();
        acknowledge();
    }
    all_go();
    return 0;
}
