/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_mmio.c - virtio devices in windows of memory: what is no device
 * of ours is let be with a line, and a device that is never content can't
 * keep the machine from its work.
 */
#include "core/irq.h"
#include "core/start.h"
#include "fake_virtio_device.h"
#include "lib/errno.h"

#include <string.h>

enum { WINDOWS = 4, SIZE = 512, BASE = 0x10000000, LINE = 5 };

static uint32_t registers[WINDOWS][SIZE / 4];
static unsigned windows;
static uint32_t acknowledges;   /* of the reasons, what an ack takes away */
static unsigned acks, masked, masked_line;

enum { MAGIC = 0, VERSION = 1, ID = 2, FEATURES = 4, FEATURES_SEL = 5,
       QUEUE_NUM_MAX = 13, INTERRUPT_STATUS = 24, INTERRUPT_ACK = 25,
       STATUS = 28 };

/* ---- The machine ------------------------------------------------------ */

bool arch_mmio_window(unsigned i, struct mmio_window *out)
{
    *out = (struct mmio_window){ BASE + i * SIZE, SIZE, LINE };
    return i < windows;
}

static uint32_t *at(uintptr_t addr)
{
    CHECK(addr >= BASE && addr - BASE < sizeof registers && addr % 4 == 0,
          "a register is accessed, not what lies at 0x%lx",
          (unsigned long)addr);
    return &registers[0][0] + (addr - BASE) / 4;
}

uint32_t mmio_read32(uintptr_t addr)
{
    unsigned i = (addr - BASE) / SIZE;

    if (addr % SIZE == FEATURES * 4)
        return registers[i][FEATURES_SEL] == 1 ? 1 : 0; /* VERSION_1 */
    return *at(addr);
}

void mmio_write32(uintptr_t addr, uint32_t value)
{
    unsigned i = (addr - BASE) / SIZE;

    *at(addr) = value;
    if (addr % SIZE == INTERRUPT_ACK * 4) {
        acks++;
        registers[i][INTERRUPT_STATUS] &= ~(value & acknowledges);
    }
}

static irq_handler_t handlers[WINDOWS];
static void *contexts[WINDOWS];
static unsigned handler_count;

int irq_request(struct irq_source *source, irq_handler_t handler, void *ctx)
{
    CHECK(source->kind == IRQ_LINE && source->line == LINE, "the line is the "
          "window's");
    handlers[handler_count] = handler;
    contexts[handler_count++] = ctx;
    return 0;
}

void arch_irq_mask(unsigned line)
{
    masked++;
    masked_line = line;
}

/* The line is up for as long as the machine does not mask it, at most so many
 * times without the event loop having a turn. */
static unsigned interrupts(unsigned limit)
{
    unsigned n = 0;

    for (; n < limit && masked == 0; n++) {
        bool up = false;
        for (unsigned i = 0; i < handler_count; i++) {
            handlers[i](contexts[i]);
            up |= registers[i][INTERRUPT_STATUS] != 0;
        }
        if (!up)
            break;
    }
    return n;
}

/* ---- A driver --------------------------------------------------------- */

static struct virtq vq[WINDOWS];
static unsigned attached, worked[WINDOWS], configured;

static void work(struct event_work *w);
static void config(struct event_work *w) { (void)w; configured++; }
static struct event_work works[WINDOWS], config_work = { .run = config };

static void work(struct event_work *w)
{
    worked[w - works]++;
}

static int set_up(struct virtio_device *dev, void *ctx)
{
    (void)ctx;
    works[attached].run = work;
    int error = virtio_queue(dev, 0, 8, &vq[attached], &works[attached], "q");
    return error ? error : dev->transport->config_changed(dev, &config_work);
}

static int probe(struct virtio_device *dev)
{
    int error = virtio_handshake(dev, 0, set_up, NULL);
    attached += error == 0;
    return error;
}

static const struct virtio_driver driver = { .id = VIRTIO_ID_RNG,
                                             .probe = probe };
VIRTIO_DRIVER(driver);

static void window(uint32_t magic, uint32_t version, uint32_t id)
{
    uint32_t *r = registers[windows++];

    r[MAGIC] = magic;
    r[VERSION] = version;
    r[ID] = id;
    r[QUEUE_NUM_MAX] = 8;
}

extern const struct initcall __start_initcalls[];

static void scan(void)
{
    acknowledges = ~0u;
    __start_initcalls[0].run();
}

/* ---- Windows ---------------------------------------------------------- */

TEST(test_a_device_is_found_behind_empty_windows)
{
    window(0x74726976, 2, 0);
    window(0xffffffff, 0xffffffff, 0xffffffff);
    window(0x74726976, 2, VIRTIO_ID_RNG);
    scan();
    CHECK(attached == 1 && unit_log_count() == 0, "one device, and nothing "
          "to say: here %u, \"%s\"", attached, unit_log_last());
    CHECK(strcmp(virtio_devices->where, "mmio 2") == 0, "it is in window 2");
    CHECK(registers[2][STATUS] == 0xf, "its status is 0x%x: expected 0xf",
          registers[2][STATUS]);
}

static void check_let_be(const char *words)
{
    scan();
    CHECK(attached == 0 && handler_count == 0, "it is not used");
    CHECK(unit_log_count() == 1 && strstr(unit_log_last(), words),
          "one line says so; here %u, the last \"%s\"", unit_log_count(),
          unit_log_last());
}

TEST(test_a_window_with_the_wrong_magic_is_let_be)
{
    window(0x12345678, 2, VIRTIO_ID_RNG);
    check_let_be("0x12345678");
}

TEST(test_a_window_of_an_unknown_version_is_let_be)
{
    window(0x74726976, 3, VIRTIO_ID_RNG);
    check_let_be("version 3");
}

TEST(test_a_window_of_the_legacy_version_is_let_be)
{
    window(0x74726976, 1, VIRTIO_ID_RNG);
    check_let_be("legacy");
}

TEST(test_a_queue_of_more_than_65535_descriptors_is_no_queue)
{
    window(0x74726976, 2, VIRTIO_ID_RNG);
    registers[0][QUEUE_NUM_MAX] = 0x10008;
    scan();
    CHECK(attached == 0, "a queue of 65544 descriptors can't be");
    CHECK(strstr(unit_log_last(), "can't be"), "\"%s\"", unit_log_last());
}

TEST(test_a_queue_that_is_in_use_already_is_not_used)
{
    window(0x74726976, 2, VIRTIO_ID_RNG);
    registers[0][17] = 1; /* QueueReady */
    scan();
    CHECK(attached == 0 && strstr(unit_log_last(), "in use"), "\"%s\"",
          unit_log_last());
    handlers[0](contexts[0]); /* and may interrupt all the same */
    fake_loop();
}

/* ---- Interrupts ------------------------------------------------------- */

TEST(test_an_interrupt_posts_the_work_it_is_for)
{
    window(0x74726976, 2, VIRTIO_ID_RNG);
    window(0x74726976, 2, VIRTIO_ID_RNG);
    scan();
    registers[1][INTERRUPT_STATUS] = 1;
    interrupts(1);
    fake_loop();
    CHECK(worked[0] == 0 && worked[1] == 1 && configured == 0,
          "the queue's work of the second has run: %u, %u, %u", worked[0],
          worked[1], configured);
    registers[0][INTERRUPT_STATUS] = 2;
    interrupts(1);
    fake_loop();
    CHECK(worked[0] == 0 && configured == 1, "and the configuration's");
}

TEST(test_a_device_that_is_never_content_has_its_line_masked)
{
    window(0x74726976, 2, VIRTIO_ID_RNG);
    scan();
    acknowledges = 0;
    registers[0][INTERRUPT_STATUS] = 1;
    interrupts(100000);
    CHECK(masked == 1 && masked_line == LINE, "the line is masked, once: %u",
          masked);
    fake_loop();
    CHECK(unit_log_count() == 1 && strstr(unit_log_last(), "masked"),
          "one line says so; here %u, \"%s\"", unit_log_count(),
          unit_log_last());
    CHECK(acks < 10000, "it was acknowledged %u times", acks);
}

TEST(test_a_busy_device_is_not_taken_for_one_that_is_never_content)
{
    window(0x74726976, 2, VIRTIO_ID_RNG);
    scan();
    acknowledges = 0; /* always something new */
    registers[0][INTERRUPT_STATUS] = 1;
    for (unsigned i = 0; i < 1000; i++) {
        interrupts(10);
        fake_loop(); /* the event loop has its turns */
    }
    CHECK(masked == 0 && unit_log_count() == 0, "its line stays as it is");
    CHECK(worked[0] == 1000, "its work has run %u times", worked[0]);
}
