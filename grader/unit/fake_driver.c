/* SPDX-License-Identifier: MIT */
#include "fake_driver.h"

#include "core/irq.h"
#include "core/start.h"
#include "fake_virtio_device.h"

enum { MESSAGES = 2048, ADDRESS = 0xfee00000, FIRST = 0x30 };

struct fake_driver driver;

static struct { irq_handler_t handler; void *ctx; } messages[MESSAGES];
static unsigned message_count;

int irq_request(struct irq_source *source, irq_handler_t handler, void *ctx)
{
    CHECK(source->kind == IRQ_MESSAGE, "an MSI-X vector is asked for");
    CHECK(message_count < MESSAGES, "there are at most %d messages", MESSAGES);
    messages[message_count].handler = handler;
    messages[message_count].ctx = ctx;
    source->address = ADDRESS;
    source->data = FIRST + message_count++;
    return 0;
}

void driver_interrupt(uint32_t data)
{
    CHECK(data >= FIRST && data - FIRST < message_count, "message 0x%x was "
          "asked for", data);
    messages[data - FIRST].handler(messages[data - FIRST].ctx);
    fake_loop();
}

static void has_used(struct event_work *work)
{
    (void)work;
    driver.used++;
}

static void has_changed(struct event_work *work)
{
    (void)work;
    driver.config_changed++;
}

static struct event_work used_work = { .run = has_used };
static struct event_work config_work = { .run = has_changed };

static int set_up(struct virtio_device *dev, void *ctx)
{
    (void)ctx;
    int error = virtio_queue(dev, 0, DRIVER_QUEUE_WANTED, &driver.vq,
                             &used_work, "queue");
    return error != 0 ? error
                      : dev->transport->config_changed(dev, &config_work);
}

static int probe(struct virtio_device *dev)
{
    driver.device = dev;
    driver.error = virtio_handshake(dev, driver.wanted, set_up, NULL);
    driver.attached += driver.error == 0;
    return driver.error;
}

static const struct virtio_driver fake_driver = { .id = VIRTIO_ID_RNG,
                                                  .probe = probe };
VIRTIO_DRIVER(fake_driver);

extern const struct initcall __start_initcalls[];

void driver_scan(void)
{
    __start_initcalls[0].run();
}

void driver_refuses(const char *what)
{
    unsigned lines = unit_log_count(), before = driver.attached;

    driver_scan();
    CHECK(driver.attached == before, "a device %s is used", what);
    CHECK(unit_log_count() == lines + 1, "a device %s: one line says so; here "
          "%u, the last \"%s\"", what, unit_log_count() - lines,
          unit_log_last());
}
