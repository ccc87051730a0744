/* SPDX-License-Identifier: MIT */
/*
 * ping - lab 10's application: gets an address, answers who pings it, and
 * pings the gateway, or who stands behind ping= on the command line.
 *
 * The challenge may say, each as key=number:
 *   count      after how many answers to end              (never)
 *   interval   milliseconds from one request to the next   (1000)
 *   size       bytes in each                                 (56)
 */
#include "console/format.h"
#include "console/log.h"
#include "core/challenge.h"
#include "core/clock.h"
#include "core/cmdline.h"
#include "core/start.h"
#include "event/event.h"
#include "lib/errno.h"
#include "net/address.h"
#include "net/ping.h"
#include "net/up.h"

enum { SOON_MS = 20 };          /* to look again for an address */

static uint32_t target;         /* 0: the gateway */
static unsigned long count, interval, size;
static unsigned long sent, answered, asked;

static void on_answer(uint32_t from, uint16_t sequence, size_t len,
                      uint64_t ns)
{
    if (answered == count)
        return;                 /* we are through */
    answered++;
    log_line("ping: %zu bytes from " IPV4_TEXT ", sequence %u, %llu.%03llu ms",
             len, IPV4_PARTS(from), sequence,
             (unsigned long long)(ns / NS_PER_MS),
             (unsigned long long)(ns / 1000 % 1000));
}

static void on_ask(uint32_t from, uint16_t sequence, size_t len)
{
    asked++;
    log_line("ping: answering " IPV4_TEXT ", sequence %u, %zu bytes",
             IPV4_PARTS(from), sequence, len);
}

/* One request, and then another. */
static void ask(struct event_timer *timer)
{
    uint32_t to = target ? target : ping_gateway();
    bool went = to && ping_send(to, (uint16_t)(sent + 1), size) == 0;

    if (went)
        sent++;
    event_timer_set(timer, clock_ns() + (went ? interval : SOON_MS) *
                                            NS_PER_MS);
}

/* Who else is to be pinged, if the command line says so. */
static void read_target(void)
{
    char word[32] = "";
    const char *text = word;

    if (cmdline_value("ping", word, sizeof word) == -ENOENT)
        return;
    if (!ipv4_parse(&text, &target) || *text) {
        target = 0;
        log_line("ping: ping=%s is no address, such as ping=10.0.2.2; the "
                 "gateway is pinged", word);
    }
}

int main(void)
{
    static const struct ping_events events = { on_answer, on_ask };
    static struct event_timer timer = { .expire = ask };

    count = challenge_number("count", -1ul);
    interval = challenge_number("interval", 1000);
    size = challenge_number("size", 56);
    read_target();

    int error = net_up("net0"); /* by DHCP, or as told: ip=... */
    if (error)
        return error;
    ping_watch(&events);
    ask(&timer);

    while (answered < count)
        event_run_once(UINT64_MAX);
    log_line("ping: %lu sent, %lu answered; asked %lu times", sent, answered,
             asked);
    return 0;
}
