/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_net.c - the network card's driver over a whole fake device: an
 * honest one, one whose interrupts get lost, and those that lie.
 */
#include "drivers/virtio_net/virtio_net.h"
#include "fake_virtio_device.h"
#include "lib/errno.h"
#include "without/without.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECEIVE = 0, TRANSMIT = 1, HEADER = sizeof(struct virtio_net_hdr),
       HEADER_LEGACY = 10 };

/* What was sent is given back by then, though nothing else happens. */
enum { TIDY_MS = 10 };

static struct netdev *card;
static unsigned received, released, writable, link_changes;
static uint8_t last_frame[2048];
static uint32_t last_len;
static unsigned last_sum;

static void receive(struct netdev *dev, struct netbuf *nb)
{
    CHECK(dev == card && nb->len <= sizeof last_frame, "a frame comes in");
    memcpy(last_frame, nb->data, nb->len);
    last_len = nb->len;
    last_sum = netdev_sum(dev, nb);
    received++;
    nb->release(nb);
}

static void is_writable(struct netdev *dev)
{
    (void)dev;
    writable++;
}

static void link_changed(struct netdev *dev)
{
    (void)dev;
    link_changes++;
}

static void offer(unsigned mtu)
{
    static const uint8_t mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

    fake_virtio_begin(VIRTIO_ID_NET);
    fake.offered |= 1u << 5 | 1u << 16 | (mtu != 0 ? 1u << 3 : 0);
    memcpy(fake.config, mac, sizeof mac);
    fake.config[6] = 1; /* the link is up */
    fake.config[10] = (uint8_t)mtu;
    fake.config[11] = (uint8_t)(mtu >> 8);
}

static void attach(void)
{
    virtio_attach(&fake.device);
    card = netdev_find("net0");
    CHECK(card != NULL, "the card is found");
    while (card->next != NULL)
        card = card->next;
    card->receive = receive;
    card->writable = is_writable;
    card->link_changed = link_changed;
    fake_loop();
}

static void begin(void)
{
    offer(0);
    attach();
}

static void release(struct netbuf *nb)
{
    released++;
    free(nb->data);
    free(nb);
}

static void release_nothing(struct netbuf *nb)
{
    (void)nb;
}

static int send(uint32_t len)
{
    struct netbuf *nb = calloc(1, sizeof *nb);

    *nb = (struct netbuf){ .data = malloc(len), .len = len,
                           .release = release };
    memset(nb->data, 0x5a, len);
    int error = card->send(card, nb);
    if (error != 0) {
        free(nb->data);
        free(nb);
    }
    return error;
}

/* The device puts a frame of `len` bytes into a receive buffer; of that buffer
 * it says that it wrote `more` bytes besides. */
static void frame_in(uint32_t len, uint32_t more)
{
    struct fake_chain chain;

    CHECK(fake_chain_take(RECEIVE, &chain), "there is a receive buffer");
    memset(chain.write, 0, HEADER);
    memset(chain.write + HEADER, 0x77, len);
    fake_chain_use(RECEIVE, chain.head, HEADER + len + more, 1);
}

/* The device sends everything; how many frames. */
static unsigned frames_out(void)
{
    struct fake_chain chain;
    unsigned count = 0;

    while (fake_chain_take(TRANSMIT, &chain)) {
        fake_chain_use(TRANSMIT, chain.head, 0, 1);
        count++;
    }
    return count;
}

/* ---- An honest card --------------------------------------------------- */

TEST(test_frames_come_in_and_go_out)
{
    begin();
    for (unsigned i = 0; i < 300; i++) {
        frame_in(100, 0);
        CHECK(send(60) == 0, "there is room");
        fake_loop();
        CHECK(frames_out() == 1, "a frame goes out");
        fake_pass_time(TIDY_MS);
        CHECK(received == i + 1 && released == i + 1, "frame %u: %u came in, "
              "%u were released", i, received, released);
    }
    CHECK(last_len == 100 && last_frame[99] == 0x77, "whole");
}

/* The memory of a header is used again and again. */
TEST(test_the_header_of_a_frame_that_asks_for_nothing_is_all_zero)
{
    struct fake_chain chain;

    begin();
    for (unsigned i = 0; i < 300; i++) {
        static struct netbuf asks = { .len = 60, .csum_start = 34,
                                      .csum_offset = 16 };
        static uint8_t bytes[60];

        asks.data = bytes;
        asks.release = release_nothing;
        CHECK((i % 2 ? send(60) : card->send(card, &asks)) == 0, "there is "
              "room");
        fake_loop();
        CHECK(fake_chain_take(TRANSMIT, &chain), "a frame goes out");
        CHECK(chain.read_len == HEADER + 60, "a header and 60 bytes");
        for (unsigned at = 0; at < HEADER && i % 2; at++)
            CHECK(chain.read[at] == 0, "byte %u of the header is 0, here %u",
                  at, chain.read[at]);
        fake_chain_use(TRANSMIT, chain.head, 0, 1);
        fake_loop();
    }
}

TEST(test_link_down_and_up_are_told)
{
    begin();
    fake.config[6] = 0;
    fake_config_interrupt();
    fake_loop();
    CHECK(!card->link_up && link_changes == 1, "the link is down");
    fake.config[6] = 1;
    fake_config_interrupt();
    fake_loop();
    CHECK(card->link_up && link_changes == 2, "the link is up");
}

/* ---- A legacy card ---------------------------------------------------- */

static void begin_legacy(uint64_t offered, uint16_t queue_size)
{
    offer(0);
    fake.device.legacy = true;
    fake.offered |= offered;
    for (unsigned i = 0; i < FAKE_QUEUES; i++)
        fake.queue_max[i] = queue_size;
    attach();
}

/* The card fills the pieces of a receive buffer one after the other, so that
 * where the header ends is the driver's to know. */
static void legacy_frame_in(unsigned pieces)
{
    uint8_t all[HEADER_LEGACY + 100], *at = all;
    uint32_t left = sizeof all;
    struct fake_chain chain;

    memset(all, 0x11, HEADER_LEGACY);
    memset(all + HEADER_LEGACY, 0x77, 100);
    CHECK(fake_chain_take(RECEIVE, &chain), "there is a receive buffer");
    CHECK(chain.in == pieces && chain.out == 0, "it has %u pieces, here %u",
          pieces, chain.in);
    CHECK(pieces == 1 || chain.pieces[0].len == HEADER_LEGACY, "the header has "
          "a descriptor of its own, of 10 bytes: here %u", chain.pieces[0].len);
    for (unsigned i = 0; i < chain.in && left > 0; i++) {
        uint32_t len = chain.pieces[i].len < left ? chain.pieces[i].len : left;
        memcpy(chain.pieces[i].data, at, len);
        at += len;
        left -= len;
    }
    fake_chain_use(RECEIVE, chain.head, sizeof all, 1);
}

static void legacy_frame_out(void)
{
    struct fake_chain chain;

    CHECK(send(60) == 0, "there is room");
    fake_loop();
    CHECK(fake_chain_take(TRANSMIT, &chain), "a frame goes out");
    CHECK(chain.out == 2 && chain.pieces[0].len == HEADER_LEGACY &&
              chain.pieces[1].len == 60,
          "as a header of 10 bytes and 60 bytes of its own; here %u pieces, "
          "the first of %u bytes", chain.out, chain.pieces[0].len);
    fake_chain_use(TRANSMIT, chain.head, 0, 1);
}

static void legacy_traffic(unsigned pieces)
{
    for (unsigned i = 0; i < 300; i++) {
        legacy_frame_in(pieces);
        legacy_frame_out();
        fake_pass_time(TIDY_MS);
        CHECK(received == i + 1 && released == i + 1, "frame %u goes in and "
              "one goes out", i);
        CHECK(last_len == 100 && last_frame[0] == 0x77 &&
                  last_frame[99] == 0x77, "whole, and without the header");
    }
}

TEST(test_a_legacy_card_has_headers_of_10_bytes)
{
    begin_legacy(VIRTIO_F_ANY_LAYOUT, 64);
    CHECK(fake.accepted & VIRTIO_F_ANY_LAYOUT, "ANY_LAYOUT is agreed on");
    legacy_traffic(1);
}

TEST(test_a_legacy_card_without_any_layout_has_the_header_in_its_own_descriptor)
{
    begin_legacy(0, 64);
    legacy_traffic(2);
}

/* [virtio 1.2 §5.1.6.1] */
TEST(test_a_legacy_card_may_count_what_it_has_read)
{
    struct fake_chain chain;

    begin_legacy(VIRTIO_F_ANY_LAYOUT, 64);
    for (unsigned i = 0; i < 200; i++) {
        CHECK(send(60) == 0, "there is room");
        fake_loop();
        CHECK(fake_chain_take(TRANSMIT, &chain), "a frame goes out");
        fake_chain_use(TRANSMIT, chain.head, i % 2 ? 70 : UINT32_MAX, 1);
        fake_pass_time(TIDY_MS);
        CHECK(released == i + 1 && !fake.queue[TRANSMIT]->broken, "frame %u is "
              "sent, and the card is not broken", i);
    }
}

TEST(test_what_would_make_the_header_longer_is_not_agreed_on)
{
    const uint64_t mrg_rxbuf = 1u << 15;

    begin_legacy(mrg_rxbuf | VIRTIO_F_ANY_LAYOUT | 1u << 30, 64);
    CHECK((fake.accepted & (mrg_rxbuf | 1u << 30)) == 0, "neither MRG_RXBUF "
          "nor bit 30 is: 0x%llx", (unsigned long long)fake.accepted);
    legacy_traffic(1);
}

TEST(test_a_legacy_card_with_long_queues_has_as_many_buffers_as_any_other)
{
    static const uint16_t sizes[] = { 64, 256, 1024, 4096, 32768 };

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned apart = 0; apart < 2; apart++) {
            struct netdev_usage usage;
            unsigned sent = 0;

            begin_legacy(apart ? 0 : VIRTIO_F_ANY_LAYOUT, sizes[i]);
            card->usage(card, &usage);
            unsigned room = sizes[i] / (1 + apart);
            CHECK(usage.receive_buffers == (room < 256 ? room : 256), "with "
                  "%u descriptors there are %u receive buffers", sizes[i],
                  usage.receive_buffers);
            while (send(60) == 0)
                sent++;
            CHECK(sent == (sizes[i] < 256 ? sizes[i] / 2 : 128), "and %u "
                  "frames on their way out", sent);
        }
    }
}

/* ---- With and without each feature --------------------------------------- */

enum { CSUM = 1 << 0, GUEST_CSUM = 1 << 1, HOST_TSO4 = 1 << 11,
       MRG_RXBUF = 1 << 15, INDIRECT_DESC = 1 << 28 };

static const uint64_t optional[] = {
    CSUM, GUEST_CSUM, HOST_TSO4, MRG_RXBUF, VIRTIO_F_ANY_LAYOUT, INDIRECT_DESC,
    VIRTIO_F_EVENT_IDX,
};
enum { SUBSETS = 1 << (sizeof optional / sizeof *optional) };

/* The header of what the card receives, by what was agreed on. */
static uint32_t header(void)
{
    return fake.device.legacy ? HEADER_LEGACY : HEADER;
}

/* The header says what the card knows of the frame's checksum. */
static void any_frame_in(uint8_t flags)
{
    struct fake_chain chain;
    uint8_t all[HEADER + 100] = { flags }, *at = all;
    uint32_t left = header() + 100;

    memset(all + header(), 0x77, 100);
    CHECK(fake_chain_take(RECEIVE, &chain), "there is a receive buffer");
    for (unsigned i = 0; i < chain.in && left > 0; i++) {
        uint32_t len = chain.pieces[i].len < left ? chain.pieces[i].len : left;
        memcpy(chain.pieces[i].data, at, len);
        at += len;
        left -= len;
    }
    fake_chain_use(RECEIVE, chain.head, header() + 100, 1);
}

/* A few rounds in which the ring is filled to the brim, or hardly. */
static void any_traffic(const char *what)
{
    unsigned sent = 0, writable_before = writable;

    received = released = 0;
    for (unsigned round = 0; round < 60; round++) {
        unsigned most = round % 3 ? 2 : 1000, before = sent;

        while (sent - before < most && send(60) == 0)
            sent++;
        any_frame_in((uint8_t)round % 5);
        fake_loop();
        CHECK(received == round + 1, "%s: frame %u comes in", what, round);
        CHECK(last_sum == (fake.accepted & GUEST_CSUM ? round % 5 % 4 : 0),
              "%s: what the card says of its checksum is %u, handed up as %u",
              what, round % 5, last_sum);
        unsigned out = frames_out();
        CHECK(out == sent - before, "%s: of %u frames %u go out", what,
              sent - before, out);
        fake_pass_time(TIDY_MS);
        CHECK(released == sent, "%s: of %u frames %u are given back", what,
              sent, released);
    }
    CHECK(writable - writable_before == 20, "%s: whenever the ring was full, "
          "there is room again; here %u times of 20", what,
          writable - writable_before);
}

static void with_subset(unsigned subset, bool legacy)
{
    char what[64];

    offer(0);
    fake.device.legacy = legacy;
    fake.offered &= ~VIRTIO_F_EVENT_IDX;
    for (unsigned i = 0; i < sizeof optional / sizeof *optional; i++)
        if (subset >> i & 1)
            fake.offered |= optional[i];
    attach();
    snprintf(what, sizeof what, "%s card, features 0x%llx",
             legacy ? "legacy" : "modern", (unsigned long long)fake.offered);
    CHECK(!(fake.accepted & HOST_TSO4) || fake.accepted & CSUM, "%s: no "
          "HOST_TSO4 without CSUM [virtio 1.2 §5.1.3.1]", what);
    CHECK(!(fake.accepted & (MRG_RXBUF | INDIRECT_DESC)), "%s: what nobody "
          "here knows is not taken", what);
    CHECK(!(card->features & NETDEV_TSO4) == !(fake.accepted & HOST_TSO4) &&
              !(card->features & NETDEV_CHECKSUM) == !(fake.accepted & CSUM),
          "%s: the stack is told of what there is", what);
    any_traffic(what);
}

TEST(test_every_subset_of_features_carries_frames_both_ways)
{
    for (unsigned subset = 0; subset < SUBSETS; subset++) {
        with_subset(subset, false);
        with_subset(subset, true);
    }
}

TEST(test_what_the_command_line_withholds_is_not_agreed_on)
{
    static const struct { unsigned without; uint64_t lacks; } each[] = {
        { 0, 0 },
        { 1u << WITHOUT_TSO, HOST_TSO4 },
        { 1u << WITHOUT_CSUM, CSUM | GUEST_CSUM | HOST_TSO4 },
        { 1u << WITHOUT_EVENT_IDX, VIRTIO_F_EVENT_IDX },
        { 1u << WITHOUT_KICK, 0 },
        { 1u << WITHOUT_KICK | 1u << WITHOUT_EVENT_IDX, VIRTIO_F_EVENT_IDX },
    };
    const uint64_t all = CSUM | GUEST_CSUM | HOST_TSO4 | VIRTIO_F_EVENT_IDX;

    for (unsigned i = 0; i < sizeof each / sizeof *each; i++) {
        without_what = each[i].without;
        with_subset(SUBSETS - 1, false);
        CHECK((fake.accepted & all) == (all & ~each[i].lacks), "without 0x%x: "
              "0x%llx", each[i].without, (unsigned long long)fake.accepted);
    }
}

/* [virtio 1.2 §2.2.1] */
TEST(test_a_card_that_cuts_but_does_not_sum_is_asked_a_second_time)
{
    offer(0);
    fake.offered |= HOST_TSO4;
    attach();
    CHECK(!(fake.accepted & HOST_TSO4) && card->features == 0, "for less");
    CHECK(strncmp(fake.story, "0 1 3 features b 8b 0 1 3 features b", 36) == 0,
          "from the beginning, after it was given up; here \"%s\"",
          fake.story);
}

static void many_small_frames(bool lossy)
{
    received = released = 0;
    for (unsigned i = 1; i <= 100; i++) {
        any_frame_in(0);
        CHECK(send(60) == 0, "there is room");
        fake_pass_time(lossy ? 1000 : 1);
        frames_out();
        fake_pass_time(lossy ? 1000 : 1);
        CHECK(received == i, "frame %u has come in", i);
    }
    fake_pass_time(1000);
    CHECK(released == 100, "all are given back; here %u", released);
}

TEST(test_frames_that_are_sent_interrupt_nobody_while_there_is_room)
{
    for (unsigned event_idx = 0; event_idx < 2; event_idx++) {
        offer(0);
        if (!event_idx)
            fake.offered &= ~VIRTIO_F_EVENT_IDX;
        attach();
        many_small_frames(false);
        CHECK(fake.interrupts[TRANSMIT] <= 1, "%s EVENT_IDX: 100 frames were "
              "sent, with %u interrupts", event_idx ? "with" : "without",
              fake.interrupts[TRANSMIT]);
    }
}

TEST(test_who_waits_for_room_is_interrupted_once_when_half_has_been_sent)
{
    struct fake_chain chain;
    unsigned sent = 0;

    begin();
    while (send(60) == 0)
        sent++;
    fake_loop();
    unsigned before = fake.interrupts[TRANSMIT];
    for (unsigned i = 0; i < sent; i++) {
        CHECK(fake_chain_take(TRANSMIT, &chain), "frame %u goes out", i);
        fake_chain_use(TRANSMIT, chain.head, 0, 1);
        fake_loop();
        CHECK(writable == (i + 1 >= sent / 2), "%u of %u are sent", i + 1,
              sent);
    }
    CHECK(fake.interrupts[TRANSMIT] == before + 1, "one interrupt; here %u",
          fake.interrupts[TRANSMIT] - before);
}

TEST(test_the_last_of_the_ring_is_for_frames_that_nobody_sends_again)
{
    static uint8_t bytes[60];
    static struct netbuf patient[256];
    unsigned sent = 0, more = 0;
    int error = 0;

    begin();
    while (error == 0 && sent < 256) {
        patient[sent] = (struct netbuf){ .data = bytes, .len = sizeof bytes,
                                         .release = release_nothing,
                                         .patient = true };
        error = card->send(card, &patient[sent]);
        sent += error == 0;
    }
    CHECK(error == -ENOSPC && sent >= 4, "%u patient frames find room", sent);
    while (send(60) == 0)
        more++;
    CHECK(more >= sent / 3, "when %u patient frames are under way, and no more "
          "may be, there is room for others: here for %u", sent, more);
}

TEST(test_frames_that_come_while_others_are_looked_at_interrupt_nobody)
{
    begin();
    received = 0;
    any_frame_in(0);
    unsigned before = fake.interrupts[RECEIVE];
    CHECK(before > 0, "the first one does");
    for (unsigned i = 0; i < 20; i++) {
        event_run_once(0);
        any_frame_in(0);
    }
    CHECK(received >= 20 && fake.interrupts[RECEIVE] == before, "%u came in, "
          "with %u interrupts more", received,
          fake.interrupts[RECEIVE] - before);
    fake_loop();
    any_frame_in(0);
    CHECK(fake.interrupts[RECEIVE] == before + 1, "then the next one does");
}

TEST(test_with_any_feature_a_lost_interrupt_costs_a_second)
{
    for (unsigned event_idx = 0; event_idx < 2; event_idx++) {
        offer(0);
        if (!event_idx)
            fake.offered &= ~VIRTIO_F_EVENT_IDX;
        attach();
        fake.loses_interrupts = true;
        many_small_frames(true);
    }
}

/* ---- Lost interrupts -------------------------------------------------- */

TEST(test_a_lost_receive_interrupt_delays_a_frame_and_no_more)
{
    begin();
    fake.loses_interrupts = true;
    for (unsigned i = 1; i <= 200; i++) {
        frame_in(100, 0);
        fake_pass_time(1000);
        CHECK(received == i, "a second later frame %u is there; here %u are",
              i, received);
    }
}

TEST(test_a_lost_transmit_interrupt_does_not_stop_what_waits_for_room)
{
    unsigned sent = 0;

    begin();
    fake.loses_interrupts = true;
    for (unsigned round = 1; round <= 20; round++) {
        while (send(60) == 0)
            sent++;
        fake_loop();
        CHECK(frames_out() > 0, "the device sends them");
        fake_pass_time(1000);
        CHECK(released == sent, "a second later %u of %u are released",
              released, sent);
        CHECK(writable == round, "and there is room again: writable() was "
              "called %u times, expected %u", writable, round);
    }
}

static void keep(struct netdev *dev, struct netbuf *nb)
{
    (void)dev, (void)nb;
    received++;
}

TEST(test_a_lost_transmit_interrupt_is_noticed_also_when_all_buffers_are_lent)
{
    struct netdev_usage usage;

    begin();
    card->receive = keep;
    card->usage(card, &usage);
    for (unsigned i = 0; i < usage.receive_buffers; i++)
        frame_in(100, 0);
    fake_loop();
    CHECK(received == usage.receive_buffers, "the stack has them all");
    fake_pass_time(5000);
    fake.loses_interrupts = true;
    CHECK(send(60) == 0, "there is room");
    fake_loop();
    CHECK(frames_out() == 1, "a frame goes out");
    fake_pass_time(1000);
    CHECK(released == 1, "a second later it is released");
}

TEST(test_a_lost_configuration_interrupt_delays_the_news_and_no_more)
{
    begin();
    fake.loses_interrupts = true;
    fake.config[6] = 0;
    fake_pass_time(1000);
    CHECK(!card->link_up && link_changes == 1, "the link is down");
}

TEST(test_an_idle_card_is_looked_at_once_a_second)
{
    begin();
    unsigned story = (unsigned)strlen(fake.story);
    fake_pass_time(10000);
    CHECK(received == 0 && writable == 0 && link_changes == 0 &&
              fake.notified[TRANSMIT] == 0 && strlen(fake.story) == story,
          "nothing happens when there is nothing to do");
}

/* ---- A card that lies ------------------------------------------------- */

/* One line, no more traffic, nothing of ours is kept; time goes on. */
static void check_broken(unsigned lines, const char *lie)
{
    fake_loop();
    CHECK(unit_log_count() == lines + 1, "the card %s: one line says so; here "
          "%u, the last \"%s\"", lie, unit_log_count() - lines,
          unit_log_last());
    CHECK(strstr(unit_log_last(), "net0"), "the card is named: \"%s\"",
          unit_log_last());
    CHECK(send(60) == -EIO, "the card %s: nothing more is sent", lie);
    CHECK(!card->link_up && link_changes == 1, "the card %s: its link is down",
          lie);
    CHECK(fake.status == 0, "the card %s: it is reset", lie);
    fake_pass_time(5000);
    CHECK(unit_log_count() == lines + 1, "no more is said of it");
}

TEST(test_an_impossible_used_id_breaks_the_card)
{
    begin();
    unsigned lines = unit_log_count();
    fake_chain_use(RECEIVE, 64, 100, 1);
    check_broken(lines, "used id 64 of 64");
}

TEST(test_a_used_id_that_is_not_in_flight_breaks_the_card)
{
    begin();
    unsigned lines = unit_log_count();
    fake_chain_use(TRANSMIT, 5, 0, 1);
    check_broken(lines, "used a frame that nobody sent");
}

TEST(test_a_used_id_that_comes_twice_breaks_the_card)
{
    struct fake_chain chain;

    begin();
    unsigned lines = unit_log_count();
    CHECK(send(60) == 0 && send(60) == 0, "there is room");
    fake_loop();
    CHECK(fake_chain_take(TRANSMIT, &chain), "the card has a frame");
    fake_chain_use(TRANSMIT, chain.head, 0, 1);
    fake_chain_use(TRANSMIT, chain.head, 0, 1);
    check_broken(lines, "used a frame twice");
    CHECK(released == 2, "both frames are released once: here %u", released);
}

TEST(test_a_length_beyond_the_buffer_breaks_the_card)
{
    begin();
    unsigned lines = unit_log_count();
    frame_in(100, 5000);
    check_broken(lines, "wrote beyond its buffer");
    CHECK(received == 0, "nothing is received");
}

TEST(test_a_modern_card_that_counts_what_it_has_read_is_broken)
{
    struct fake_chain chain;

    begin();
    unsigned lines = unit_log_count();
    CHECK(send(60) == 0, "there is room");
    fake_loop();
    CHECK(fake_chain_take(TRANSMIT, &chain), "a frame goes out");
    fake_chain_use(TRANSMIT, chain.head, 72, 1);
    check_broken(lines, "wrote into a frame to send");
}

TEST(test_a_legacy_card_is_held_to_what_it_received_all_the_same)
{
    begin_legacy(VIRTIO_F_ANY_LAYOUT, 64);
    unsigned lines = unit_log_count();
    frame_in(100, 5000);
    check_broken(lines, "wrote beyond its buffer");
}

TEST(test_a_used_index_too_far_breaks_the_card)
{
    begin();
    unsigned lines = unit_log_count();
    fake_chain_use(RECEIVE, 0, 100, 65);
    check_broken(lines, "used more than it had");
}

TEST(test_device_needs_reset_breaks_the_card_and_its_frames_come_back)
{
    begin();
    for (unsigned i = 0; i < 10; i++)
        CHECK(send(60) == 0, "there is room");
    fake_loop();
    unsigned lines = unit_log_count();
    fake.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    fake_config_interrupt();
    check_broken(lines, "needs a reset");
    CHECK(released == 10, "what it had to send is released: %u of 10",
          released);
}

TEST(test_device_needs_reset_is_noticed_without_an_interrupt)
{
    begin();
    unsigned lines = unit_log_count();
    fake.loses_interrupts = true;
    fake.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    fake_pass_time(1000);
    check_broken(lines, "needs a reset");
}

TEST(test_a_card_that_does_not_come_out_of_its_reset_keeps_what_it_has)
{
    begin();
    CHECK(send(60) == 0, "there is room");
    fake_loop();
    fake.reset_looks = FAKE_NEVER;
    fake_chain_use(RECEIVE, 64, 100, 1);
    fake_loop();
    CHECK(released == 0, "memory that the card may still read stays its own");
    CHECK(send(60) == -EIO, "nothing more is sent");
}

TEST(test_frames_that_are_no_frames_go_back_into_the_ring)
{
    struct fake_chain chain;

    begin();
    for (unsigned i = 0; i < 500; i++) {
        CHECK(fake_chain_take(RECEIVE, &chain), "the ring is kept full");
        fake_chain_use(RECEIVE, chain.head, i % (HEADER + 14), 1);
        fake_loop();
    }
    CHECK(received == 0 && !fake.queue[RECEIVE]->broken,
          "a short frame is dropped, and is no lie");
}

/* ---- A card that can't be --------------------------------------------- */

static void check_not_used(const char *what)
{
    unsigned lines = unit_log_count();

    virtio_attach(&fake.device);
    CHECK(netdev_find("net0") == NULL, "a card that %s is not used", what);
    CHECK(unit_log_count() > lines && unit_log_count() <= lines + 2,
          "a card that %s: a line says so", what);
    CHECK((fake.status & VIRTIO_STATUS_FAILED) != 0, "and it is told");
    for (unsigned q = 0; q < 2; q++)
        if (fake.work[q] != NULL)
            event_post(fake.work[q]);
    if (fake.config_work != NULL)
        event_post(fake.config_work);
    fake_pass_time(3000); /* it interrupts all the same */
}

TEST(test_a_card_that_refuses_our_features_is_not_used)
{
    offer(0);
    fake.refuses = true;
    check_not_used("refuses FEATURES_OK");
}

TEST(test_a_card_without_a_transmit_queue_may_interrupt_without_harm)
{
    offer(0);
    fake.queue_max[TRANSMIT] = 0;
    check_not_used("has no transmit queue");
}

TEST(test_a_card_with_queues_of_an_absurd_size_is_not_used)
{
    static const uint16_t sizes[] = { 1, 16, 48, 65535 };
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        offer(0);
        fake.queue_max[TRANSMIT] = sizes[i];
        check_not_used("has no room in its ring for a frame");
    }
}

TEST(test_any_mtu_that_the_card_may_name_can_be_lived_with)
{
    static const unsigned mtus[] = { 1, 67, 68, 576, 1500, 9000, 65535 };
    for (unsigned i = 0; i < sizeof mtus / sizeof *mtus; i++) {
        offer(mtus[i]);
        attach();
        CHECK(card->mtu == (mtus[i] < 68 ? 1500 : mtus[i]), "the card says "
              "%u: here %u", mtus[i], card->mtu);
        frame_in(100, 0);
        fake_loop();
        CHECK(received == i + 1, "a frame comes in");
    }
}
