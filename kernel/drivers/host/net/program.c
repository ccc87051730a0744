/* SPDX-License-Identifier: MIT */
/*
 * program.c - the program at the other end of a wire: QEMU without a machine,
 * say, whose user network it then is (arch/unix/machine.mk).
 *
 * Frames that we send before it has come up wait in the socket for it. It ends
 * with us: the host kills it when we are gone, for whatever reason, and at an
 * end of our own making we wait until it is. When it ends first, the wire goes
 * down (card.c), and here is said why.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console/log.h"
#include "drivers/host/net/host_net.h"
#include "lib/list.h"

enum { NOT_FOUND = 127 };       /* the shell's status for such a command */

#define PLACE "@fd@"

static struct program *programs;

/* ---- Its end ------------------------------------------------------------- */

static void end(struct program *p)
{
    kill(p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    p->pid = 0;
}

/* We are at our end. */
static void end_all(void)
{
    for (struct program *p = programs; p != NULL; p = p->next)
        if (p->pid != 0)
            end(p);
}

static void ended(struct event_work *work)
{
    struct program *p = container_of(work, struct program, ended);
    int status;

    if (p->pid == 0 || waitpid(p->pid, &status, WNOHANG) != p->pid)
        return;
    p->pid = 0;
    descriptor_forget(&p->end);
    close(p->end.fd);
    if (WIFSIGNALED(status))
        log_line("%s: the program at the other end was ended by signal %d",
                 p->card, WTERMSIG(status));
    else if (WEXITSTATUS(status) == NOT_FOUND)
        log_line("%s: there is no such program for the other end", p->card);
    else
        log_line("%s: the program at the other end has ended with status %d",
                 p->card, WEXITSTATUS(status));
}

static void end_ready(struct descriptor *descriptor, unsigned events)
{
    struct program *p = container_of(descriptor, struct program, end);

    (void)events;
    event_post(&p->ended);
}

/* Where that can't be watched (Linux before 5.3, Valgrind), the wire still goes
 * down, and nothing says why. */
static int watch_end(struct program *p)
{
    p->end.fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    p->end.ready = end_ready;
    p->ended.run = ended;
    if (p->end.fd < 0)
        return errno == ENOSYS ? 0 : -errno;
    int error = descriptor_watch(&p->end, DESCRIPTOR_IN);
    if (error != 0)
        close(p->end.fd);
    return error;
}

/* ---- Its start ----------------------------------------------------------- */

/* "exec COMMAND", so that the shell, which takes the words apart, is not left
 * standing between us; with `fd` in each PLACE. The caller's to free. */
static char *command_line(const char *command, int fd)
{
    char number[16];
    size_t places = 1, digits;
    const char *place;

    snprintf(number, sizeof number, "%d", fd);
    digits = strlen(number);
    for (place = command; (place = strstr(place, PLACE)); place++)
        places++;
    char *line = malloc(strlen("exec ") + strlen(command) + places * digits);
    if (line == NULL)
        return NULL;

    char *to = stpcpy(line, "exec ");
    while ((place = strstr(command, PLACE)) != NULL) {
        to = stpncpy(to, command, (size_t)(place - command));
        to = stpcpy(to, number);
        command = place + strlen(PLACE);
    }
    strcpy(to, command);
    return line;
}

/* In the new process. What a person types at the terminal (Ctrl-C, to a
 * debugger) is not for it; SIGPIPE, which we ignore, is. */
static _Noreturn void become(const char *line, int wire, pid_t parent)
{
    int nothing = open("/dev/null", O_RDONLY);

    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && nothing >= 0 && dup2(nothing, 0) == 0 &&
        fcntl(wire, F_SETFD, 0) == 0)
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    _exit(NOT_FOUND);
}

static int start(struct program *p, const char *command, int theirs)
{
    char *line = command_line(command, theirs);
    pid_t us = getpid();

    if (line == NULL)
        return -ENOMEM;
    p->pid = fork();
    if (p->pid == 0)
        become(line, theirs, us);
    int error = p->pid < 0 ? -errno : 0;
    free(line);
    if (error != 0)
        return error;
    error = watch_end(p);
    if (error != 0) {
        end(p);
        return error;
    }
    if (programs == NULL)
        atexit(end_all);
    p->next = programs;
    programs = p;
    return 0;
}

int program_start(struct program *p, const char *variable, const char *command)
{
    int ends[2], error;

    if (strstr(command, PLACE) == NULL) {
        log_line("%s=run:COMMAND wants " PLACE " in COMMAND, where the number "
                 "of the wire's descriptor is to stand", variable);
        return -EINVAL;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        error = -errno;
    else {
        error = start(p, command, ends[1]);
        close(ends[1]);
        if (error == 0)
            return ends[0];
        close(ends[0]);
    }
    log_line("%s: the program can't be started: %s", variable,
             strerror(-error));
    return error;
}
