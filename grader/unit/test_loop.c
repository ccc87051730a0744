/* SPDX-License-Identifier: MIT */
/*
 * test_loop.c - lab 04's step 4.15, rounds of the event loop: what they run, in
 * which order, and when they sleep. What they stand on is test_loop_parts.c's.
 */
#include <string.h>

#include "core/panic.h"
#include "event/event.h"
#include "every_instruction.h"
#include "fake_cpu.h"
#include "unit.h"

/* ---- Things to run ------------------------------------------------------ */

/* What ran, by the names of works and timers. */
static char trace[2000];
static unsigned ran;

static void note(char name)
{
    CHECK(ran + 1 < sizeof(trace),
          "fewer than %zu things are run, here "
          "\"%.20s...\"",
          sizeof(trace), trace);
    CHECK(cpu.irq_on, "interrupts are on while work is done");
    trace[ran++] = name;
}

/* `what`: of what this is a test. */
#define CHECK_RAN(what, wanted)                                                \
    CHECK(strcmp(trace, wanted) == 0, "%s: \"%s\" was to run; here \"%s\"",    \
          what, wanted, trace)

struct named_work {
    struct event_work work;
    char name;
    unsigned again; /* posts itself so many times */
};

static void run_work(struct event_work *work)
{
    struct named_work *w = container_of(work, struct named_work, work);

    note(w->name);
    if (w->again > 0) {
        w->again--;
        event_post(work);
    }
}

struct named_timer {
    struct event_timer timer;
    char name;
    unsigned again; /* arms itself so many times, */
    uint64_t after; /* at this time after now */
    struct named_timer *cancels;
};

static void run_timer(struct event_timer *timer)
{
    struct named_timer *t = container_of(timer, struct named_timer, timer);

    CHECK(cpu.now >= timer->deadline_ns, "timer %c expires at %llu; here at "
          "%llu", t->name, (unsigned long long)timer->deadline_ns,
          (unsigned long long)cpu.now);
    CHECK(!timer->armed, "a timer is disarmed before it expires");
    note(t->name);
    if (t->cancels)
        event_timer_cancel(&t->cancels->timer);
    if (t->again > 0) {
        t->again--;
        event_timer_set(timer, cpu.now + t->after);
    }
}

#define WORK(name_)                                                            \
    {                                                                          \
        .work = { .run = run_work }, .name = name_                             \
    }
#define TIMER(name_)                                                           \
    {                                                                          \
        .timer = { .expire = run_timer }, .name = name_                        \
    }

static struct named_work a = WORK('a'), b = WORK('b'), c = WORK('c');
static struct named_timer t = TIMER('t'), u = TIMER('u'), v = TIMER('v');

/* ---- Work --------------------------------------------------------------- */

TEST(test_work_runs_once_in_the_order_in_which_it_was_posted)
{
    event_post(&b.work);
    event_post(&c.work);
    event_post(&a.work);
    CHECK_RAN("works", "");
    event_run_once(0);
    CHECK_RAN("works", "bca");
    event_run_once(0);
    CHECK_RAN("works", "bca");
}

TEST(test_work_posted_several_times_before_it_runs_runs_once)
{
    event_post(&a.work);
    event_post(&b.work);
    event_post(&a.work);
    event_post(&b.work);
    event_post(&b.work);
    event_run_once(0);
    event_run_once(0);
    CHECK_RAN("work posted several times", "ab");
}

TEST(test_work_that_ran_can_be_posted_again)
{
    for (unsigned i = 0; i < 4; i++) {
        event_post(&a.work);
        event_run_once(0);
    }
    CHECK_RAN("work posted again", "aaaa");
}

TEST(test_work_that_posts_itself_lets_all_others_have_their_turn)
{
    a.again = 3;
    event_post(&a.work);
    event_post(&b.work);
    event_timer_set(&t.timer, 0);
    event_run_once(0);
    CHECK_RAN("work that posts itself", "abt");
    event_run_once(0);
    CHECK_RAN("work that posts itself", "abta");
    event_run_once(0);
    event_run_once(0);
    CHECK_RAN("work that posts itself", "abtaaa");
    event_run_once(0);
    CHECK_RAN("work that posts itself", "abtaaa");
}

static void post_b(struct event_work *work)
{
    (void)work;
    note('x');
    event_post(&b.work);
}

TEST(test_work_that_is_posted_by_other_work_comes_in_the_next_round)
{
    static struct event_work poster = { .run = post_b };

    event_post(&poster);
    event_timer_set(&t.timer, 0);
    event_run_once(0);
    CHECK_RAN("work that posts other work", "xt");
    event_run_once(0);
    CHECK_RAN("work that posts other work", "xtb");
}

TEST(test_posting_leaves_interrupts_as_they_were)
{
    event_post(&a.work);
    CHECK(cpu.irq_on, "they were on");
    event_post(&a.work);
    CHECK(cpu.irq_on, "they were on, the second time as well");
    cpu.irq_on = false;
    event_post(&b.work);
    CHECK(!cpu.irq_on, "they were off, as in a handler");
    event_post(&b.work);
    CHECK(!cpu.irq_on, "they were off, the second time as well");
    cpu.irq_on = true;
    event_run_once(0);
    CHECK(cpu.irq_on, "they are on after a round");
}

static void forget(struct event_work *work)
{
    memset(work, 0xee, sizeof(*work));
    note('f');
}

TEST(test_work_belongs_to_its_owner_again_when_it_runs)
{
    struct event_work *work = unit_memory(sizeof(*work), 16, 0);

    work->run = forget;
    event_post(work);
    event_post(&a.work);
    event_run_once(0);
    event_run_once(0);
    CHECK_RAN("work that forgets itself", "fa");
}

/* ---- Timers ------------------------------------------------------------- */

TEST(test_timers_expire_in_the_order_of_their_deadlines)
{
    event_timer_set(&t.timer, cpu.now + 30);
    event_timer_set(&u.timer, cpu.now + 10);
    event_timer_set(&v.timer, cpu.now + 20);
    cpu.now += 100;
    event_run_once(0);
    CHECK_RAN("timers", "uvt");
}

TEST(test_timers_with_the_same_deadline_expire_in_the_order_of_arming)
{
    event_timer_set(&v.timer, cpu.now);
    event_timer_set(&t.timer, cpu.now);
    event_timer_set(&u.timer, cpu.now);
    event_run_once(0);
    CHECK_RAN("timers with one deadline", "vtu");
}

TEST(test_a_timer_does_not_expire_before_its_time)
{
    event_timer_set(&t.timer, cpu.now + 10);
    cpu.now += 9;
    event_run_once(0);
    CHECK_RAN("a timer before its time", "");
    cpu.now += 1;
    event_run_once(0);
    CHECK_RAN("a timer before its time", "t");
    cpu.now += 1000;
    event_run_once(0);
    CHECK_RAN("a timer before its time", "t");
}

TEST(test_a_timer_that_is_armed_again_is_moved)
{
    event_timer_set(&t.timer, cpu.now + 10);
    event_timer_set(&u.timer, cpu.now + 20);
    event_timer_set(&t.timer, cpu.now + 30);
    cpu.now += 25;
    event_run_once(0);
    CHECK_RAN("a timer armed again", "u");
    event_timer_set(&t.timer, cpu.now + 1);
    cpu.now += 1;
    event_run_once(0);
    CHECK_RAN("a timer armed again", "ut");
    cpu.now += 100;
    event_run_once(0);
    CHECK_RAN("a timer armed again", "ut");
}

TEST(test_a_cancelled_timer_does_not_expire)
{
    event_timer_cancel(&t.timer); /* never armed */
    event_timer_set(&t.timer, cpu.now);
    event_timer_set(&u.timer, cpu.now);
    event_timer_cancel(&t.timer);
    event_timer_cancel(&t.timer);
    event_run_once(0);
    CHECK_RAN("a cancelled timer", "u");
    event_timer_cancel(&u.timer); /* expired */
    event_timer_set(&u.timer, cpu.now);
    event_run_once(0);
    CHECK_RAN("a cancelled timer", "uu");
}

TEST(test_a_timer_may_cancel_itself_when_it_expires)
{
    t.cancels = &t;
    event_timer_set(&t.timer, cpu.now);
    event_timer_set(&u.timer, cpu.now);
    event_run_once(0);
    event_run_once(0);
    CHECK_RAN("a timer that cancels itself", "tu");
}

TEST(test_a_timer_may_cancel_another_that_is_due_with_it)
{
    t.cancels = &u;
    event_timer_set(&t.timer, cpu.now);
    event_timer_set(&u.timer, cpu.now);
    event_timer_set(&v.timer, cpu.now);
    event_run_once(0);
    event_run_once(0);
    CHECK_RAN("a timer that cancels another", "tv");
}

TEST(test_a_timer_may_arm_itself_again_when_it_expires)
{
    t.again = 2;
    t.after = 10;
    event_timer_set(&t.timer, cpu.now);
    event_run_once(0);
    CHECK_RAN("a timer that arms itself again", "t");
    cpu.now += 9;
    event_run_once(0);
    CHECK_RAN("a timer that arms itself again", "t");
    cpu.now += 1;
    event_run_once(0);
    CHECK_RAN("a timer that arms itself again", "tt");
}

TEST(test_a_timer_that_is_always_due_lets_all_others_have_their_turn)
{
    t.again = 1000;
    t.after = 0;
    event_timer_set(&t.timer, 0);
    event_timer_set(&u.timer, cpu.now);
    event_run_once(0);
    CHECK_RAN("a timer that is always due", "tu");
    event_post(&a.work);
    event_run_once(0);
    CHECK_RAN("a timer that is always due", "tuat");
}

TEST(test_a_deadline_may_be_centuries_away)
{
    event_timer_set(&t.timer, UINT64_MAX);
    event_timer_set(&u.timer, 1ull << 63);
    event_timer_set(&v.timer, 5000000000ull * 1000000);
    cpu.now = 4294967296ull * 1000000; /* 2^32 ms */
    event_run_once(0);
    CHECK_RAN("timers centuries away", "");
    cpu.now = 5000000000ull * 1000000;
    event_run_once(0);
    CHECK_RAN("timers centuries away", "v");
    cpu.now = (1ull << 63) + 1;
    event_run_once(0);
    CHECK_RAN("timers centuries away", "vu");
}

TEST(test_ten_thousand_random_timer_calls_agree_with_a_model)
{
    enum { TIMERS = 20 };
    static struct named_timer timer[TIMERS];
    static uint64_t deadline[TIMERS]; /* 0: not armed */

    for (unsigned i = 0; i < TIMERS; i++)
        timer[i] = (struct named_timer)TIMER((char)('A' + i));
    for (unsigned round = 0; round < 10000; round++) {
        unsigned i = unit_random_below(TIMERS);
        uint64_t then = cpu.now + unit_random_below(100);

        switch (unit_random_below(4)) {
        case 0:
        case 1:
            event_timer_set(&timer[i].timer, then);
            deadline[i] = then;
            break;
        case 2:
            event_timer_cancel(&timer[i].timer);
            deadline[i] = 0;
            break;
        case 3:
            cpu.now += unit_random_below(20);
            memset(trace, 0, sizeof(trace));
            ran = 0;
            event_run_once(0);
            for (char *name = trace; *name; name++) {
                unsigned which = (unsigned)(*name - 'A');

                CHECK(deadline[which] && deadline[which] <= cpu.now,
                      "timer %c was due", *name);
                if (name > trace)
                    CHECK(timer[name[-1] - 'A'].timer.deadline_ns <=
                              deadline[which],
                          "timer %c was not due before %c", *name, name[-1]);
                deadline[which] = 0;
            }
            for (unsigned j = 0; j < TIMERS; j++)
                CHECK(deadline[j] == 0 || deadline[j] > cpu.now,
                      "timer %c was due and did not expire", 'A' + j);
        }
    }
}

/* ---- Sleep -------------------------------------------------------------- */

static void post_a(void)
{
    event_post(&a.work);
}

static void nothing(void) {}

TEST(test_an_interrupt_ends_the_sleep_and_its_work_runs_next)
{
    cpu.handler = post_a;
    cpu.in_sleep = true;
    event_run_once(UINT64_MAX);
    CHECK(cpu.sleeps == 1, "with nothing to do the machine sleeps once; here "
          "%u times", cpu.sleeps);
    event_run_once(UINT64_MAX);
    CHECK_RAN("work posted in the sleep", "a");
    CHECK(cpu.sleeps == 1, "a round with something to do does not sleep; here "
          "%u times", cpu.sleeps - 1);
}

TEST(test_an_interrupt_that_posts_nothing_does_no_harm)
{
    uint64_t start = cpu.now;

    cpu.handler = nothing;
    event_timer_set(&t.timer, start + 500);
    for (unsigned round = 0; round < 5; round++) {
        cpu.in_sleep = true;
        event_run_once(UINT64_MAX);
    }
    CHECK(cpu.now == start, "the timer is not due yet");
    event_run_once(UINT64_MAX);
    event_run_once(UINT64_MAX);
    CHECK_RAN("a timer after idle interrupts", "t");
}

TEST(test_a_round_with_something_to_do_does_not_sleep)
{
    event_post(&a.work);
    event_run_once(UINT64_MAX);
    event_timer_set(&t.timer, cpu.now);
    event_run_once(UINT64_MAX);
    CHECK_RAN("a round with work and a timer", "at");
    CHECK(cpu.sleeps == 0, "a round with something to do does not sleep; here "
          "%u times", cpu.sleeps);
}

TEST(test_a_round_with_nothing_to_do_sleeps_until_the_next_timer)
{
    uint64_t start = cpu.now;

    event_timer_set(&u.timer, start + 700);
    event_timer_set(&t.timer, start + 500);
    event_run_once(start + 1000);
    CHECK(cpu.sleeps == 1 && cpu.now == start + 500,
          "one sleep of 500 ns; here %u and the time is %llu", cpu.sleeps,
          (unsigned long long)(cpu.now - start));
    event_run_once(start + 1000);
    CHECK_RAN("the timer after the sleep", "t");
}

TEST(test_a_round_with_nothing_to_do_sleeps_until_its_deadline)
{
    uint64_t start = cpu.now;

    event_timer_set(&t.timer, start + 500);
    event_run_once(start + 100);
    CHECK(cpu.sleeps == 1 && cpu.now == start + 100,
          "one sleep of 100 ns; here %u and the time is %llu", cpu.sleeps,
          (unsigned long long)(cpu.now - start));
    CHECK_RAN("the deadline before the timer", "");
}

static void the_end(struct event_timer *timer)
{
    (void)timer;
    panic("This is the end of the test.");
}

TEST(test_the_loop_runs_for_ever)
{
    static struct event_timer end = { .expire = the_end };

    a.again = 100;
    event_post(&a.work);
    t.again = 10;
    t.after = 1000000;
    event_timer_set(&t.timer, cpu.now);
    event_timer_set(&end, cpu.now + 100000000);
    unit_expect_panic("the end of the test");
    event_run();
}

/* ---- An interrupt at every instruction ----------------------------------- */

/* The interrupt posts a, which then runs, whatever has run before. */
static volatile bool interrupted;
static unsigned ran_then; /* when the interrupt came */

static void device_posts_a(void)
{
    interrupted = true;
    ran_then = ran;
    event_post(&a.work);
}

static void run_a_round(void)
{
    event_run_once(0);
}

static unsigned count(char name)
{
    unsigned n = 0;

    for (const char *p = trace; *p; p++)
        n += *p == name;
    return n;
}

static void a_ran_after_it_was_posted(void)
{
    cpu.stepped = false;
    for (unsigned round = 0; round < 4; round++)
        event_run_once(0);
    CHECK(cpu.irq_on, "interrupts are on at the end");
    CHECK(count('b') == 1, "b runs once; here \"%s\"", trace);
    if (interrupted)
        CHECK(strchr(trace + ran_then, 'a'),
              "a was posted by an interrupt after \"%.*s\" had run, and runs "
              "after that; here \"%s\"", (int)ran_then, trace, trace);
    CHECK(count('a') <= 2, "a runs at most twice; here \"%s\"", trace);
}

TEST(test_a_round_misses_nothing_when_an_interrupt_posts_in_the_middle)
{
    cpu.handler = device_posts_a;
    cpu.stepped = true;
    event_post(&a.work);
    event_post(&b.work);
    every_instruction(run_a_round, cpu_interrupt, a_ran_after_it_was_posted);
}
