/* SPDX-License-Identifier: MIT */
/*
 * block.c - what is the same for every disk: requests are looked at before a
 * driver sees them, and those for which its ring has no room wait their turn.
 *
 * Above it stand the cache and applications, below it drivers.
 */
#include "block/block.h"

#include "event/event.h"
#include "lib/errno.h"
#include "lib/string.h"

static struct block_dev *disks;

/* Flushes of disks that have nothing to flush, until the next round. */
static struct list flushed = LIST_INIT(flushed);

static struct block_request *request_of(struct list *link)
{
    return container_of(link, struct block_request, link);
}

/* The first of a list that is not empty, taken off it. */
static struct block_request *take_first(struct list *requests)
{
    struct block_request *req = request_of(requests->next);

    list_remove(&req->link);
    return req;
}

/* ---- The disks that there are --------------------------------------------*/

/* "blk0", "blk1", ... "blk10", ...; beyond "blk9999" they have no name. */
static void set_name(struct block_dev *dev, unsigned number)
{
    char *end = dev->name;
    unsigned unit = 1;

    if (number >= 10000)
        return;
    while (number / unit >= 10)
        unit *= 10;
    memcpy(end, "blk", 3);
    for (end += 3; unit > 0; unit /= 10)
        *end++ = (char)('0' + number / unit % 10);
    *end = '\0';
}

void block_add(struct block_dev *dev)
{
    struct block_dev **last = &disks;
    unsigned number = 0;

    while (*last != NULL) {
        last = &(*last)->next;
        number++;
    }
    set_name(dev, number);
    if (dev->len_max == 0)
        dev->len_max = UINT32_MAX;
    list_init(&dev->waiting);
    dev->next = NULL;
    *last = dev;
}

struct block_dev *block_find(const char *name)
{
    struct block_dev *dev = disks;

    while (dev != NULL && strcmp(dev->name, name) != 0)
        dev = dev->next;
    return dev;
}

/* ---- Requests ------------------------------------------------------------*/

/* Whether a read or a write can be: 0, -EINVAL, -ERANGE or -EROFS. */
static int look_at(const struct block_dev *dev, const struct block_request *req)
{
    uint64_t bytes = 0;

    if (req->count == 0 || req->count > dev->pieces_max)
        return -EINVAL;
    for (unsigned i = 0; i < req->count; i++) {
        uint32_t len = req->pieces[i].len;

        if (len == 0 || len % BLOCK_SECTOR_SIZE != 0 ||
            len > dev->piece_len_max)
            return -EINVAL;
        bytes += len; /* pieces are few: this can't overflow */
    }
    uint64_t sectors = bytes / BLOCK_SECTOR_SIZE;

    if (bytes > dev->len_max || sectors % dev->unit != 0 ||
        req->sector % dev->unit != 0)
        return -EINVAL;
    if (req->sector > dev->sectors || sectors > dev->sectors - req->sector)
        return -ERANGE;
    if (req->op == BLOCK_WRITE && dev->read_only)
        return -EROFS;
    return 0;
}

static void finish_flushed(struct event_work *work)
{
    struct list now = LIST_INIT(now);

    (void)work;
    while (!list_empty(&flushed))
        list_append(&now, &take_first(&flushed)->link);
    while (!list_empty(&now)) {
        struct block_request *req = take_first(&now);

        req->error = 0;
        req->done(req);
    }
}

static int flush_nothing(struct block_request *req)
{
    static struct event_work work = { .run = finish_flushed };

    list_append(&flushed, &req->link);
    event_post(&work);
    return 0;
}

int block_submit(struct block_dev *dev, struct block_request *req)
{
    int error = req->op == BLOCK_FLUSH ? 0 : look_at(dev, req);

    if (error != 0)
        return error;
    if (req->op == BLOCK_FLUSH && !dev->can_flush)
        return flush_nothing(req);

    req->tries = 0;

    /* Not past those that came before it. */
    error = list_empty(&dev->waiting) ? dev->submit(dev, req) : -ENOSPC;
    if (error != -ENOSPC)
        return error;
    list_append(&dev->waiting, &req->link);
    return 0;
}

/* What is submitted meanwhile does not wait, so this comes to an end. */
void block_broken(struct block_dev *dev)
{
    struct list failed = LIST_INIT(failed);

    while (!list_empty(&dev->waiting))
        list_append(&failed, &take_first(&dev->waiting)->link);
    while (!list_empty(&failed)) {
        struct block_request *req = take_first(&failed);

        req->error = -EIO;
        req->done(req);
    }
}

void block_room(struct block_dev *dev)
{
    while (!list_empty(&dev->waiting)) {
        struct block_request *next = request_of(dev->waiting.next);
        int error = dev->submit(dev, next);

        if (error == 0) {
            list_remove(&next->link);
            continue;
        }
        if (error != -ENOSPC)
            block_broken(dev);
        return;
    }
}

void block_done(struct block_dev *dev, struct block_request *req)
{
    req->done(req);
    block_room(dev);
}

bool block_again(struct block_dev *dev, struct block_request *req)
{
    if (req->tries == BLOCK_TRIES_MAX)
        return false;
    req->tries++;
    list_insert_before(dev->waiting.next, &req->link);
    return true;
}

/* Done: it has an owner, if only itself. */
static void stop_waiting(struct block_request *req)
{
    req->owner = req;
}

int block_wait(struct block_dev *dev, struct block_request *req)
{
    req->done = stop_waiting;
    req->owner = NULL;
    int error = block_submit(dev, req);
    if (error != 0)
        return error;
    while (req->owner == NULL)
        event_run_once(UINT64_MAX);
    return req->error;
}
