/* SPDX-License-Identifier: MIT */
/*
 * fake_virtio.c - the device of fake_virtio.h.
 *
 * In the order of a chain's life: add (the test), look and take (the device
 * sees avail.idx move), use (it writes the used ring), poll (the test).
 */
#include "fake_virtio.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"

#define DESC_FLAGS (VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE)

enum { RUBBISH = 0xa5 };

/* A bus address is not a virtual one: here they differ by this much. */
static const bus_addr_t BUS_OFFSET = 0x0000400000000000u;

struct fake_device {
    struct virtq vq;
    unsigned modes;
    uint16_t num;
    size_t used_offset;
    uint8_t *ring;          /* what both sides see */
    uint8_t *settled;       /* desc and avail as of the last write barrier */
    uint8_t *used_copy;     /* the used ring as we wrote it */
    struct virtq_chain *chains;

    uint16_t avail_idx;     /* how far we have looked */
    uint16_t used_idx;
    uint16_t shown_idx;     /* elements before this one hold the truth */
    struct virtq_used_elem *truth;      /* what the others will hold */

    struct virtq_desc *held;            /* descriptors as we took them */
    bool *is_held;
    unsigned num_held;

    /* The chains that are out, in the order of fake_add(). */
    struct fake_request *first, **last;
    unsigned added, notified, breaks;
    uint16_t kicked_idx;    /* what was added when fake_kick() was last done */
    bool busy;              /* inside a hook */

    /* Used and not yet polled: request of each element. */
    struct fake_request **used_by;
    uint16_t polled_idx;
};

static struct fake_device *dev;

static struct virtq_desc *descs(uint8_t *ring)
{
    return (struct virtq_desc *)ring;
}

static struct virtq_avail *avail(uint8_t *ring)
{
    return (struct virtq_avail *)(ring + virtq_avail_offset(dev->num));
}

static struct virtq_used *used(void)
{
    return (struct virtq_used *)(dev->ring + dev->used_offset);
}

static size_t used_size(void)
{
    return virtq_size(dev->num) - dev->used_offset;
}

static uint16_t slot(uint16_t idx)
{
    return idx % dev->num;
}

/* Writes the used ring where the driver reads it, and in our copy. */
static void put_element(uint16_t idx, struct virtq_used_elem element)
{
    used()->ring[slot(idx)] = element;
    memcpy(dev->used_copy, used(), used_size());
}

static void put_used(uint16_t flags, uint16_t idx)
{
    used()->flags = flags;
    used()->idx = idx;
    memcpy(dev->used_copy, used(), used_size());
}

/* ---- Checking what the driver wrote ----------------------------------- */

/* What is the device's is as the device left it. */
static void check_hands_off(void)
{
    if (memcmp(dev->used_copy, used(), used_size()) != 0)
        FAIL("the driver wrote into the used ring, which only the device "
             "writes");
    for (unsigned i = 0; i < dev->num && dev->num_held; i++)
        if (dev->is_held[i] && memcmp(&dev->held[i], &descs(dev->ring)[i],
                                      sizeof *dev->held) != 0)
            FAIL("desc[%u] was changed while the device had the chain that "
                 "it belongs to", i);
    if (avail(dev->ring)->flags != 0)
        FAIL("avail.flags is 0x%x: expected 0, so that the device sends "
             "interrupts", avail(dev->ring)->flags);
}

/* Descriptor `i`, position `n` of `request`'s chain, is what was asked for. */
static void check_descriptor(const struct fake_request *request, unsigned n,
                             unsigned i)
{
    const struct virtq_desc *d = &descs(dev->ring)[i];
    const struct virtq_buffer *b = &request->buffers[n];
    unsigned total = request->out + request->in;
    bool writes = n >= request->out;

    if (d->addr == (uintptr_t)b->data)
        FAIL("desc[%u].addr is the buffer's virtual address; a device needs "
             "the bus address", i);
    if (d->addr != virt_to_bus(b->data))
        FAIL("desc[%u].addr is 0x%llx: expected 0x%llx, the bus address of "
             "buffer %u of %u", i, (unsigned long long)d->addr,
             (unsigned long long)virt_to_bus(b->data), n + 1, total);
    if (d->len != b->len)
        FAIL("desc[%u].len is %u: expected %u, the length of buffer %u of %u",
             i, d->len, b->len, n + 1, total);
    if (d->flags & ~DESC_FLAGS)
        FAIL("desc[%u].flags is 0x%x: expected no others than F_NEXT and "
             "F_WRITE", i, d->flags);
    if (writes && !(d->flags & VIRTQ_DESC_F_WRITE))
        FAIL("desc[%u] lacks F_WRITE: buffer %u of %u is for the device to "
             "write, and it may not", i, n + 1, total);
    if (!writes && (d->flags & VIRTQ_DESC_F_WRITE))
        FAIL("desc[%u] has F_WRITE: buffer %u of %u is for the device to "
             "read", i, n + 1, total);
    if (n + 1 < total && !(d->flags & VIRTQ_DESC_F_NEXT))
        FAIL("desc[%u] lacks F_NEXT: the chain ends after buffer %u of %u",
             i, n + 1, total);
    if (n + 1 == total && (d->flags & VIRTQ_DESC_F_NEXT))
        FAIL("desc[%u], the last of its chain, has F_NEXT: the device goes on "
             "into desc[%u], which is not part of the chain", i, d->next);
}

/* Whether entry `idx` of the avail ring leads to `request`'s buffers, and was
 * there, chain and all, at the last write barrier. */
static bool settled(const struct fake_request *request, uint16_t idx)
{
    unsigned i = avail(dev->ring)->ring[slot(idx)];

    if (avail(dev->settled)->ring[slot(idx)] != i)
        return false;
    for (unsigned n = 0; n < request->out + request->in; n++) {
        const struct virtq_desc *d = &descs(dev->ring)[i];
        if (i >= dev->num || memcmp(&descs(dev->settled)[i], d, sizeof *d))
            return false;
        i = d->next;
    }
    return true;
}

/* Whether they are there at all: when virtq_add() isn't done yet, they may
 * be about to come. */
static bool complete(const struct fake_request *request, uint16_t idx)
{
    unsigned i = avail(dev->ring)->ring[slot(idx)];

    for (unsigned n = 0; n < request->out + request->in; n++) {
        if (i >= dev->num || descs(dev->ring)[i].addr !=
                                 virt_to_bus(request->buffers[n].data))
            return false;
        i = descs(dev->ring)[i].next;
    }
    return true;
}

/* Walks the chain that entry `idx` of the avail ring announces. */
static void check_chain(const struct fake_request *request, uint16_t idx)
{
    unsigned entry = avail(dev->ring)->ring[slot(idx)];
    unsigned total = request->out + request->in;
    unsigned i = entry;

    if (request->state == FAKE_ADDING && !complete(request, idx))
        FAIL("avail.idx was published before the entry: it says %u already, "
             "while avail.ring[%u] and its descriptors are still to come",
             (uint16_t)(idx + 1), slot(idx));
    if (entry >= dev->num || dev->is_held[entry])
        FAIL("avail.idx went to %u, but avail.ring[%u] is %u, which is %s",
             (uint16_t)(idx + 1), slot(idx), entry,
             entry >= dev->num ? "no descriptor of this queue"
                               : "the head of a chain that the device has");
    for (unsigned n = 0; n < total; n++) {
        if (i >= dev->num)
            FAIL("the chain leads to desc[%u], in a queue of %u", i, dev->num);
        if (dev->is_held[i])
            FAIL("desc[%u] is in two chains that the device has at a time", i);
        check_descriptor(request, n, i);
        dev->held[i] = descs(dev->ring)[i];
        dev->is_held[i] = true;
        dev->num_held++;
        i = descs(dev->ring)[i].next;
    }
    if (!settled(request, idx))
        FAIL("avail.idx was published before the entry: a device may see "
             "idx %u before avail.ring[%u] and its descriptors, as no write "
             "barrier stands between these stores", (uint16_t)(idx + 1),
             slot(idx));
}

/* ---- The device ------------------------------------------------------- */

static struct fake_request *next_published(void)
{
    struct fake_request *r = dev->first;
    while (r && r->state > FAKE_ADDED)
        r = r->next;
    return r;
}

/* Looks at avail.idx and takes what is new. Says whether anything was. */
static bool look(void)
{
    uint16_t idx = avail(dev->ring)->idx;
    uint16_t count = (uint16_t)(idx - dev->avail_idx);

    check_hands_off();
    if (count > dev->num)
        FAIL("avail.idx went from %u to %u, in a queue of %u", dev->avail_idx,
             idx, dev->num);
    for (; dev->avail_idx != idx; dev->avail_idx++) {
        struct fake_request *request = next_published();
        if (!request)
            FAIL("avail.idx went to %u, but only %u chains were added (modulo "
                 "65536: %u)", idx, dev->added, (uint16_t)dev->added);
        check_chain(request, dev->avail_idx);
        request->head = avail(dev->ring)->ring[slot(dev->avail_idx)];
        request->state = FAKE_TAKEN;
    }
    return count != 0;
}

static uint32_t writable(const struct fake_request *request)
{
    uint32_t sum = 0;
    for (unsigned n = request->out; n < request->out + request->in; n++)
        sum += request->buffers[n].len;
    return sum;
}

/* Writes `len` bytes into the chain's buffers, which only a device may. */
static void fill(struct fake_request *request, uint32_t len)
{
    for (unsigned n = request->out; len; n++) {
        const struct virtq_buffer *b = &request->buffers[n];
        uint32_t part = len < b->len ? len : b->len;
        memset(b->data, (int)(request->number & 0x7f), part);
        len -= part;
    }
}

/* The first, or with FAKE_SHUFFLE any, of the chains that we have. */
static struct fake_request *choose(void)
{
    unsigned have = fake_taken();
    if (have == 0)
        return NULL;
    unsigned pick = dev->modes & FAKE_SHUFFLE ? unit_random_below(have) : 0;
    struct fake_request *r = dev->first;
    for (;; r = r->next)
        if (r->state == FAKE_TAKEN && pick-- == 0)
            return r;
}

static void show_truth(void)
{
    for (; dev->shown_idx != dev->used_idx; dev->shown_idx++)
        put_element(dev->shown_idx, dev->truth[slot(dev->shown_idx)]);
}

static bool use_one(void)
{
    struct fake_request *request = choose();
    if (!request)
        return false;

    uint32_t room = writable(request);
    request->used_len = unit_random_below(4) ? room
                                             : unit_random_below(room + 1);
    fill(request, request->used_len);
    request->state = FAKE_USED;
    dev->truth[slot(dev->used_idx)] =
        (struct virtq_used_elem){ request->head, request->used_len };
    dev->used_by[slot(dev->used_idx)] = request;

    /* Its descriptors are the driver's again when it sees the element. */
    unsigned i = request->head;
    for (unsigned n = 0; n < request->out + request->in; n++) {
        dev->is_held[i] = false;
        dev->num_held--;
        i = dev->held[i].next;
    }
    put_element(dev->used_idx, (struct virtq_used_elem){ 0xa5a5a5a5, ~0u });
    put_used(used()->flags, ++dev->used_idx);
    if (dev->modes & FAKE_ORDERLY)
        show_truth();
    return true;
}

/* As if the device ran on another processor while the driver is here. */
static void eager(void)
{
    if (!(dev->modes & FAKE_EAGER))
        return;
    unsigned what = unit_random_below(4);
    if (what)
        look();
    for (; what > 1; what--)
        use_one();
}

/* ---- The hooks -------------------------------------------------------- */

static void settle(void)
{
    memcpy(dev->settled, dev->ring, dev->used_offset);
}

/* look() for whoever has nothing to take: checks, and lets eager() decide. */
static void at_barrier(bool write, bool read)
{
    if (!dev || dev->busy)
        return;
    dev->busy = true;
    if (read)
        show_truth();
    if (write) {
        look();
        settle();
    }
    eager();
    dev->busy = false;
}

void arch_write_barrier(void)
{
    at_barrier(true, false);
}

void arch_read_barrier(void)
{
    at_barrier(false, true);
}

void arch_full_barrier(void)
{
    if (dev && !dev->busy && (dev->modes & FAKE_SLEEPY) &&
        avail(dev->ring)->idx != dev->kicked_idx)
        put_used(0, dev->used_idx);     /* good night */
    at_barrier(true, true);
}

bus_addr_t virt_to_bus(const void *p)
{
    return (uintptr_t)p + BUS_OFFSET;
}

static void notify(struct virtq *vq)
{
    if (vq != &dev->vq)
        FAIL("vq->notify() was called with another queue");
    dev->busy = true;
    dev->notified++;
    look();
    eager();
    dev->busy = false;
}

void virtq_break(struct virtq *vq, const char *why)
{
    (void)why;
    vq->broken = true;
    if (dev)
        dev->breaks++;
}

/* ---- The test's side -------------------------------------------------- */

struct virtq *fake_device(uint16_t num, unsigned modes)
{
    struct fake_device *d = calloc(1, sizeof *d);
    d->num = num;
    d->modes = modes;
    d->last = &d->first;
    d->used_offset = virtq_used_offset(num);
    d->ring = unit_memory(virtq_size(num), VIRTQ_ALIGN, RUBBISH);
    d->settled = malloc(d->used_offset);
    d->used_copy = malloc(virtq_size(num) - d->used_offset);
    d->chains = unit_memory(num * sizeof *d->chains, 16, RUBBISH);
    d->truth = calloc(num, sizeof *d->truth);
    d->held = calloc(num, sizeof *d->held);
    d->is_held = calloc(num, sizeof *d->is_held);
    d->used_by = calloc(num, sizeof(struct fake_request *));

    memset(&d->vq, RUBBISH, sizeof d->vq);
    d->vq.broken = true;
    d->vq.notify = notify;
    d->vq.transport = d;
    d->vq.index = 3;
    d->vq.name = "fake 3";
    int error = virtq_init(&d->vq, num, d->ring, d->chains);
    CHECK(error == 0, "virtq_init() of %u descriptors gave %d", num, error);

    dev = d;
    if (used()->flags != 0 || used()->idx != 0 || avail(d->ring)->idx != 0 ||
        avail(d->ring)->flags != 0)
        FAIL("after virtq_init() avail.flags, avail.idx, used.flags and "
             "used.idx are 0x%x, 0x%x, 0x%x, 0x%x: expected four zeros, as "
             "the memory held something else before", avail(d->ring)->flags,
             avail(d->ring)->idx, used()->flags, used()->idx);
    memcpy(d->used_copy, used(), used_size());
    memcpy(d->settled, d->ring, d->used_offset);
    if (modes & (FAKE_SLEEPY | FAKE_DEAF))
        put_used(VIRTQ_USED_F_NO_NOTIFY, 0);
    return &d->vq;
}

struct virtq *fake_device_after(uint16_t num, unsigned modes, uint16_t count)
{
    struct virtq *vq = fake_device(num, modes);

    vq->avail_idx = vq->last_used = vq->kicked = count;
    avail(dev->ring)->idx = count;
    put_used(used()->flags, count);
    dev->avail_idx = dev->used_idx = dev->shown_idx = count;
    dev->polled_idx = dev->kicked_idx = count;
    dev->added = count;
    settle();
    return vq;
}

static struct fake_request *make_request(unsigned out, unsigned in)
{
    struct fake_request *r = calloc(1, sizeof *r);
    r->out = out;
    r->in = in;
    r->number = dev->added;
    r->buffers = calloc(out + in + 1, sizeof *r->buffers);
    for (unsigned n = 0; n < out + in; n++) {
        r->buffers[n].len = 1 + unit_random_below(40);
        r->buffers[n].data = malloc(r->buffers[n].len);
        memset(r->buffers[n].data, 0xff, r->buffers[n].len);
    }
    return r;
}

static void free_request(struct fake_request *r)
{
    for (unsigned n = 0; n < r->out + r->in; n++)
        free(r->buffers[n].data);
    free(r->buffers);
    free(r);
}

/* free + in flight == num */
static void check_num_free(void)
{
    unsigned expected = dev->num - fake_descriptors();
    if (dev->vq.num_free != expected)
        FAIL("vq->num_free is %u: expected %u, as %u of %u descriptors are in "
             "chains in flight", dev->vq.num_free, expected,
             fake_descriptors(), dev->num);
}

int fake_add(unsigned out, unsigned in)
{
    struct fake_request *r = make_request(out, in), **at = dev->last;
    size_t size = (out + in + 1) * sizeof *r->buffers;
    struct virtq_buffer *array = malloc(size);

    memcpy(array, r->buffers, size);
    *at = r;
    dev->last = &r->next;
    dev->added++;
    int result = virtq_add(&dev->vq, array, out, in, r);
    memset(array, RUBBISH, size);
    free(array);

    check_hands_off();
    if (result == 0) {
        if (r->state == FAKE_ADDING)
            r->state = FAKE_ADDED;
        check_num_free();
        return 0;
    }
    if (r->state != FAKE_ADDING)
        FAIL("virtq_add() gave %d, and yet the chain is in the ring", result);
    *at = NULL;
    dev->last = at;
    dev->added--;
    free_request(r);
    return result;
}

/* Most drivers publish in virtq_add(); one that waits for virtq_kick() is as
 * good. */
void fake_offer(void)
{
    if (avail(dev->ring)->idx != (uint16_t)dev->added)
        virtq_kick(&dev->vq);
    fake_run(0);
    if (dev->avail_idx != (uint16_t)dev->added)
        FAIL("avail.idx is %u: expected %u, as %u chains were added",
             dev->avail_idx, (uint16_t)dev->added, dev->added);
}

unsigned fake_run(unsigned count)
{
    unsigned n = 0;
    dev->busy = true;
    look();
    while (n < count && use_one())
        n++;
    if (dev->modes & FAKE_SLEEPY)   /* at work: no need to notify */
        put_used(VIRTQ_USED_F_NO_NOTIFY, dev->used_idx);
    dev->busy = false;
    return n;
}

/* Takes `request` off the list of those that are out. */
static void forget(struct fake_request *request)
{
    struct fake_request **at = &dev->first;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    if (dev->last == &request->next)
        dev->last = at;
    free_request(request);
}

static void check_token(void *token, uint32_t len)
{
    struct fake_request *due = dev->used_by[slot(dev->polled_idx)];
    if (dev->polled_idx == dev->used_idx)
        FAIL("virtq_poll() gave a token, but the device has used nothing "
             "since the last one");
    if (token != due)
        FAIL("virtq_poll() gave another token than that of the chain which "
             "the device used (used.idx %u, head %u)", dev->polled_idx,
             due->head);
    if (len != due->used_len)
        FAIL("virtq_poll() said that the device wrote %u bytes: it wrote %u",
             len, due->used_len);
    for (unsigned n = due->out; len; n++)
        for (uint32_t i = 0; i < due->buffers[n].len && len; i++, len--)
            CHECK(((uint8_t *)due->buffers[n].data)[i] ==
                      (due->number & 0x7f),
                  "a buffer changed after the device had written it");
}

/* virtq_poll() has said that the device lies. Which number was wrong? */
static void fail_by_break(bool shown)
{
    uint16_t ahead = used()->idx - dev->vq.last_used;

    if (ahead > fake_in_flight())
        FAIL("virtq_poll() declared an honest device broken: last_used is %u, "
             "but used.idx is %u, and only %u chains were in flight",
             dev->vq.last_used, used()->idx, fake_in_flight());
    if (!shown)
        FAIL("virtq_poll() declared an honest device broken: it read an "
             "element before the device had written it (used.idx %u, "
             "last_used %u)", used()->idx, dev->vq.last_used);
    FAIL("virtq_poll() declared an honest device broken: the element was "
         "proper (id %u, len %u)", dev->truth[slot(dev->polled_idx)].id,
         dev->truth[slot(dev->polled_idx)].len);
}

bool fake_poll(unsigned *number)
{
    uint32_t len = 0xa5a5a5a5;
    bool due = dev->polled_idx != dev->used_idx;
    bool shown = dev->shown_idx != dev->polled_idx;
    unsigned breaks = dev->breaks;
    void *token = virtq_poll(&dev->vq, &len);

    check_hands_off();
    if (dev->breaks != breaks)
        fail_by_break(shown);
    if (!token) {
        if (due)
            FAIL("virtq_poll() gave NULL, but used.idx is %u and only %u "
                 "were polled", used()->idx, dev->polled_idx);
        return false;
    }
    check_token(token, len);
    struct fake_request *request = token;
    if (number)
        *number = request->number;
    forget(request);
    dev->polled_idx++;
    if (dev->vq.last_used != dev->polled_idx &&
        dev->vq.last_used == slot(dev->polled_idx))
        FAIL("virtq_poll() has given %u chains, and last_used is %u: expected "
             "%u", dev->polled_idx, dev->vq.last_used, dev->polled_idx);
    check_num_free();
    return true;
}

void fake_kick(void)
{
    unsigned before = dev->notified;
    uint16_t idx = (uint16_t)dev->added;
    bool news = dev->kicked_idx != idx;

    virtq_kick(&dev->vq);
    check_hands_off();
    dev->kicked_idx = idx;

    unsigned calls = dev->notified - before;
    if (!news && calls)
        FAIL("virtq_kick() notified, but nothing was added since the last "
             "kick");
    if (calls > 1)
        FAIL("virtq_kick() notified %u times for one batch", calls);
    if (news && calls && (dev->modes & FAKE_DEAF))
        FAIL("virtq_kick() notified, though used.flags says "
             "VIRTQ_USED_F_NO_NOTIFY");
    if (news && !calls && !(dev->modes & (FAKE_DEAF | FAKE_SLEEPY)))
        FAIL("virtq_kick() did not notify: there is something new, and "
             "used.flags is 0");
    if (news && !calls && !(dev->modes & FAKE_DEAF))
        FAIL("virtq_kick() did not notify: it read used.flags too early, and "
             "the device has gone to sleep meanwhile");
    dev->busy = true;
    look();
    dev->busy = false;
    if (dev->avail_idx != idx)
        FAIL("after virtq_kick() avail.idx is %u: expected %u, as %u chains "
             "were added", dev->avail_idx, idx, dev->added);
}

void fake_listen(void)
{
    dev->modes &= ~(unsigned)FAKE_DEAF;
    put_used(0, dev->used_idx);
}

/* ---- Counts ----------------------------------------------------------- */

static unsigned count(bool (*counts)(const struct fake_request *))
{
    unsigned n = 0;
    for (const struct fake_request *r = dev->first; r; r = r->next)
        n += counts(r);
    return n;
}

static bool any(const struct fake_request *r)
{
    return r != NULL;
}

static bool taken(const struct fake_request *r)
{
    return r->state == FAKE_TAKEN;
}

unsigned fake_in_flight(void)
{
    return count(any);
}

unsigned fake_taken(void)
{
    return count(taken);
}

unsigned fake_unpolled(void)
{
    return (uint16_t)(dev->used_idx - dev->polled_idx);
}

unsigned fake_descriptors(void)
{
    unsigned n = 0;
    for (const struct fake_request *r = dev->first; r; r = r->next)
        n += r->out + r->in;
    return n;
}

unsigned fake_notified(void)
{
    return dev->notified;
}

unsigned fake_breaks(void)
{
    return dev->breaks;
}

/* ---- Lies ------------------------------------------------------------- */

void fake_lie(uint32_t id, uint32_t len, unsigned by)
{
    show_truth();
    put_element(dev->used_idx, (struct virtq_used_elem){ id, len });
    dev->used_idx = (uint16_t)(dev->used_idx + by);
    dev->shown_idx = dev->used_idx;
    put_used(used()->flags, dev->used_idx);
}

void fake_away(void)
{
    dev->busy = true;
}

void fake_scribble(uint32_t id, uint32_t len)
{
    for (unsigned i = 0; i < dev->num; i++)
        used()->ring[i] = (struct virtq_used_elem){ id, len };
}

static struct fake_request *oldest(void)
{
    struct fake_request *r = dev->first;
    while (r && r->state != FAKE_TAKEN)
        r = r->next;
    CHECK(r != NULL, "the device has no chain: nothing was published");
    return r;
}

uint16_t fake_head(void)
{
    return oldest()->head;
}

uint32_t fake_writable(void)
{
    return writable(oldest());
}

uint16_t fake_descriptor(unsigned n)
{
    uint16_t i = oldest()->head;
    while (n--)
        i = dev->held[i].next;
    return i;
}

uint16_t fake_free_descriptor(void)
{
    uint16_t i = 0;
    while (i < dev->num - 1 && dev->is_held[i])
        i++;
    return i;
}
