/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include "fake_host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arch.h"
#include "arch/unix/descriptor.h"
#include "core/clock.h"
#include "event/event.h"
#include "mem/heap.h"
#include "mem/pages.h"
#include "net/up.h"
#include "unit.h"

enum { WIRES_MAX = 256, FD_MAX = 1024, STUCK = 200 };

struct fake_host host = { .left = -1 };

/* ---- Memory ------------------------------------------------------------- */

static size_t memory;

void *heap_alloc(size_t size)
{
    void *block = malloc(size);

    memset(block, 0xa5, size);
    return block;
}

struct pages_usage pages_usage(void)
{
    return (struct pages_usage){ memory / PAGE_SIZE, 0 };
}

void host_up(unsigned mib)
{
    memory = (size_t)mib << 20;
    setenv("LODGE_ADDRESS", "127.0.0.1:0", 1);
    CHECK(net_up("net0") == 0, "net_up(\"net0\") returns 0");
}

/* ---- What is ready ------------------------------------------------------ */

static struct descriptor *wires[WIRES_MAX];
static bool irq_on = true, accepted[FD_MAX];
static unsigned stuck;          /* looks since something was last got done */

int descriptor_watch(struct descriptor *d, unsigned events)
{
    CHECK(fcntl(d->fd, F_GETFD) >= 0, "what is watched is open, but "
          "descriptor %d is not", d->fd);
    if (!d->watched && host.watch_fails)
        return -ENOMEM;
    for (unsigned i = 0; i < WIRES_MAX && !d->watched; i++) {
        if (wires[i])
            continue;
        wires[i] = d;
        d->watched = 1;
    }
    d->events = events;
    return 0;
}

void descriptor_forget(struct descriptor *d)
{
    for (unsigned i = 0; i < WIRES_MAX; i++)
        if (wires[i] == d)
            wires[i] = NULL;
    d->watched = 0;
}

bool host_watches(int fd)
{
    for (unsigned i = 0; i < WIRES_MAX; i++)
        if (wires[i] && wires[i]->fd == fd)
            return wires[i]->events != 0;
    return false;
}

static unsigned what_is_ready(const struct descriptor *d)
{
    struct pollfd p = { .fd = d->fd };

    if (d->events & DESCRIPTOR_IN)
        p.events |= POLLIN | POLLRDHUP;
    if (d->events & DESCRIPTOR_OUT)
        p.events |= POLLOUT;
    poll(&p, 1, 0);
    return (p.revents & (POLLIN | POLLRDHUP) ? DESCRIPTOR_IN : 0u) |
           (p.revents & POLLOUT ? DESCRIPTOR_OUT : 0u) |
           (p.revents & (POLLERR | POLLHUP) ? DESCRIPTOR_ERROR : 0u);
}

bool host_look(void)
{
    bool were_on = irq_on, any = false;

    irq_on = false;
    host.looks++;
    for (unsigned i = 0; i < WIRES_MAX && !host.quiet; i++) {
        unsigned events = wires[i] ? what_is_ready(wires[i]) : 0;

        if (!events)
            continue;
        any = true;
        wires[i]->ready(wires[i], events);
    }
    irq_on = were_on;
    CHECK(!any || stuck++ < STUCK, "what is ready and watched for gets done, "
          "but something has been ready %u times and nothing was done about "
          "it: the process turns in circles", STUCK);
    return any;
}

bool arch_irq_disable(void)
{
    bool were_on = irq_on;

    irq_on = false;
    return were_on;
}

/* As in the real port, a handler may come here. */
void arch_irq_restore(bool were_on)
{
    bool now_on = were_on && !irq_on;

    irq_on = were_on;
    if (now_on && host.weather && unit_random_below(256) < host.weather)
        host_look();
}

unsigned host_under_way(void)
{
    unsigned sum = 0;
    int left;

    for (int fd = 0; fd < FD_MAX; fd++)
        if (accepted[fd] && syscall(SYS_ioctl, fd, SIOCOUTQ, &left) == 0)
            sum += (unsigned)left;
    return sum;
}

unsigned host_not_sent(int fd)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof info;

    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
    return info.tcpi_notsent_bytes;
}

void host_run(void)
{
    for (unsigned round = 0; event_loop.ready > 0; round++) {
        CHECK(round < 10000, "the event loop comes to rest, but work has "
              "been posting itself for 10000 rounds");
        event_run_once(0);
    }
}

void host_pause(void)
{
    struct pollfd p[WIRES_MAX];
    nfds_t n = 0;

    for (unsigned i = 0; i < WIRES_MAX; i++)
        if (wires[i])
            p[n++] = (struct pollfd){
                wires[i]->fd,
                (wires[i]->events & DESCRIPTOR_IN ? POLLIN : 0) |
                    (wires[i]->events & DESCRIPTOR_OUT ? POLLOUT : 0),
                0,
            };
    poll(p, n, 10);
}

/* ---- The host's calls, in place of the C library's ---------------------- */

static bool weather(void)
{
    return host.weather && unit_random_below(256) < host.weather;
}

/* Does this call fail? */
static bool fails(struct host_fault *fault)
{
    bool by_chance = fault->times == 0 && weather();

    if (fault->times > 0) {
        fault->times--;
        errno = fault->error;
        return true;
    }
    if (by_chance)
        errno = unit_random_below(2) ? EAGAIN : EINTR;
    return by_chance;
}

static size_t cut(size_t len, size_t most)
{
    if (weather() && len > 0)
        len = 1 + unit_random_below((uint32_t)len);
    return most && len > most ? most : len;
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict len,
            int flags)
{
    int made;

    host.accepts++;
    if (fails(&host.accept))
        return -1;
    made = (int)syscall(SYS_accept4, fd, from, len, flags);
    if (made < 0)
        return -1;
    CHECK(flags & SOCK_NONBLOCK || fcntl(made, F_GETFL) & O_NONBLOCK, "what "
          "is accepted does not block: SOCK_NONBLOCK");
    CHECK(flags & SOCK_CLOEXEC, "what is accepted does not outlive an exec: "
          "SOCK_CLOEXEC");
    accepted[made] = true;
    host.open++;
    stuck = 0;
    return made;
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    ssize_t n;

    host.recvs++;
    if (fails(&host.recv))
        return -1;
    n = syscall(SYS_recvfrom, fd, buf, cut(len, host.recv_most), flags, NULL,
                NULL);
    if (n > 0 && !(flags & MSG_PEEK))
        stuck = 0;
    return n;
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
    ssize_t n;

    host.sends++;
    if (fails(&host.send)) {
        if (errno == EPIPE && !(flags & MSG_NOSIGNAL))
            raise(SIGPIPE);
        return -1;
    }
    n = syscall(SYS_sendto, fd, buf, cut(len, host.send_most), flags, NULL, 0);
    if (n > 0)
        stuck = 0;
    host.sent_held = n > 0 && flags & MSG_MORE ? (size_t)n : 0;
    return n;
}

ssize_t write(int fd, const void *buf, size_t len)
{
    return fd < FD_MAX && fd >= 0 && accepted[fd]
               ? send(fd, buf, len, 0)
               : syscall(SYS_write, fd, buf, len);
}

ssize_t read(int fd, void *buf, size_t len)
{
    return fd < FD_MAX && fd >= 0 && accepted[fd]
               ? recv(fd, buf, len, 0)
               : syscall(SYS_read, fd, buf, len);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    void *arg;

    va_start(args, request);
    arg = va_arg(args, void *);
    va_end(args);
    if (request == SIOCOUTQ && host.left >= 0) {
        *(int *)arg = host.left;
        return 0;
    }
    return (int)syscall(SYS_ioctl, fd, request, arg);
}

int close(int fd)
{
    int err;

    for (unsigned i = 0; i < WIRES_MAX; i++)
        CHECK(!wires[i] || wires[i]->fd != fd, "descriptor %d is not closed "
              "while it is watched", fd);
    err = (int)syscall(SYS_close, fd);
    CHECK(err == 0, "a descriptor is closed once, but %d was not open", fd);
    if (fd < FD_MAX && accepted[fd]) {
        accepted[fd] = false;
        host.open--;
    }
    stuck = 0;
    return err;
}

long plain_recv(int fd, void *buf, size_t len)
{
    return syscall(SYS_recvfrom, fd, buf, len, MSG_DONTWAIT, NULL, NULL);
}

long plain_send(int fd, const void *buf, size_t len)
{
    return syscall(SYS_sendto, fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL,
                   NULL, 0);
}

void plain_close(int fd)
{
    syscall(SYS_close, fd);
}
