/* SPDX-License-Identifier: MIT */
/*
 * blk.c - files of the host as disks: blk0 is the file that the environment
 * names as LODGE_BLK0, blk1 is LODGE_BLK1, and so on, without a gap. With
 * LODGE_BLK0_READ_ONLY=on, or when the host won't have it written, a disk is
 * only to be read.
 *
 *     submit() --> submitted --serve()--> pread, pwrite --> block_done()
 *                             in the loop
 *
 * What is read or written is so by an ordinary call, in the loop's next round,
 * one request after the other in the order in which they came. While the host
 * fetches what is not in its memory, the whole process stands still: a
 * millisecond or so on a disk that turns, and nothing to speak of for an image
 * that was just written. A thread or io_uring would spare that, and would cost
 * the one who steps through a read with a debugger that it is one call.
 *
 * A file that is no whole number of sectors ends in one whose missing bytes
 * read as zeros; writing that sector makes the file longer.
 *
 * Below it is the host's C library, above it block/.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/upcalls.h"
#include "block/block.h"
#include "console/format.h"
#include "console/log.h"
#include "core/start.h"
#include "event/event.h"

enum { DISKS_MAX = 16, REQUESTS_A_TURN = 64 };

struct disk {
    struct block_dev block;
    int fd;
    uint64_t bytes;             /* the file had when it was opened */
    struct list submitted;      /* requests, by the links in their room */
    struct event_work work;     /* serves them; posted when there are any */
    bool complained;            /* a person has been told of an error */
};

_Static_assert(sizeof(struct list) <= BLOCK_DRIVER_ROOM,
               "the driver's part of a request has room for a link");

static struct list *link_of(struct block_request *req)
{
    return (void *)req->room;
}

static struct block_request *request_of(struct list *link)
{
    return container_of(link, struct block_request, room);
}

/* ---- What a request asks of the host ------------------------------------- */

/* Reads or writes one piece at byte `at`. 0 or the host's errno. */
static int move(struct disk *disk, enum block_op op,
                const struct block_piece *piece, uint64_t at)
{
    uint8_t *data = piece->data;
    size_t left = piece->len;

    while (left > 0) {
        ssize_t n = op == BLOCK_READ
                        ? pread(disk->fd, data, left, (off_t)at)
                        : pwrite(disk->fd, data, left, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0) {
            /* The end: of the last sector's bytes, or of a file that has
             * become shorter. */
            if (op != BLOCK_READ || at < disk->bytes)
                return EIO;
            memset(data, 0, left);
            return 0;
        }
        data += n;
        at += (uint64_t)n;
        left -= (size_t)n;
    }
    return 0;
}

/* What can't be synced (EINVAL) keeps nothing back. */
static int flush(struct disk *disk)
{
    while (fdatasync(disk->fd) != 0)
        if (errno != EINTR)
            return errno == EINVAL ? 0 : errno;
    return 0;
}

/* 0 or the host's errno. */
static int perform(struct disk *disk, const struct block_request *req)
{
    uint64_t at = req->sector * BLOCK_SECTOR_SIZE;

    if (req->op == BLOCK_FLUSH)
        return flush(disk);
    for (unsigned i = 0; i < req->count; i++) {
        int error = move(disk, req->op, &req->pieces[i], at);

        if (error != 0)
            return error;
        at += req->pieces[i].len;
    }
    return 0;
}

/* ---- The disk, for block/ ------------------------------------------------ */

/* What is submitted meanwhile waits for the next turn. */
static void serve(struct event_work *work)
{
    struct disk *disk = container_of(work, struct disk, work);
    struct list now = LIST_INIT(now);

    for (int i = 0; i < REQUESTS_A_TURN && !list_empty(&disk->submitted); i++) {
        struct list *link = disk->submitted.next;

        list_remove(link);
        list_append(&now, link);
    }
    if (!list_empty(&disk->submitted))
        event_post(work);

    while (!list_empty(&now)) {
        struct block_request *req = request_of(now.next);

        list_remove(now.next);
        int error = perform(disk, req);
        if (error != 0 && !disk->complained) {
            log_line("%s: sector %llu: the host says: %s", disk->block.name,
                     (unsigned long long)req->sector, strerror(error));
            disk->complained = true;
        }
        req->error = error == 0 ? 0 : -EIO;
        block_done(&disk->block, req);
    }
}

static int submit(struct block_dev *dev, struct block_request *req)
{
    struct disk *disk = container_of(dev, struct disk, block);

    list_append(&disk->submitted, link_of(req));
    event_post(&disk->work);
    return 0;
}

/* ---- Opening it ---------------------------------------------------------- */

/* A disk that was named and can't be had is no start: those behind it would
 * go by other names. */
_Noreturn static void refuse(const char *variable, const char *file,
                             const char *why)
{
    char sentence[512];

    format(sentence, sizeof sentence, "%s: \"%s\" can't be used as a disk: %s.",
           variable, file, why);
    core_refuse(sentence);
}

/* The descriptor, and in *read_only whether it may be written. No FIFO makes
 * us wait. Negative with errno set. */
static int open_file(const char *file, bool *read_only)
{
    const int flags = O_CLOEXEC | O_NONBLOCK;

    if (!*read_only) {
        int fd = open(file, O_RDWR | flags);

        if (fd >= 0 || (errno != EACCES && errno != EROFS && errno != EPERM &&
                        errno != ETXTBSY))
            return fd;
        *read_only = true;
    }
    return open(file, O_RDONLY | flags);
}

static void add(struct disk *disk, const char *variable, const char *file,
                bool read_only)
{
    struct block_dev *dev = &disk->block;
    struct stat stat;

    disk->fd = open_file(file, &read_only);
    if (disk->fd < 0 || fstat(disk->fd, &stat) != 0)
        refuse(variable, file, strerror(errno));
    if (!S_ISREG(stat.st_mode) && !S_ISBLK(stat.st_mode))
        refuse(variable, file, "it is neither a file nor a disk");
    off_t end = lseek(disk->fd, 0, SEEK_END);
    if (end < 0)
        refuse(variable, file, strerror(errno));

    disk->bytes = (uint64_t)end;
    list_init(&disk->submitted);
    disk->work.run = serve;
    dev->sectors = disk->bytes / BLOCK_SECTOR_SIZE +
                   (disk->bytes % BLOCK_SECTOR_SIZE != 0);
    dev->pieces_max = BLOCK_PIECES_MAX;
    dev->piece_len_max = UINT32_MAX;
    dev->unit = 1;
    dev->read_only = read_only;
    dev->can_flush = !read_only;
    dev->submit = submit;
    block_add(dev);
    log_line("%s: %llu sectors%s, %s", dev->name,
             (unsigned long long)dev->sectors,
             read_only ? ", only to be read" : "", file);
}

/* Whether the environment says that disk `variable` is only to be read. */
static bool wanted_read_only(const char *variable)
{
    char name[48], sentence[200];

    format(name, sizeof name, "%s_READ_ONLY", variable);
    const char *value = getenv(name);
    if (!value || strcmp(value, "off") == 0)
        return false;
    if (strcmp(value, "on") == 0)
        return true;
    format(sentence, sizeof sentence, "%s: \"%.100s\" is neither \"on\" nor "
           "\"off\".", name, value);
    core_refuse(sentence);
}

static void host_blk_init(void)
{
    static struct disk disks[DISKS_MAX];
    bool gap = false;

    for (unsigned i = 0; i < DISKS_MAX; i++) {
        char variable[32];

        format(variable, sizeof variable, "LODGE_BLK%u", i);
        const char *file = getenv(variable);

        if (file && gap)
            refuse(variable, file, "there is none before it");
        if (file)
            add(&disks[i], variable, file, wanted_read_only(variable));
        else
            gap = true;
    }
}
INITCALL(INIT_BUSES, host_blk_init);
