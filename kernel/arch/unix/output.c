/* SPDX-License-Identifier: MIT */
/*
 * output.c - the console and the debug console of a process: characters in,
 * lines out. arch/unix/output.h has the picture.
 *
 * It uses no memory of anybody's and no stdio, so that it works in a signal
 * handler and in a process whose heap is broken.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unix.h"

static struct place {
    int fd;                     /* -1: nobody listens, or no longer */
    bool at_once;               /* a terminal: no waiting for the line's end */
    bool writing;               /* in the host's hands at this moment */
    size_t len;
    char text[512];
} places[] = {
    [OUTPUT_CONSOLE] = { .fd = STDOUT_FILENO },
    [OUTPUT_DEBUG] = { .fd = -1 },
};

/* Writes all of it, however little the host takes at a time. */
static void write_out(struct place *place)
{
    const char *text = place->text;
    size_t left = place->len;

    while (left > 0 && place->fd >= 0) {
        ssize_t n = write(place->fd, text, left);

        if (n >= 0) {
            text += n;
            left -= (size_t)n;
        } else if (errno == EAGAIN) {
            /* Somebody else has made it non-blocking. */
            poll(&(struct pollfd){ place->fd, POLLOUT, 0 }, 1, -1);
        } else if (errno != EINTR) {
            place->fd = -1;     /* EPIPE, a full disk: say no more */
        }
    }
    place->len = 0;
}

/* A handler that comes while it writes finds that the host takes nothing, and
 * would wait for ever. */
static void flush(struct place *place)
{
    if (place->writing)
        return;
    place->writing = true;
    write_out(place);
    place->writing = false;
}

void output_putc(enum output where, char c)
{
    struct place *place = &places[where];

    if (place->len == sizeof place->text)
        return;
    place->text[place->len++] = c;
    if (c == '\n' || place->at_once || place->len == sizeof place->text)
        flush(place);
}

void output_flush(void)
{
    flush(&places[OUTPUT_CONSOLE]);
    flush(&places[OUTPUT_DEBUG]);
}

/* ---- Opening ------------------------------------------------------------- */

/* The descriptor of "fd:N", when it is open; negative with errno set. */
static int given(const char *number)
{
    char *end;
    unsigned long fd = strtoul(number, &end, 10);

    if (*number < '0' || *number > '9' || *end || fd > 1 << 20) {
        errno = EINVAL;
        return -1;
    }
    int flags = fcntl((int)fd, F_GETFL);

    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY)
        errno = EBADF;
    else if (flags >= 0)
        return (int)fd;
    return -1;
}

static void open_place(struct place *place, const char *variable)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
    const char *name = getenv(variable);
    char sentence[256];

    if (!name)
        return;
    int fd = strncmp(name, "fd:", 3) == 0 ? given(name + 3)
                                          : open(name, flags, 0666);
    if (fd < 0) {
        (void)snprintf(sentence, sizeof sentence,
                       "%s: \"%.100s\" can't be written to: %s.", variable,
                       name, strerror(errno));
        core_refuse(sentence);
    }
    place->fd = fd;
}

/* Whoever starts us may have closed what every program finds open. What we
 * open next would then have that number, and be given what is meant for
 * standard output or for the C library's complaints. */
static void fill_gaps(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

void output_init(void)
{
    fill_gaps();
    open_place(&places[OUTPUT_DEBUG], "LODGE_DEBUG");
    open_place(&places[OUTPUT_CONSOLE], "LODGE_CONSOLE");
    places[OUTPUT_CONSOLE].at_once = isatty(places[OUTPUT_CONSOLE].fd);
}
