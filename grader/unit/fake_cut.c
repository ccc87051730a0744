/* SPDX-License-Identifier: MIT */
#include "fake_cut.h"

#include <string.h>

#include "network_order.h"
#include "unit.h"

enum { ETH = 14, IP = 20, FIN = 1, PSH = 8 };

static uint32_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static uint32_t sum_of(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < len; i += 2)
        sum = fold(sum + get16(data + i));
    return len % 2 ? fold(sum + ((uint32_t)data[len - 1] << 8)) : sum;
}

/* From csum_start on, over what lies in the field already. */
static void complete(const struct netbuf *asked, uint8_t *frame, size_t len)
{
    size_t start = asked->csum_start, field = start + asked->csum_offset;

    CHECK(start < len && field + 2 <= len, "the checksum that a card is to "
          "complete is in the frame");
    put16(frame + field, ~sum_of(frame + start, len - start) & 0xffff);
}

/* Segment number `i` of those that the frame data[len] is cut into. */
static size_t segment(const struct netbuf *asked, const uint8_t *data,
                      size_t len, unsigned i, uint8_t *frame)
{
    size_t headers = asked->header_len, at = (size_t)i * asked->gso_size;
    size_t left = len - headers - at;
    size_t n = left < asked->gso_size ? left : asked->gso_size;
    uint8_t *ip = frame + ETH, *tcp = ip + IP;
    uint32_t seq;

    memcpy(frame, data, headers);
    memcpy(frame + headers, data + headers + at, n);
    put16(ip + 2, (uint32_t)(headers + n - ETH));
    put16(ip + 4, get16(ip + 4) + i);
    put16(ip + 10, 0);
    put16(ip + 10, ~sum_of(ip, IP) & 0xffff);
    seq = (get16(tcp + 4) << 16 | get16(tcp + 6)) + (uint32_t)at;
    put16(tcp + 4, seq >> 16);
    put16(tcp + 6, seq);
    if (n < left)
        tcp[13] &= (uint8_t)~(FIN | PSH);
    /* What was there had the length of the whole in it. */
    put16(tcp + 16, fold(get16(tcp + 16) + (~(len - ETH - IP) & 0xffff) +
                         (uint32_t)(headers + n - ETH - IP)));
    complete(asked, frame, headers + n);
    return headers + n;
}

void fake_cut(uint32_t features, const struct netbuf *asked,
              const uint8_t *data, size_t len,
              void (*wire)(const uint8_t *data, size_t len))
{
    static uint8_t frame[ETHERNET_FRAME_MAX];
    const uint8_t *ip = data + ETH;

    CHECK(!asked->csum_start || features & NETDEV_CHECKSUM, "a card that does "
          "not complete checksums is not asked to");
    CHECK(!asked->gso_size || features & NETDEV_TSO4, "a card that does not "
          "cut is not asked to");
    if (asked->gso_size == 0) {
        CHECK(len <= sizeof frame, "a frame that is not to be cut has %zu "
              "bytes at most, here %zu", sizeof frame, len);
        memcpy(frame, data, len);
        if (asked->csum_start)
            complete(asked, frame, len);
        wire(frame, len);
        return;
    }
    CHECK(len <= CUT_FRAME_MAX && len == ETH + get16(ip + 2),
          "what is to be cut is as long as its IP header says");
    CHECK(ip[9] == 6 && asked->header_len == ETH + IP + (ip[IP + 12] >> 4) * 4
          && asked->header_len + asked->gso_size <= sizeof frame,
          "it is TCP, its headers end where the card is told (%u), and its "
          "parts (%u) fit the wire", asked->header_len, asked->gso_size);
    CHECK(asked->csum_start == ETH + IP && asked->csum_offset == 16,
          "and its checksum is the card's to complete");
    for (unsigned i = 0; (size_t)i * asked->gso_size <
         len - asked->header_len; i++)
        wire(frame, segment(asked, data, len, i, frame));
}
