/* SPDX-License-Identifier: MIT */
/*
 * fake_disk.c - the disk of fake_disk.h.
 *
 * What is to be read lies in the pieces as rubbish until the request is done,
 * and what is to be written is taken when it is done: who uses memory before
 * it is theirs again is found out.
 */
#include "fake_disk.h"

#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "lib/errno.h"
#include "unit.h"

struct fake_disk fake_disk = { .room = FAKE_DISK_ROOM };

static bool overlap(const struct block_piece *a, const struct block_piece *b)
{
    const char *x = a->data, *y = b->data;

    return x < y + b->len && y < x + a->len;
}

/* No other request in flight has to do with the memory of `req`, if either
 * of them writes to it. */
static void check_memory(const struct block_request *req)
{
    for (unsigned i = 0; i < fake_disk.held; i++) {
        const struct block_request *other = fake_disk.requests[i];

        CHECK(other != req, "a request is submitted while it is in flight");
        if (req->op != BLOCK_READ && other->op != BLOCK_READ)
            continue;
        for (unsigned p = 0; p < req->count; p++)
            for (unsigned q = 0; q < other->count; q++)
                CHECK(!overlap(&req->pieces[p], &other->pieces[q]),
                      "two requests in flight, for sectors %llu and %llu, "
                      "have the same memory",
                      (unsigned long long)req->sector,
                      (unsigned long long)other->sector);
    }
}

static void check(const struct block_request *req)
{
    uint64_t bytes = 0;

    check_memory(req);
    if (req->op == BLOCK_FLUSH)
        return;
    CHECK(req->count > 0 && req->count <= fake_disk.dev.pieces_max,
          "a request has 1 to %u pieces, here %u", fake_disk.dev.pieces_max,
          req->count);
    for (unsigned i = 0; i < req->count; i++) {
        CHECK(req->pieces[i].len > 0 &&
                  req->pieces[i].len % BLOCK_SECTOR_SIZE == 0,
              "a piece is a whole number of sectors, here %u bytes",
              req->pieces[i].len);
        bytes += req->pieces[i].len;
        if (req->op == BLOCK_READ)
            memset(req->pieces[i].data, 0xdd, req->pieces[i].len);
    }
    CHECK(req->sector + bytes / BLOCK_SECTOR_SIZE <= fake_disk.dev.sectors,
          "a request lies within the disk; here sector %llu and %llu bytes",
          (unsigned long long)req->sector, (unsigned long long)bytes);
}

/* One request after the other, unless the test does it. */
static void finish_all(struct event_work *work)
{
    while (fake_disk.held > 0 && !fake_disk.by_hand)
        fake_disk_finish(
            fake_disk.in_order ? 0 : unit_random_below(fake_disk.held));
    (void)work;
}

static struct event_work finish_work = { .run = finish_all };

static int submit(struct block_dev *dev, struct block_request *req)
{
    CHECK(dev == &fake_disk.dev, "a request comes to the disk it is for");
    check(req);
    if (fake_disk.broken)
        return -EIO;
    if (fake_disk.held == fake_disk.room)
        return -ENOSPC;

    fake_disk.requests[fake_disk.held++] = req;
    if (fake_disk.held > fake_disk.most_held)
        fake_disk.most_held = fake_disk.held;
    *(req->op == BLOCK_READ    ? &fake_disk.reads
      : req->op == BLOCK_WRITE ? &fake_disk.writes
                               : &fake_disk.flushes) += 1;
    if (!fake_disk.by_hand)
        event_post(&finish_work);
    return 0;
}

static int execute(struct block_request *req)
{
    uint8_t *at = fake_disk.bytes + req->sector * BLOCK_SECTOR_SIZE;
    int error = 0;

    if (req->op == BLOCK_FLUSH)
        return 0;
    for (unsigned i = 0; i < req->count; i++) {
        uint32_t len = req->pieces[i].len;

        for (uint32_t s = 0; s < len; s += BLOCK_SECTOR_SIZE)
            if (fake_disk.bad[(at - fake_disk.bytes + s) / BLOCK_SECTOR_SIZE])
                error = -EIO;
        if (error == 0 && req->op == BLOCK_READ)
            memcpy(req->pieces[i].data, at, len);
        else if (error == 0)
            memcpy(at, req->pieces[i].data, len);
        at += len;
    }
    return error;
}

static struct block_request *let_go(unsigned i)
{
    struct block_request *req = fake_disk.requests[i];

    CHECK(i < fake_disk.held, "there is a request to let go");
    fake_disk.held--;
    for (unsigned n = i; n < fake_disk.held; n++)
        fake_disk.requests[n] = fake_disk.requests[n + 1];
    return req;
}

bool fake_disk_again(unsigned i)
{
    CHECK(i < fake_disk.held, "there is a request to try again");
    if (!block_again(&fake_disk.dev, fake_disk.requests[i]))
        return false;
    let_go(i);
    return true;
}

void fake_disk_finish(unsigned i)
{
    struct block_request *req = let_go(i);

    req->error = fake_disk.broken ? -EIO : execute(req);
    block_done(&fake_disk.dev, req);
}

void fake_disk_run(void)
{
    while (event_loop.ready > 0)
        event_run_once(0);
}

struct block_dev *fake_disk_add(uint64_t sectors)
{
    size_t size = sectors * BLOCK_SECTOR_SIZE;

    fake_disk.bytes = unit_memory(size, 1, 0);
    fake_disk.bad = calloc(sectors, sizeof *fake_disk.bad);
    for (size_t i = 0; i < size; i++)
        fake_disk.bytes[i] =
            (uint8_t)(i / BLOCK_SECTOR_SIZE * 7 + i + (i >> 16));
    fake_disk.dev.sectors = sectors;
    fake_disk.dev.pieces_max = BLOCK_PIECES_MAX;
    fake_disk.dev.piece_len_max = UINT32_MAX;
    fake_disk.dev.unit = 1;
    fake_disk.dev.can_flush = true;
    fake_disk.dev.submit = submit;
    block_add(&fake_disk.dev);
    return &fake_disk.dev;
}
