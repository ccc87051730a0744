/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_legacy.c - virtio devices on the PCI bus that have only the
 * legacy interface: honest ones, and those whose answers can't be.
 */
#include <string.h>

#include "core/clock.h"
#include "fake_driver.h"
#include "fake_legacy.h"
#include "fake_virtio_device.h"
#include "lib/errno.h"
#include "mem/pages.h"

#define ANY_LAYOUT ((uint32_t)VIRTIO_F_ANY_LAYOUT)

static void up(void)
{
    driver_scan();
    CHECK(driver.attached == 1, "the device is brought up; error %d, \"%s\"",
          driver.error, unit_log_last());
}

/* ---- An honest device ------------------------------------------------- */

TEST(test_a_legacy_device_is_brought_up)
{
    legacy_begin();
    up();
    CHECK(legacy.status == 7, "its status is ACKNOWLEDGE, DRIVER and "
          "DRIVER_OK, here 0x%x", legacy.status);
    CHECK(driver.device->legacy, "and its driver can know what it is");
    CHECK(legacy.page[0] != 0 && legacy.page[1] == 0, "the queue that the "
          "driver wants is set up, and no other");
    CHECK(unit_log_count() == 0, "and there is nothing to say, here \"%s\"",
          unit_log_last());
}

TEST(test_all_32_features_can_be_agreed_on_and_no_others)
{
    legacy_begin();
    driver.wanted = VIRTIO_F_VERSION_1 | 1ull << 40 | 0x80000023;
    legacy.offered = 0xb000000f;
    up();
    CHECK(legacy.accepted == 0x80000003, "the device has agreed to 0x%x: "
          "expected 0x80000003", legacy.accepted);
    CHECK(driver.device->features == legacy.accepted, "the driver knows it, "
          "here 0x%llx", (unsigned long long)driver.device->features);
}

TEST(test_any_layout_is_agreed_on_where_it_is_offered)
{
    legacy_begin();
    legacy.offered = ANY_LAYOUT | 1u << 30;
    up();
    CHECK(legacy.accepted == ANY_LAYOUT, "the device has agreed to 0x%x",
          legacy.accepted);
    CHECK(driver.device->features == ANY_LAYOUT, "the driver knows it");
}

TEST(test_a_ring_of_any_size_lies_where_its_page_number_says)
{
    for (unsigned size = 1; size <= 32768; size *= 2) {
        uint8_t data[4] = { 0 };
        struct virtq_buffer buffer = { data, sizeof data };
        uint32_t len = 0;

        legacy_begin();
        driver.attached = driver.used = 0;
        legacy.queue_size[0] = (uint16_t)size;
        up();
        CHECK(driver.vq.num == size, "the device has %u descriptors and "
              "leaves no choice: here %u", size, driver.vq.num);
        for (unsigned i = 1; i <= 2 * size && i <= 300; i++) {
            CHECK(virtq_add(&driver.vq, &buffer, 0, 1, data) == 0, "there is "
                  "room");
            virtq_kick(&driver.vq);
            CHECK(legacy.notified[0] == i, "the device is told once, by the "
                  "number of the queue");
            CHECK(legacy_use(0, (uint8_t)i), "it finds the chain");
            CHECK(driver.used == i, "its interrupt comes");
            CHECK(virtq_poll(&driver.vq, &len) == data && len == sizeof data &&
                      data[3] == (uint8_t)i,
                  "with the buffer filled");
        }
    }
}

TEST(test_a_queue_is_set_up_whichever_was_looked_at_last)
{
    static struct virtq_chain chains[16];
    struct virtq second = { .index = 1, .name = "second" };
    struct event_work work = { 0 };

    legacy_begin();
    up();
    CHECK(virtq_init(&second, 16, pages_alloc(2), chains) == 0, "a ring of 16 "
          "has room in two pages");
    legacy.status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    const struct virtio_transport *transport = driver.device->transport;
    CHECK(transport->queue_max(driver.device, 0) == 16 &&
              transport->queue_max(driver.device, 2) == 0 &&
              transport->queue_max(driver.device, 0x10001) == 0,
          "there are two queues");
    uint32_t first = legacy.page[0];
    CHECK(transport->queue_enable(driver.device, &second, &work) == 0, "the "
          "second is set up");
    CHECK(legacy.page[1] != 0 && legacy.page[0] == first, "and not another");
}

TEST(test_a_change_of_the_configuration_interrupts)
{
    legacy_begin();
    up();
    legacy_config_interrupt();
    CHECK(driver.config_changed == 1 && driver.used == 0, "by a vector of its "
          "own");
}

TEST(test_a_reset_is_asked_for_and_forgets_what_was_agreed_on)
{
    legacy_begin();
    up();
    CHECK(driver.device->transport->get_status(driver.device) == 0x0f,
          "FEATURES_OK is remembered, though the device has none");
    CHECK(virtio_reset(driver.device), "it comes out of its reset");
    CHECK(legacy.status == 0 && legacy.page[0] == 0, "and has let go");
}

TEST(test_a_transitional_device_is_not_asked_for_ports_it_may_not_have)
{
    struct fake_function *f = legacy_begin();
    fake_set16(f, PCI_DEVICE_ID, 0x1044); /* which says that it is modern */
    driver_refuses("that is modern, and has no structures");
}

/* ---- Its configuration ------------------------------------------------ */

static void fill_config(uint8_t *config, uint8_t first)
{
    for (unsigned i = 0; i < LEGACY_CONFIG; i++)
        config[i] = (uint8_t)(first + i);
}

TEST(test_the_configuration_lies_behind_the_vectors)
{
    static const struct { unsigned offset, len; } fields[] = {
        { 0, 6 }, { 6, 2 }, { 10, 2 }, { 0, 8 }, { 12, 4 }, { 15, 1 },
    };

    legacy_begin();
    fill_config(legacy.config, 'a');
    up();
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        uint8_t value[8] = { 0 };
        virtio_config(driver.device, fields[i].offset, value, fields[i].len);
        CHECK(memcmp(value, legacy.config + fields[i].offset,
                     fields[i].len) == 0, "%u bytes at %u are what lies there",
              fields[i].len, fields[i].offset);
    }
    CHECK(unit_log_count() == 0, "and there is nothing to say");
}

/* Without a generation: all of one moment, whichever it is. */
TEST(test_configuration_that_changes_while_it_is_read_is_read_again)
{
    for (unsigned when = 1; when <= 40; when++) {
        uint8_t value[8];

        legacy_begin();
        driver.attached = 0;
        fill_config(legacy.config, 0x10);
        fill_config(legacy.config_next, 0x50);
        up();
        legacy.config_reads = when;
        virtio_config(driver.device, 0, value, sizeof value);
        for (unsigned i = 0; i < sizeof value; i++)
            CHECK(value[i] == (value[0] & 0xf0) + i, "it changes at access %u: "
                  "byte %u is of another moment than byte 0", when, i);
    }
}

TEST(test_configuration_that_never_holds_still_holds_nobody_up)
{
    uint8_t value[8];

    legacy_begin();
    up();
    legacy.restless = true;
    for (unsigned i = 0; i < 5; i++)
        virtio_config(driver.device, 0, value, sizeof value);
    CHECK(unit_log_count() == 1, "one line says so, here %u",
          unit_log_count());
}

TEST(test_configuration_beyond_the_ports_reads_as_zero)
{
    uint8_t value[4] = { 1, 2, 3, 4 };
    struct fake_function *f = legacy_begin();

    fake_bar(f, 0, 1, LEGACY_PORT, 32);
    fill_config(legacy.config, 'a');
    up();
    virtio_config(driver.device, 4, value, 4);
    CHECK(value[0] == 'a' + 4, "the last of it that there are ports for");
    for (unsigned offset = 5; offset < 12; offset++) {
        memset(value, 1, sizeof value);
        virtio_config(driver.device, offset, value, 4);
        CHECK(value[0] == 0 && value[3] == 0, "at %u there are none", offset);
    }
    virtio_config(driver.device, 0xffffffff, value, 4);
    CHECK(value[0] == 0, "nor at the very end");
}

/* ---- A device that can't be ------------------------------------------- */

static void check_refused(int error, const char *words, const char *what)
{
    driver_refuses(what);
    CHECK(strstr(unit_log_last(), words), "a device %s: \"%s\" says why", what,
          unit_log_last());
    CHECK(error == 0 || driver.error == error, "a device %s: error %d, "
          "expected %d", what, driver.error, error);
    CHECK(error == 0 || (legacy.status & VIRTIO_STATUS_FAILED) != 0,
          "a device %s is told that we have given up", what);
}

TEST(test_a_bar_that_can_not_be_is_refused)
{
    static const struct { uint32_t bits; uint64_t base, size; const char *why; }
        bad[] = {
            { 0, 0x20001000, 4096, "nor ports in BAR 0" },
            { 4, 0x20001000, 4096, "nor ports in BAR 0" },
            { 0, 0, 0, "nor ports in BAR 0" },
            { 1, 0, 64, "no address" },
            { 1, LEGACY_PORT, 4, "no room" },
            { 1, LEGACY_PORT, 16, "no room" },
            { 1, 0x10000, 64, "beyond the last port" },
            { 1, 0xffffffc0, 64, "beyond the last port" },
            { 1, 0x80000000, 1u << 31, "beyond the last port" },
        };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fake_function *f = legacy_begin();
        fake_bar(f, 0, bad[i].bits, bad[i].base, bad[i].size);
        check_refused(0, bad[i].why, "whose BAR 0 can't be");
    }
}

TEST(test_a_device_with_fewer_ports_than_registers_and_no_configuration_is_used)
{
    struct fake_function *f = legacy_begin();
    fake_bar(f, 0, 1, LEGACY_PORT, 32);
    up();
}

TEST(test_a_device_of_another_revision_is_refused)
{
    struct fake_function *f = legacy_begin();
    f->config[PCI_REVISION_ID] = 1;
    check_refused(0, "revision", "of revision 1");
}

TEST(test_a_device_without_msix_is_refused)
{
    struct fake_function *f = legacy_begin();
    f->config[LEGACY_MSIX] = 0x05; /* MSI, which is no MSI-X */
    check_refused(0, "no MSI-X", "without MSI-X");
}

TEST(test_a_queue_of_an_absurd_size_is_refused)
{
    static const uint16_t bad[] = { 3, 24, 255, 32769, 40000, 65535 };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        legacy_begin();
        legacy.queue_size[0] = bad[i];
        check_refused(-EINVAL, "can't be", "with a queue whose size can't be");
    }
    CHECK(fake_pages() == 0, "nothing is allocated for them");
}

TEST(test_a_device_without_the_queue_is_not_used)
{
    legacy_begin();
    legacy.queue_size[0] = 0;
    driver_scan();
    CHECK(driver.attached == 0 && driver.error == -ENODEV, "error %d",
          driver.error);
}

TEST(test_a_queue_that_is_in_use_is_refused)
{
    legacy_begin();
    legacy.queue_in_use = 0x1234;
    check_refused(-EIO, "in use already", "whose queue a reset does not free");
}

TEST(test_a_ring_that_no_page_number_reaches_is_refused)
{
    legacy_begin();
    legacy_bias_fixed = true;
    legacy_bias = (uintptr_t)0 - ((uintptr_t)1 << 45);
    check_refused(-EIO, "16 TiB", "that can't be told where the ring is");
    CHECK(legacy.page[0] == 0, "nor is it told where it is not");
}

TEST(test_a_device_that_takes_no_vector_is_not_used)
{
    legacy_begin();
    legacy.takes_no_vector = true;
    check_refused(-ENOSPC, "no interrupt", "that takes no vector");
    CHECK(legacy.page[0] == 0, "and has no ring");
}

TEST(test_a_device_with_one_vector_is_not_used)
{
    struct fake_function *f = legacy_begin();
    fake_set16(f, LEGACY_MSIX + 2, 0);
    check_refused(-ENOSPC, "no interrupt", "with one vector for two reasons");
}

TEST(test_a_device_that_does_not_come_out_of_its_reset_is_not_used)
{
    uint64_t begin = clock_ns();

    legacy_begin();
    fake.clock_step = NS_PER_MS;
    legacy.never_resets = true;
    legacy.status = VIRTIO_STATUS_ACKNOWLEDGE;
    driver_scan();
    CHECK(driver.attached == 0 && driver.error == -EIO, "error %d",
          driver.error);
    CHECK(clock_ns() - begin <= 3 * NS_PER_S, "a second is enough");
}

/* Whatever it says, and it never says the same twice. */
TEST(test_a_device_whose_every_answer_is_random_does_no_harm)
{
    for (unsigned i = 0; i < 300; i++) {
        uint8_t value[8];

        legacy_begin();
        legacy.raves = true;
        driver_scan();
        if (driver.attached == 0)
            continue;
        driver.attached = 0;
        virtio_config(driver.device, unit_random_below(64), value,
                      1 + unit_random_below(8));
        virtio_needs_reset(driver.device, &driver.vq);
    }
}
