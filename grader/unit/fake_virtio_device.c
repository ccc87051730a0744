/* SPDX-License-Identifier: MIT */
#include "fake_virtio_device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "event/event.h"
#include "lib/errno.h"
#include "mem/heap.h"
#include "mem/pages.h"

struct fake_virtio fake;

static uint64_t now = 5 * NS_PER_S;
static unsigned blocks, pages_out;

uint64_t clock_ns(void)
{
    now += fake.clock_step;
    if (fake.on_clock != NULL)
        fake.on_clock();
    return now;
}

/* ---- Memory ------------------------------------------------------------ */

static bool fails(void)
{
    return fake.memory_fails_at > 0 && --fake.memory_fails_at == 0;
}

void *heap_alloc_array(size_t n, size_t size)
{
    if (fails())
        return NULL;
    blocks++;
    return calloc(n, size);
}

void heap_free(void *block)
{
    if (block)
        blocks--;
    free(block);
}

void *pages_alloc(size_t count)
{
    void *memory;

    if (fails() || posix_memalign(&memory, PAGE_SIZE, count * PAGE_SIZE) != 0)
        return NULL;
    memset(memory, 0xa5, count * PAGE_SIZE);
    pages_out += (unsigned)count;
    return memory;
}

void pages_free(void *first, size_t count)
{
    pages_out -= (unsigned)count;
    free(first);
}

unsigned fake_blocks(void)
{
    return blocks;
}

unsigned fake_pages(void)
{
    return pages_out;
}

/* ---- The transport ----------------------------------------------------- */

static void tell(const char *format, ...)
{
    size_t len = strlen(fake.story);
    va_list args;

    va_start(args, format);
    if (len > 0 && len < sizeof fake.story - 1)
        fake.story[len++] = ' ';
    vsnprintf(fake.story + len, sizeof fake.story - len, format, args);
    va_end(args);
}

static uint8_t get_status(struct virtio_device *dev)
{
    (void)dev;
    now += NS_PER_MS;
    if (fake.in_reset && fake.looks_left != FAKE_NEVER) {
        if (fake.looks_left == 0)
            fake.in_reset = false;
        else
            fake.looks_left--;
    }
    if (!fake.in_reset)
        return fake.status;
    return fake.status ? fake.status : VIRTIO_STATUS_ACKNOWLEDGE;
}

static void set_status(struct virtio_device *dev, uint8_t status)
{
    (void)dev;
    tell("%x", status);
    if (status == 0) {
        fake.in_reset = fake.reset_looks > 0;
        fake.looks_left = fake.reset_looks;
        if (fake.looks_left != FAKE_NEVER) /* else it keeps what it has */
            memset(fake.queue, 0, sizeof fake.queue);
        if (!fake.in_reset)
            fake.status = 0;
        else
            fake.status = fake.looks_left == FAKE_NEVER ? fake.status : 0;
        return;
    }
    if (fake.in_reset && status != (fake.status | VIRTIO_STATUS_FAILED) &&
        fake.looks_left != FAKE_NEVER)
        FAIL("the status became 0x%x while the device was still in reset",
             status);
    if ((status & VIRTIO_STATUS_FEATURES_OK) && fake.refuses)
        status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    fake.status = status;
}

static uint64_t get_features(struct virtio_device *dev)
{
    (void)dev;
    return fake.offered;
}

static void set_features(struct virtio_device *dev, uint64_t features)
{
    tell("features");
    if (fake.status & VIRTIO_STATUS_FEATURES_OK)
        FAIL("features were chosen after FEATURES_OK");
    if (dev->legacy)
        features = (uint32_t)features | (fake.offered & VIRTIO_F_ANY_LAYOUT);
    fake.accepted = dev->features = features;
}

static void read_config(struct virtio_device *dev, unsigned offset, void *out,
                        unsigned len)
{
    (void)dev;
    CHECK(offset <= FAKE_CONFIG && len <= FAKE_CONFIG - offset,
          "configuration is read at %u, %u bytes", offset, len);
    memcpy(out, fake.config + offset, len);
}

static uint32_t config_generation(struct virtio_device *dev)
{
    (void)dev;
    return fake.restless ? fake.generation++ : fake.generation;
}

static uint16_t queue_max(struct virtio_device *dev, unsigned index)
{
    (void)dev;
    return index < FAKE_QUEUES ? fake.queue_max[index] : 0;
}

static struct virtq_used *used_ring(const struct virtq *vq)
{
    return (void *)((char *)vq->desc + virtq_used_offset(vq->num));
}

static bool event_idx(void)
{
    return (fake.accepted & VIRTIO_F_EVENT_IDX) != 0;
}

/* While it works it wants no notifications; with EVENT_IDX that is so as long
 * as avail_event stays behind. */
static void wake(unsigned q)
{
    fake.awake[q] = true;
    if (!event_idx() && fake.queue[q] != NULL)
        used_ring(fake.queue[q])->flags = VIRTQ_USED_F_NO_NOTIFY;
}

static void go_to_sleep(unsigned q)
{
    struct virtq_used *used = used_ring(fake.queue[q]);
    void *avail_event = &used->ring[fake.queue[q]->num];

    fake.awake[q] = false;
    if (event_idx())
        *(le16 *)avail_event = fake.avail_idx[q];
    else
        used->flags = 0;
}

static void notify(struct virtq *vq)
{
    fake.notified[vq->index]++;
    wake(vq->index);
    if (fake.on_notify != NULL)
        fake.on_notify(vq->index);
}

static int queue_enable(struct virtio_device *dev, struct virtq *vq,
                        struct event_work *work)
{
    (void)dev;
    tell("queue%u", vq->index);
    fake.work[vq->index] = work;
    if (fake.queue_error != 0)
        return fake.queue_error;
    if (!(fake.status & VIRTIO_STATUS_FEATURES_OK) ||
        (fake.status & VIRTIO_STATUS_DRIVER_OK))
        FAIL("queue %u is set up while the status is 0x%x", vq->index,
             fake.status);
    fake.queue[vq->index] = vq;
    fake.avail_idx[vq->index] = fake.used_idx[vq->index] = 0;
    fake.awake[vq->index] = false;
    vq->notify = notify;
    return 0;
}

static int config_changed(struct virtio_device *dev, struct event_work *work)
{
    (void)dev;
    fake.config_work = work;
    return 0;
}

static const struct virtio_transport transport = {
    .get_status = get_status,
    .set_status = set_status,
    .get_features = get_features,
    .set_features = set_features,
    .read_config = read_config,
    .config_generation = config_generation,
    .queue_max = queue_max,
    .queue_enable = queue_enable,
    .config_changed = config_changed,
};

void fake_virtio_begin(enum virtio_id id)
{
    memset(&fake, 0, sizeof fake);
    fake.device = (struct virtio_device){ .transport = &transport, .id = id,
                                          .where = "fake 0" };
    fake.offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX;
    for (unsigned i = 0; i < FAKE_QUEUES; i++)
        fake.queue_max[i] = 64;
}

/* ---- The device's side of a queue -------------------------------------- */

static struct virtq *queue(unsigned q)
{
    CHECK(fake.queue[q] != NULL, "the device has queue %u", q);
    return fake.queue[q];
}

bool fake_chain_take(unsigned q, struct fake_chain *chain)
{
    const struct virtq *vq = queue(q);

    if (!fake.awake[q])
        return false;
    if (vq->avail->idx == fake.avail_idx[q]) {
        go_to_sleep(q);
        return false;
    }
    uint16_t at = vq->avail->ring[fake.avail_idx[q]++ % vq->num];
    *chain = (struct fake_chain){ .head = at };
    for (;;) {
        const struct virtq_desc *desc = &vq->desc[at];
        uint8_t *data = (uint8_t *)(uintptr_t)desc->addr;

        CHECK(chain->out + chain->in < FAKE_PIECES, "a chain comes to its end");
        chain->pieces[chain->out + chain->in] =
            (struct virtq_buffer){ data, desc->len };
        if (desc->flags & VIRTQ_DESC_F_WRITE) {
            if (chain->write == NULL)
                chain->write = data;
            chain->write_len += desc->len;
            chain->in++;
        } else {
            CHECK(chain->in == 0, "what the device reads comes before what "
                  "it writes");
            size_t room = chain->read_len < sizeof chain->read
                              ? sizeof chain->read - chain->read_len : 0;
            memcpy(chain->read + chain->read_len, data,
                   desc->len < room ? desc->len : room);
            chain->read_len += desc->len;
            chain->out++;
        }
        if (!(desc->flags & VIRTQ_DESC_F_NEXT))
            return true;
        at = desc->next;
    }
}

/* Whether it was asked to tell that used->idx has gone from `from` to `to`:
 * with EVENT_IDX, when used_event is one of the elements in between. */
static bool is_to_tell(const struct virtq *vq, uint16_t from, uint16_t to)
{
    if (!event_idx())
        return (vq->avail->flags & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
    CHECK(vq->avail->flags == 0, "with EVENT_IDX avail.flags is 0");
    for (uint16_t i = from; i != to; i++)
        if (vq->avail->ring[vq->num] == i)
            return true;
    return false;
}

void fake_chain_use(unsigned q, uint32_t id, uint32_t len, unsigned by)
{
    struct virtq *vq = queue(q);
    struct virtq_used *used = used_ring(vq);
    uint16_t from = fake.used_idx[q], to = (uint16_t)(from + by);

    used->ring[from % vq->num] = (struct virtq_used_elem){ id, len };
    used->idx = fake.used_idx[q] = to;
    if (fake.loses_interrupts || !is_to_tell(vq, from, to))
        return;
    fake.interrupts[q]++;
    event_post(fake.work[q]);
}

void fake_config_interrupt(void)
{
    fake.generation++;
    if (!fake.loses_interrupts && fake.config_work != NULL)
        event_post(fake.config_work);
}

/* ---- Time -------------------------------------------------------------- */

void fake_loop(void)
{
    for (unsigned round = 0; event_loop.ready > 0; round++) {
        CHECK(round < 10000, "the event loop comes to rest");
        event_run_once(now);
    }
}

void fake_pass_time(unsigned ms)
{
    uint64_t end = now + ms * NS_PER_MS;
    struct event_timer *timer;

    fake_loop();
    while ((timer = event_next_timer()) && timer->deadline_ns <= end) {
        if (timer->deadline_ns > now)
            now = timer->deadline_ns;
        event_run_once(now);
        fake_loop();
    }
    if (now < end)
        now = end;
}
