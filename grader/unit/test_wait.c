/* SPDX-License-Identifier: MIT */
/*
 * test_wait.c - interrupts, sleep and timer of a Unix process, and when its
 * words leave.
 */
#define _GNU_SOURCE             /* posix_openpt */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/unix/descriptor.h"
#include "arch/unix/output.h"
#include "arch/unix/unix.h"
#include "event/event.h"
#include "unit.h"

enum { MS = 1000000 };

void core_refuse(const char *why)
{
    FAIL("start-up was refused: %s", why);
}

/* ---- A wire with a counter at its end ------------------------------------ */

struct wire {
    struct descriptor descriptor;
    int other_end;
    unsigned told, events;
    struct event_work work;
    unsigned worked;
    struct wire *forgets;
};

static void work(struct event_work *posted)
{
    container_of(posted, struct wire, work)->worked++;
}

static void ready(struct descriptor *d, unsigned events)
{
    struct wire *wire = container_of(d, struct wire, descriptor);

    CHECK(!arch_irq_disable(), "interrupts are off in a handler");
    wire->told++;
    wire->events |= events;
    event_post(&wire->work);
    if (wire->forgets)
        descriptor_forget(&wire->forgets->descriptor);
}

/* One that can be read when something was written to its other end. */
static struct wire *new_wire(void)
{
    struct wire *wire = calloc(1, sizeof *wire);
    int fds[2];

    CHECK(wire && pipe(fds) == 0, "there is a pipe");
    wire->descriptor = (struct descriptor){ .fd = fds[0], .ready = ready };
    wire->other_end = fds[1];
    wire->work.run = work;
    int error = descriptor_watch(&wire->descriptor, DESCRIPTOR_IN);
    CHECK(error == 0, "it can be watched: %s", strerror(-error));
    return wire;
}

static void ring(struct wire *wire)
{
    CHECK(write(wire->other_end, "!", 1) == 1, "something is written to it");
}

static void start(void)
{
    output_init();
    clock_init();
    wait_init();
}

/* A sleep that ends for some other reason lasts until the test's limit. */
static void sleep_until(uint64_t deadline)
{
    bool were_on = arch_irq_disable();

    arch_timer_set(deadline);
    arch_irq_enable_and_wait();
    CHECK(!arch_irq_disable(), "interrupts are off after the sleep");
    arch_irq_restore(were_on);
}

/* ---- Descriptors --------------------------------------------------------- */

TEST(test_a_wire_that_is_ready_ends_the_sleep)
{
    start();
    struct wire *wire = new_wire();

    ring(wire);
    sleep_until(UINT64_MAX);
    CHECK(wire->told == 1 && wire->events == DESCRIPTOR_IN,
          "it was told that it can be read");
    sleep_until(UINT64_MAX);
    CHECK(wire->told == 2, "and is told again, as it still can");
}

TEST(test_what_a_handler_posts_is_run_before_the_loop_sleeps_again)
{
    start();
    struct wire *wire = new_wire();

    ring(wire);
    event_run_once(UINT64_MAX);             /* it sleeps, and is woken */
    descriptor_watch(&wire->descriptor, 0);
    event_run_once(UINT64_MAX);             /* it must not sleep */
    CHECK(wire->worked == 1, "the work was run");
}

TEST(test_a_loop_that_never_sleeps_hears_of_wires)
{
    start();
    struct wire *wire = new_wire();
    unsigned rounds = 0;

    ring(wire);
    while (wire->told == 0 && rounds < 1000) {
        arch_irq_restore(arch_irq_disable());
        rounds++;
    }
    CHECK(wire->told > 0, "it was told of after %u times with interrupts off",
          rounds);
}

TEST(test_nobody_is_told_while_interrupts_are_off)
{
    start();
    struct wire *wire = new_wire();

    ring(wire);
    arch_irq_disable();
    for (unsigned i = 0; i < 1000; i++)
        arch_irq_restore(arch_irq_disable());
    CHECK(wire->told == 0, "they were off all the time");
    arch_irq_restore(true);
}

TEST(test_a_wire_that_another_handler_forgets_is_not_told)
{
    start();
    struct wire *a = new_wire(), *b = new_wire();

    a->forgets = b;
    b->forgets = a;
    ring(a);
    ring(b);
    sleep_until(UINT64_MAX);
    CHECK(a->told + b->told == 1, "both were ready, and the first to be told "
          "has forgotten the other: %u and %u", a->told, b->told);
}

TEST(test_a_wire_that_watches_for_nothing_is_told_of_its_end_alone)
{
    start();
    struct wire *wire = new_wire();

    ring(wire);
    CHECK(descriptor_watch(&wire->descriptor, 0) == 0, "it asks for nothing");
    sleep_until(arch_clock_ns() + MS);
    CHECK(wire->told == 0, "that it can be read is not told");
    close(wire->other_end);
    sleep_until(UINT64_MAX);
    CHECK(wire->events == DESCRIPTOR_ERROR, "that nobody is there is");
    descriptor_forget(&wire->descriptor);
    descriptor_forget(&wire->descriptor);
    sleep_until(arch_clock_ns() + MS);
    CHECK(wire->told == 1, "nor is anything else, once it is forgotten");
}

TEST(test_a_file_can_not_be_watched)
{
    start();
    struct descriptor d = { .fd = open("/proc/self/exe", O_RDONLY) };

    CHECK(descriptor_watch(&d, DESCRIPTOR_IN) == -EPERM && !d.watched,
          "it is always ready");
}

/* ---- The timer ----------------------------------------------------------- */

TEST(test_a_sleep_ends_at_its_deadline_and_not_before)
{
    start();
    const uint64_t lengths[] = { 1, 1000, 50000, 333333, MS, 1234567 };

    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint64_t deadline = arch_clock_ns() + lengths[i];

        sleep_until(deadline);
        CHECK(arch_clock_ns() >= deadline, "after %llu ns it is time",
              (unsigned long long)lengths[i]);
    }
}

TEST(test_a_deadline_that_is_past_is_no_sleep)
{
    start();
    sleep_until(0);
    sleep_until(arch_clock_ns() - 1);
}

TEST(test_a_deadline_replaces_the_one_before)
{
    start();
    uint64_t late = arch_clock_ns() + 3600ull * 1000 * MS;

    arch_timer_set(late);
    sleep_until(arch_clock_ns() + MS);      /* the earlier one counts */

    struct wire *wire = new_wire();
    arch_timer_set(arch_clock_ns() + MS);
    arch_timer_set(UINT64_MAX);
    while (arch_clock_ns() < late - 3600ull * 1000 * MS + 4 * MS)
        ;
    ring(wire);
    sleep_until(UINT64_MAX);
    CHECK(wire->told == 1, "with none, only a wire ends the sleep");
}

TEST(test_the_same_deadline_may_be_set_again)
{
    start();
    uint64_t deadline = arch_clock_ns() + 2 * MS;
    struct wire *wire = new_wire();

    ring(wire);
    sleep_until(deadline);
    CHECK(wire->told == 1, "the wire came first");
    descriptor_forget(&wire->descriptor);
    sleep_until(deadline);
    CHECK(arch_clock_ns() >= deadline, "and the deadline is still to come");
}

/* ---- What is printed ----------------------------------------------------- */

/* The console is the pipe whose other end is returned. */
static int open_console(int flags)
{
    static char name[16];
    int fds[2];

    CHECK(pipe(fds) == 0 && fcntl(fds[1], F_SETFL, flags) == 0 &&
          fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0, "there is a pipe");
    snprintf(name, sizeof name, "fd:%d", fds[1]);
    setenv("LODGE_CONSOLE", name, 1);
    start();
    return fds[0];
}

static void print(const char *text)
{
    while (*text)
        output_putc(OUTPUT_CONSOLE, *text++);
}

/* What has come so far. */
static const char *seen(int fd)
{
    static char text[256];
    ssize_t n = read(fd, text, sizeof text - 1);

    text[n < 0 ? 0 : n] = '\0';
    return text;
}

TEST(test_a_line_leaves_when_it_ends)
{
    int console = open_console(0);

    print("a");
    CHECK(strcmp(seen(console), "") == 0, "not before");
    print("b\nc");
    CHECK(strcmp(seen(console), "ab\n") == 0, "and whole");
}

TEST(test_a_person_at_a_terminal_sees_each_character_at_once)
{
    static char name[16];
    int person = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

    CHECK(person >= 0 && grantpt(person) == 0 && unlockpt(person) == 0,
          "there is a terminal");
    snprintf(name, sizeof name, "fd:%d", open(ptsname(person), O_RDWR));
    setenv("LODGE_CONSOLE", name, 1);
    start();
    print("a");
    CHECK(strcmp(seen(person), "a") == 0, "though the line goes on");
}

TEST(test_what_has_no_end_yet_leaves_before_the_sleep)
{
    int console = open_console(0);

    print("name? ");
    sleep_until(0);
    CHECK(strcmp(seen(console), "name? ") == 0, "whoever is asked can read it");
}

TEST(test_a_line_longer_than_any_buffer_is_whole)
{
    int console = open_console(0);
    size_t got = 0;

    for (unsigned i = 0; i < 5000; i++)
        output_putc(OUTPUT_CONSOLE, 'x');
    output_flush();
    for (const char *text; *(text = seen(console));)
        got += strlen(text);
    CHECK(got == 5000, "5000 characters went in, %zu came out", got);
}

TEST(test_a_reader_who_has_gone_is_let_go)
{
    int console = open_console(0);

    signal(SIGPIPE, SIG_IGN);
    close(console);
    print("a line\nand another\n");
}

/* Nobody reads until the pipe is full, and then all of it. */
TEST(test_nothing_is_lost_where_writing_would_block)
{
    enum { LINES = 20000 };
    int console = open_console(O_NONBLOCK);
    pid_t child = fork();

    if (child == 0) {
        for (unsigned i = 0; i < LINES; i++)
            print("line\n");
        _exit(0);
    }
    close(atoi(getenv("LODGE_CONSOLE") + 3));
    fcntl(console, F_SETFL, 0);
    size_t got = 0;
    char text[4096];

    for (ssize_t n; (n = read(console, text, sizeof text)) > 0;)
        got += (size_t)n;
    CHECK(got == LINES * strlen("line\n"), "%zu characters came", got);
}
