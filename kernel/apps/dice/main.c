/* SPDX-License-Identifier: MIT */
/*
 * dice - lab 05's application: rolls dice with random bytes from outside.
 *
 * A byte b below 252 gives the face 1 + b % 6. The other four are thrown
 * away, so that each face is equally likely (252 is 42 times 6).
 *
 * The challenge may say, each as key=number:
 *   rolls   how many rolls                                         (10)
 *   batch   how many requests to have in flight at a time           (4)
 *   bytes   how many bytes to ask for with each                    (16)
 *
 * The first rolls are shown. The last line can only be right when every byte
 * came, and came in order: its sum is that of all faces, and its check is
 *     check = check * 31 + face        (modulo 2^32, from 0)
 * over all faces in the order in which they were rolled.
 */
#include "console/format.h"
#include "core/challenge.h"
#include "core/start.h"
#include "drivers/virtio_rng/rng.h"
#include "event/event.h"
#include "lib/errno.h"
#include "mem/heap.h"

enum { SHOWN = 20, SHOWN_IN_LINE = 10, REQUESTS_MAX = 64, BYTES_MAX = 4096 };

static unsigned long rolls;
static unsigned long rolled;
static uint8_t shown[SHOWN];
static uint64_t sum;
static uint32_t check;
static struct rng_request requests[REQUESTS_MAX];

static void roll(uint8_t byte)
{
    if (byte >= 252)
        return;

    uint8_t face = 1 + byte % 6;
    if (rolled < SHOWN)
        shown[rolled] = face;
    rolled++;
    sum += face;
    check = check * 31 + face;
}

/* Rolls with what came, and asks again until there is enough. A request that
 * is refused is not made again: main() sees when there is no device left. */
static void bytes_came(struct rng_request *request)
{
    for (uint32_t i = 0; i < request->got && rolled < rolls; i++)
        roll(request->data[i]);
    if (rolled < rolls)
        rng_request(request);
}

static int ask(unsigned long batch, unsigned long bytes)
{
    for (unsigned long i = 0; i < batch; i++) {
        requests[i].data = heap_alloc(bytes);
        requests[i].len = (uint32_t)bytes;
        requests[i].done = bytes_came;
        if (requests[i].data == NULL)
            return -ENOMEM;
        int error = rng_request(&requests[i]);
        if (error != 0)
            return error;
    }
    rng_kick();
    return 0;
}

static void show(void)
{
    for (unsigned i = 0; i < SHOWN && i < rolled; i++) {
        bool last = i + 1 == rolled || (i + 1) % SHOWN_IN_LINE == 0;
        print("%s%u%s", i % SHOWN_IN_LINE == 0 ? "dice: " : " ", shown[i],
              last ? "\n" : "");
    }
    print("dice: rolled %lu, sum %llu, check %u\n", rolled,
          (unsigned long long)sum, check);
}

/* The challenge's number for `key`, but 1 to `limit`. */
static unsigned long setting(const char *key, unsigned long otherwise,
                             unsigned long limit)
{
    unsigned long n = challenge_number(key, otherwise);

    return n < 1 ? 1 : n > limit ? limit : n;
}

int main(void)
{
    if (rng_depth() == 0) {
        print("dice: there is no virtio-rng device to roll with\n");
        return -ENODEV;
    }
    rolls = setting("rolls", 10, UINT32_MAX);
    unsigned long limit =
        rng_depth() < REQUESTS_MAX ? rng_depth() : REQUESTS_MAX;
    unsigned long batch = setting("batch", 4, limit);
    unsigned long bytes = setting("bytes", 16, BYTES_MAX);

    int error = ask(batch, bytes);
    if (error != 0) {
        print("dice: could not ask for random bytes: error %d\n", -error);
        return error;
    }
    while (rolled < rolls && rng_depth() > 0)
        event_run_once(UINT64_MAX);

    show();
    return rolled == rolls ? 0 : -EIO;
}
