/* SPDX-License-Identifier: MIT */
/*
 * test_sockets.c - lab 13: where on the host we are, and a host that does half
 * of everything. Linked with test_stream_contract.c, which has what every
 * network library must do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"
#include "net/sockets/sockets.h"
#include "net/up.h"
#include "stream_owner.h"
#include "unit.h"

/* ---- Where we are ------------------------------------------------------- */

static int up_at(const char *address)
{
    setenv("LODGE_ADDRESS", address, 1);
    return net_up("net0");
}

TEST(test_addresses_that_make_sense_are_taken)
{
    static const char *const good[] = {
        "127.0.0.1:0", "0.0.0.0:65535", ":8080", "[::1]:80", "[::]:0",
    };

    for (unsigned i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(up_at(good[i]) == 0, "\"%s\" is an address", good[i]);
}

TEST(test_addresses_that_make_none_are_refused_in_a_sentence)
{
    static const char *const bad[] = {
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:-1", "::1:80", "[::1]", "1.2.3.4.5:80", "127.0.0.1:80x",
        ":", "[:80", "]:80",
    };

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(up_at(bad[i]) == -EINVAL, "\"%s\" is no address", bad[i]);
        CHECK(unit_log_count() == i + 1 && strstr(unit_log_last(),
              "LODGE_ADDRESS"), "which is said");
    }
}

TEST(test_there_is_one_card_and_its_name_is_net0)
{
    CHECK(net_up("net1") == -ENODEV, "net1 is no device");
    CHECK(unit_log_count() == 1, "which is said");
}

static int descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

TEST(test_a_port_that_is_taken_is_busy)
{
    char address[64];
    int before, port;

    CHECK(up_at("127.0.0.1:0") == 0, "\"127.0.0.1:0\" is an address");
    CHECK(stream_listen(81, 1, owner_accept) == 0 && sscanf(unit_log_last(),
          "net0: port 81 is 127.0.0.1:%d of this host", &port) == 1, "a line "
          "says where the port is, here: %s", unit_log_last());
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    CHECK(up_at(address) == 0, "\"%s\" is an address", address);
    before = descriptors();
    CHECK(stream_listen(80, 1, owner_accept) == -EBUSY, "a port of the host "
          "that somebody has is busy");
    CHECK(strstr(unit_log_last(), "port 80 can't be 127.0.0.1:"), "which is "
          "said, here: %s", unit_log_last());
    CHECK(stream_listen(81, 1, owner_accept) == -EBUSY, "so is one of ours "
          "that somebody has");
    CHECK(descriptors() == before, "no descriptor is left over");
}

TEST(test_an_address_of_another_host_is_refused_in_a_sentence)
{
    CHECK(up_at("192.0.2.1:0") == 0, "it is an address");
    CHECK(stream_listen(80, 1, owner_accept) == -EBUSY, "but not one of this "
          "host");
    CHECK(strstr(unit_log_last(), "192.0.2.1"), "which is said, here: %s",
          unit_log_last());
}

/* ---- Bad weather -------------------------------------------------------- */

TEST(test_a_host_that_does_half_of_everything_loses_nothing)
{
    enum { LEN = 200000 };
    struct peer *p = start_connected();
    uint8_t *data = random_bytes(LEN);

    host.weather = 64;
    big_make(LEN);
    owner.in_writable = send_more_of_big;
    send_more_of_big(owner.stream);
    peer_send(p, data, LEN);
    peer_fin(p);
    COMES(owner.ended == 1 && p->count == LEN, "all comes through, both ways: "
          "here %zu and %u of %d", owner.count, p->count, LEN);
    CHECK(owner.count == LEN && memcmp(owner.bytes, data, LEN) == 0, "theirs "
          "as it was sent");
    CHECK(memcmp(p->bytes, big_copy, LEN) == 0, "ours as it was sent");
    finish(p);
}

static unsigned guests;

static void be_whimsical(struct stream *s)
{
    static const char text[5000];

    stream_send(s, text, unit_random_below(sizeof text), unit_random() & 1,
                NULL, NULL);
    if (unit_random_below(4) == 0)
        stream_resume(s);
    switch (unit_random_below(32)) {
    case 0:
        stream_close(s);
        break;
    case 1:
        stream_abort(s);
        break;
    }
}

static size_t whimsical_receive(struct stream *s, const uint8_t *data,
                                size_t len)
{
    (void)data;
    be_whimsical(s);
    return unit_random_below((uint32_t)len + 1);
}

static void whimsical_error(struct stream *s, int error)
{
    (void)s;
    CHECK(error == -ECONNRESET || error == -ETIMEDOUT || error == -ENOMEM,
          "error() says -ECONNRESET, -ETIMEDOUT or -ENOMEM, here %d", error);
}

static int whimsical_accept(struct stream *s)
{
    static const struct stream_events whimsical = {
        whimsical_receive, be_whimsical, be_whimsical, whimsical_error,
    };

    guests++;
    stream_attach(s, &whimsical, NULL);
    return unit_random_below(16) ? 0 : -ENOMEM;
}

TEST(test_no_whim_of_either_side_does_harm)
{
    struct peer *p[100];
    uint8_t *data = random_bytes(5000);

    start();
    CHECK(stream_listen(81, 16, whimsical_accept) == 0, "a port is free");
    host.weather = 32;
    for (unsigned i = 0; i < 100; i++) {
        p[i] = peer_connect(81);
        for (unsigned round = 0; round < 20; round++)
            peer_send(p[unit_random_below(i + 1)], data,
                      1 + unit_random_below(5000));
        if (unit_random_below(2))
            peer_fin(p[unit_random_below(i + 1)]);
        else if (unit_random_below(2))
            peer_reset(p[unit_random_below(i + 1)]);
        if (unit_random_below(4) == 0)
            card_sleep(unit_random_below(1000));
    }
    host.weather = 0;
    for (unsigned i = 0; i < 100; i++)
        peer_reset(p[i]);
    COMES(guests > 50, "most were let in, here %u of 100", guests);
    check_all_gone();
}
