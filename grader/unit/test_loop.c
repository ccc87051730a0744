/* SPDX-License-Identifier: MIT */
/*
 * test_loop.c - the event loop on a machine whose clock stands still until it
 * sleeps, and whose interrupts come when they hurt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "core/panic.h"
#include "event/event.h"
#include "every_instruction.h"
#include "unit.h"

/* ---- The machine -------------------------------------------------------- */

static uint64_t now = 1000;
static uint64_t timer_at = UINT64_MAX;
static volatile bool irq_on = true, pending;
static unsigned sleeps;
static void (*handler)(void); /* of the one device that there is */
static bool is_stepped;       /* by every_instruction() */

/* The device wants attention: at once, or when interrupts are on again. */
static void interrupt(void)
{
    if (!irq_on) {
        pending = true;
        return;
    }
    irq_on = false;
    pending = false;
    handler();
    CHECK(!irq_on, "interrupts stay off in a handler");
    irq_on = true;
}

bool arch_irq_disable(void)
{
    bool were_on = irq_on;

    irq_on = false;
    return were_on;
}

void arch_irq_restore(bool were_on)
{
    irq_on = were_on;
    if (irq_on && pending)
        interrupt();
}

uint64_t arch_clock_ns(void)
{
    return now;
}

void arch_timer_set(uint64_t deadline_ns)
{
    timer_at = deadline_ns;
}

void arch_irq_enable_and_wait(void)
{
    CHECK(!irq_on, "interrupts are off when the machine goes to sleep: "
                   "otherwise one comes between the last look and the sleep");
    sleeps++;
    if (is_stepped && !pending)
        every_instruction_over();
    CHECK(pending || timer_at != UINT64_MAX,
          "the machine sleeps and nothing will ever wake it");
    if (!pending && now < timer_at)
        now = timer_at;
    if (now >= timer_at)
        timer_at = UINT64_MAX;
    irq_on = true;
    if (pending)
        interrupt();
    irq_on = false;
}

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
    CHECK(irq_on, "interrupts are on while work is done");
    trace[ran++] = name;
}

#define CHECK_TRACE(wanted)                                                    \
    CHECK(strcmp(trace, wanted) == 0, "\"%s\" was to run; here \"%s\"",        \
          wanted, trace)

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

    CHECK(now >= timer->deadline_ns, "timer %c expires at %llu; here at %llu",
          t->name, (unsigned long long)timer->deadline_ns,
          (unsigned long long)now);
    note(t->name);
    if (t->cancels)
        event_timer_cancel(&t->cancels->timer);
    if (t->again > 0) {
        t->again--;
        event_timer_set(timer, now + t->after);
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
    CHECK_TRACE("");
    event_run_once(0);
    CHECK_TRACE("bca");
    event_run_once(0);
    CHECK_TRACE("bca");
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
    CHECK_TRACE("ab");
}

TEST(test_work_that_ran_can_be_posted_again)
{
    for (unsigned i = 0; i < 4; i++) {
        event_post(&a.work);
        event_run_once(0);
    }
    CHECK_TRACE("aaaa");
}

TEST(test_work_that_posts_itself_lets_all_others_have_their_turn)
{
    a.again = 3;
    event_post(&a.work);
    event_post(&b.work);
    event_timer_set(&t.timer, 0);
    event_run_once(0);
    CHECK_TRACE("abt");
    event_run_once(0);
    CHECK_TRACE("abta");
    event_run_once(0);
    event_run_once(0);
    CHECK_TRACE("abtaaa");
    event_run_once(0);
    CHECK_TRACE("abtaaa");
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
    CHECK_TRACE("xt");
    event_run_once(0);
    CHECK_TRACE("xtb");
}

TEST(test_posting_leaves_interrupts_as_they_were)
{
    event_post(&a.work);
    CHECK(irq_on, "they were on");
    event_post(&a.work);
    CHECK(irq_on, "they were on, the second time as well");
    irq_on = false;
    event_post(&b.work);
    CHECK(!irq_on, "they were off, as in a handler");
    event_post(&b.work);
    CHECK(!irq_on, "they were off, the second time as well");
    irq_on = true;
    event_run_once(0);
    CHECK(irq_on, "they are on after a round");
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
    CHECK_TRACE("fa");
}

/* ---- Timers ------------------------------------------------------------- */

TEST(test_timers_expire_in_the_order_of_their_deadlines)
{
    event_timer_set(&t.timer, now + 30);
    event_timer_set(&u.timer, now + 10);
    event_timer_set(&v.timer, now + 20);
    now += 100;
    event_run_once(0);
    CHECK_TRACE("uvt");
}

TEST(test_timers_with_the_same_deadline_expire_in_the_order_of_arming)
{
    event_timer_set(&v.timer, now);
    event_timer_set(&t.timer, now);
    event_timer_set(&u.timer, now);
    event_run_once(0);
    CHECK_TRACE("vtu");
}

TEST(test_a_timer_does_not_expire_before_its_time)
{
    event_timer_set(&t.timer, now + 10);
    now += 9;
    event_run_once(0);
    CHECK_TRACE("");
    now += 1;
    event_run_once(0);
    CHECK_TRACE("t");
    now += 1000;
    event_run_once(0);
    CHECK_TRACE("t");
}

TEST(test_a_timer_that_is_armed_again_is_moved)
{
    event_timer_set(&t.timer, now + 10);
    event_timer_set(&u.timer, now + 20);
    event_timer_set(&t.timer, now + 30);
    now += 25;
    event_run_once(0);
    CHECK_TRACE("u");
    event_timer_set(&t.timer, now + 1);
    now += 1;
    event_run_once(0);
    CHECK_TRACE("ut");
    now += 100;
    event_run_once(0);
    CHECK_TRACE("ut");
}

TEST(test_a_cancelled_timer_does_not_expire)
{
    event_timer_cancel(&t.timer); /* never armed */
    event_timer_set(&t.timer, now);
    event_timer_set(&u.timer, now);
    event_timer_cancel(&t.timer);
    event_timer_cancel(&t.timer);
    event_run_once(0);
    CHECK_TRACE("u");
    event_timer_cancel(&u.timer); /* expired */
    event_timer_set(&u.timer, now);
    event_run_once(0);
    CHECK_TRACE("uu");
}

TEST(test_a_timer_may_cancel_itself_when_it_expires)
{
    t.cancels = &t;
    event_timer_set(&t.timer, now);
    event_timer_set(&u.timer, now);
    event_run_once(0);
    event_run_once(0);
    CHECK_TRACE("tu");
}

TEST(test_a_timer_may_cancel_another_that_is_due_with_it)
{
    t.cancels = &u;
    event_timer_set(&t.timer, now);
    event_timer_set(&u.timer, now);
    event_timer_set(&v.timer, now);
    event_run_once(0);
    event_run_once(0);
    CHECK_TRACE("tv");
}

TEST(test_a_timer_may_arm_itself_again_when_it_expires)
{
    t.again = 2;
    t.after = 10;
    event_timer_set(&t.timer, now);
    event_run_once(0);
    CHECK_TRACE("t");
    now += 9;
    event_run_once(0);
    CHECK_TRACE("t");
    now += 1;
    event_run_once(0);
    CHECK_TRACE("tt");
}

TEST(test_a_timer_that_is_always_due_lets_all_others_have_their_turn)
{
    t.again = 1000;
    t.after = 0;
    event_timer_set(&t.timer, 0);
    event_timer_set(&u.timer, now);
    event_run_once(0);
    CHECK_TRACE("tu");
    event_post(&a.work);
    event_run_once(0);
    CHECK_TRACE("tuat");
}

TEST(test_a_deadline_may_be_centuries_away)
{
    event_timer_set(&t.timer, UINT64_MAX);
    event_timer_set(&u.timer, 1ull << 63);
    event_timer_set(&v.timer, 5000000000ull * 1000000);
    now = 4294967296ull * 1000000; /* 2^32 ms */
    event_run_once(0);
    CHECK_TRACE("");
    now = 5000000000ull * 1000000;
    event_run_once(0);
    CHECK_TRACE("v");
    now = (1ull << 63) + 1;
    event_run_once(0);
    CHECK_TRACE("vu");
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
        uint64_t then = now + unit_random_below(100);

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
            now += unit_random_below(20);
            memset(trace, 0, sizeof(trace));
            ran = 0;
            event_run_once(0);
            for (char *name = trace; *name; name++) {
                unsigned which = (unsigned)(*name - 'A');

                CHECK(deadline[which] && deadline[which] <= now,
                      "timer %c was due", *name);
                if (name > trace)
                    CHECK(timer[name[-1] - 'A'].timer.deadline_ns <=
                              deadline[which],
                          "timer %c was not due before %c", *name, name[-1]);
                deadline[which] = 0;
            }
            for (unsigned j = 0; j < TIMERS; j++)
                CHECK(deadline[j] == 0 || deadline[j] > now,
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

TEST(test_a_round_with_something_to_do_does_not_sleep)
{
    event_post(&a.work);
    event_run_once(UINT64_MAX);
    event_timer_set(&t.timer, now);
    event_run_once(UINT64_MAX);
    CHECK_TRACE("at");
    CHECK(sleeps == 0, "the machine does not sleep; here %u times", sleeps);
}

TEST(test_a_round_with_nothing_to_do_sleeps_until_the_next_timer)
{
    uint64_t start = now;

    event_timer_set(&u.timer, start + 700);
    event_timer_set(&t.timer, start + 500);
    event_run_once(start + 1000);
    CHECK(sleeps == 1 && now == start + 500,
          "one sleep of 500 ns; here %u and the time is %llu", sleeps,
          (unsigned long long)(now - start));
    event_run_once(start + 1000);
    CHECK_TRACE("t");
}

TEST(test_a_round_with_nothing_to_do_sleeps_until_its_deadline)
{
    uint64_t start = now;

    event_timer_set(&t.timer, start + 500);
    event_run_once(start + 100);
    CHECK(sleeps == 1 && now == start + 100,
          "one sleep of 100 ns; here %u and the time is %llu", sleeps,
          (unsigned long long)(now - start));
    CHECK_TRACE("");
}

TEST(test_no_timer_is_set_when_there_is_nothing_to_wait_for)
{
    event_timer_set(&t.timer, now + 100);
    handler = post_a;
    irq_on = false;
    interrupt(); /* pending: so the sleep is short */
    irq_on = true;
    event_run_once(UINT64_MAX);
    event_timer_cancel(&t.timer);
    event_run_once(UINT64_MAX);

    irq_on = false;
    interrupt();
    irq_on = true;
    event_wait(UINT64_MAX);
    CHECK(timer_at == UINT64_MAX,
          "the machine's timer is off, so that nothing "
          "wakes it for nothing; here it is set to %llu",
          (unsigned long long)timer_at);
}

TEST(test_a_deadline_that_is_past_does_not_sleep)
{
    event_run_once(now);
    event_run_once(0);
    event_wait(now);
    event_wait(now - 1);
    CHECK(sleeps == 0, "the machine does not sleep; here %u times", sleeps);
    CHECK(irq_on, "interrupts are on afterwards");
}

TEST(test_waiting_returns_at_once_when_work_is_ready)
{
    event_post(&a.work);
    event_wait(UINT64_MAX);
    CHECK(sleeps == 0, "the machine does not sleep; here %u times", sleeps);
    CHECK_TRACE("");
    CHECK(irq_on, "interrupts are on afterwards");
}

TEST(test_an_interrupt_ends_the_sleep_and_its_work_runs_next)
{
    handler = post_a;
    arch_irq_disable();
    interrupt(); /* pending: comes when the machine sleeps */
    event_wait(UINT64_MAX);
    CHECK(sleeps == 1, "one sleep; here %u", sleeps);
    CHECK(!irq_on, "interrupts are off afterwards, as they were");
    irq_on = true;
    event_run_once(UINT64_MAX);
    CHECK_TRACE("a");
    CHECK(sleeps == 1, "and no second one; here %u", sleeps);
}

TEST(test_an_interrupt_that_posts_nothing_does_no_harm)
{
    uint64_t start = now;

    handler = nothing;
    event_timer_set(&t.timer, start + 500);
    for (unsigned round = 0; round < 5; round++) {
        irq_on = false;
        interrupt();
        irq_on = true;
        event_run_once(UINT64_MAX);
    }
    CHECK(now == start, "the timer is not due yet");
    event_run_once(UINT64_MAX);
    event_run_once(UINT64_MAX);
    CHECK_TRACE("t");
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
    event_timer_set(&t.timer, now);
    event_timer_set(&end, now + 100000000);
    unit_expect_panic("the end of the test");
    event_run();
}

/* ---- An interrupt at every instruction ----------------------------------- */

/* The interrupt posts a. What is posted runs after it was posted, once, and
 * whatever was there before is still there. */
static volatile bool interrupted;
static unsigned ran_then; /* when the interrupt came */

static void device_posts_a(void)
{
    interrupted = true;
    ran_then = ran;
    event_post(&a.work);
}

static void irq(void)
{
    interrupt();
}

static unsigned count(char name)
{
    unsigned n = 0;

    for (const char *p = trace; *p; p++)
        n += *p == name;
    return n;
}

static void run_the_rest(void)
{
    for (unsigned round = 0; round < 4; round++)
        event_run_once(0);
    CHECK(irq_on, "interrupts are on at the end");

    unsigned slept = sleeps;

    is_stepped = false;
    event_run_once(now + 10);
    CHECK(sleeps == slept + 1, "with nothing left to do the machine sleeps");
}

static void post_b_and_c(void)
{
    event_post(&b.work);
    event_post(&c.work);
}

static void a_b_and_c_ran(void)
{
    run_the_rest();
    CHECK(count('a') == interrupted && count('b') == 1 && count('c') == 1,
          "each runs once; here \"%s\"", trace);
}

TEST(test_posting_loses_nothing_when_an_interrupt_posts_in_the_middle)
{
    handler = device_posts_a;
    is_stepped = true;
    every_instruction(post_b_and_c, irq, a_b_and_c_ran);
}

static void post_a_and_b(void)
{
    event_post(&a.work);
    event_post(&b.work);
}

static void a_and_b_ran(void)
{
    run_the_rest();
    CHECK(count('a') == 1 && count('b') == 1, "each runs once; here \"%s\"",
          trace);
}

TEST(test_posting_what_an_interrupt_posts_as_well_runs_it_once)
{
    handler = device_posts_a;
    is_stepped = true;
    every_instruction(post_a_and_b, irq, a_and_b_ran);
}

static void run_a_round(void)
{
    event_run_once(0);
}

static void a_ran_after_it_was_posted(void)
{
    run_the_rest();
    CHECK(count('b') == 1, "b runs once; here \"%s\"", trace);
    if (interrupted)
        CHECK(strchr(trace + ran_then, 'a'),
              "a was posted by an interrupt after \"%.*s\" had run, and runs "
              "after that; here \"%s\"",
              (int)ran_then, trace, trace);
    CHECK(count('a') <= 2, "a runs at most twice; here \"%s\"", trace);
}

TEST(test_a_round_misses_nothing_when_an_interrupt_posts_in_the_middle)
{
    handler = device_posts_a;
    is_stepped = true;
    event_post(&a.work);
    event_post(&b.work);
    every_instruction(run_a_round, irq, a_ran_after_it_was_posted);
}

static void wait_for_ever(void)
{
    event_wait(UINT64_MAX);
}

static void a_runs(void)
{
    run_the_rest();
    CHECK(count('a') == 1, "a runs once; here \"%s\"", trace);
}

TEST(test_no_wake_up_is_lost_between_the_last_look_and_the_sleep)
{
    handler = device_posts_a;
    is_stepped = true;
    every_instruction(wait_for_ever, irq, a_runs);
}
