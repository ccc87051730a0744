/* SPDX-License-Identifier: MIT */
/*
 * test_handshake.c - lab 06's steps 6.5 to 6.7 against a whole fake device:
 * reset, features, and the order of it all.
 */
#include "core/clock.h"
#include "fake_virtio_device.h"
#include "lib/errno.h"

#include <setjmp.h>
#include <string.h>

#define FEATURE(n) (1ull << (n))

static unsigned set_ups;
static uint8_t status_at_set_up;
static int set_up_gives;

static int set_up(struct virtio_device *dev, void *ctx)
{
    set_ups++;
    status_at_set_up = fake.status;
    CHECK(dev == &fake.device, "set_up() is called with another device");
    CHECK(ctx == &set_up_gives, "set_up() is called with another ctx");
    return set_up_gives;
}

/* A handshake with the device as the test has made it. */
static int shake(uint64_t wanted)
{
    set_ups = 0;
    return virtio_handshake(&fake.device, wanted, set_up, &set_up_gives);
}

static void check_refused(int result, int expected, const char *what)
{
    CHECK(result == expected, "%s: virtio_handshake() gave %d: expected %d",
          what, result, expected);
    CHECK((fake.status & VIRTIO_STATUS_FAILED) != 0, "%s, and the device is "
          "not told that we have given up: its status is 0x%x", what,
          fake.status);
    CHECK((fake.status & VIRTIO_STATUS_DRIVER_OK) == 0, "%s, and the status "
          "has DRIVER_OK", what);
}

/* ---- 6.5 virtio_handshake --------------------------------------------- */

TEST(test_handshake_has_its_eight_steps_in_their_order)
{
    fake_virtio_begin(VIRTIO_ID_NET);
    CHECK(shake(0) == 0, "virtio_handshake() gives 0");
    CHECK(strcmp(fake.story, "0 1 3 features b f") == 0, "what the device "
          "sees is \"%s\": expected \"0 1 3 features b f\"", fake.story);
    CHECK(set_ups == 1, "set_up() is called %u times: expected 1", set_ups);
    CHECK(status_at_set_up == 0x0b, "set_up() is called while the status is "
          "0x%x: expected 0xb, with FEATURES_OK and without DRIVER_OK",
          status_at_set_up);
}

TEST(test_handshake_fails_when_the_queues_can_not_be_set_up)
{
    fake_virtio_begin(VIRTIO_ID_NET);
    set_up_gives = -ENOMEM;
    check_refused(shake(0), -ENOMEM, "set_up() failed");
    CHECK(fake.status == 0x8b, "the status is 0x%x: expected 0x8b, which "
          "has gained FAILED and lost nothing", fake.status);
}

/* It keeps what it has, and gains the bit. */
TEST(test_handshake_tells_a_device_that_stays_in_reset_as_well)
{
    fake_virtio_begin(VIRTIO_ID_RNG);
    fake.status = 0x03;
    fake.reset_looks = FAKE_NEVER;
    fake.clock_step = 777777;
    check_refused(shake(0), -EIO, "a device that stays in its reset");
}

/* ---- 6.6 reset -------------------------------------------------------- */

/* The device, as far as ACKNOWLEDGE: what comes behind is not looked at. */
static const struct virtio_transport *fakes;
static jmp_buf introduced;

static void set_status_once(struct virtio_device *dev, uint8_t status)
{
    fakes->set_status(dev, status);
    if (status != 0)
        longjmp(introduced, 1);
}

static void check_reset(unsigned looks)
{
    static struct virtio_transport transport;

    fake_virtio_begin(VIRTIO_ID_RNG);
    fake.status = 0x0f; /* as its driver before us left it */
    fake.reset_looks = looks;
    fakes = fake.device.transport;
    transport = *fakes;
    transport.set_status = set_status_once;
    fake.device.transport = &transport;
    if (setjmp(introduced) == 0)
        FAIL("a reset that takes %u looks at the status: virtio_handshake() "
             "gave %d: expected it to go on to ACKNOWLEDGE", looks, shake(0));
    CHECK(strncmp(fake.story, "0 ", 2) == 0, "the status is first set to 0: "
          "here it is set to \"%s\"", fake.story);
    CHECK(fake.status == VIRTIO_STATUS_ACKNOWLEDGE, "behind the reset the "
          "status is 0x%x: expected 1, and nothing of what it was before",
          fake.status);
}

TEST(test_reset_comes_first_and_is_waited_for)
{
    check_reset(0);
    check_reset(1);
    check_reset(2);
    check_reset(100);
}

TEST(test_reset_of_a_device_that_never_comes_out_of_it_is_given_up)
{
    fake_virtio_begin(VIRTIO_ID_RNG);
    fake.status = 0x0f;
    fake.reset_looks = FAKE_NEVER;
    fake.clock_step = 777777; /* the clock jumps over any one moment */
    uint64_t begin = clock_ns();
    int error = shake(0);
    uint64_t ms = (clock_ns() - begin) / NS_PER_MS;

    CHECK(error == -EIO, "a device that never comes out of its reset: "
          "virtio_handshake() gave %d: expected -EIO", error);
    CHECK(ms >= 990, "a reset was given up after %llu ms: expected a second, "
          "RESET_LIMIT_NS", (unsigned long long)ms);
    CHECK(ms <= 2000, "a reset was waited for for %llu ms: expected a second, "
          "RESET_LIMIT_NS", (unsigned long long)ms);
    CHECK(set_ups == 0, "set_up() is called for a device in reset");
}

/* ---- 6.7 negotiate ---------------------------------------------------- */

TEST(test_negotiate_takes_what_is_wanted_and_offered_and_no_more)
{
    fake_virtio_begin(VIRTIO_ID_NET);
    fake.offered = VIRTIO_F_VERSION_1 | FEATURE(0) | FEATURE(5) | FEATURE(28) |
                   FEATURE(33) | FEATURE(63);
    uint64_t wanted = FEATURE(5) | FEATURE(7) | FEATURE(63);
    uint64_t expected = VIRTIO_F_VERSION_1 | FEATURE(5) | FEATURE(63);
    CHECK(shake(wanted) == 0, "virtio_handshake() gives 0");
    CHECK(fake.accepted == expected, "the device offers 0x%llx, 0x%llx are "
          "wanted, and 0x%llx were accepted: expected 0x%llx",
          (unsigned long long)fake.offered, (unsigned long long)wanted,
          (unsigned long long)fake.accepted, (unsigned long long)expected);
    CHECK(fake.device.features == expected, "dev->features is 0x%llx: "
          "expected what was agreed on, 0x%llx",
          (unsigned long long)fake.device.features,
          (unsigned long long)expected);
}

TEST(test_negotiate_refuses_a_device_without_version_1)
{
    fake_virtio_begin(VIRTIO_ID_NET);
    fake.offered = FEATURE(5) | FEATURE(31) | FEATURE(33);
    check_refused(shake(FEATURE(5)), -ENOTSUP,
                  "a device that does not offer VERSION_1");
    CHECK(set_ups == 0, "set_up() is called for a device that was refused");
}

TEST(test_negotiate_looks_whether_features_ok_has_stayed)
{
    fake_virtio_begin(VIRTIO_ID_NET);
    fake.offered |= FEATURE(5);
    fake.refuses = true;
    check_refused(shake(FEATURE(5)), -ENOTSUP,
                  "a device that won't have our choice");
    CHECK(set_ups == 0, "set_up() is called though the device has refused");
}

static void set_features_and_more(struct virtio_device *dev, uint64_t features)
{
    fakes->set_features(dev, features);
    dev->features = features | FEATURE(27);
}

TEST(test_negotiate_leaves_what_the_transport_has_found)
{
    static struct virtio_transport transport;

    fake_virtio_begin(VIRTIO_ID_NET);
    fakes = fake.device.transport;
    transport = *fakes;
    transport.set_features = set_features_and_more;
    fake.device.transport = &transport;
    CHECK(shake(0) == 0, "virtio_handshake() gives 0");
    CHECK(fake.device.features == (VIRTIO_F_VERSION_1 | FEATURE(27)),
          "set_features() has left 0x%llx in dev->features, and now there is "
          "0x%llx",
          (unsigned long long)(VIRTIO_F_VERSION_1 | FEATURE(27)),
          (unsigned long long)fake.device.features);
}
