/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_events.c - driver and device, each of which sleeps unless it is
 * told: neither may sleep while something waits for it, at whatever moment the
 * other one acts.
 */
#include "arch/arch.h"
#include "drivers/virtio/core/virtqueue.h"
#include "every_instruction.h"
#include "unit.h"

#include <string.h>

enum { NUM = 8 };

static struct virtq vq;
static struct virtq_chain chains[NUM];

/* The device. What it sees of our stores is, when it is far, only what was
 * there at the last full barrier. */
static bool far;
static uint16_t seen_avail_idx, seen_used_event;
static uint16_t taken, used_idx;    /* chains it has, and is done with */
static unsigned notified, interrupted;

static struct virtq_used *used(void)
{
    return (void *)((char *)vq.desc + virtq_used_offset(NUM));
}

static le16 *avail_event(void)
{
    return (void *)&used()->ring[NUM];
}

void arch_full_barrier(void)
{
    __sync_synchronize();
    seen_avail_idx = vq.avail->idx;
    seen_used_event = vq.avail->ring[NUM];
}

void virtq_break(struct virtq *queue, const char *why)
{
    (void)queue;
    FAIL("an honest device is declared broken: %s", why);
}

static void notify(struct virtq *queue)
{
    CHECK(queue == &vq, "the queue is told");
    notified++;
    seen_avail_idx = vq.avail->idx;
    taken = vq.avail->idx;
}

/* A queue all of whose indices stand at `at`. */
static void begin(bool event_idx, uint16_t at)
{
    void *memory = unit_memory(virtq_size(NUM), VIRTQ_ALIGN, 0xa5);

    vq = (struct virtq){ .name = "fake" };
    CHECK(virtq_init(&vq, NUM, memory, chains) == 0, "there is a queue");
    vq.notify = notify;
    if (event_idx)
        virtq_event_idx(&vq);
    vq.avail_idx = vq.last_used = vq.kicked = vq.announced = at;
    vq.avail->idx = at;
    used()->idx = used_idx = taken = seen_avail_idx = at;
    vq.avail->ring[NUM] = seen_used_event = at;
    *avail_event() = at;
    notified = interrupted = 0;
    far = false;
}

static void add(void)
{
    static uint8_t byte;
    struct virtq_buffer buffer = { &byte, 1 };

    CHECK(virtq_add(&vq, &buffer, 1, 0, &byte) == 0, "there is room");
}

static bool poll(void)
{
    uint32_t len;

    return virtq_poll(&vq, &len) != NULL;
}

/* [virtio 1.2 §2.7.7.2] */
static bool is_to_interrupt(void)
{
    uint16_t event = far ? seen_used_event : vq.avail->ring[NUM];

    if (!vq.event_idx)
        return (vq.avail->flags & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
    return event == (uint16_t)(used_idx - 1);
}

static void use_one(void)
{
    uint16_t head = vq.avail->ring[used_idx % NUM];

    used()->ring[used_idx % NUM] = (struct virtq_used_elem){ head, 0 };
    used()->idx = ++used_idx;
    if (is_to_interrupt())
        interrupted++;
}

/* Asks to be told, and looks once more. */
static void go_to_sleep(void)
{
    if (vq.event_idx)
        *avail_event() = taken;
    else
        used()->flags = 0;
    taken = far ? seen_avail_idx : vq.avail->idx;
}

/* ---- Every entry, every event ------------------------------------------- */

TEST(test_the_device_is_told_exactly_when_its_event_is_among_what_is_new)
{
    for (unsigned from = 65530; from < 65540; from++) {
        for (unsigned count = 1; count <= NUM; count += count) {
            begin(true, (uint16_t)from);
            for (unsigned event = 0; event < 65536; event++) {
                uint16_t ahead = (uint16_t)(event - from);

                notified = 0;
                vq.announced = (uint16_t)from;
                vq.avail_idx = (uint16_t)(from + count);
                *avail_event() = (uint16_t)event;
                vq.notify(&vq);
                if (notified != (ahead < count))
                    FAIL("from %u to %u, with avail_event %u, it is %stold",
                         (uint16_t)from, vq.avail_idx, event,
                         notified ? "" : "not ");
            }
        }
    }
}

TEST(test_the_interrupt_is_asked_for_at_the_entry_that_is_meant)
{
    for (unsigned at = 65500; at < 65572; at++) {
        for (uint16_t wanted = 1; wanted <= NUM; wanted++) {
            for (uint16_t count = 0; count <= NUM; count++) {
                begin(true, (uint16_t)at);
                used()->idx = (uint16_t)(at + count);
                bool there = virtq_listen(&vq, wanted);
                CHECK(vq.avail->ring[NUM] == (uint16_t)(at + wanted - 1),
                      "entry %u: here %u", at + wanted - 1,
                      vq.avail->ring[NUM]);
                CHECK(there == (count >= wanted), "%u of %u are there", count,
                      wanted);
            }
        }
    }
}

TEST(test_with_event_idx_the_flags_stay_zero)
{
    begin(true, 0);
    virtq_hush(&vq);
    CHECK(vq.avail->flags == 0, "[virtio 1.2 §2.7.7.1]");
}

TEST(test_without_event_idx_interrupts_are_off_between_hush_and_listen)
{
    begin(false, 0);
    CHECK(vq.avail->flags == 0, "on, to begin with");
    virtq_hush(&vq);
    CHECK(vq.avail->flags == VIRTQ_AVAIL_F_NO_INTERRUPT, "off");
    CHECK(!virtq_listen(&vq, 1) && vq.avail->flags == 0, "and on again");
    CHECK(vq.avail->ring[NUM] == 0, "used_event is not touched");
}

TEST(test_a_broken_queue_is_let_be)
{
    struct virtq broken = { .broken = true };

    virtq_hush(&broken);
    CHECK(!virtq_listen(&broken, 1), "there is nothing to wait for");
    virtq_remind(&broken);
}

/* ---- An announcement that came too early to be heard --------------------- */

/* The device fell asleep without having seen what it was told of. */
static void lose_an_announcement(bool event_idx)
{
    begin(event_idx, 65535);
    if (!event_idx)
        used()->flags = VIRTQ_USED_F_NO_NOTIFY;
    else
        *avail_event() = 65530;
    add();
    virtq_kick(&vq);
    CHECK(notified == 0, "the device had not asked to be told");
    *avail_event() = taken;
    used()->flags = 0;
}

TEST(test_by_itself_no_later_kick_reaches_a_device_that_missed_one)
{
    lose_an_announcement(true);
    for (unsigned i = 1; i < NUM; i++) {
        add();
        virtq_kick(&vq);
    }
    CHECK(notified == 0, "its event has been passed already");
    virtq_remind(&vq);
    CHECK(notified == 1 && taken == vq.avail_idx, "reminded, it sees all");
}

TEST(test_a_reminder_reaches_the_device_once_whatever_it_asked_for)
{
    lose_an_announcement(false);
    virtq_remind(&vq);
    CHECK(notified == 1 && taken == vq.avail_idx, "it was told %u times",
          notified);
}

static void tell_nobody(struct virtq *queue)
{
    (void)queue;
}

/* Else a driver that has forgotten to would seem to work, slowly. */
TEST(test_what_nobody_announced_is_not_announced_by_a_reminder)
{
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        begin(event_idx, 65535);
        add();
        virtq_remind(&vq);
        CHECK(notified == 0, "nobody has kicked");
    }
    vq.notify = tell_nobody;
    virtq_kick(&vq);
    virtq_remind(&vq);
    CHECK(notified == 0, "the kick has told nobody");
}

/* ---- The other acts at every instruction --------------------------------- */

static bool sleeps;

/* What a driver does whose work an interrupt has posted. */
static void look_until_nothing_is_left(void)
{
    virtq_hush(&vq);
    do {
        while (poll())
            ;
    } while (virtq_listen(&vq, 1));
    sleeps = true;
}

static void driver_is_told_or_has_seen(void)
{
    CHECK(vq.last_used == used_idx || interrupted > 0, "what was used is seen, "
          "or an interrupt comes; here the driver is deaf");
}

static void never_deaf(bool event_idx, bool is_far)
{
    begin(event_idx, 65535);
    add();
    virtq_kick(&vq);
    vq.avail->ring[NUM] = seen_used_event = 65530; /* long behind */
    far = is_far;
    every_instruction(look_until_nothing_is_left, use_one,
                      driver_is_told_or_has_seen);
}

TEST(test_what_is_used_while_the_driver_falls_asleep_wakes_it)
{
    never_deaf(true, false);
}

TEST(test_also_when_the_device_does_not_see_used_event_before_the_barrier)
{
    never_deaf(true, true);
}

TEST(test_also_without_event_idx)
{
    never_deaf(false, false);
}

static bool asleep;

static void fall_asleep(void)
{
    go_to_sleep();
    asleep = true;
}

/* The end of virtq_add(), and what comes then. */
static void publish_and_kick(void)
{
    vq.avail->idx = vq.avail_idx;
    virtq_kick(&vq);
}

static void device_is_told_or_has_seen(void)
{
    CHECK(!asleep || taken == vq.avail_idx || notified > 0, "what was added is "
          "seen, or the device is told; here it is deaf");
}

static void never_forgotten(bool event_idx, bool is_far)
{
    begin(event_idx, 65535);
    if (event_idx)
        *avail_event() = 65530; /* it is at work: wants no telling */
    else
        used()->flags = VIRTQ_USED_F_NO_NOTIFY;
    add();
    vq.avail->idx = taken;
    far = is_far;
    every_instruction(publish_and_kick, fall_asleep,
                      device_is_told_or_has_seen);
}

TEST(test_what_is_added_while_the_device_falls_asleep_wakes_it)
{
    never_forgotten(true, false);
}

TEST(test_also_when_the_device_does_not_see_avail_idx_before_the_barrier)
{
    never_forgotten(true, true);
}

TEST(test_also_by_the_flags)
{
    never_forgotten(false, true);
}

/* ---- Long traffic -------------------------------------------------------- */

/* What a device does that is awake, a few steps of it; whether it still is. */
static bool run_device(void)
{
    if (!vq.event_idx)
        used()->flags = VIRTQ_USED_F_NO_NOTIFY;
    for (unsigned n = unit_random_below(4); n > 0; n--) {
        if (used_idx != taken) {
            use_one();
            continue;
        }
        go_to_sleep();
        if (used_idx == taken)
            return false;
    }
    return true;
}

/* Both sides act only while they are awake: the driver when it is interrupted,
 * the device until it has found nothing. Returns how often they were told. */
static unsigned traffic(bool event_idx)
{
    unsigned sent = 0, told = 0, quiet = 0;
    bool device_awake = false;

    begin(event_idx, 60000);
    while (sent < 50000 || vq.last_used != vq.avail_idx) {
        uint32_t before = sent + vq.last_used + used_idx;

        for (unsigned n = unit_random_below(4); n > 0 && vq.num_free > 0 &&
             sent < 50000; n--, sent++)
            add();
        virtq_kick(&vq);
        told += notified + interrupted;
        device_awake = device_awake || notified > 0;
        if (interrupted > 0)
            look_until_nothing_is_left();
        notified = interrupted = 0;
        device_awake = device_awake && run_device();
        quiet = before == sent + vq.last_used + used_idx ? quiet + 1 : 0;
        CHECK(quiet < 1000, "%u chains are in flight, and both sides sleep",
              virtq_in_flight(&vq));
    }
    return told;
}

TEST(test_long_traffic_never_stands_still_and_takes_less_telling_by_index)
{
    unsigned by_flags = traffic(false);
    unsigned by_index = traffic(true);

    CHECK(by_index < by_flags, "by index they were told %u times, by flags %u",
          by_index, by_flags);
}
