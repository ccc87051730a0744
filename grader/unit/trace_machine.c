/* SPDX-License-Identifier: MIT */
/*
 * trace_machine.c - the machine under the guest's objects (trace.h): memory, a
 * clock that stands still, a card with all offloads, a disk whose requests are
 * done in the next round. What the port contract asks for beyond that is not
 * there.
 */
#include <errno.h>
#include <unistd.h>

#include "arch/arch.h"
#include "arch/map.h"
#include "arch/upcalls.h"
#include "block/block.h"
#include "event/event.h"
#include "fs/ext2/ext2.h"
#include "http/http.h"
#include "net/netdev.h"
#include "net/up.h"
#include "trace.h"

#define main guest_main             /* ours has other arguments */
#include "core/start.h"
#undef main

enum { MEMORY = 32 << 20, FRAMES = 256, FRAME_MAX = 65536, PENDING = 64 };

static uint8_t memory[MEMORY] __attribute__((aligned(4096)));

/* ---- The card ----------------------------------------------------------- */

const uint8_t trace_guest_address[6] = { 2, 0, 0, 0, 0, 2 };

static struct netbuf *sent[FRAMES];
static unsigned sent_count;

/* The device has read what it was told of. */
static void reap(struct event_work *work)
{
    (void)work;
    for (unsigned i = 0; i < sent_count; i++)
        for (struct netbuf *nb = sent[i], *next; nb != NULL; nb = next) {
            next = nb->next;
            nb->release(nb);
        }
    sent_count = 0;
}
static struct event_work reaping = { .run = reap };

static int card_send(struct netdev *dev, struct netbuf *frame)
{
    static uint8_t whole[FRAME_MAX];
    size_t len = 0;

    (void)dev;
    if (sent_count == FRAMES)
        return -ENOSPC;
    trace_pause();
    for (struct netbuf *nb = frame; nb != NULL; nb = nb->next)
        for (uint32_t i = 0; i < nb->len && len < FRAME_MAX; i++)
            whole[len++] = nb->data[i];
    trace_heard(whole, len);
    trace_go_on();
    sent[sent_count++] = frame;
    event_post(&reaping);
    return 0;
}

static void card_usage(struct netdev *dev, struct netdev_usage *out)
{
    (void)dev;
    *out = (struct netdev_usage){ 0 };
}

static struct netdev card = {
    .address = { 2, 0, 0, 0, 0, 2 }, .mtu = 1500, .link_up = true,
    .features = NETDEV_CHECKSUM | NETDEV_TSO4,
    .send = card_send, .usage = card_usage,
};

static bool lent;

static void give_back(struct netbuf *nb)
{
    (void)nb;
    lent = false;
}

void trace_frame(const uint8_t *frame, size_t len)
{
    static uint8_t buffer[2048] __attribute__((aligned(64)));
    static struct netbuf nb;

    if (lent || len > sizeof buffer - 64)
        trace_fail("a frame is too long, or the one before was kept");
    for (size_t i = 0; i < len; i++)
        buffer[12 + i] = frame[i];
    nb = (struct netbuf){ .data = buffer + 12, .len = (uint32_t)len,
                          .release = give_back };
    lent = true;
    trace_on();
    card.receive(&card, &nb);
    do
        event_run_once(0);
    while (event_loop.ready > 0);
    trace_off();
}

/* ---- The disk ----------------------------------------------------------- */

static uint8_t *disk_bytes;
static struct block_dev disk;
static struct block_request *pending[PENDING];
static unsigned pending_count;

static void transfer(const struct block_request *req)
{
    const uint8_t *from = disk_bytes + req->sector * BLOCK_SECTOR_SIZE;

    for (unsigned i = 0; i < req->count; i++)
        for (uint32_t k = 0; k < req->pieces[i].len; k++)
            ((uint8_t *)req->pieces[i].data)[k] = *from++;
}

static void finish(struct event_work *work)
{
    unsigned count = pending_count;
    struct block_request *now[PENDING];

    (void)work;
    for (unsigned i = 0; i < count; i++)
        now[i] = pending[i];
    pending_count = 0;
    for (unsigned i = 0; i < count; i++) {
        trace_pause();
        transfer(now[i]);
        trace_go_on();
        now[i]->error = 0;
        block_done(&disk, now[i]);
    }
}
static struct event_work finishing = { .run = finish };

static int disk_submit(struct block_dev *dev, struct block_request *req)
{
    (void)dev;
    if (pending_count == PENDING)
        return -ENOSPC;
    pending[pending_count++] = req;
    event_post(&finishing);
    return 0;
}

static struct block_dev disk = {
    .pieces_max = 16, .piece_len_max = 1 << 20, .unit = 1, .read_only = true,
    .submit = disk_submit,
};

/* ---- The port ----------------------------------------------------------- */

uintptr_t __stack_chk_guard = 0x5eed0000;

void __stack_chk_fail(void)
{
    trace_fail("a buffer on the stack has overflowed");
}

uint64_t arch_clock_ns(void) { return 5000000000u; }
uint64_t arch_clock_unix(void) { return 1800000000; }
uint64_t arch_random(void) { return 0x0123456789abcdefu; }
void arch_timer_set(uint64_t deadline_ns) { (void)deadline_ns; }
bool arch_irq_spurious(unsigned vector) { return vector == IRQ_SPURIOUS; }
void arch_irq_end(unsigned vector) { (void)vector; }

struct irq_message arch_irq_message(unsigned vector)
{
    return (struct irq_message){ 0, vector };
}

int arch_irq_route(unsigned line, unsigned vector)
{
    (void)line, (void)vector;
    return -ENODEV;
}

int arch_irq_route_legacy(unsigned line)
{
    (void)line;
    return -ENODEV;
}

void arch_irq_mask(unsigned line) { (void)line; }

long arch_config_file(const char *name, void *buf, size_t cap)
{
    (void)name, (void)buf, (void)cap;
    return -ENOENT;
}

unsigned arch_backtrace(uintptr_t *addresses, unsigned cap)
{
    (void)addresses, (void)cap;
    return 0;
}

void arch_debug_putc(char c)
{
    if (write(STDERR_FILENO, &c, 1) != 1)
        _exit(1);
}

void arch_exit(int status)
{
    trace_fail("the guest ended the machine with status %d", status);
}

const struct mem_map *mem_map(void)
{
    static struct mem_map map;

    if (map.count == 0)
        map_add(&map, (uintptr_t)memory, MEMORY);
    return &map;
}

/* ---- The application ---------------------------------------------------- */

extern const struct initcall __start_initcalls[], __stop_initcalls[];

void trace_machine_start(uint8_t *image, size_t size)
{
    static struct ext2 files;
    static struct http_site site = { .fs = &files.fs, .index = "index.html",
                                     .listing = true };
    static const char words[] = "ip=10.77.0.2/24 gw=10.77.0.1";

    cmdline_set(words, sizeof words - 1);
    for (int level = INIT_CONSOLE; level <= INIT_BUSES; level++)
        for (const struct initcall *c = __start_initcalls;
             c < __stop_initcalls; c++)
            if (c->level == (enum init_level)level)
                c->run();
    disk_bytes = image;
    disk.sectors = size / BLOCK_SECTOR_SIZE;
    block_add(&disk);
    netdev_add(&card);
    if (ext2_open(&files, &disk) != 0 || net_up("net0") != 0 ||
        http_serve(80, &site) != 0)
        trace_fail("the guest's server does not start");
    do
        event_run_once(0);
    while (event_loop.ready > 0);
}
