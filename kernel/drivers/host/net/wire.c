/* SPDX-License-Identifier: MIT */
/*
 * wire.c - the host's end of a wire: opening it, and what a frame is to it. A
 * message to a socket, a read() or write() to a tap device. None of it waits.
 */
#define _GNU_SOURCE             /* POLLRDHUP */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "console/log.h"
#include "drivers/host/net/host_net.h"

static ssize_t socket_read(int fd, void *buf, size_t cap)
{
    return recv(fd, buf, cap, MSG_DONTWAIT);
}

static ssize_t socket_write(int fd, const struct iovec *pieces, int count)
{
    struct msghdr message = { .msg_iov = (struct iovec *)pieces,
                              .msg_iovlen = (size_t)count };

    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool wire_has_gone(const struct wire *wire)
{
    struct pollfd look = { .fd = wire->fd, .events = POLLRDHUP };

    return poll(&look, 1, 0) > 0 && look.revents != 0;
}

static int open_socket(struct wire *wire, const char *variable,
                       const char *number)
{
    int type = 0;
    socklen_t size = sizeof type;
    char *end;
    long fd = strtol(number, &end, 10);

    if (*number == '\0' || *end != '\0' || fd < 0 || fd > INT_MAX ||
        getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        (type != SOCK_DGRAM && type != SOCK_SEQPACKET)) {
        log_line("%s=fd:%s: that descriptor is no open socket in which each "
                 "message is a frame (SOCK_SEQPACKET or SOCK_DGRAM)", variable,
                 number);
        return -EINVAL;
    }
    /* It is ours now, and not that of programs that we start. */
    fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    *wire = (struct wire){ (int)fd, socket_read, socket_write };
    return 0;
}

static void refuse_tap(const char *variable, const char *name, int error)
{
    const char *why = strerror(error);

    if (error == ENOENT || error == ENODEV)
        why = "there is no /dev/net/tun on this host (modprobe tun)";
    else if (error == EPERM || error == EACCES)
        why = "it is not yours to open (root makes it so: ip tuntap add "
              "NAME mode tap user YOU)";
    else if (error == EBUSY)
        why = "somebody else has opened it";
    log_line("%s=tap:%s: %s", variable, name, why);
}

static int open_tap(struct wire *wire, const char *variable, const char *name)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    int error = 0;

    if (*name == '\0' || strlen(name) >= sizeof request.ifr_name) {
        log_line("%s=tap:%s: a device's name has 1 to %zu letters", variable,
                 name, sizeof request.ifr_name - 1);
        return -EINVAL;
    }
    strcpy(request.ifr_name, name);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
        error = errno;
    if (error == 0) {
        *wire = (struct wire){ fd, read, writev };
        return 0;
    }
    if (fd >= 0)
        close(fd);
    refuse_tap(variable, name, error);
    return -error;
}

/* What stands behind `kind` in `text`; NULL when that begins otherwise. */
static const char *behind(const char *kind, const char *text)
{
    size_t len = strlen(kind);

    return strncmp(text, kind, len) == 0 ? text + len : NULL;
}

int wire_open(struct host_net *net, const char *variable, const char *text)
{
    const char *rest;

    if ((rest = behind("fd:", text)) != NULL)
        return open_socket(&net->wire, variable, rest);
    if ((rest = behind("tap:", text)) != NULL)
        return open_tap(&net->wire, variable, rest);
    if ((rest = behind("run:", text)) == NULL) {
        log_line("%s=%s: a wire is run:COMMAND, tap:NAME or fd:NUMBER",
                 variable, text);
        return -EINVAL;
    }
    int fd = program_start(&net->program, variable, rest);
    net->wire = (struct wire){ fd, socket_read, socket_write };
    return fd < 0 ? fd : 0;
}
