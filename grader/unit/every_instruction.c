/* SPDX-License-Identifier: MIT */
/*
 * every_instruction.c - a parent that single-steps its child, which parts in
 * two before each instruction: one half is interrupted there and then goes on
 * by itself to the outcome, the other takes the step.
 *
 *     parent            child                       its other halves
 *     step  ----------> instruction 0
 *     SIGUSR1 --------> fork() ... wait() <-------- interrupt(), the rest of
 *     step  ----------> instruction 1               scenario(), outcome()
 *     SIGUSR1 --------> fork() ... wait() <-------- the same from there
 *
 * So each instruction is stepped over once, however many moments there are to
 * try: to begin anew for each of them would take the square of that, and the
 * sanitizers make thousands of instructions of a page of C.
 */
#include "every_instruction.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* Seen by all processes. */
static volatile struct {
    bool begun, over;   /* the scenario, in the child */
    int status;         /* of the first half that did not end well */
} *shared;

static void (*handler)(void);
static volatile sig_atomic_t interrupted;
static pid_t stepped; /* the child, as itself and its halves know it */

/* To the parent: who is stepped over what comes next is not to be. */
static void stop(void)
{
    kill(stepped, SIGSTOP);
}

static void interrupt_now(void)
{
    interrupted = 1;
    handler();
}

/* In the child, before an instruction. The stop is the last but one thing that
 * it asks of the host: the return from a signal's handler is the last. */
static void part(int number)
{
    (void)number;
    pid_t half = fork();

    if (half == 0) {
        interrupt_now();
        return;
    }
    int status = 0;
    if (half < 0 || waitpid(half, &status, 0) != half)
        FAIL("the host starts no more processes");
    shared->status = status;
    stop();
}

void every_instruction_over(void)
{
    if (interrupted)
        return;
    shared->over = true;
    interrupt_now();
}

static _Noreturn void child(void (*scenario)(void), void (*outcome)(void))
{
    sigset_t halves;

    /* That a half has ended is waited for, and no news to the parent. */
    sigemptyset(&halves);
    sigaddset(&halves, SIGCHLD);
    sigprocmask(SIG_BLOCK, &halves, NULL);
    signal(SIGUSR1, part);
    stepped = getpid();
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        FAIL("the host does not let a process be traced by its parent");
    stop();
    shared->begun = true;
    scenario();
    if (!interrupted)
        shared->over = true;
    outcome();
    fflush(NULL);
    _exit(0);
}

/* What the stopped child did to itself, and is to be told: 0 when it was only
 * stepped or stopped. */
static int own_signal(int status)
{
    int signal = WSTOPSIG(status);

    return signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
}

/* Lets the stopped child go on until it stops again; false when it is gone. */
static bool go_on(pid_t pid, int request, int signal, int *status)
{
    ptrace(request, pid, NULL, signal);
    waitpid(pid, status, 0);
    return WIFSTOPPED(*status);
}

/* The same; and it stops with that signal, or what comes next would not be
 * what it is taken for. */
static bool go_on_to(int expected, pid_t pid, int request, int signal,
                     int *status)
{
    bool stopped = go_on(pid, request, signal, status);

    CHECK(!stopped || WSTOPSIG(*status) == expected,
          "the stepped process stops for what its parent had it do; here by "
          "signal %d", WSTOPSIG(*status));
    return stopped;
}

/* Has the child, stopped before an instruction, part there; then it is where
 * it was. False when one of the two is lost. */
static bool part_here(pid_t pid, int *status)
{
    return go_on_to(SIGSTOP, pid, PTRACE_CONT, SIGUSR1, status) &&
           shared->status == 0 &&
           /* To part()'s return, which is a call of the host, and out of it. */
           go_on_to(SIGTRAP, pid, PTRACE_SYSCALL, 0, status) &&
           go_on_to(SIGTRAP, pid, PTRACE_SYSCALL, 0, status);
}

/* Through the scenario; at which instruction it ended. */
static unsigned step_through(pid_t pid, int *status)
{
    unsigned number = 0;

    waitpid(pid, status, 0);
    while (WIFSTOPPED(*status) && !shared->over) {
        int signal = own_signal(*status);

        if (shared->begun && signal == 0) {
            if (!part_here(pid, status))
                break;
            number++;
        }
        go_on(pid, PTRACE_SINGLESTEP, signal, status);
    }
    return number;
}

void every_instruction(void (*scenario)(void), void (*interrupt)(void),
                       void (*outcome)(void))
{
    int status;

    handler = interrupt;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        FAIL("the host has no memory for two processes to share");

    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        FAIL("the host starts no more processes");
    if (pid == 0)
        child(scenario, outcome);

    unsigned number = step_through(pid, &status);
    if (shared->status != 0) {
        status = shared->status;
        kill(pid, SIGKILL);
    } else if (WIFSTOPPED(status)) {
        ptrace(PTRACE_DETACH, pid, NULL, own_signal(status));
        waitpid(pid, &status, 0);
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
          "all is well with an interrupt before instruction %u; here it ended "
          "with status %#x",
          number, (unsigned)status);
    CHECK(number > 0, "the scenario has at least one instruction");
}
