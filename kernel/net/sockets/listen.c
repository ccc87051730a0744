/* SPDX-License-Identifier: MIT */
/*
 * listen.c - brings up the host's sockets as our network, and stands at the
 * doors: whoever listens is watched for newcomers while there is room for
 * them. Beyond that they wait in the host's own queue.
 *
 * Above it applications (net/up.h, net/stream.h); below it the host. Letting
 * the newcomers in is lab 13's.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arch/arch.h"
#include "console/log.h"
#include "core/clock.h"
#include "lib/list.h"
#include "net/sockets/sockets.h"
#include "net/up.h"

enum { OTHER_DESCRIPTORS = 64 };    /* the disk, the console, ... */

static struct listener listeners[LISTENERS_MAX];
static unsigned listener_count;
static struct event_timer rested;

/* ---- Watching the doors ------------------------------------------------- */

/* Between two statements, with interrupts off: only marks. */
static void on_ready(struct descriptor *wire, unsigned events)
{
    struct listener *l = container_of(wire, struct listener, wire);

    (void)events;
    event_post(&l->work);
}

static void run(struct event_work *work)
{
    struct listener *l = container_of(work, struct listener, work);

    l->resting = false;
    listener_on_ready(l);
    if (!listener_has_room(l))
        l->resting = true;
    descriptor_watch(&l->wire, l->resting ? 0 : DESCRIPTOR_IN);
}

static void rouse_all(void)
{
    event_timer_cancel(&rested);
    for (unsigned i = 0; i < listener_count; i++)
        if (listeners[i].resting)
            event_post(&listeners[i].work);
}

static void on_rested(struct event_timer *timer)
{
    (void)timer;
    rouse_all();
}

void listener_rest(struct listener *listener)
{
    static bool told;

    if (!told)
        log_line("net0: the host has nothing left to make another connection "
                 "to port %u with; newcomers wait", listener->port);
    told = true;
    listener->resting = true;
    rested.expire = on_rested;
    event_timer_set(&rested, clock_ns() + NS_PER_S);
}

/* What one gives back may be what another has been waiting for. */
void listener_stream_gone(struct listener *listener)
{
    listener->open--;
    rouse_all();
}

/* ---- Listening ---------------------------------------------------------- */

struct listener *listener_find(uint16_t port)
{
    for (unsigned i = 0; i < listener_count; i++)
        if (listeners[i].port == port)
            return &listeners[i];
    return NULL;
}

int stream_listen(uint16_t port, unsigned backlog,
                  int (*accept)(struct stream *s))
{
    struct listener *l = &listeners[listener_count];
    int fd, error;

    if (listener_find(port)) {
        log_line("net0: port %u is listened on already", port);
        return -EBUSY;
    }
    if (listener_count == LISTENERS_MAX)
        return -ENOMEM;
    fd = address_listen(port);
    if (fd < 0)
        return fd;
    *l = (struct listener){
        .wire = { .fd = fd, .ready = on_ready },
        .port = port,
        .accept = accept,
        .backlog = backlog,
        .work = { .run = run },
    };
    error = descriptor_watch(&l->wire, DESCRIPTOR_IN);
    if (error) {
        close(fd);
        return -ENOMEM;
    }
    listener_count++;
    return 0;
}

/* ---- Up ----------------------------------------------------------------- */

/* A process may have fewer descriptors than we have streams, for no better
 * reason than that nobody has asked. */
static void ask_for_descriptors(void)
{
    rlim_t wanted = stream_usage().limit + OTHER_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int net_up(const char *name)
{
    int error;

    if (strcmp(name, "net0") != 0) {
        log_line("%s: over the host's sockets there is net0 alone", name);
        return -ENODEV;
    }
    error = address_read(name);
    if (error)
        return error;
    error = streams_make();
    if (error) {
        log_line("%s: no memory for the network", name);
        return error;
    }
    ask_for_descriptors();
    return 0;
}

void net_usage(void (*figure)(void *ctx, const char *name, uint64_t used),
               void *ctx)
{
    figure(ctx, "streams", stream_usage().open);
    figure(ctx, "borrowed", borrowed_count());
}
