/* SPDX-License-Identifier: MIT */
/*
 * test_loop_parts.c - lab 04's steps 4.10 to 4.14, each by itself: the ready
 * list, the timers' list, and the one place that waits.
 */
#include <string.h>

#include "event/event.h"
#include "every_instruction.h"
#include "fake_cpu.h"
#include "unit.h"

/* ---- The ready list: 4.10 and 4.11 -------------------------------------- */

static struct event_work a, b, c;

/* What event.h says that is always true, and that `count` are ready. */
static void check_ready(unsigned count)
{
    struct event_work **end = &event_loop.first;
    unsigned linked = 0;

    for (; *end && linked <= 3; end = &(*end)->next, linked++)
        CHECK((*end)->posted, "who is on the ready list is posted");
    CHECK(linked == count, "%u works are on the ready list; here %u", count,
          linked);
    CHECK(event_loop.ready == count, "`ready` is %u; here %u", count,
          event_loop.ready);
    CHECK(event_loop.end == end, "`end` is the link behind the last work, "
          "where the next one goes");
}

static void check_taken(struct event_work *wanted, const char *name)
{
    struct event_work *work = event_take();

    CHECK(work == wanted, "event_take() gives %s; here %s", name,
          work == &a ? "a" : work == &b ? "b" : work == &c ? "c" : "another");
    CHECK(!work || !work->posted, "what was taken is posted no longer");
}

TEST(test_ready_work_comes_out_once_and_in_order)
{
    event_post(&b);
    check_ready(1);
    event_post(&c);
    event_post(&a);
    check_ready(3);
    check_taken(&b, "b");
    check_ready(2);
    check_taken(&c, "c");
    check_taken(&a, "a");
    check_ready(0);
    check_taken(NULL, "NULL when there is none");
    check_ready(0);
}

TEST(test_ready_work_that_is_posted_again_stays_where_it_is)
{
    event_post(&a);
    event_post(&b);
    event_post(&a);
    event_post(&b);
    check_ready(2);
    check_taken(&a, "a");
    check_taken(&b, "b");
    check_taken(NULL, "NULL, as each was on the list once");
}

TEST(test_ready_work_that_was_taken_can_be_posted_again)
{
    for (unsigned i = 0; i < 4; i++) {
        event_post(&a);
        event_post(&b);
        check_ready(2);
        check_taken(&a, "a");
        event_post(&a);
        check_taken(&b, "b");
        check_taken(&a, "a");
        check_ready(0);
    }
}

TEST(test_ready_list_leaves_interrupts_as_they_were)
{
    for (unsigned on = 0; on < 2; on++) {
        cpu.irq_on = on;
        event_post(&a);
        CHECK(cpu.irq_on == on, "after event_post() interrupts are %s, as they "
              "were", on ? "on" : "off, as in a handler,");
        event_post(&a);
        CHECK(cpu.irq_on == on, "after event_post() of what is posted "
              "interrupts are %s, as they were", on ? "on" : "off");
        event_take();
        CHECK(cpu.irq_on == on, "after event_take() interrupts are %s, as they "
              "were", on ? "on" : "off");
        event_take();
        CHECK(cpu.irq_on == on, "after event_take() of nothing interrupts are "
              "%s, as they were", on ? "on" : "off");
    }
}

TEST(test_ready_work_belongs_to_its_owner_when_it_was_taken)
{
    struct event_work *work = unit_memory(sizeof(*work), 16, 0);

    event_post(work);
    event_post(&a);
    CHECK(event_take() == work, "event_take() gives the first");
    memset(work, 0xee, sizeof(*work));
    check_ready(1);
    check_taken(&a, "a");
}

/* ---- The same, with an interrupt at every instruction -------------------- */

static volatile bool interrupted;

static void device_posts_a(void)
{
    interrupted = true;
    event_post(&a);
}

/* How often each is taken until there is none; afterwards all is in order. */
static unsigned as, bs, cs;

static void take_all(void)
{
    struct event_work *work;

    cpu.stepped = false;
    CHECK(cpu.irq_on, "interrupts are on at the end");
    while ((work = event_take()) != NULL) {
        unsigned *count = work == &a ? &as : work == &b ? &bs : &cs;

        CHECK(++*count <= 2, "with an interrupt in the middle the ready list "
              "comes to its end");
    }
    check_ready(0);
    event_post(&c);
    check_ready(1);
}

#define CHECK_COUNTS(a_, b_, c_)                                               \
    CHECK(as == (a_) && bs == (b_) && cs == (c_), "with an interrupt in the "  \
          "middle: a, b, c come out %u, %u, %u times; here %u, %u, %u",        \
          (unsigned)(a_), b_, c_, as, bs, cs)

static void post_b_and_c(void)
{
    event_post(&b);
    event_post(&c);
}

static void each_came_out(void)
{
    take_all();
    CHECK_COUNTS(interrupted, 1, 1);
}

TEST(test_ready_list_loses_nothing_when_an_interrupt_posts_while_we_post)
{
    cpu.handler = device_posts_a;
    cpu.stepped = true;
    every_instruction(post_b_and_c, cpu_interrupt, each_came_out);
}

static void post_a_and_b(void)
{
    event_post(&a);
    event_post(&b);
}

static void each_came_out_once(void)
{
    take_all();
    CHECK_COUNTS(1, 1, 0);
}

TEST(test_ready_list_has_once_what_an_interrupt_posts_as_well)
{
    cpu.handler = device_posts_a;
    cpu.stepped = true;
    every_instruction(post_a_and_b, cpu_interrupt, each_came_out_once);
}

static void take_b(void)
{
    bs += event_take() == &b;
}

static void a_and_b_came_out(void)
{
    take_all();
    CHECK_COUNTS(interrupted, 1, 0);
}

TEST(test_ready_list_loses_nothing_when_an_interrupt_posts_while_we_take)
{
    event_post(&b);
    cpu.handler = device_posts_a;
    cpu.stepped = true;
    every_instruction(take_b, cpu_interrupt, a_and_b_came_out);
}

/* ---- Timers: 4.12 and 4.13 ----------------------------------------------- */

enum { TIMERS = 12 };
static struct event_timer timer[TIMERS];

/* The list, as the timers' numbers in letters. */
static const char *armed(void)
{
    static char out[TIMERS + 2];
    unsigned n = 0;
    struct list *at = event_loop.timers.next;

    for (; at != &event_loop.timers; at = at->next) {
        CHECK(n < TIMERS, "the list of timers comes to its end");
        CHECK(at->next->prev == at, "the list of timers is linked both ways");
        CHECK(event_timer_of(at)->armed, "who is on the list is armed");
        out[n++] = (char)('A' + (event_timer_of(at) - timer));
    }
    out[n] = '\0';
    return out;
}

#define CHECK_ARMED(wanted)                                                    \
    do {                                                                       \
        const char *seen = armed();                                            \
        CHECK(strcmp(seen, wanted) == 0, "timers %s are armed, in this "       \
              "order; here %s", wanted, *seen ? seen : "none");                \
    } while (0)

static void set(char name, uint64_t deadline)
{
    event_timer_set(&timer[name - 'A'], deadline);
}

TEST(test_timers_stand_in_the_order_of_their_deadlines)
{
    set('A', 30);
    set('B', 10);
    set('C', 20);
    set('D', 40);
    CHECK_ARMED("BCAD");
    CHECK(timer[2].deadline_ns == 20, "a timer's deadline is what it was set "
          "to");
}

TEST(test_timers_with_the_same_deadline_stand_in_the_order_of_arming)
{
    set('C', 5);
    set('A', 5);
    set('D', 9);
    set('B', 5);
    CHECK_ARMED("CABD");
}

TEST(test_timers_that_are_set_again_move)
{
    set('A', 10);
    set('B', 20);
    set('A', 30);
    CHECK_ARMED("BA");
    set('A', 5);
    CHECK_ARMED("AB");
    set('B', 20);
    set('A', 20);
    CHECK_ARMED("BA");
}

TEST(test_timers_that_are_cancelled_are_gone)
{
    event_timer_cancel(&timer[0]); /* never armed */
    set('A', 10);
    set('B', 20);
    event_timer_cancel(&timer[0]);
    CHECK_ARMED("B");
    CHECK(!timer[0].armed, "a cancelled timer is not armed");
    event_timer_cancel(&timer[0]);
    CHECK_ARMED("B");
    set('A', 30);
    CHECK_ARMED("BA");
}

TEST(test_timers_may_be_centuries_away)
{
    set('A', UINT64_MAX);
    set('B', 1ull << 63);
    set('C', 5000000000ull * 1000000); /* 2^32 ms and more */
    set('D', 4294967296ull * 1000000);
    set('E', 1);
    set('F', (1ull << 63) + 1);
    CHECK_ARMED("EDCBFA");
}

TEST(test_timers_agree_with_a_model_after_ten_thousand_random_calls)
{
    static uint64_t deadline[TIMERS], since[TIMERS]; /* 0: not armed */

    for (unsigned round = 1; round <= 10000; round++) {
        unsigned i = unit_random_below(TIMERS);

        if (unit_random_below(4) == 0) {
            event_timer_cancel(&timer[i]);
            since[i] = 0;
        } else {
            deadline[i] = unit_random_below(30);
            since[i] = round;
            event_timer_set(&timer[i], deadline[i]);
        }
        const char *list = armed();
        unsigned count = 0;
        for (unsigned n = 0; n < TIMERS; n++)
            count += since[n] != 0;
        CHECK(strlen(list) == count, "%u timers are armed; here %s", count,
              list);
        for (const char *p = list; p[0] && p[1]; p++) {
            unsigned x = (unsigned)(p[0] - 'A'), y = (unsigned)(p[1] - 'A');
            CHECK(deadline[x] < deadline[y] ||
                      (deadline[x] == deadline[y] && since[x] < since[y]),
                  "timer %c is not before timer %c; here %s", *p, p[1], list);
        }
    }
}

/* ---- The one place that waits: 4.14 -------------------------------------- */

static void nothing(void) {}

TEST(test_wait_sleeps_until_its_deadline)
{
    event_wait(cpu.now + 500);
    CHECK(cpu.sleeps == 1, "with nothing to do the machine sleeps once; here "
          "%u times", cpu.sleeps);
    CHECK(cpu.now == 1500, "it sleeps for 500 ns; here %llu",
          (unsigned long long)(cpu.now - 1000));
    CHECK(cpu.irq_on, "interrupts are on afterwards, as they were");
}

TEST(test_wait_sets_no_timer_when_there_is_nothing_to_wait_for)
{
    cpu.handler = nothing;
    cpu.timer_at = cpu.now + 700; /* of an earlier wait */
    cpu.in_sleep = true;
    event_wait(UINT64_MAX);
    CHECK(cpu.timer_at == UINT64_MAX, "the machine's timer is off, so that "
          "nothing wakes it for nothing; here it is set to %llu",
          (unsigned long long)cpu.timer_at);
}

TEST(test_wait_for_a_deadline_that_is_past_does_not_sleep)
{
    event_wait(cpu.now);
    event_wait(cpu.now - 1);
    event_wait(0);
    CHECK(cpu.sleeps == 0, "a deadline that is past is not slept for; here %u "
          "times", cpu.sleeps);
    CHECK(cpu.irq_on, "interrupts are on afterwards, as they were");
}

TEST(test_wait_returns_at_once_when_work_is_ready)
{
    event_post(&a);
    event_wait(UINT64_MAX);
    CHECK(cpu.sleeps == 0, "the machine does not sleep while work is ready; "
          "here %u times", cpu.sleeps);
    check_taken(&a, "a, which the wait has left alone");
    CHECK(cpu.irq_on, "interrupts are on afterwards, as they were");
}

TEST(test_wait_ends_when_an_interrupt_comes)
{
    cpu.handler = device_posts_a;
    cpu.irq_on = false;
    cpu.in_sleep = true;
    event_wait(UINT64_MAX);
    CHECK(cpu.sleeps == 1, "with nothing to do the machine sleeps once; here "
          "%u times", cpu.sleeps);
    CHECK(!cpu.irq_on, "interrupts are off afterwards, as they were");
    check_taken(&a, "a, which the interrupt has posted");
    cpu.handler = nothing;
    cpu.irq_on = true;
    cpu.in_sleep = true;
    event_wait(UINT64_MAX);
    CHECK(cpu.sleeps == 2, "an interrupt that posts nothing ends the sleep as "
          "well: the caller looks again; here it slept %u times", cpu.sleeps);
}

static void wait_for_ever(void)
{
    event_wait(UINT64_MAX);
}

static void a_is_ready(void)
{
    cpu.stepped = false;
    CHECK(cpu.irq_on, "interrupts are on at the end");
    check_taken(&a, "a, which the interrupt has posted");
}

TEST(test_wait_loses_no_wake_up_between_the_last_look_and_the_sleep)
{
    cpu.handler = device_posts_a;
    cpu.stepped = true;
    every_instruction(wait_for_ever, cpu_interrupt, a_is_ready);
}
