/* SPDX-License-Identifier: MIT */
/*
 * fuzz_virtqueue.c - a device that writes whatever it likes, wherever it can:
 * into the used ring above all, but into descriptors and avail ring as well.
 *
 * The input is a list of steps: the driver adds, kicks and polls, and between
 * these the device scribbles, or uses a chain as an honest one would (else
 * every run would be over with the first poll). Whatever comes, memory
 * outside the ring is untouched, what polling gives was in flight and has no
 * greater length than it could have, and a descriptor that is in flight is
 * not handed out again.
 *
 *     clang -g -fsanitize=fuzzer,address,undefined -Ikernel \
 *         -Ikernel/arch/unix grader/unit/fuzz_virtqueue.c \
 *         solutions/05-virtqueue/virtqueue.c grader/unit/no_machine.c \
 *         -o build/fuzz_virtqueue && build/fuzz_virtqueue
 */
#include <stdbool.h>

#include "drivers/virtio/core/virtqueue.h"
#include "fuzz.h"

enum { NUM_MAX = 16, PIECES = 4, BUFFER = 8 };

/* A chain, whose address is its token. */
struct chain {
    bool in_flight;
    unsigned count;
    uint32_t writable;
    uint16_t descriptors[PIECES];
};

static struct {
    struct virtq vq;
    struct virtq_used *used;    /* as the device has it */
    uint16_t used_idx;          /* how far it has used honestly */
    struct chain chains[NUM_MAX];
    bool taken[NUM_MAX];        /* descriptors in flight */
    unsigned out;               /* how many of them */
} f;

/* For a program of its own; in the unit tests the fake's. */
__attribute__((weak)) void virtq_break(struct virtq *vq, const char *why)
{
    (void)why;
    vq->broken = true;
}

static void notify(struct virtq *vq)
{
    MUST(vq == &f.vq, "another queue is notified");
}

/* What was added is in the ring now: which descriptors is it made of? */
static void remember(struct chain *chain)
{
    uint16_t place = (f.vq.avail_idx - 1) & (f.vq.num - 1);
    uint16_t at = le16_to_cpu(f.vq.avail->ring[place]);

    for (unsigned i = 0; i < chain->count; i++) {
        MUST(at < f.vq.num, "descriptor %u of %u", at, f.vq.num);
        MUST(!f.taken[at], "descriptor %u is handed out while the device has "
             "it", at);
        f.taken[at] = true;
        chain->descriptors[i] = at;
        at = le16_to_cpu(f.vq.desc[at].next);
    }
    f.out += chain->count;
    chain->in_flight = true;
}

static void add(unsigned out, unsigned in)
{
    static uint8_t memory[BUFFER];
    struct virtq_buffer buffers[PIECES];
    struct chain *chain = f.chains;

    while (chain < f.chains + NUM_MAX && chain->in_flight)
        chain++;
    if (chain == f.chains + NUM_MAX)
        return;
    for (unsigned i = 0; i < out + in; i++)
        buffers[i] = (struct virtq_buffer){ memory, 1 + (i + out) % BUFFER };
    chain->count = out + in;
    chain->writable = 0;
    for (unsigned i = out; i < out + in; i++)
        chain->writable += buffers[i].len;

    bool fits = out + in <= f.vq.num - f.out;
    bool was_broken = f.vq.broken;
    int result = virtq_add(&f.vq, buffers, out, in, chain);
    MUST((result == 0) == (fits && !was_broken && out + in > 0),
         "%u + %u buffers, %u of %u descriptors out%s: %d", out, in, f.out,
         f.vq.num, was_broken ? ", broken" : "", result);
    if (result == 0) {
        virtq_kick(&f.vq);
        remember(chain);
    }
}

static void poll(void)
{
    uint32_t len = 0;
    bool was_broken = f.vq.broken;
    struct chain *chain = virtq_poll(&f.vq, &len);

    if (chain == NULL)
        return;
    MUST(!was_broken, "a broken queue gives something");
    MUST(chain >= f.chains && chain < f.chains + NUM_MAX && chain->in_flight,
         "what comes back was not in flight");
    MUST(len <= chain->writable, "%u bytes were written into a chain of %u",
         len, chain->writable);
    for (unsigned i = 0; i < chain->count; i++)
        f.taken[chain->descriptors[i]] = false;
    f.out -= chain->count;
    chain->in_flight = false;
    MUST(f.vq.num_free == f.vq.num - f.out, "%u descriptors are free: should "
         "be %u", f.vq.num_free, f.vq.num - f.out);
}

/* As an honest device: the chain's head, its length, and the index. */
static void use(unsigned which)
{
    struct chain *chain = &f.chains[which % NUM_MAX];
    uint16_t place = f.used_idx & (f.vq.num - 1);

    if (!chain->in_flight)
        return;
    f.used->ring[place].id = cpu_to_le32(chain->descriptors[0]);
    f.used->ring[place].len = cpu_to_le32(chain->writable);
    f.used->idx = cpu_to_le16(++f.used_idx);
}

/* One byte somewhere in the ring; the used ring is as likely as all else. */
static void scribble(unsigned where, uint8_t byte)
{
    size_t used_at = virtq_used_offset(f.vq.num);
    size_t used_size = virtq_size(f.vq.num) - used_at;
    uint8_t *memory = (uint8_t *)f.vq.desc;

    if ((where & 1) != 0)
        memory[used_at + where / 2 % used_size] = byte;
    else
        memory[where / 2 % (virtq_avail_offset(f.vq.num) + 4)] = byte;
}

static void begin(uint16_t num)
{
    size_t size = virtq_size(num);
    void *memory;
    struct virtq_chain *chains = malloc(num * sizeof *chains);

    MUST(posix_memalign(&memory, VIRTQ_ALIGN, size) == 0 && chains != NULL,
         "no memory");
    memset(&f, 0, sizeof f);
    memset(memory, 0xa5, size);
    f.vq.notify = notify;
    MUST(virtq_init(&f.vq, num, memory, chains) == 0, "%u descriptors", num);
    f.used = (void *)((uint8_t *)memory + virtq_used_offset(num));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    begin((uint16_t)(1u << data[0] % 5));
    for (size_t i = 1; i + 2 < size; i += 3) {
        switch (data[i] % 8) {
        case 0: case 1:
            add(data[i + 1] % 3, data[i + 2] % 3);
            break;
        case 2: case 3:
            use(data[i + 1]);
            break;
        case 4: case 5: case 6:
            poll();
            break;
        default:
            scribble(data[i] / 8 * 256u + data[i + 1], data[i + 2]);
        }
    }
    for (unsigned i = 0; i <= NUM_MAX; i++)
        poll();
    free(f.vq.chains);
    free(f.vq.desc);
    return 0;
}
