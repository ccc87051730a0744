/* SPDX-License-Identifier: MIT */
/*
 * stop.c - ending a process that would go on for ever: Ctrl-C (SIGINT) and
 * SIGTERM.
 *
 * They are an interrupt like any other: the handler rings a bell, which is a
 * descriptor, and where interrupts are let in the process ends in order, with
 * status 128 and the signal's number, as a shell would say it: 130, 143. So a
 * sanitizer looks for lost memory then, and gdb's Ctrl-C still works, which it
 * would not if the signals were held back. A process that lets no interrupt in
 * for some seconds hangs, and is ended all the same.
 *
 * SIGPIPE and SIGXFSZ (a file may not become that large) say what write() says
 * as well, and are ignored; whoever starts another program may have to undo
 * that there.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "descriptor.h"
#include "output.h"
#include "unix.h"

enum { PATIENCE = 3 };          /* seconds */

static volatile sig_atomic_t asked;     /* the signal, once it has come */

static int status(void)
{
    return 128 + asked;
}

/* In the place where interrupts come, so all of the C library may be used. The
 * alarm is for a reader who does not take our last words. */
static void end_in_order(struct descriptor *bell, unsigned events)
{
    (void)bell, (void)events;
    output_flush();
    alarm(0);
    exit(status());
}

static struct descriptor bell = { .ready = end_in_order };

static void ring(int signal)
{
    const uint64_t one = 1;
    int saved = errno;

    if (!asked) {
        asked = signal;
        alarm(PATIENCE);
    }
    if (write(bell.fd, &one, sizeof one) < 0)
        _exit(status());
    errno = saved;
}

/* It may come a second time, while the first waits for a reader: what is being
 * written is not waited for again. */
static void end_at_once(int signal)
{
    (void)signal;
    alarm(1);
    output_flush();
    _exit(status());
}

/* Also what was ignored: a shell does that to all that runs beside it. */
static void handle(int signal, void (*handler)(int))
{
    struct sigaction ours = {
        .sa_handler = handler,
        .sa_flags = SA_RESTART | SA_NODEFER,
    };

    sigemptyset(&ours.sa_mask);
    sigaction(signal, &ours, NULL);
}

void stop_init(void)
{
    bell.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell.fd < 0 || descriptor_watch(&bell, DESCRIPTOR_IN) != 0)
        core_refuse("the host gives no event descriptor.");
    handle(SIGINT, ring);
    handle(SIGTERM, ring);
    handle(SIGALRM, end_at_once);
    handle(SIGPIPE, SIG_IGN);
    handle(SIGXFSZ, SIG_IGN);
}
