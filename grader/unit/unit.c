/* SPDX-License-Identifier: MIT */
/*
 * unit.c - runs the tests of one program (unit.h), each in its own process.
 *
 * The code under test is not trusted. That a test has passed is what its
 * process says through a pipe, with a key that the parent made for this run;
 * to end early with status 0, or to print "pass", says nothing.
 */
#define _GNU_SOURCE

#include "unit.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sanitizer/asan_interface.h>

#include "host.h"

enum {
    STATUS_FAILED = 1,
    STATUS_SANITIZER = 98,
    STATUS_TODO = 39,           /* what QEMU's exit would be: core/exit.h */
    OUTPUT_MAX = 16000,         /* of what a test prints, the last so much: a
                                   sanitizer's report is whole in it */
};

/* Quiet about leaks: a test's process ends by _exit(). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:exitcode=98:allocator_may_return_null=1";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1:exitcode=98";
}

static struct unit_test *tests;
static uint64_t seed, random_state;
static uint64_t key;            /* what a test's process says at its end */
static int verdict_fd = -1;

void unit_add(struct unit_test *test)
{
    struct unit_test **at = &tests;
    while (*at)
        at = &(*at)->next;
    *at = test;
}

/* ---- Inside a test's process ------------------------------------------ */

static _Noreturn void passed(void)
{
    fflush(NULL);
    if (write(verdict_fd, &key, sizeof key) != sizeof key)
        _exit(STATUS_FAILED);
    _exit(0);
}

void unit_fail(const char *file, int line, const char *cond,
               const char *format, ...)
{
    const char *base = strrchr(file, '/');
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n  (%s:%d", base ? base + 1 : file, line);
    if (cond)
        fprintf(stderr, ": %s", cond);
    fprintf(stderr, ")\n");
    fflush(NULL);
    _exit(STATUS_FAILED);
}

/* splitmix64 */
uint64_t unit_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint32_t unit_random_below(uint32_t limit)
{
    return (uint32_t)((unit_random() >> 32) * limit >> 32);
}

void *unit_memory(size_t size, size_t align, int fill)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + align + 2 * page - 1) / page * page;
    char *map = mmap(NULL, room + 2 * page, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED ||
        mprotect(map + page, room, PROT_READ | PROT_WRITE) != 0)
        FAIL("the host has no %zu bytes for the test", size);

    /* As near to the guard page behind it as its alignment lets it be. */
    uintptr_t end = (uintptr_t)map + page + room;
    char *memory = (char *)((end - size) / align * align);
    memset(memory, fill, size);
    ASAN_POISON_MEMORY_REGION(map + page, (size_t)(memory - map) - page);
    ASAN_POISON_MEMORY_REGION(memory + size, end - (uintptr_t)memory - size);
    return memory;
}

/* ---- What the kernel asks of its surroundings ------------------------- */

static const char *expected_panic;
static unsigned log_count;
static char log_last[241];

unsigned unit_log_count(void)
{
    return log_count;
}

const char *unit_log_last(void)
{
    return log_last;
}

void unit_expect_panic(const char *words)
{
    expected_panic = words;
}

void host_panic(const char *file, int line, const char *why)
{
    if (expected_panic && strstr(why, expected_panic))
        passed();
    if (expected_panic)
        fprintf(stderr, "a panic that says \"%s\" was expected; another came\n",
                expected_panic);
    fprintf(stderr, "panic: %s\n  (%s:%d)\n", why, file, line);
    fflush(NULL);
    _exit(37);
}

void host_todo(const char *what)
{
    fprintf(stderr, "not written yet: %s\n", what);
    fflush(NULL);
    _exit(STATUS_TODO);
}

void host_log(const char *format, va_list args)
{
    log_count++;
    vsnprintf(log_last, sizeof log_last, format, args);
    fprintf(stderr, "console: %s\n", log_last);
}

/* ---- The parent ------------------------------------------------------- */

struct outcome {
    bool said_key, out_of_time;
    int status;
    size_t len;
    char output[OUTPUT_MAX];
};

static _Noreturn void run_child(const struct unit_test *test, int out,
                                int verdict)
{
    setpgid(0, 0);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    close(out);
    verdict_fd = verdict;
    random_state = seed;
    for (const char *p = test->name; *p; p++)
        random_state = (random_state ^ (unsigned char)*p) * 0x100000001b3u;
    test->run();
    if (expected_panic && *expected_panic)
        FAIL("a panic that says \"%s\" was expected, and none came",
             expected_panic);
    if (expected_panic)
        FAIL("a panic was expected, and none came");
    passed();
}

static void keep_output(struct outcome *o, const char *text, size_t len)
{
    if (len > sizeof o->output - o->len) {      /* the beginning goes */
        size_t drop = len - (sizeof o->output - o->len);
        if (drop > o->len)
            drop = o->len;
        memmove(o->output, o->output + drop, o->len - drop);
        o->len -= drop;
    }
    memcpy(o->output + o->len, text, len);
    o->len += len;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For how long it has had a processor: that others keep them all busy is not
 * the test's fault. */
static int64_t ran_ms(pid_t pid)
{
    clockid_t clock;
    struct timespec t = { 0 };
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what the test's process prints until it is gone or out of time; one
 * that only waits has ten times as long. */
static void collect(struct outcome *o, pid_t pid, int out, int64_t limit_ms)
{
    int64_t end = now_ms() + 10 * limit_ms;
    for (;;) {
        int64_t left = limit_ms - ran_ms(pid), waits = end - now_ms();
        struct pollfd p = { out, POLLIN, 0 };
        if (left <= 0 || waits <= 0) {
            o->out_of_time = true;
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
            return;
        }
        if (poll(&p, 1, (int)(left < waits ? left : waits)) == 0)
            continue;
        char text[1000];
        ssize_t n = read(out, text, sizeof text);
        if (n == 0)
            return;
        if (n > 0)
            keep_output(o, text, (size_t)n);
        else if (errno != EINTR)
            return;
    }
}

static struct outcome run(const struct unit_test *test, int64_t limit_ms)
{
    struct outcome o = { 0 };
    int out[2], verdict[2];
    if (getrandom(&key, sizeof key, 0) != sizeof key || pipe(out) != 0 ||
        pipe(verdict) != 0) {
        perror("unit: pipe");
        exit(2);
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("unit: fork");
        exit(2);
    }
    if (pid == 0) {
        close(out[0]);
        close(verdict[0]);
        run_child(test, out[1], verdict[1]);
    }
    close(out[1]);
    close(verdict[1]);
    collect(&o, pid, out[0], limit_ms);
    waitpid(pid, &o.status, 0);
    kill(-pid, SIGKILL);        /* whatever the test may have left behind */

    uint64_t said = 0;
    o.said_key = read(verdict[0], &said, sizeof said) == sizeof said &&
                 said == key;
    close(out[0]);
    close(verdict[0]);
    return o;
}

static void indent(const char *text, size_t len)
{
    bool at_start = true;
    for (size_t i = 0; i < len; i++) {
        if (at_start && text[i] != '\n')
            printf("      ");
        at_start = text[i] == '\n';
        putchar(text[i] >= 0x20 || text[i] == '\n' ? text[i] : '?');
    }
    if (!at_start)
        putchar('\n');
}

/* Runs and reports one test; says whether it passed. */
static bool report(const struct unit_test *test, int64_t limit_ms)
{
    struct outcome o = run(test, limit_ms);
    int code = WIFEXITED(o.status) ? WEXITSTATUS(o.status) : -1;

    if (!o.out_of_time && code == 0 && o.said_key) {
        printf("pass %s\n", test->name);
        return true;
    }
    printf("%s %s\n", code == STATUS_TODO ? "todo" : "fail", test->name);
    /* The sanitizer's own memory is of no help to anyone who reads this. */
    char *shadow = memmem(o.output, o.len, "Shadow bytes", 12);
    indent(o.output, shadow ? (size_t)(shadow - o.output) : o.len);
    if (o.out_of_time)
        printf("      no end after %" PRId64 " ms: it waits, or loops, for "
               "ever\n", limit_ms);
    else if (WIFSIGNALED(o.status))
        printf("      ended by signal %d, %s\n", WTERMSIG(o.status),
               strsignal(WTERMSIG(o.status)));
    else if (code == 0)
        printf("      the program was ended in the middle of the test\n");
    else if (code == STATUS_SANITIZER)
        printf("      stopped by the sanitizer: see above\n");
    return false;
}

static bool wanted(const struct unit_test *test, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (strncmp(test->name, names[i], strlen(names[i])) == 0)
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    int64_t limit_ms = 20000;
    bool list = false, stop = false;
    int at = 1;

    if (getrandom(&seed, 4, 0) != 4)
        return 2;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--list") == 0) {
            list = true;
        } else if (strcmp(argv[at], "--stop") == 0) {
            stop = true;
        } else if (strcmp(argv[at], "--seed") == 0 && at + 1 < argc) {
            seed = strtoull(argv[++at], NULL, 0);
        } else if (strcmp(argv[at], "--time-limit") == 0 && at + 1 < argc) {
            limit_ms = (int64_t)(strtod(argv[++at], NULL) * 1000);
        } else {
            fprintf(stderr, "usage: %s [--list] [--stop] [--seed N] "
                    "[--time-limit SECONDS] [TEST...]\n", argv[0]);
            return 2;
        }
    }
    unsigned ran = 0, failed = 0;
    for (struct unit_test *t = tests; t && !(stop && failed); t = t->next) {
        if (!wanted(t, argv + at, argc - at))
            continue;
        ran++;
        if (list)
            printf("%s\n", t->name);
        else if (!report(t, limit_ms))
            failed++;
        fflush(stdout);
    }
    if (ran == 0) {
        fprintf(stderr, "%s: no such test\n", argv[0]);
        return 2;
    }
    if (failed)
        printf("%u of %u tests failed; run them again with --seed %" PRIu64
               "\n", failed, ran, seed);
    return failed != 0;
}
