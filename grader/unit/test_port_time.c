/* SPDX-License-Identifier: MIT */
/*
 * test_port_time.c - lab 10 step by step, time and the address: each function
 * by itself, over an interface of the test's own.
 */
#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "event/event.h"
#include "fake_card.h"
#include "net/lwip/interface.h"
#include "net/lwip/memory.h"
#include "net/lwip/port.h"
#include "unit.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"

/* ---- 10.1 --------------------------------------------------------------- */

TEST(test_sys_now_is_in_milliseconds_since_the_start)
{
    static const uint64_t at[] = { 0, 1, 999, 1000, 86400000, 4294967295 };

    for (unsigned i = 0; i < sizeof at / sizeof *at; i++) {
        card_clock(at[i] * NS_PER_MS + unit_random_below(NS_PER_MS));
        CHECK(sys_now() == at[i], "%llu ms after the start sys_now() should "
              "return that, here %u", (unsigned long long)at[i], sys_now());
    }
    card_clock((((uint64_t)1 << 32) + 77) * NS_PER_MS);
    CHECK(sys_now() == 77, "77 ms after 2^32 sys_now() should return 77, here "
          "%u", sys_now());
}

/* ---- 10.7 and 10.8 ------------------------------------------------------ */

static struct event_timer timer;
static unsigned called;

static void count_call(void *arg)
{
    (void)arg;
    called++;
}

static void call_again(void *arg)
{
    called++;
    sys_timeout(70, count_call, arg);
}

static void check_due(const char *after, u32_t ms)
{
    CHECK(timer.armed, "after %s() a timeout is due in %u ms, so the timer "
          "should be armed", after, ms);
    CHECK(timer.deadline_ns == clock_ns() + ms * NS_PER_MS, "after %s() a "
          "timeout is due in %u ms, so the timer should be for %llu ns from "
          "now, here %lld", after, ms, ms * NS_PER_MS,
          (long long)(timer.deadline_ns - clock_ns()));
}

/* Only what the test asks for: lwIP's own timeouts begin with lwip_init(). */
static void begin_timeouts(void)
{
    CHECK(memory_make() == 0, "there are pools");
    timer.expire = port_timers_run;
    card_clock(5 * NS_PER_S);
}

TEST(test_port_timers_set_is_for_the_moment_that_lwip_tells)
{
    u32_t ms;

    begin_timeouts();
    ms = 1000 + unit_random_below(100000);
    sys_timeout(ms, count_call, NULL);
    port_timers_set(&timer);
    check_due("port_timers_set", ms);
    sys_timeout(123, count_call, NULL);
    port_timers_set(&timer);
    check_due("port_timers_set", 123);             /* the earlier one */
    card_clock(5 * NS_PER_S + 223 * NS_PER_MS);
    port_timers_set(&timer);
    check_due("port_timers_set", 0);               /* overdue: at once */
    CHECK(called == 0, "port_timers_set() should run nothing, here it has run "
          "%u", called);
}

TEST(test_port_timers_set_disarms_when_nothing_is_due)
{
    begin_timeouts();
    port_timers_set(&timer);
    CHECK(!timer.armed, "without a timeout of lwIP's the timer should not "
          "be armed");
    event_timer_set(&timer, clock_ns() + NS_PER_S);
    port_timers_set(&timer);
    CHECK(!timer.armed, "a timer that was armed should be cancelled when "
          "there is no timeout any more");
}

TEST(test_port_timers_run_runs_what_is_due_and_sets_the_timer_anew)
{
    begin_timeouts();
    sys_timeout(100, count_call, NULL);
    sys_timeout(250, count_call, NULL);
    card_clock(5 * NS_PER_S + 100 * NS_PER_MS);
    port_timers_run(&timer);
    CHECK(called == 1, "of two timeouts the one that is due should be run, "
          "here %u", called);
    check_due("port_timers_run", 150);
}

TEST(test_port_timers_run_knows_of_timeouts_that_begin_meanwhile)
{
    begin_timeouts();
    sys_timeout(100, call_again, NULL);
    card_clock(5 * NS_PER_S + 100 * NS_PER_MS);
    port_timers_run(&timer);
    CHECK(called == 1, "the timeout that is due should be run, here %u",
          called);
    check_due("port_timers_run", 70);   /* what it has asked for itself */
}

TEST(test_port_timers_run_keeps_itself_going)
{
    begin_timeouts();
    for (unsigned i = 1; i <= 4; i++)
        sys_timeout(i * 300, count_call, NULL);
    port_timers_set(&timer);
    card_sleep(1100);
    CHECK(called == 3, "after 1.1 s three of four timeouts should have been "
          "run, here %u", called);
    card_sleep(1000);
    CHECK(called == 4 && !timer.armed, "then the last should be run, and as "
          "nothing is due any more the timer should not be armed: here %u were "
          "run, and it is%s armed", called,
          timer.armed ? "" : " not");
}

/* ---- 10.9 --------------------------------------------------------------- */

static struct netdev device = { .name = "net0", .link_up = true };
static struct netif *netif;
static unsigned discovers;

static err_t catch_output(struct netif *n, struct pbuf *p)
{
    uint8_t bytes[300] = { 0 };

    (void)n;
    pbuf_copy_partial(p, bytes, sizeof bytes, 0);
    discovers += bytes[12] == 8 && bytes[13] == 0 && bytes[23] == 17 &&
                 bytes[37] == 67 && bytes[284] == 1;
    return ERR_OK;
}

/* An interface as lwIP has it once it is up, without any of lab 10's. */
static err_t own_init(struct netif *n)
{
    memcpy(n->hwaddr, "\2\0\0\0\0\7", 6);
    n->hwaddr_len = 6;
    n->mtu = 1500;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
               NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    n->output = etharp_output;
    n->linkoutput = catch_output;
    return ERR_OK;
}

static err_t no_input(struct pbuf *p, struct netif *n)
{
    (void)p, (void)n;
    return ERR_VAL;
}

static void begin_up(void)
{
    CHECK(memory_make() == 0 && buffers_make() == 0, "there are pools");
    pool_set_limit("frames", 10);
    netif = &interface_add()->netif;
    lwip_init();
    CHECK(netif_add_noaddr(netif, &device, own_init, no_input), "lwIP has an "
          "interface");
    netif_set_up(netif);
}

/* The number that a person reads in the four bytes of an address. */
static uint32_t number_of(const ip4_addr_t *address)
{
    const uint8_t *b = (const uint8_t *)&address->addr;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

TEST(test_port_address_takes_a_fixed_one_as_it_is_given)
{
    struct settings settings = {
        true, 0x0a010000 | (1 + unit_random_below(0xfffd)), 0xffff0000,
        0x0a01fffe,
    };
    int err;

    begin_up();
    err = port_address(netif, &settings);
    CHECK(err == 0, "port_address() should return 0, here %d", err);
    CHECK(number_of(netif_ip4_addr(netif)) == settings.address, "the address "
          "should be %08x, here %08x", settings.address,
          number_of(netif_ip4_addr(netif)));
    CHECK(number_of(netif_ip4_netmask(netif)) == settings.netmask, "the "
          "netmask should be %08x, here %08x", settings.netmask,
          number_of(netif_ip4_netmask(netif)));
    CHECK(number_of(netif_ip4_gw(netif)) == settings.gateway, "the gateway "
          "should be %08x, here %08x", settings.gateway,
          number_of(netif_ip4_gw(netif)));
    CHECK(!netif_dhcp_data(netif) && discovers == 0, "and DHCP should not be "
          "asked, and was");
}

TEST(test_port_address_asks_dhcp_when_none_is_fixed)
{
    struct settings settings = { .fixed = false };
    int err;

    begin_up();
    err = port_address(netif, &settings);
    CHECK(err == 0, "port_address() should return 0, here %d", err);
    CHECK(discovers == 1, "a DISCOVER should be sent, once, here %u",
          discovers);
    CHECK(ip4_addr_isany(netif_ip4_addr(netif)), "and there should be no "
          "address yet");
}

TEST(test_port_address_says_so_when_dhcp_has_no_memory)
{
    struct settings settings = { .fixed = false };
    int err;

    begin_up();
    pool_set_limit("frames", 0);
    pool_set_limit("headers", 0);
    err = port_address(netif, &settings);
    CHECK(err == -ENOMEM, "when dhcp_start() fails port_address() should "
          "return -ENOMEM (%d), here %d", -ENOMEM, err);
}
