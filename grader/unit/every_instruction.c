/* SPDX-License-Identifier: MIT */
/* every_instruction.c - a parent that single-steps its child. */
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

/* Seen by both processes. */
static volatile struct {
    bool begun, over;
} * shared;

static void (*handler)(void);
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    handler();
}

void every_instruction_over(void)
{
    shared->over = true;
    if (!interrupted)
        on_signal(SIGUSR1);
}

static _Noreturn void child(void (*scenario)(void), void (*outcome)(void))
{
    signal(SIGUSR1, on_signal);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        FAIL("the host does not let a process be traced by its parent");
    raise(SIGSTOP);
    shared->begun = true;
    scenario();
    shared->over = true;
    outcome();
    fflush(NULL);
    _exit(0);
}

/* One run, with the interrupt before instruction `number` of the scenario.
 * Returns false when it was over before that. */
static bool run(void (*scenario)(void), void (*outcome)(void), unsigned number)
{
    bool over = false;
    int status;

    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        FAIL("the host starts no more processes");
    if (pid == 0)
        child(scenario, outcome);

    waitpid(pid, &status, 0);
    for (unsigned steps = 0; WIFSTOPPED(status); waitpid(pid, &status, 0)) {
        int signal = WSTOPSIG(status); /* of the child's own doing */

        if (signal == SIGTRAP || signal == SIGSTOP)
            signal = 0;
        over = shared->over;
        if (over || (shared->begun && steps++ == number))
            ptrace(PTRACE_DETACH, pid, NULL, over ? signal : SIGUSR1);
        else
            ptrace(PTRACE_SINGLESTEP, pid, NULL, signal);
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
          "all is well with an interrupt before instruction %u; here it ended "
          "with status %#x",
          number, (unsigned)status);
    return !over;
}

void every_instruction(void (*scenario)(void), void (*interrupt)(void),
                       void (*outcome)(void))
{
    unsigned number = 0;

    handler = interrupt;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        FAIL("the host has no memory for two processes to share");
    do
        shared->begun = shared->over = false;
    while (run(scenario, outcome, number++));
    CHECK(number > 1, "the scenario has at least one instruction");
}
