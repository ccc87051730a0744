/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_core.c - what is given to every virtio driver, with devices
 * whose answers can't be: sizes of queues, configuration, reset.
 */
#include "core/clock.h"
#include "fake_virtio_device.h"
#include "lib/errno.h"

#include <string.h>

static struct event_work work;
static struct virtq vq;

static int queue(uint16_t max, uint16_t wanted)
{
    fake_virtio_begin(VIRTIO_ID_RNG);
    fake.status = 0x0b;
    fake.queue_max[2] = max;
    vq = (struct virtq){ 0 };
    return virtio_queue(&fake.device, 2, wanted, &vq, &work, "fake 2");
}

TEST(test_a_queue_has_the_size_that_suits_both)
{
    static const struct { uint16_t max, wanted, expected; } sizes[] = {
        { 1, 64, 1 }, { 64, 64, 64 }, { 256, 64, 64 }, { 16, 64, 16 },
        { 1024, 256, 256 }, { 32768, 256, 256 }, { 256, 100, 64 },
    };
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int error = queue(sizes[i].max, sizes[i].wanted);
        CHECK(error == 0 && vq.num == sizes[i].expected, "the device takes "
              "%u, %u are wanted: error %d, num %u: expected %u", sizes[i].max,
              sizes[i].wanted, error, vq.num, sizes[i].expected);
        CHECK(vq.index == 2 && fake.queue[2] == &vq, "the device has it");
    }
}

TEST(test_a_queue_of_a_legacy_device_has_the_size_that_it_has)
{
    static const uint16_t sizes[] = { 1, 8, 64, 256, 1024, 32768 };
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fake_virtio_begin(VIRTIO_ID_RNG);
        fake.status = 0x0b;
        fake.device.legacy = true;
        fake.queue_max[2] = sizes[i];
        vq = (struct virtq){ 0 };
        int error = virtio_queue(&fake.device, 2, 64, &vq, &work, "fake 2");
        CHECK(error == 0 && vq.num == sizes[i], "the device has %u, 64 are "
              "wanted: error %d, num %u", sizes[i], error, vq.num);
    }
}

TEST(test_a_queue_that_is_not_there_is_enodev)
{
    CHECK(queue(0, 64) == -ENODEV, "a queue of 0 descriptors is not there");
    CHECK(fake_blocks() == 0 && fake_pages() == 0, "nothing is allocated");
}

TEST(test_a_queue_of_an_absurd_size_is_refused_in_one_line)
{
    static const uint16_t sizes[] = { 3, 48, 255, 32767, 32769, 65535 };
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned lines = unit_log_count();
        int error = queue(sizes[i], 64);
        CHECK(error == -EINVAL, "a device whose queue has %u descriptors: "
              "error %d: expected -EINVAL", sizes[i], error);
        CHECK(unit_log_count() == lines + 1 &&
                  strstr(unit_log_last(), "can't be"),
              "a line says so; here \"%s\"", unit_log_last());
    }
    CHECK(fake_blocks() == 0 && fake_pages() == 0, "nothing is allocated");
}

/* The transport may have routed an interrupt before it failed. */
TEST(test_a_queue_that_the_transport_refuses_can_be_polled_without_harm)
{
    uint32_t len;

    fake_virtio_begin(VIRTIO_ID_RNG);
    fake.status = 0x0b;
    fake.queue_error = -ENOSPC;
    CHECK(virtio_queue(&fake.device, 0, 64, &vq, &work, "fake 0") == -ENOSPC,
          "what the transport says is passed on");
    CHECK(fake_blocks() == 0 && fake_pages() == 0, "all memory is back");
    CHECK(virtq_poll(&vq, &len) == NULL, "nothing is in it");
    virtq_kick(&vq);
}

TEST(test_configuration_is_read_again_when_it_has_changed_meanwhile)
{
    uint8_t value[4];

    fake_virtio_begin(VIRTIO_ID_NET);
    memcpy(fake.config, "abcdefgh", 8);
    virtio_config(&fake.device, 2, value, sizeof value);
    CHECK(memcmp(value, "cdef", 4) == 0, "it is what lies at 2");
    CHECK(unit_log_count() == 0, "and there is nothing to say about it");
}

TEST(test_a_config_generation_that_never_settles_holds_nobody_up)
{
    uint8_t value[4];

    fake_virtio_begin(VIRTIO_ID_NET);
    fake.restless = true;
    memcpy(fake.config, "abcdefgh", 8);
    for (unsigned i = 0; i < 10; i++)
        virtio_config(&fake.device, 2, value, sizeof value);
    CHECK(memcmp(value, "cdef", 4) == 0, "what was read last is given");
    CHECK(unit_log_count() == 1, "one line says so, here %u",
          unit_log_count());
    CHECK(fake.generation < 1000, "it was tried %u times", fake.generation);
}

/* ---- Lost interrupts, lost announcements ------------------------------- */

static unsigned looks, config_looks;

static void look(struct event_work *w)
{
    (void)w;
    looks++;
}

static void look_at_config(struct event_work *w)
{
    (void)w;
    config_looks++;
}

static struct event_work config_work = { .run = look_at_config };
static struct virtio_watch watch = { &vq, &work, &config_work, { 0 } };
static char token;

static void add(void)
{
    static uint8_t memory[8];
    struct virtq_buffer b = { memory, sizeof memory };

    CHECK(virtq_add(&vq, &b, 0, 1, &token) == 0, "there is room");
    virtq_kick(&vq);
    virtio_watch(&watch);
}

static void begin_to_watch(void)
{
    queue(8, 8);
    work.run = look;
    add();
}

TEST(test_what_is_in_flight_is_looked_at_once_a_second)
{
    begin_to_watch();
    fake_pass_time(999);
    CHECK(looks == 0, "before a second is over nobody looks");
    for (unsigned i = 1; i <= 5; i++) {
        fake_pass_time(1000);
        CHECK(looks == i && config_looks == i, "in second %u queue and "
              "configuration are looked at %u and %u times", i, looks,
              config_looks);
    }
}

TEST(test_with_each_look_the_device_is_reminded)
{
    begin_to_watch();
    unsigned before = fake.notified[2];
    fake_pass_time(2000);
    CHECK(fake.notified[2] == before + 2, "in two seconds it is told twice of "
          "what is in flight, here %u times", fake.notified[2] - before);
}

TEST(test_where_nothing_is_in_flight_nobody_is_woken)
{
    uint32_t len;

    queue(8, 8);
    virtio_watch(&watch);
    CHECK(event_next_timer() == NULL, "no timer is set for an empty queue");
    begin_to_watch();
    fake_chain_use(2, 0, 8, 1);
    fake_loop();
    CHECK(virtq_poll(&vq, &len) == &token, "it comes back");
    unsigned before = looks;
    fake_pass_time(1000);
    CHECK(looks == before && event_next_timer() == NULL, "what has come back "
          "is watched no longer");
}

/* Who kicks all the time puts off the look no further. */
TEST(test_a_queue_that_is_always_busy_is_looked_at_all_the_same)
{
    queue(32, 32);
    work.run = look;
    for (unsigned i = 0; i < 30; i++) {
        add();
        fake_pass_time(100);
    }
    CHECK(looks == 3, "in three seconds there are three looks, here %u",
          looks);
}

TEST(test_a_broken_queue_is_not_watched)
{
    begin_to_watch();
    virtq_break(&vq, "for a reason");
    fake_pass_time(3000);
    CHECK(looks == 0 && event_next_timer() == NULL, "nobody looks");
    virtio_watch(&watch);
    CHECK(event_next_timer() == NULL, "nor begins to");
}

/* ---- A broken device -------------------------------------------------- */

static struct virtq_buffer buffer(void)
{
    static uint8_t memory[8];
    return (struct virtq_buffer){ memory, sizeof memory };
}

TEST(test_a_broken_queue_is_told_of_once)
{
    queue(8, 8);
    virtq_break(&vq, "for a reason");
    virtq_break(&vq, "for another");
    CHECK(unit_log_count() == 1 && strstr(unit_log_last(), "for a reason") &&
              strstr(unit_log_last(), "fake 2"),
          "one line names queue and reason; here %u, the last \"%s\"",
          unit_log_count(), unit_log_last());
}

TEST(test_device_needs_reset_breaks_the_queue)
{
    queue(8, 8);
    CHECK(!virtio_needs_reset(&fake.device, &vq) && !vq.broken,
          "a device that works is let be");
    fake.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    CHECK(virtio_needs_reset(&fake.device, &vq) && vq.broken,
          "one that needs a reset has a broken queue");
    CHECK(strstr(unit_log_last(), "reset"), "\"%s\" says so", unit_log_last());
}

TEST(test_what_a_broken_device_held_comes_back_once_after_its_reset)
{
    char tokens[3];
    struct virtq_buffer b = buffer();

    queue(8, 8);
    for (unsigned i = 0; i < 3; i++)
        CHECK(virtq_add(&vq, &b, 0, 1, &tokens[i]) == 0, "there is room");
    CHECK(virtq_take_back(&vq) == NULL, "of a sound queue nothing is taken");
    virtq_break(&vq, "for a reason");
    CHECK(virtio_reset(&fake.device), "the device comes out of its reset");
    for (unsigned i = 0; i < 3; i++) {
        char *token = virtq_take_back(&vq);
        CHECK(token >= tokens && token < tokens + 3, "a token comes back");
        CHECK(*token != 1, "once");
        *token = 1;
    }
    CHECK(virtq_take_back(&vq) == NULL, "and no others");
}

TEST(test_a_reset_that_never_ends_is_given_up_in_one_line)
{
    queue(8, 8);
    fake.reset_looks = FAKE_NEVER;
    uint64_t begin = clock_ns();
    CHECK(!virtio_reset(&fake.device), "it does not come out");
    CHECK(clock_ns() - begin <= 2 * NS_PER_S, "a second is enough");
    CHECK(unit_log_count() == 1, "one line says so");
}
