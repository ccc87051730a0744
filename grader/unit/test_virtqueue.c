/* SPDX-License-Identifier: MIT */
/*
 * test_virtqueue.c - lab 05's steps against the fake device: 5.1 init, 5.2
 * add, 5.3 kick, 5.4 poll, then all together. A test of a step uses no
 * function of a later one.
 */
#include "every_instruction.h"
#include "fake_virtio.h"
#include "fuzz.h"
#include "lib/errno.h"

#include <stdlib.h>
#include <string.h>

enum { PLENTY = 1000000 };

/* ---- 5.1 init --------------------------------------------------------- */

TEST(test_init_puts_each_part_at_its_place)
{
    for (unsigned num = 1; num <= VIRTQ_NUM_MAX; num *= 2) {
        struct virtq *vq = fake_device((uint16_t)num, 0);
        char *memory = (char *)vq->desc;

        CHECK(vq->num == num, "vq->num is %u: expected %u", vq->num, num);
        CHECK((uintptr_t)memory % VIRTQ_ALIGN == 0,
              "desc is not where the memory begins");
        CHECK((char *)vq->avail == memory + virtq_avail_offset(vq->num),
              "num %u: avail is %td bytes into the memory: expected %zu", num,
              (char *)vq->avail - memory, virtq_avail_offset(vq->num));
        CHECK((char *)vq->used == memory + virtq_used_offset(vq->num),
              "num %u: used is %td bytes into the memory: expected %zu", num,
              (char *)vq->used - memory, virtq_used_offset(vq->num));
    }
}

TEST(test_init_makes_the_queue_empty_whatever_the_memory_held)
{
    for (unsigned num = 1; num <= 1024; num *= 2) {
        struct virtq *vq = fake_device((uint16_t)num, 0);

        CHECK(vq->num_free == num, "num_free is %u: expected %u",
              vq->num_free, num);
        CHECK(vq->avail_idx == 0 && vq->last_used == 0 && vq->kicked == 0,
              "avail_idx, last_used, kicked are %u, %u, %u: expected zeros",
              vq->avail_idx, vq->last_used, vq->kicked);
        CHECK(!vq->broken, "the new queue is broken");
        for (unsigned i = 0; i < num; i++)
            CHECK(vq->chains[i].token == NULL,
                  "chains[%u].token is not NULL, as if it were in flight", i);
        CHECK(vq->index == 3 && strcmp(vq->name, "fake 3") == 0 &&
                  vq->notify && vq->transport,
              "a field of the transport's has changed");
    }
}

TEST(test_init_refuses_a_size_that_can_not_be)
{
    static const uint16_t bad[] = { 0, 3, 5, 6, 7, 12, 100, 255, 257, 1000,
                                    24576, 32767, 32769, 49152, 65535 };
    void *memory = unit_memory(virtq_size(8), VIRTQ_ALIGN, 0);
    struct virtq_chain *chains = unit_memory(8 * sizeof *chains, 16, 0);

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct virtq vq = { 0 };
        int error = virtq_init(&vq, bad[i], memory, chains);
        CHECK(error == -EINVAL, "virtq_init() of %u descriptors gave %d: "
              "expected -EINVAL", bad[i], error);
    }
}

/* ---- 5.2 add ---------------------------------------------------------- */

/* What stands behind an error's number. */
static const char *name(int error)
{
    return error == -EINVAL ? " (-EINVAL)"
         : error == -ENOSPC ? " (-ENOSPC)"
         : error == -EIO    ? " (-EIO)"
                            : "";
}

static void add(unsigned out, unsigned in)
{
    int error = fake_add(out, in);
    CHECK(error == 0, "virtq_add() of %u + %u buffers, with %u descriptors "
          "out, gave %d: expected 0", out, in, fake_descriptors(), error);
}

TEST(test_add_describes_one_buffer)
{
    fake_device(8, 0);
    add(1, 0);
    fake_offer();
    add(0, 1);
    fake_offer();
    CHECK(fake_taken() == 2, "the device has %u chains: expected 2",
          fake_taken());
}

TEST(test_add_links_the_buffers_of_a_chain_in_order)
{
    for (unsigned out = 0; out <= 4; out++) {
        for (unsigned in = 0; in <= 4; in++) {
            if (out + in == 0)
                continue;
            fake_device(16, 0);
            add(out, in);
            fake_offer();
            add(in, out);
            fake_offer();
        }
    }
}

/* Long before virtq_poll() exists: the first place of the ring comes round
 * again, and the index from 65535 to 0. */
TEST(test_add_describes_a_buffer_in_whichever_round_of_the_ring)
{
    static const uint16_t counts[] = { 7, 8, 12, 65527, 65534, 65535 };
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
        fake_device_after(8, 0, counts[i]);
        for (unsigned n = 0; n < 8; n++) {
            add(n & 1, ~n & 1);
            fake_offer();
        }
    }
}

TEST(test_add_publishes_the_index_after_the_entry)
{
    for (unsigned round = 0; round < 50; round++) {
        fake_device(64, round & 1 ? FAKE_EAGER : 0);
        while (fake_descriptors() <= 60)
            add(unit_random_below(3), 1 + unit_random_below(2));
        fake_offer();
    }
}

/* What stands in the ring is for the device to read. The driver counts for
 * itself. */
TEST(test_add_publishes_its_own_count_whatever_stands_in_the_ring)
{
    enum { RUBBISH = 0x1234 };
    struct virtq *vq = fake_device(8, FAKE_DEAF);

    add(1, 0);
    fake_offer();
    fake_away();
    vq->avail->idx = RUBBISH;
    vq->avail->ring[1] = RUBBISH;
    add(0, 1);
    if (vq->avail->idx == RUBBISH)
        virtq_kick(vq);
    CHECK(vq->avail->idx == 2, "somebody wrote %u over avail.idx, and with the "
          "next chain you made it %u: expected 2, as 2 chains were added",
          RUBBISH, vq->avail->idx);
    CHECK(vq->avail->ring[1] < 8, "somebody wrote %u over avail.idx, and the "
          "next chain is not in avail.ring[1]", RUBBISH);
}

TEST(test_add_uses_every_descriptor_there_is)
{
    for (unsigned num = 1; num <= 256; num *= 2) {
        fake_device((uint16_t)num, 0);
        for (unsigned i = 0; i < num; i++)
            add(i & 1, ~i & 1);
        fake_offer();
    }
    fake_device(VIRTQ_NUM_MAX, 0);
    for (unsigned i = 0; i < 64; i++)
        add(256, 256);
    fake_offer();
}

/* What a refused virtq_add() may not have changed. */
static void check_refusal(unsigned out, unsigned in, int expected)
{
    struct virtq *vq = fake_device(8, 0);
    add(2, 1);
    add(1, 2);
    fake_offer();       /* 2 descriptors are left */

    struct virtq before = *vq;
    size_t size = virtq_size(8);
    void *memory = malloc(size);
    memcpy(memory, vq->desc, size);

    int error = fake_add(out, in);
    CHECK(error == expected, "virtq_add() of %u + %u buffers, with 2 of 8 "
          "descriptors free, gave %d%s: expected %d%s", out, in, error,
          name(error), expected, name(expected));
    CHECK(memcmp(memory, vq->desc, size) == 0,
          "virtq_add() gave %d, but has changed the ring", error);
    CHECK(vq->num_free == 2 && vq->avail_idx == before.avail_idx,
          "virtq_add() gave %d, but num_free went from %u to %u", error,
          before.num_free, vq->num_free);

    add(1, 1);          /* exactly what is left */
    fake_offer();
    free(memory);
}

TEST(test_add_changes_nothing_when_the_queue_is_full)
{
    check_refusal(3, 0, -ENOSPC);
    check_refusal(0, 3, -ENOSPC);
    check_refusal(2, 1, -ENOSPC);
    check_refusal(100, 100, -ENOSPC);
}

TEST(test_add_refuses_what_can_not_be_added)
{
    check_refusal(0, 0, -EINVAL);

    struct virtq *vq = fake_device(8, 0);
    char data[4];
    struct virtq_buffer buffers[2] = { { data, 4 }, { data, 0 } };
    int error = virtq_add(vq, buffers, 1, 1, data);
    CHECK(error == -EINVAL, "virtq_add() of a buffer of length 0 gave %d%s: "
          "expected -EINVAL", error, name(error));
    error = virtq_add(vq, buffers + 1, 0, 1, data);
    CHECK(error == -EINVAL, "virtq_add() of one buffer of length 0 gave %d%s: "
          "expected -EINVAL", error, name(error));
    error = virtq_add(vq, buffers, 1, 0, NULL);
    CHECK(error == -EINVAL, "virtq_add() without a token gave %d%s: expected "
          "-EINVAL", error, name(error));
    error = virtq_add(vq, buffers, 1u << 31, 1u << 31, data);
    CHECK(error == -ENOSPC, "virtq_add() of 2^31 + 2^31 buffers gave %d%s: "
          "expected -ENOSPC", error, name(error));
    CHECK(vq->num_free == 8, "after refusals num_free is %u: expected 8",
          vq->num_free);
    vq->broken = true;
    error = virtq_add(vq, buffers, 1, 0, data);
    CHECK(error == -EIO, "virtq_add() to a broken queue gave %d%s: expected "
          "-EIO", error, name(error));
    vq->broken = false;
    add(4, 4);
    fake_offer();
}

/* ---- 5.3 kick --------------------------------------------------------- */

TEST(test_kick_notifies_once_for_a_batch)
{
    fake_device(16, 0);
    fake_kick();
    for (unsigned batch = 1; batch <= 5; batch++) {
        for (unsigned i = 0; i < batch; i++)
            add(1, 0);
        fake_kick();
        CHECK(fake_notified() == batch, "after %u batches the device was "
              "notified %u times", batch, fake_notified());
        fake_kick();
    }
    CHECK(fake_taken() == 15, "the device has %u chains: expected 15",
          fake_taken());
}

TEST(test_kick_knows_news_also_when_the_index_has_wrapped)
{
    fake_device_after(16, 0, 65533);
    fake_kick();
    for (unsigned i = 0; i < 8; i++) {
        add(1, 0);
        fake_kick();
        CHECK(fake_notified() == i + 1, "after %u kicks for news the device "
              "was notified %u times", i + 1, fake_notified());
    }
}

TEST(test_kick_leaves_a_device_alone_that_asks_for_it)
{
    fake_device(16, FAKE_DEAF);
    for (unsigned i = 0; i < 8; i++) {
        add(1, 1);
        fake_kick();
        fake_run(0);
    }
}

TEST(test_kick_wakes_a_device_that_has_just_gone_to_sleep)
{
    fake_device(16, FAKE_SLEEPY);
    for (unsigned i = 0; i < 8; i++) {
        add(1, 1);
        fake_kick();
        fake_run(0);
    }
}

TEST(test_kick_says_nothing_later_of_what_needed_no_telling)
{
    fake_device(16, FAKE_DEAF);
    add(1, 1);
    fake_kick();
    fake_run(0);
    fake_listen();
    fake_kick();
    add(1, 1);
    fake_kick();
}

TEST(test_kick_does_not_tell_the_device_of_a_broken_queue)
{
    struct virtq *vq = fake_device(16, 0);

    add(1, 1);
    vq->broken = true;
    virtq_kick(vq);
    CHECK(fake_notified() == 0, "the queue is broken, and virtq_kick() told "
          "its device of a chain");
}

/* ---- 5.4 poll --------------------------------------------------------- */

static void poll_nothing(void)
{
    CHECK(!fake_poll(NULL), "virtq_poll() gave a token twice");
}

TEST(test_poll_gives_nothing_when_nothing_was_used)
{
    fake_device(8, FAKE_ORDERLY);
    poll_nothing();
    add(1, 1);
    poll_nothing();
    fake_kick();
    fake_run(0);
    poll_nothing();
    fake_run(1);
    CHECK(fake_poll(NULL), "virtq_poll() gave NULL");
    poll_nothing();
}

TEST(test_poll_gives_token_and_length_in_the_order_used)
{
    for (unsigned round = 0; round < 100; round++) {
        fake_device(16, FAKE_SHUFFLE | FAKE_ORDERLY);
        for (unsigned i = 0; i < 5; i++)
            add(unit_random_below(2), 1 + unit_random_below(2));
        fake_kick();
        fake_run(PLENTY);
        for (unsigned i = 0; i < 5; i++)
            fake_poll(NULL);
        poll_nothing();
    }
}

/* The fake shows an element only at a read barrier, and moves used.idx on
 * inside that barrier too. */
TEST(test_poll_reads_the_element_after_the_index)
{
    fake_device(8, FAKE_EAGER);
    for (unsigned i = 0; i < 2000; i++) {
        if (fake_descriptors() < 8)
            add(0, 1);
        fake_kick();
        fake_run(i & 1);
        fake_poll(NULL);
    }
}

static void drain(void)
{
    do {
        fake_run(PLENTY);
        while (fake_poll(NULL))
            ;
    } while (fake_taken());
    CHECK(fake_in_flight() == 0, "%u chains were never used",
          fake_in_flight());
}

TEST(test_poll_frees_every_descriptor_of_the_chain)
{
    for (unsigned num = 1; num <= 64; num *= 2) {
        fake_device((uint16_t)num, FAKE_SHUFFLE);
        for (unsigned round = 0; round < 20; round++) {
            while (fake_descriptors() < num) {
                unsigned n = 1 + unit_random_below(num - fake_descriptors());
                add(n / 2, n - n / 2);
            }
            CHECK(fake_add(1, 0) == -ENOSPC, "a chain too many was taken");
            fake_kick();
            drain();
        }
    }
}

static void go_round(uint16_t num)
{
    fake_device(num, FAKE_SHUFFLE);
    for (unsigned n = 0; n < 66000;) {
        for (; fake_descriptors() < num; n++)
            add(n & 1, ~n & 1);
        fake_kick();
        fake_run(1 + unit_random_below(num));
        while (fake_poll(NULL))
            ;
    }
    drain();
}

TEST(test_the_indices_of_1_descriptor_wrap_at_65536)
{
    go_round(1);
}

TEST(test_the_indices_of_4_descriptors_wrap_at_65536)
{
    go_round(4);
}

TEST(test_the_indices_of_16_descriptors_wrap_at_65536)
{
    go_round(16);
}

/* ---- A device that lies ----------------------------------------------- */

/* Two chains in flight, of 3 and 1 descriptors; the first is `head`. */
static struct virtq *two_chains(void)
{
    struct virtq *vq = fake_device(8, 0);
    add(1, 2);
    add(0, 1);
    fake_kick();
    fake_run(0);
    return vq;
}

static void check_broken(struct virtq *vq, const char *lie)
{
    uint32_t len;
    char data[1];
    struct virtq_buffer buffer = { data, 1 };

    void *token = virtq_poll(vq, &len);
    CHECK(token == NULL, "the device %s, and virtq_poll() gave a token", lie);
    CHECK(vq->broken && fake_breaks() == 1, "the device %s, and the queue was "
          "not declared broken by virtq_break()", lie);
    token = virtq_poll(vq, &len);
    CHECK(token == NULL && fake_breaks() == 1, "the queue is broken, and "
          "virtq_poll() went on");
    int error = virtq_add(vq, &buffer, 1, 0, data);
    CHECK(error == -EIO, "the queue is broken, and virtq_add() gave %d: "
          "expected -EIO", error);
}

TEST(test_poll_refuses_an_id_outside_the_queue)
{
    static const uint32_t ids[] = { 8, 9, 255, 65535, 65536, 0x80000000,
                                    0xffffffff };
    for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct virtq *vq = two_chains();
        fake_lie(ids[i], 0, 1);
        check_broken(vq, "used an id that no descriptor has");
    }
    struct virtq *vq = two_chains();
    fake_lie(fake_head() + 65536u, 0, 1);
    check_broken(vq, "used an id 65536 above a head");
}

TEST(test_poll_refuses_an_id_that_is_not_in_flight)
{
    struct virtq *vq = two_chains();
    fake_lie(fake_free_descriptor(), 0, 1);
    check_broken(vq, "used a descriptor that is free");

    vq = two_chains();
    fake_lie(fake_descriptor(1), 0, 1);
    check_broken(vq, "used a descriptor in the middle of a chain");

    vq = two_chains();
    uint16_t head = fake_head();
    fake_run(1);
    CHECK(fake_poll(NULL), "virtq_poll() gave NULL");
    fake_lie(head, 0, 1);
    check_broken(vq, "used the same chain twice");
}

TEST(test_poll_refuses_a_length_above_what_is_writable)
{
    static const uint32_t beyond[] = { 1, 2, 1000, 0x7fffff00 };
    for (unsigned i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        struct virtq *vq = two_chains();
        fake_lie(fake_head(), fake_writable() + beyond[i], 1);
        check_broken(vq, "says that it wrote more than the chain can hold");
    }
    struct virtq *vq = two_chains();
    fake_lie(fake_head(), 0xffffffff, 1);
    check_broken(vq, "says that it wrote more than the chain can hold");

    vq = fake_device(8, 0);
    add(2, 0);
    fake_kick();
    fake_run(0);
    fake_lie(fake_head(), 1, 1);
    check_broken(vq, "says that it wrote into a chain that it may only read");
}

TEST(test_poll_refuses_an_index_ahead_of_what_is_in_flight)
{
    static const uint16_t by[] = { 3, 4, 8, 9, 1000, 32768, 65535 };
    for (unsigned i = 0; i < sizeof by / sizeof *by; i++) {
        struct virtq *vq = two_chains();
        fake_lie(fake_head(), 0, by[i]);
        check_broken(vq, "moved used.idx past all that was in flight");
    }
    struct virtq *vq = fake_device(8, 0);
    fake_lie(0, 0, 1);
    check_broken(vq, "used something while nothing was in flight");
}

TEST(test_poll_refuses_by_its_own_count_whatever_stands_in_the_ring)
{
    uint32_t len;
    struct virtq *vq = fake_device(8, FAKE_ORDERLY);

    add(0, 1);
    fake_kick();
    fake_run(1);
    fake_away();
    vq->avail->idx = 0;
    CHECK(virtq_poll(vq, &len) != NULL, "somebody wrote 0 over avail.idx, and "
          "virtq_poll() no longer gave the one chain that was in flight and "
          "used");

    vq = two_chains();
    fake_lie(fake_head(), 0, 3);
    fake_away();
    vq->avail->idx = 8;
    check_broken(vq, "wrote 8 over avail.idx, moved used.idx past the two "
                     "chains that were in flight");
}

/* A device on another processor writes between any two of our instructions:
 * here before each in turn. */
static struct virtq *changing;
static void *changing_token;
static uint32_t changing_len, changing_most;

static void poll_once(void)
{
    changing_token = virtq_poll(changing, &changing_len);
}

static void change_the_element(void)
{
    fake_scribble(0xfffffff0, 0xffffffff);
}

static void check_what_was_polled(void)
{
    if (changing_token == NULL)
        CHECK(changing->broken, "an element that was read as a lie breaks "
              "the queue");
    else
        CHECK(changing_len <= changing_most, "the device changed the length "
              "after it was looked at, and virtq_poll() gave the new one, "
              "%u: the chain has %u bytes to write", changing_len,
              changing_most);
}

TEST(test_poll_refuses_or_gives_what_it_has_looked_at_whenever_that_changes)
{
    changing = fake_device(8, FAKE_ORDERLY);
    add(0, 2);
    fake_kick();
    fake_run(0);
    changing_most = fake_writable();
    fake_run(1);
    fake_away();
    every_instruction(poll_once, change_the_element, check_what_was_polled);
}

/* fuzz_virtqueue.c, for a bounded time. */
TEST(test_poll_refuses_rubbish_and_no_rubbish_does_harm)
{
    static uint8_t input[512];

    for (unsigned round = 0; round < 4000; round++) {
        size_t len = unit_random_below(sizeof input);
        for (size_t i = 0; i < len; i++)
            input[i] = (uint8_t)unit_random();
        LLVMFuzzerTestOneInput(input, len);
    }
}

/* ---- All together ----------------------------------------------------- */

static void traffic(unsigned num, unsigned modes, unsigned steps)
{
    fake_device((uint16_t)num, modes);
    for (unsigned i = 0; i < steps; i++) {
        switch (unit_random_below(4)) {
        case 0:
        case 1: {
            unsigned most = num < 6 ? num : 6;
            unsigned out = unit_random_below(most + 1);
            unsigned in = unit_random_below(most + 1 - out);
            unsigned room = num - fake_descriptors();
            if (out + in == 0)
                break;
            int error = fake_add(out, in);
            CHECK(error == (out + in > room ? -ENOSPC : 0),
                  "virtq_add() of %u buffers with room for %u gave %d",
                  out + in, room, error);
            break;
        }
        case 2:
            fake_kick();
            fake_run(unit_random_below(8));
            break;
        default:
            for (unsigned n = unit_random_below(8); n; n--)
                fake_poll(NULL);
        }
    }
    fake_kick();
    drain();
}

TEST(test_random_traffic_with_a_quiet_device)
{
    for (unsigned num = 1; num <= 128; num *= 2)
        traffic(num, FAKE_SHUFFLE, 1500);
}

TEST(test_random_traffic_with_a_device_that_acts_at_every_barrier)
{
    for (unsigned num = 1; num <= 128; num *= 2)
        traffic(num, FAKE_SHUFFLE | FAKE_EAGER | FAKE_SLEEPY, 1500);
}
