/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_rng.c - the entropy driver over a whole fake device: an honest
 * one, and those that lie.
 */
#include "drivers/virtio_rng/rng.h"
#include "fake_virtio_device.h"
#include "lib/errno.h"

#include <string.h>

static uint8_t data[8][16];
static unsigned done;
static struct rng_request requests[8];

static void request_done(struct rng_request *request)
{
    CHECK(request == &requests[done], "requests are done in order");
    done++;
}

/* The device is found, and so many requests are with it. */
static void begin(unsigned count)
{
    fake_virtio_begin(VIRTIO_ID_RNG);
    virtio_attach(&fake.device);
    CHECK(rng_depth() == 64, "the queue has 64 descriptors; here %u",
          rng_depth());
    for (unsigned i = 0; i < count; i++) {
        requests[i] = (struct rng_request){ .data = data[i], .len = 16,
                                            .done = request_done };
        CHECK(rng_request(&requests[i]) == 0, "there is room");
    }
    rng_kick();
    fake_loop();
}

static struct fake_chain take(void)
{
    struct fake_chain chain;

    CHECK(fake_chain_take(0, &chain), "the device has a request");
    CHECK(chain.write_len == 16 && chain.read_len == 0, "of 16 bytes");
    return chain;
}

static void check_broken(const char *lie)
{
    fake_loop();
    CHECK(rng_depth() == 0, "the device %s, and is still used", lie);
    CHECK(rng_request(&requests[7]) == -EIO, "the device %s: -EIO from now on",
          lie);
    CHECK(unit_log_count() == 1, "the device %s: one line says so; here %u, "
          "the last \"%s\"", lie, unit_log_count(), unit_log_last());
}

TEST(test_random_bytes_come_in_order)
{
    begin(3);
    for (unsigned i = 0; i < 3; i++) {
        struct fake_chain chain = take();
        memset(chain.write, 'a' + (int)i, 16);
        fake_chain_use(0, chain.head, 16 - i, 1);
    }
    fake_loop();
    CHECK(done == 3 && requests[2].got == 14 && data[2][0] == 'c',
          "%u are done, the last got %u bytes", done, requests[2].got);
}

TEST(test_a_length_beyond_the_buffer_breaks_the_device)
{
    begin(1);
    struct fake_chain chain = take();
    fake_chain_use(0, chain.head, 17, 1);
    check_broken("says that it wrote 17 bytes of 16");
    CHECK(done == 0, "nothing is done");
}

TEST(test_a_buffer_that_comes_back_empty_breaks_the_device)
{
    begin(1);
    struct fake_chain chain = take();
    fake_chain_use(0, chain.head, 0, 1);
    check_broken("wrote nothing");
}

TEST(test_an_impossible_used_id_breaks_the_device)
{
    begin(1);
    take();
    fake_chain_use(0, 64, 16, 1);
    check_broken("used id 64 of 64");
}

TEST(test_a_used_id_that_comes_twice_breaks_the_device)
{
    begin(2);
    struct fake_chain chain = take();
    fake_chain_use(0, chain.head, 16, 1);
    fake_chain_use(0, chain.head, 16, 1);
    check_broken("used a chain twice");
    CHECK(done == 1, "one is done");
}

TEST(test_a_used_index_too_far_breaks_the_device)
{
    begin(2);
    struct fake_chain chain = take();
    fake_chain_use(0, chain.head, 16, 3);
    check_broken("used 3 chains of 2");
}

TEST(test_device_needs_reset_breaks_the_device)
{
    begin(2);
    fake.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    fake_config_interrupt();
    check_broken("needs a reset");
}

TEST(test_a_device_that_refuses_our_features_is_not_used)
{
    fake_virtio_begin(VIRTIO_ID_RNG);
    fake.refuses = true;
    virtio_attach(&fake.device);
    CHECK(rng_depth() == 0 && fake.device.driver == NULL, "it is not used");
    CHECK(unit_log_count() == 1, "one line says so");
    CHECK(rng_request(&requests[0]) == -ENODEV, "there is no device");
}

TEST(test_a_lost_interrupt_delays_the_bytes_and_no_more)
{
    begin(3);
    fake.loses_interrupts = true;
    for (unsigned i = 0; i < 3; i++) {
        struct fake_chain chain = take();
        fake_chain_use(0, chain.head, 16, 1);
        fake_pass_time(1000);
        CHECK(done == i + 1, "a second later %u are done", done);
    }
    fake_pass_time(1000);
    CHECK(event_next_timer() == NULL, "and then nobody is woken any more");
}

/* Its interrupt is routed by the time the next step fails. */
TEST(test_a_device_that_failed_half_way_may_interrupt_without_harm)
{
    fake_virtio_begin(VIRTIO_ID_RNG);
    fake.queue_error = -ENOSPC;
    virtio_attach(&fake.device);
    event_post(fake.work[0]);
    fake_loop();
    CHECK(rng_depth() == 0, "it is not used");
}
