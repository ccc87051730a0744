/* SPDX-License-Identifier: MIT */
/*
 * address.c - which address of the host is ours: what LODGE_ADDRESS says,
 * HOST:PORT, for port 80. HOST is a name or an address, one of IPv6 in
 * brackets, or nothing for every address that the host has; PORT may be 0 for
 * one that the host chooses, as it does for all ports but 80.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/log.h"
#include "net/sockets/sockets.h"

enum { HTTP_PORT = 80, NAME_MAX_LEN = 256, TEXT_MAX = 80 };

static struct {
    const char *name;           /* of what would be a card */
    struct sockaddr_storage ip;
    socklen_t len;
    uint16_t port;              /* for port 80 */
} here;

/* ---- What LODGE_ADDRESS says -------------------------------------------- */

/* Cuts HOST:PORT or [HOST]:PORT in two, in place. Returns PORT, or NULL. */
static char *cut(char *text, char **host)
{
    char *colon = strrchr(text, ':');

    if (!colon || colon[1] == '\0')
        return NULL;
    *colon = '\0';
    *host = text;
    if (text[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        *host = text + 1;
    } else if (strchr(text, ':')) {
        return NULL;            /* of IPv6, and without brackets */
    }
    return colon + 1;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits <= 5 && text[digits] == '\0' && atoi(text) <= UINT16_MAX;
}

/* The first address that the host knows by this name. */
static int look_up(const char *host)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE,
    };
    struct addrinfo *found;
    int error;

    /* Nothing: every address, and of IPv4 that is. */
    if (*host == '\0')
        hints.ai_family = AF_INET;
    error = getaddrinfo(*host ? host : NULL, "0", &hints, &found);
    if (error) {
        log_line("%s: LODGE_ADDRESS: %s: %s", here.name, host,
                 gai_strerror(error));
        return -EINVAL;
    }
    memcpy(&here.ip, found->ai_addr, found->ai_addrlen);
    here.len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

int address_read(const char *name)
{
    const char *asked = getenv("LODGE_ADDRESS");
    char text[NAME_MAX_LEN] = "127.0.0.1:8080", *host, *port;

    here.name = name;
    if (asked)
        snprintf(text, sizeof text, "%s", asked);
    port = cut(text, &host);
    if (!port || !is_port(port)) {
        log_line("%s: LODGE_ADDRESS is \"%s\", and should be HOST:PORT, as in "
                 "127.0.0.1:8080 or [::1]:8080", name, asked);
        return -EINVAL;
    }
    here.port = (uint16_t)atoi(port);
    return look_up(host);
}

/* ---- Sockets ------------------------------------------------------------ */

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

void address_text(const struct sockaddr_storage *address, char *text,
                  size_t cap)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    char ip[INET6_ADDRSTRLEN];

    if (address->ss_family == AF_INET &&
        inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip))
        snprintf(text, cap, "%s:%u", ip, ntohs(v4->sin_port));
    else if (address->ss_family == AF_INET6 &&
             inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip))
        snprintf(text, cap, "[%s]:%u", ip, ntohs(v6->sin6_port));
    else
        snprintf(text, cap, "?:0");
}

/* A server that was ended a moment ago has left connections behind, which keep
 * its port from us unless we say that we know. And what a socket that listens
 * is told holds for those that come of it: we see to it ourselves that small
 * segments leave together. */
static int bind_and_listen(int fd, const struct sockaddr_storage *address)
{
    static const int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, (const void *)address, here.len) != 0 ||
        listen(fd, SOMAXCONN) != 0)
        return errno;
    return 0;
}

int address_listen(uint16_t port)
{
    struct sockaddr_storage address = here.ip;
    socklen_t len = sizeof address;
    char text[TEXT_MAX];
    int fd, error;

    set_port(&address, port == HTTP_PORT ? here.port : 0);
    fd = socket(address.ss_family,
                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = fd < 0 ? errno : bind_and_listen(fd, &address);
    if (error == 0 && getsockname(fd, (void *)&address, &len) != 0)
        error = errno;
    address_text(&address, text, sizeof text);
    if (error == 0) {
        log_line("%s: port %u is %s of this host", here.name, port, text);
        return fd;
    }
    log_line("%s: port %u can't be %s of this host: %s%s", here.name, port,
             text, strerror(error), error == EADDRINUSE
                                        ? " (choose another: PORT=8081)"
                                        : "");
    if (fd >= 0)
        close(fd);
    return error == ENOMEM || error == ENOBUFS ? -ENOMEM : -EBUSY;
}
