/* SPDX-License-Identifier: MIT */
/*
 * trace.c - a parent that steps its child through a recorded visit and counts
 * the guest's instructions: see trace.h.
 *
 *     trace TRACE.TXT IMAGE
 *
 * prints a line "exchange NAME INSTRUCTIONS" for each exchange of the
 * recording, and one "at ADDRESS TIMES" for each address that was executed.
 */
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct trace_shared *trace_shared;

/* The linker's: all code; and of it what is the harness's own. */
extern const char __executable_start[], etext[];
extern const char __start_harness[], __stop_harness[];

static uint32_t *times;             /* by address */
static unsigned long long total[TRACE_EXCHANGES];

void trace_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("trace: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    _exit(1);
}

void trace_on(void)
{
    trace_shared->counting = true;
    raise(SIGTRAP);                 /* from here on the parent steps */
}

void trace_off(void)
{
    trace_shared->counting = false;
}

static bool paused;

void trace_pause(void)
{
    paused = trace_shared->counting;
    trace_shared->counting = false;
}

void trace_go_on(void)
{
    if (paused)
        trace_on();
}

static bool is_guest(uintptr_t pc)
{
    return pc >= (uintptr_t)__executable_start && pc < (uintptr_t)etext &&
           !(pc >= (uintptr_t)__start_harness &&
             pc < (uintptr_t)__stop_harness);
}

static void count(pid_t pid)
{
    static uintptr_t last;
    uintptr_t pc = trace_pc(pid);

    if (is_guest(pc) && !(pc == last && trace_repeats(pc))) {
        times[pc - (uintptr_t)__executable_start]++;
        total[trace_shared->exchange]++;
    }
    last = pc;
}

static void watch(pid_t pid)
{
    int status;

    for (;;) {
        if (waitpid(pid, &status, 0) < 0)
            trace_fail("the child is lost: %s", strerror(errno));
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return;
        if (!WIFSTOPPED(status))
            trace_fail("the child ended with status %#x", (unsigned)status);
        int signal = WSTOPSIG(status);
        if ((signal == SIGSEGV || signal == SIGILL) && trace_privileged(pid))
            signal = SIGTRAP;
        if (signal != SIGTRAP && signal != SIGSTOP)
            trace_fail("the child was stopped by signal %d at %#lx", signal,
                       (unsigned long)trace_pc(pid));
        if (trace_shared->counting)
            count(pid);
        ptrace(trace_shared->counting ? PTRACE_SINGLESTEP : PTRACE_CONT, pid,
               NULL, 0);
    }
}

static void *contents(const char *path, size_t *size)
{
    struct stat st;
    FILE *file = fopen(path, "rb");

    if (file == NULL || fstat(fileno(file), &st) != 0)
        trace_fail("%s: %s", path, strerror(errno));
    char *data = calloc(1, (size_t)st.st_size + 1);
    if (data == NULL || fread(data, 1, (size_t)st.st_size, file) !=
                            (size_t)st.st_size)
        trace_fail("%s can't be read", path);
    fclose(file);
    *size = (size_t)st.st_size;
    return data;
}

static _Noreturn void child(const char *text, uint8_t *image, size_t size)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        trace_fail("the host does not let a process be traced by its parent");
    raise(SIGSTOP);
    trace_machine_start(image, size);
    trace_play(text);
    _exit(0);
}

int main(int argc, char **argv)
{
    size_t text_size, image_size, size = (size_t)(etext - __executable_start);

    if (argc != 3)
        trace_fail("usage: trace TRACE.TXT IMAGE");
    char *text = contents(argv[1], &text_size);
    uint8_t *image = contents(argv[2], &image_size);

    times = calloc(size, sizeof *times);
    trace_shared = mmap(NULL, sizeof *trace_shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (times == NULL || trace_shared == MAP_FAILED)
        trace_fail("the host has no memory for it");
    pid_t pid = fork();
    if (pid == 0)
        child(text, image, image_size);
    if (pid < 0)
        trace_fail("the host starts no more processes");
    watch(pid);
    for (unsigned i = 0; i < trace_shared->count; i++)
        printf("exchange %s %llu\n", trace_shared->name[i], total[i]);
    for (size_t i = 0; i < size; i++)
        if (times[i])
            printf("at %#lx %u\n", (unsigned long)(uintptr_t)
                   (__executable_start + i), times[i]);
    return 0;
}
